/* SPDX-License-Identifier: MIT */
/*
 * Layouts and the page tables written for them. The tables are walked as the hardware does, for
 * every address of the layout, and searched for what the hypervisor would refuse: a table mapped
 * writable.
 */
#include "test.h"
#include "builder/fill.h"
#include "builder/layout.h"
#include "builder/pagetable.h"

#define MFN_OF(pfn) ((pfn) * 7 % nr_pages + 5000)       /* some order, not the identity */

static struct kernel_notes notes;
static struct layout l;
static struct err err;
static uint64_t nr_pages;
static uint64_t *p2m;
static uint8_t *window;

static void notes_for(uint64_t virt_base, uint64_t start, uint64_t size)
{
	notes = (struct kernel_notes){
		.virt_base = virt_base, .virt_start = virt_base + start,
		.virt_end = virt_base + start + size, .entry = virt_base + start,
		.hypercall_page = NOTES_NONE, .init_p2m = NOTES_NONE,
	};
}

static void make(uint64_t pages, uint64_t ramdisk)
{
	nr_pages = pages;
	if (layout_compute(&l, &notes, pages, ramdisk, &err))
		fail_msg("%s", err.text);
	p2m = malloc(pages * 8);
	for (uint64_t i = 0; i < pages; i++)
		p2m[i] = MFN_OF(i);
	window = calloc(l.used_pfn - l.first_pfn, 4096);
	pagetable_write(&l, window, p2m);
}

static void drop(void)
{
	free(p2m);
	free(window);
}

static uint64_t pfn_of(uint64_t mfn)
{
	for (uint64_t i = 0; i < nr_pages; i++)
		if (p2m[i] == mfn)
			return i;
	fail_msg("frame 0x%llx is not the domain's", (unsigned long long)mfn);
	return 0;
}

/* The L1 entry for va, 0 when a level is missing. */
static uint64_t walk(uint64_t va)
{
	uint64_t pfn = l.tables.pfn, entry = 0;

	for (int level = 4; level >= 1; level--) {
		assert_true(pfn >= l.first_pfn && pfn < l.used_pfn);
		entry = ((uint64_t *)(window + (pfn - l.first_pfn) * 4096))
			[va >> (12 + 9 * (level - 1)) & 511];
		if (!(entry & 1))
			return 0;
		if (level > 1)
			pfn = pfn_of(entry >> 12 & 0xffffffffff);
	}
	return entry;
}

static bool in(const struct range *r, uint64_t pfn)
{
	return pfn >= r->pfn && pfn < r->pfn + r->pages;
}

static void check_range(const struct range *r)
{
	for (uint64_t i = 0; i < r->pages; i++) {
		uint64_t entry = walk(r->va + i * 4096), pfn = r->pfn + i;
		bool table = in(&l.tables, pfn) || in(&l.p2m_tables, pfn);

		assert_int_equal(entry >> 12 & 0xffffffffff, MFN_OF(pfn));
		assert_int_equal(entry & 0xfff, table ? 0x25 : 0x27);
	}
}

/* The order and packing that the ABI sets, and a sound mapping of everything. */
static void check_all(void)
{
	const struct range *order[] = {
		&l.image, &l.ramdisk, &l.p2m, &l.start_info, &l.xenstore, &l.console, &l.tables,
		&l.stack,
	};
	uint64_t pfn = l.first_pfn;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!order[i]->pages || order[i]->pfn >= l.stack.pfn + 1)
			continue;
		assert_int_equal(order[i]->pfn, pfn);
		assert_int_equal(order[i]->va, l.virt_base + pfn * 4096);
		check_range(order[i]);
		pfn += order[i]->pages;
	}
	assert_true(l.virt_end - (l.stack.va + 4096) >= 512 << 10);
	assert_int_equal(l.virt_end & ((4 << 20) - 1), 0);
	assert_int_equal(walk(l.virt_end - 4096) != 0,
			 (l.virt_end - l.virt_base) / 4096 <= nr_pages);
	check_range(&l.p2m);
	/* A table too many would be a page that the kernel takes for one. */
	assert_int_equal(l.tables.pages, l.main_count.all);
}

static void linux_like(void **state)
{
	(void)state;
	notes_for(0xffffffff80000000, 0x1000000, 0x2e00000);
	notes.init_p2m = 0x8000000000;
	notes.mod_start_pfn = true;
	make(32768, 5 << 20);
	check_all();
	assert_int_equal(l.p2m.va, 0x8000000000);
	assert_int_equal(l.p2m.pages, 64);
	assert_int_equal(l.p2m_tables.pages, 3);
	assert_int_equal(l.ramdisk.va, 0);
	assert_int_equal(l.ramdisk.pages, 1280);
	assert_true(l.ramdisk.pfn > l.stack.pfn);
	assert_int_equal(l.p2m.pfn, l.ramdisk.pfn + 1280);
	drop();
}

static void grub_like(void **state)
{
	(void)state;
	notes_for(0, 0, 0x613dc8);
	make(16384, 0);
	check_all();
	assert_int_equal(l.first_pfn, 0);
	assert_int_equal(l.p2m.pages, 32);
	assert_int_equal(l.p2m_tables.pages, 0);
	drop();
}

static void mapped_ramdisk(void **state)
{
	(void)state;
	notes_for(0x100000, 0x1000, 0x80000);
	make(8192, 1234567);
	check_all();
	assert_int_equal(l.ramdisk.pages, 302);
	assert_int_equal(l.ramdisk.va, 0x100000 + 0x81000);
	drop();
}

/* Regions that begin near a boundary of each level's reach, so that tables of both sides are
 * needed. */
static void boundaries(void **state)
{
	static const uint64_t bases[] = {
		0x1ff000, 0x3ffff000, 0x7ffffff000, 0x7fffc00000, 0xffff880000000000,
		0xffffffffc0000000, 0x200000,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		notes_for(bases[i], 0, 0x345678);
		make(4096, 0);
		check_all();
		drop();
	}
}

/* A p2m that shares tables with the region, at a distance and at the next page table. */
static void p2m_near_the_region(void **state)
{
	static const uint64_t places[] = {
		0x800000, 0x1fe000 + 0x1000000, 0x40000000 - 0x1000, 0x8000000000 - 0x2000,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		notes_for(0, 0x1000, 0x100000);
		notes.init_p2m = places[i];
		make(4096, 0);
		check_all();
		drop();
	}
}

static void too_little_memory(void **state)
{
	(void)state;
	notes_for(0, 0, 0x613dc8);
	assert_int_not_equal(layout_compute(&l, &notes, 256, 0, &err), 0);
	assert_err(&err, ERR_NO_MEMORY, "1024 KB given|need");
	assert_int_not_equal(layout_compute(&l, &notes, 16384, 100 << 20, &err), 0);
	assert_err(&err, ERR_NO_MEMORY, "ramdisk");
	assert_int_not_equal(layout_compute(&l, &notes, 0, 0, &err), 0);
	assert_int_not_equal(layout_compute(&l, &notes, 1ULL << 40, 0, &err), 0);
	assert_err(&err, ERR_NO_MEMORY, "outside");
	/* The smallest that does. */
	for (nr_pages = 1; layout_compute(&l, &notes, nr_pages, 0, &err); nr_pages++)
		assert_true(nr_pages < 4096);
	assert_int_equal(nr_pages, l.used_pfn);
}

static void no_room_for_the_region(void **state)
{
	(void)state;
	notes_for(0x7ffffff00000, 0, 0x100000);
	assert_int_not_equal(layout_compute(&l, &notes, 4096, 0, &err), 0);
	assert_err(&err, ERR_NOTE, "VIRT_BASE");
	notes_for(0xffffffffffe00000, 0, 0x100000);
	assert_int_not_equal(layout_compute(&l, &notes, 4096, 0, &err), 0);
	assert_err(&err, ERR_NOTE, "VIRT_BASE");
	notes_for(0, 0, 0x100000);
	notes.init_p2m = 0x200000;
	assert_int_not_equal(layout_compute(&l, &notes, 4096, 0, &err), 0);
	assert_err(&err, ERR_NOTE, "INIT_P2M");
	notes.init_p2m = 0x7ffffffff000;
	assert_int_not_equal(layout_compute(&l, &notes, 65536, 0, &err), 0);
	assert_err(&err, ERR_NOTE, "INIT_P2M");
}

int test_layout(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_like), cmocka_unit_test(grub_like),
		cmocka_unit_test(mapped_ramdisk), cmocka_unit_test(boundaries),
		cmocka_unit_test(p2m_near_the_region), cmocka_unit_test(too_little_memory),
		cmocka_unit_test(no_room_for_the_region),
	};

	return RUN_GROUP(tests, total);
}
