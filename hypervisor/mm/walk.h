/* SPDX-License-Identifier: MIT */
/*
 * Walking a vcpu's page tables by software, those of its kernel: in user mode too, where what is looked up is an LDT
 * that only the kernel has mapped. The tables are typed, so every present entry of L4-L2 leads to a page table of the
 * domain. Inline, private to mm/: each change of a mapping begins with it. Lock: the domain's mm_lock, or the walk's
 * ground may go away.
 */
#ifndef HV_MM_WALK_H
#define HV_MM_WALK_H

#include "domain.h"
#include "mm.h"
#include "pt.h"

/* Does an L4 lead from va to our own tables, canonical or not? Then va is 0 from here on, also where the CPU runs ahead
 * of the check: our large pages are no tables. */
static __force_inline bool slots_are_ours(uint64_t *va)
{
	uint64_t part = (*va - HV_VIRT_START) << 16;
	bool ours;

	_Static_assert(HV_L4_FIRST == 256 && HV_L4_LAST == 271, "");
	__asm__ volatile("shr $59, %[part]\n cmove %[part], %[va]"
			 : [va] "+r"(*va), [part] "+r"(part), "=@cce"(ours));
	return ours;
}

/* Is it absent? Then *t is our first page from here on, also where the CPU runs ahead of the check: an absent entry of a
 * guest's says what the guest likes. */
static __force_inline bool absent(pte_t e, pte_t **t)
{
	bool no;

	__asm__ volatile("test $1, %b[e]\n cmove %[none], %[t]"
			 : [t] "+r"(*t), "=@cce"(no) : [e] "q"(e), [none] "r"(DIRECTMAP_VIRT_START));
	return no;
}

static __force_inline pte_t *walk(const struct vcpu *v, uint64_t va, struct frame **table)
{
	pte_t *t = mfn_to_virt(v->pv.base_kernel);
	pte_t e = 0;

	if (slots_are_ours(&va) || !is_canonical(va) || mfn_eq(v->pv.base_kernel, MFN_NONE))
		return NULL;
#pragma GCC unroll 3
	for (unsigned shift = PT_SHIFT(4); shift > PT_SHIFT(1); shift -= PT_SHIFT(2) - PT_SHIFT(1)) {
		e = READ_ONCE(t[(va >> shift) & (PT_ENTRIES - 1)]);
		t = maddr_to_virt(e & PTE_MFN_MASK);
		if (absent(e, &t))
			return NULL;
	}
	*table = mfn_to_frame(pte_mfn(e));
	return t + PT_SLOT(va, 1);
}

#endif
