/* SPDX-License-Identifier: MIT */
/* Walking a vcpu's page tables by software, those of its kernel: in user mode too, where what is
 * looked up is an LDT that only the kernel has mapped. The tables are typed, so every present entry
 * of L4-L2 leads to a page table of the domain. Lock: the domain's mm_lock, or the walk's ground
 * may go away. */
#include "domain.h"
#include "mm.h"
#include "pt.h"
#include "uaccess.h"

pte_t *pt_walk(const struct vcpu *v, uint64_t va, struct frame **table)
{
	pte_t *t = mfn_to_virt(v->pv.base_kernel);
	pte_t e = 0;

	if (!is_canonical(va) || !guest_begin_ok(va) || mfn_eq(v->pv.base_kernel, MFN_NONE))
		return NULL;
#pragma GCC unroll 3
	for (unsigned shift = PT_SHIFT(4); shift > PT_SHIFT(1); shift -= PT_SHIFT(2) - PT_SHIFT(1)) {
		e = READ_ONCE(t[(va >> shift) & (PT_ENTRIES - 1)]);
		if (!(e & PTE_P))
			return NULL;
		t = maddr_to_virt(e & PTE_MFN_MASK);
	}
	*table = mfn_to_frame(pte_mfn(e));
	return t + PT_SLOT(va, 1);
}
