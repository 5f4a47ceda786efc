/* SPDX-License-Identifier: MIT */
/*
 * Page tables of this domain. They are mapped read-only, every change goes to the hypervisor, which
 * checks it. Tables are walked through the linear map of the domain's memory (linear_base, below).
 * Errors: 0 or a negative error of <xen/errno.h>.
 */
#ifndef KIT_PT_H
#define KIT_PT_H

#include <kit/types.h>

typedef uint64_t pte_t;

#define PTE_PRESENT	(1UL << 0)
#define PTE_WRITE	(1UL << 1)
#define PTE_USER	(1UL << 2)
#define PTE_PWT		(1UL << 3)
#define PTE_PCD		(1UL << 4)
#define PTE_ACCESSED	(1UL << 5)
#define PTE_DIRTY	(1UL << 6)
#define PTE_PSE		(1UL << 7)
#define PTE_GLOBAL	(1UL << 8)
#define PTE_NX		(1UL << 63)
#define PTE_ADDR	0x000ffffffffff000UL

/* What a leaf and a table entry carry besides the frame. */
#define PTE_RW		(PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define PTE_RO		(PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define PTE_TABLE	(PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

#define PT_ENTRIES 512
#define PT_LEVELS 4

static inline pte_t pte_make(mfn_t mfn, uint64_t bits) { return mfn_to_maddr(mfn) | bits; }
static inline mfn_t pte_mfn(pte_t pte) { return maddr_to_mfn(pte & PTE_ADDR); }

/* Index of va in the table of a level, 1 (leaf) to 4 (root). */
static inline unsigned int pt_index(uintptr_t va, unsigned int level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (PT_ENTRIES - 1);
}

/* The virtual address of a pfn: the whole of the domain's memory is mapped in one piece. */
extern char *linear_base;
static inline void *pfn_to_virt(pfn_t pfn) { return linear_base + (pfn << PAGE_SHIFT); }
static inline pfn_t virt_to_pfn(const void *va)
{
	return ((uintptr_t)va - (uintptr_t)linear_base) >> PAGE_SHIFT;
}
mfn_t virt_to_mfn(const void *va);		/* linear addresses only */
maddr_t virt_to_maddr(const void *va);		/* the same */

/* root: linear address of the running L4. */
void pt_init(pte_t *root);
pte_t *pt_root(void);

/* The entry of va at a level, or NULL if a table above it is missing. Read-only. */
const pte_t *pt_entry(const void *va, unsigned int level);
maddr_t pt_entry_maddr(const void *va, unsigned int level);	/* 0 if missing */

/* Makes every table down to level 1 exist for n pages from va. Tables come from os_pages_alloc. One caller at a time,
 * whatever their ranges. */
int pt_populate(const void *va, size_t n);

/* Maps n frames of domid (DOMID_SELF; another domain's; DOMID_IO for device memory) from va on with
 * the given bits (PTE_RW, PTE_RO, PTE_NX...). All or nothing. The tables must exist. */
int pt_map(void *va, const mfn_t *mfns, size_t n, uint64_t bits, unsigned int domid);

/* Empties n entries from va and flushes them. Absent entries are fine. */
int pt_unmap(void *va, size_t n);

/* Changes an own page between PTE_RW and PTE_RO in the linear map. */
int pt_protect(void *va, uint64_t bits);

#endif
