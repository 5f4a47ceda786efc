/* SPDX-License-Identifier: MIT */
/*
 * Computes the layout. The number of page tables depends on the region's end, which depends on the
 * number of page tables: the count starts at the smallest and grows until it holds (it can only
 * grow, so this ends). Inputs are checked notes; sizes are bounded by IMAGE_MAX and MAX_PAGES, so
 * sums cannot overflow.
 */
#include <inttypes.h>
#include <string.h>
#include <xen/xen.h>
#include "builder/layout.h"

#define PAGE_SHIFT 12
#define PAGE (1ULL << PAGE_SHIFT)
#define REGION_ALIGN (4ULL << 20)       /* the region ends on such a boundary ... */
#define REGION_PAD (512ULL << 10)       /* ... at least this far behind the stack */
#define MAX_PAGES (1ULL << 28)          /* 1 TB: the p2m fits one L3's reach */

static uint64_t up(uint64_t n, uint64_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static uint64_t pages(uint64_t bytes)
{
	return up(bytes, PAGE) >> PAGE_SHIFT;
}

/* Bits of an address below a table of this level's reach: L1 covers 2 MB, L2 1 GB, L3 512 GB. */
static unsigned int reach(int level)
{
	return PAGE_SHIFT + 9 * (unsigned int)level;
}

static void count_main(struct pt_count *c, uint64_t start, uint64_t end)
{
	memset(c, 0, sizeof(*c));
	c->level[4] = c->all = 1;
	for (int l = 1; l <= 3; l++) {
		c->level[l] = ((end - 1) >> reach(l)) - (start >> reach(l)) + 1;
		c->all += c->level[l];
	}
}

/* Tables for [start, end) beyond those that [main_start, main_end) has already. */
static void count_apart(struct pt_count *c, uint64_t start, uint64_t end, uint64_t main_start,
			uint64_t main_end)
{
	memset(c, 0, sizeof(*c));
	for (int l = 1; l <= 3; l++) {
		uint64_t a = main_start >> reach(l), b = (main_end - 1) >> reach(l);

		for (uint64_t i = start >> reach(l); i <= (end - 1) >> reach(l); i++)
			c->level[l] += i < a || i > b;
		c->all += c->level[l];
	}
}

static void place(const struct layout *l, struct range *r, uint64_t *pfn, uint64_t n)
{
	r->pfn = *pfn;
	r->pages = n;
	r->va = n ? l->virt_base + (*pfn << PAGE_SHIFT) : 0;
	*pfn += n;
}

static void place_unmapped(struct range *r, uint64_t *pfn, uint64_t n)
{
	r->va = 0;
	r->pfn = *pfn;
	r->pages = n;
	*pfn += n;
}

/* Lays out the initial region for `tables` page tables; returns the pfn after the stack. */
static uint64_t place_region(struct layout *l, const struct kernel_notes *n, uint64_t tables,
			     uint64_t ramdisk, uint64_t p2m)
{
	uint64_t pfn = (n->virt_start - n->virt_base) >> PAGE_SHIFT;

	l->first_pfn = pfn;
	place(l, &l->image, &pfn, (up(n->virt_end, PAGE) - (n->virt_start & ~(PAGE - 1)))
	      >> PAGE_SHIFT);
	if (!n->mod_start_pfn)
		place(l, &l->ramdisk, &pfn, ramdisk);
	if (!l->p2m_apart)
		place(l, &l->p2m, &pfn, p2m);
	place(l, &l->start_info, &pfn, 1);
	place(l, &l->xenstore, &pfn, 1);
	place(l, &l->console, &pfn, 1);
	place(l, &l->tables, &pfn, tables);
	place(l, &l->stack, &pfn, 1);
	return pfn;
}

static void place_apart(struct layout *l, const struct kernel_notes *n, uint64_t *pfn,
			uint64_t ramdisk, uint64_t p2m)
{
	if (n->mod_start_pfn)
		place_unmapped(&l->ramdisk, pfn, ramdisk);
	if (!l->p2m_apart)
		return;
	place_unmapped(&l->p2m, pfn, p2m);
	l->p2m.va = n->init_p2m;
	count_apart(&l->p2m_count, n->init_p2m, n->init_p2m + (p2m << PAGE_SHIFT),
		    l->virt_base, l->virt_end);
	place_unmapped(&l->p2m_tables, pfn, l->p2m_count.all);
}

/* Canonical at both ends of the same half, clear of the hypervisor's hole. end is exclusive. */
static bool fits(uint64_t start, uint64_t end)
{
	return start < end && (start >> 47) == ((end - 1) >> 47) &&
	       (end <= HYPERVISOR_VIRT_START || start >= HYPERVISOR_VIRT_END);
}

static bool overlaps(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
	return a < b_end && b < a_end;
}

static int check(const struct layout *l, struct err *err)
{
	uint64_t p2m_end = l->p2m.va + (l->p2m.pages << PAGE_SHIFT);

	if (!fits(l->virt_base, l->virt_end))
		return err_set(err, ERR_NOTE, "note VIRT_BASE 0x%" PRIx64 " leaves no room for the "
			       "initial region below the hypervisor or the end of the address "
			       "space", l->virt_base);
	if (l->p2m_apart &&
	    (!fits(l->p2m.va, p2m_end) ||
	     overlaps(l->p2m.va, p2m_end, l->virt_base, l->virt_end)))
		return err_set(err, ERR_NOTE, "note INIT_P2M 0x%" PRIx64 ": the p2m of %" PRIu64
			       " pages there meets the initial region or the hypervisor",
			       l->p2m.va, l->p2m.pages);
	/* The padding alone may reach beyond a small domain's memory: it stays unmapped there. */
	if (l->used_pfn > l->nr_pages)
		return err_set(err, ERR_NO_MEMORY, "too little memory: %" PRIu64 " KB given, the "
			       "kernel, its ramdisk and the initial tables need %" PRIu64 " KB",
			       l->nr_pages * 4, l->used_pfn * 4);
	return 0;
}

int layout_compute(struct layout *l, const struct kernel_notes *notes, uint64_t nr_pages,
		   uint64_t ramdisk_size, struct err *err)
{
	uint64_t p2m = pages(nr_pages * sizeof(uint64_t)), tables = 0, pfn;

	if (nr_pages == 0 || nr_pages > MAX_PAGES)
		return err_set(err, ERR_NO_MEMORY, "memory of %" PRIu64 " KB is outside the "
			       "possible 4 KB to 1 TB", nr_pages * 4);
	memset(l, 0, sizeof(*l));
	l->nr_pages = nr_pages;
	l->virt_base = notes->virt_base;
	l->p2m_apart = notes->init_p2m != NOTES_NONE;
	do {
		l->main_count.all = tables;
		pfn = place_region(l, notes, tables, pages(ramdisk_size), p2m);
		l->virt_end = up(l->virt_base + (pfn << PAGE_SHIFT) + REGION_PAD, REGION_ALIGN);
		if (l->virt_end <= l->virt_base)
			break;
		count_main(&l->main_count, l->virt_base, l->virt_end);
		tables = l->main_count.all;
	} while (tables != l->tables.pages);
	place_apart(l, notes, &pfn, pages(ramdisk_size), p2m);
	l->used_pfn = pfn;
	return check(l, err);
}
