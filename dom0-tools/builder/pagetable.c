/* SPDX-License-Identifier: MIT */
/*
 * Writes the initial page tables. Invariant that the hypervisor will check when the L4 is pinned:
 * no frame that serves as a table is mapped writable anywhere in them. Tables lie in the order L4,
 * L3s, L2s, L1s, each level by address, so that a table's frame is found by counting, not by
 * walking.
 */
#include <string.h>
#include "builder/pagetable.h"

#define PRESENT 0x01ULL
#define WRITE 0x02ULL
#define USER 0x04ULL            /* a 64-bit PV kernel runs in ring 3 */
#define ACCESSED 0x20ULL
#define DIRTY 0x40ULL
#define TABLE_BITS (PRESENT | WRITE | USER | ACCESSED | DIRTY)

struct writer {
	const struct layout *l;
	uint8_t *window;
	const uint64_t *p2m;
};

static unsigned int reach(int level)
{
	return 12 + 9 * (unsigned int)level;
}

static bool in_main(const struct layout *l, int level, uint64_t index)
{
	return index >= l->virt_base >> reach(level) &&
	       index <= (l->virt_end - 1) >> reach(level);
}

static uint64_t main_table(const struct layout *l, int level, uint64_t index)
{
	uint64_t pfn = l->tables.pfn;

	for (int above = 4; above > level; above--)
		pfn += l->main_count.level[above];
	return pfn + index - (l->virt_base >> reach(level));
}

static uint64_t apart_table(const struct layout *l, int level, uint64_t index)
{
	uint64_t pfn = l->p2m_tables.pfn;

	for (int above = 3; above > level; above--)
		pfn += l->p2m_count.level[above];
	for (uint64_t i = l->p2m.va >> reach(level); i < index; i++)
		pfn += !in_main(l, level, i);
	return pfn;
}

/* The frame of the table of this level that covers va. */
static uint64_t table_pfn(const struct layout *l, int level, uint64_t va)
{
	if (level == 4)
		return l->tables.pfn;
	if (in_main(l, level, va >> reach(level)))
		return main_table(l, level, va >> reach(level));
	return apart_table(l, level, va >> reach(level));
}

static uint64_t *table(const struct writer *w, int level, uint64_t va)
{
	return (uint64_t *)(w->window +
			    ((table_pfn(w->l, level, va) - w->l->first_pfn) << 12));
}

static bool is_table(const struct layout *l, uint64_t pfn)
{
	return pfn - l->tables.pfn < l->tables.pages ||
	       pfn - l->p2m_tables.pfn < l->p2m_tables.pages;
}

/* Enters every table of a level that covers [start, end) into the level above. */
static void link_tables(const struct writer *w, uint64_t start, uint64_t end)
{
	for (int level = 1; level <= 3; level++)
		for (uint64_t i = start >> reach(level); i <= (end - 1) >> reach(level); i++) {
			uint64_t va = i << reach(level);

			table(w, level + 1, va)[i & 511] =
				w->p2m[table_pfn(w->l, level, va)] << 12 | TABLE_BITS;
		}
}

static void map_pages(const struct writer *w, uint64_t va, uint64_t pfn, uint64_t pages)
{
	uint64_t *l1 = NULL;

	for (uint64_t i = 0; i < pages; i++, va += 4096, pfn++) {
		if (!l1 || !(va >> 12 & 511))
			l1 = table(w, 1, va);
		l1[va >> 12 & 511] = w->p2m[pfn] << 12 | PRESENT | USER | ACCESSED |
				     (is_table(w->l, pfn) ? 0 : WRITE);
	}
}

void pagetable_write(const struct layout *l, void *window, const uint64_t *p2m)
{
	struct writer w = { l, window, p2m };
	uint64_t pages = (l->virt_end - l->virt_base) >> 12;

	memset(w.window + ((l->tables.pfn - l->first_pfn) << 12), 0, l->tables.pages << 12);
	link_tables(&w, l->virt_base, l->virt_end);
	map_pages(&w, l->virt_base, 0, pages < l->nr_pages ? pages : l->nr_pages);
	if (!l->p2m_apart)
		return;
	memset(w.window + ((l->p2m_tables.pfn - l->first_pfn) << 12), 0,
	       l->p2m_tables.pages << 12);
	link_tables(&w, l->p2m.va, l->p2m.va + (l->p2m.pages << 12));
	map_pages(&w, l->p2m.va, l->p2m.pfn, l->p2m.pages);
}
