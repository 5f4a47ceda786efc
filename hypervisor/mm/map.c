/* SPDX-License-Identifier: MIT */
/*
 * Our own page tables: the mappings that every address space shares (slots 256-271 without 260), and each
 * domain's slot 260 with the GDT and LDT windows of its vcpus.
 *
 * The L3 tables of all shared slots exist from the start, so that what is mapped later shows up in
 * every guest's L4 by itself. Nothing mapped here is ever unmapped; only boot and ioremap add, under map_lock.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pti.h"
#include "x86.h"

pte_t *idle_l4;
mfn_t zero_page_mfn;
static spinlock_t map_lock;
static uint64_t ioremap_next = IOREMAP_VIRT_START;

#define TABLE (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

static pte_t *table_of(pte_t *slot)
{
	if (!(*slot & PTE_P)) {
		void *page = pt_page_alloc();

		if (!page)
			return NULL;
		*slot = pte_make(virt_to_mfn(page), TABLE);
	}
	return mfn_to_virt(pte_mfn(*slot));
}

/* Largest page that fits here. */
static unsigned page_level(uint64_t va, maddr_t maddr, uint64_t bytes)
{
	uint64_t both = va | maddr;

	if (cpu_features.page1gb && !(both & (BIT(30) - 1)) && bytes >= BIT(30))
		return 3;
	return !(both & (BIT(21) - 1)) && bytes >= BIT(21) ? 2 : 1;
}

static int map_one(pte_t *t, uint64_t va, maddr_t maddr, unsigned level, uint64_t flags)
{
	for (unsigned l = 4; l > level; l--) {
		t = table_of(&t[PT_SLOT(va, l)]);
		if (!t)
			return -ENOMEM;
	}
	t[PT_SLOT(va, level)] = maddr | flags | (level > 1 ? PTE_PS : 0);
	return 0;
}

int map_range(uint64_t va, maddr_t maddr, uint64_t bytes, uint64_t flags)
{
	while (bytes) {
		unsigned level = page_level(va, maddr, bytes);
		uint64_t step = 1UL << PT_SHIFT(level);

		if (map_one(idle_l4, va, maddr, level, flags))
			return -ENOMEM;
		va += step;
		maddr += step;
		bytes -= step;
	}
	return 0;
}

int __init map_page(pte_t *l4, uint64_t va, maddr_t maddr, uint64_t flags)
{
	return map_one(l4, va, maddr, 1, flags);
}

maddr_t __init own_maddr(const void *va)
{
	const pte_t *t = idle_l4;

	for (unsigned l = 4; ; l--) {
		pte_t e = t[PT_SLOT(va, l)];

		if (l == 1 || e & PTE_PS)
			return (e & PTE_MFN_MASK & ~(BIT(PT_SHIFT(l)) - 1)) | ((uint64_t)va & (BIT(PT_SHIFT(l)) - 1));
		t = mfn_to_virt(pte_mfn(e));
	}
}

void __init map_same_2mb(uint64_t va, uint64_t like)
{
	pte_t *t = idle_l4, *from = idle_l4;

	for (unsigned l = 4; l > 2; l--) {
		t = table_of(&t[PT_SLOT(va, l)]);
		from = table_of(&from[PT_SLOT(like, l)]);
	}
	t[PT_SLOT(va, 2)] = from[PT_SLOT(like, 2)];
}

void *ioremap(maddr_t maddr, uint64_t bytes, bool uncached)
{
	uint64_t off = maddr & ~PAGE_MASK, len = ROUND_UP(off + bytes, PAGE_SIZE), va;
	int rc = -ENOMEM;

	spin_lock(&map_lock);
	va = ioremap_next;
	if (len >= bytes && len <= IOREMAP_VIRT_END - va) {
		rc = map_range(va, maddr - off, len, (uncached ? MAP_UC : MAP_RW) | PTE_G);
		ioremap_next += len;
	}
	spin_unlock(&map_lock);
	return rc ? NULL : (void *)(va + off);
}

void __init own_tables_init(void)
{
	static const uint16_t slots[] = { 256, 257, 258, 261 };
	void *zero = boot_pages(1);

	idle_l4 = boot_pages(1);
	zero_page_mfn = virt_to_mfn(zero);
	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
		table_of(&idle_l4[slots[i]]);
}

void __init own_tables_load(void)
{
	write_cr4(read_cr4() & ~CR4_PGE);	/* the boot tables' global entries go */
	write_cr3(virt_to_maddr(idle_l4));
	write_cr4(read_cr4() | (cpu_features.pge ? CR4_PGE : 0));
}

void hv_l4_install(struct domain *d, pte_t *l4)
{
	memcpy(&l4[HV_L4_FIRST], &pti_slots_of(d)[HV_L4_FIRST], (HV_L4_LAST - HV_L4_FIRST + 1) * sizeof(pte_t));
	l4[PERDOMAIN_L4_SLOT] = pte_make(virt_to_mfn(d->perdomain_l3), TABLE & ~PTE_US);
}

/* --- the per-domain area: one L3, one L2, an L1 for each 16 vcpus --- */

#define PERDOMAIN_L1S (MAX_VCPUS * (GDT_WINDOW_PAGES + LDT_WINDOW_PAGES) / PT_ENTRIES)

int perdomain_init(struct domain *d)
{
	pte_t *l2 = page_alloc_zeroed();

	d->perdomain_l3 = page_alloc_zeroed();
	if (!d->perdomain_l3 || !l2) {
		page_free_virt(d->perdomain_l3);
		page_free_virt(l2);
		d->perdomain_l3 = NULL;
		return -ENOMEM;
	}
	d->perdomain_l3[0] = pte_make(virt_to_mfn(l2), TABLE & ~PTE_US);
	return 0;
}

pte_t *perdomain_pte(struct domain *d, unsigned vcpu_id, unsigned page)
{
	pte_t *l2 = mfn_to_virt(pte_mfn(d->perdomain_l3[0])), *l1;
	unsigned index = vcpu_id * (GDT_WINDOW_PAGES + LDT_WINDOW_PAGES) + page;

	if (!(l2[index / PT_ENTRIES] & PTE_P))
		return NULL;
	l1 = mfn_to_virt(pte_mfn(l2[index / PT_ENTRIES]));
	return &l1[index % PT_ENTRIES];
}

/* Windows of a new vcpu: empty descriptors everywhere. */
int perdomain_add_vcpu(struct domain *d, unsigned vcpu_id)
{
	pte_t *l2 = mfn_to_virt(pte_mfn(d->perdomain_l3[0]));
	pte_t *slot = &l2[vcpu_id * (GDT_WINDOW_PAGES + LDT_WINDOW_PAGES) / PT_ENTRIES];

	if (!(*slot & PTE_P)) {
		void *l1 = page_alloc_zeroed();

		if (!l1)
			return -ENOMEM;
		*slot = pte_make(virt_to_mfn(l1), TABLE & ~PTE_US);
	}
	for (unsigned p = 0; p < GDT_WINDOW_PAGES; p++)
		*perdomain_pte(d, vcpu_id, p) = pte_make(zero_page_mfn, MAP_RO);
	return 0;
}

void perdomain_free(struct domain *d)
{
	pte_t *l2;

	if (!d->perdomain_l3)
		return;
	l2 = mfn_to_virt(pte_mfn(d->perdomain_l3[0]));
	for (unsigned i = 0; i < PERDOMAIN_L1S; i++)
		if (l2[i] & PTE_P)
			page_free_virt(mfn_to_virt(pte_mfn(l2[i])));
	page_free_virt(l2);
	page_free_virt(d->perdomain_l3);
	d->perdomain_l3 = NULL;
}
