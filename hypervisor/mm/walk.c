/* SPDX-License-Identifier: MIT */
/* Walking a vcpu's page tables by software, those of its kernel: in user mode too, where what is
 * looked up is an LDT that only the kernel has mapped. The tables are typed, so every present entry
 * of L4-L2 leads to a page table of the domain. Lock: the domain's mm_lock, or the walk's ground
 * may go away. */
#include "domain.h"
#include "mm.h"
#include "pt.h"

pte_t *pt_walk(const struct vcpu *v, uint64_t va, struct frame **table)
{
	mfn_t m = v->pv.base_kernel;

	if (!is_canonical(va) || (va >= HV_VIRT_START && va < HV_VIRT_END) || mfn_eq(m, MFN_NONE))
		return NULL;
	for (unsigned level = 4; level > 1; level--) {
		pte_t e = READ_ONCE(((pte_t *)mfn_to_virt(m))[PT_SLOT(va, level)]);

		if (!(e & PTE_P))
			return NULL;
		m = pte_mfn(e);
	}
	*table = mfn_to_frame(m);
	return (pte_t *)mfn_to_virt(m) + PT_SLOT(va, 1);
}
