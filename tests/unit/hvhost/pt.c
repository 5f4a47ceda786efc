/* SPDX-License-Identifier: MIT */
/*
 * A page table for grant mappings: 64 entries at guest addresses PT_BASE + n * PAGE_SIZE, or by machine address
 * PT_MACHINE + n * 8. It checks what mm/grant_map.c would check.
 */
#include "pt.h"
#include "errno.h"
#include "fake_pt.h"

pte_t fake_pt[FAKE_PT_ENTRIES];
unsigned fake_flushes;
void (*fake_on_flush)(void);

void tlb_flush_domain(struct domain *d)
{
	(void)d;
	fake_flushes++;
	if (fake_on_flush)
		fake_on_flush();
}

static pte_t *find(uint64_t addr, bool contains_pte)
{
	uint64_t n = contains_pte ? (addr - FAKE_PT_MACHINE) / 8 : (addr - FAKE_PT_BASE) / PAGE_SIZE;

	return n < FAKE_PT_ENTRIES ? &fake_pt[n] : NULL;
}

int pt_grant_map(struct vcpu *v, uint64_t addr, bool contains_pte, pte_t val, maddr_t *entry)
{
	pte_t *e = find(addr, contains_pte);

	(void)v;
	if (!e)
		return -EINVAL;
	*e = val;
	*entry = e - fake_pt;
	return 0;
}

int pt_grant_unmap(struct vcpu *v, uint64_t addr, bool contains_pte, pte_t val, uint64_t new_va, maddr_t entry)
{
	pte_t *e = find(addr, contains_pte), *from = new_va ? find(new_va, false) : NULL, was = fake_pt[entry];

	(void)v;
	if (!(was & PTE_P) || ((was ^ val) & (PTE_MFN_MASK | PTE_RW)))
		return new_va ? -EINVAL : 0;
	if (!e || e != &fake_pt[entry] || (new_va && !from))
		return -EINVAL;
	*e = from ? *from : 0;
	if (from)
		*from = 0;
	return 0;
}
