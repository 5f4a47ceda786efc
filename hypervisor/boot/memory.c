/* SPDX-License-Identifier: MIT */
/*
 * From the machine's memory map to a working frame table. Until the page allocator has its RAM, pages come
 * from boot_pages(): cut from the top of the highest free RAM below 4 GB, which the boot page tables map.
 *
 * Claimed RAM (the first megabyte, our image, the modules, what boot_pages gave out) never reaches the
 * allocator, except init code and modules when dom0 has been built.
 */
#include "boot.h"
#include "cpu.h"
#include "domain.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"

uint64_t max_mfn;

struct range { maddr_t start, end; };
#define MAX_RANGES 160
#define MAX_RAM ((maddr_t)1 << 42)		/* what the direct map and M2P slots hold */

static struct range ram[E820_MAX] __initdata, free_ram[MAX_RANGES] __initdata;
static unsigned nr_ram __initdata, nr_free_ram __initdata;
static uint64_t chunk_has_ram[(MAX_RAM >> 28) / 64] __initdata;	/* a bit for each 65536 frames */
static bool allocator_ready;
static uint32_t m2p_first[MAX_RAM >> 30];	/* first mfn of each gigabyte's part, 0: none */
#define M2P_EXTENT_PAGES 512

extern char image_start[], image_end[], rodata_end[], init_start[], init_end[];

maddr_t image_to_maddr(const void *v)
{
	return (maddr_t)v - IMAGE_VIRT_START + 0x200000;
}

bool mfn_is_mmio_for(mfn_t m, const struct domain *d, bool rw)
{
	maddr_t a = mfn_to_maddr(m);

	if (!d->privileged || mfn_valid(m) || a >> cpu_features.maxphysaddr)
		return false;
	if (a == acpi.lapic || ioapic_present(a) || (rw && msi_table_page(m)))
		return false;
	return true;
}

/* Removes [start, end) from the free ranges. */
static void __init claim(maddr_t start, maddr_t end)
{
	for (unsigned i = 0; i < nr_free_ram; i++) {
		struct range *r = &free_ram[i], tail = { MAX(end, r->start), r->end };

		if (start >= r->end || end <= r->start)
			continue;
		r->end = MAX(start, r->start);
		if (tail.start < tail.end && nr_free_ram < MAX_RANGES)
			free_ram[nr_free_ram++] = tail;
	}
}

static void __init read_e820(void)
{
	for (unsigned i = 0; i < boot_info.nr_e820; i++) {
		const struct e820entry *e = &boot_info.e820[i];
		struct range r = { ROUND_UP(e->addr, PAGE_SIZE), (e->addr + e->size) & PAGE_MASK };

		printk(LOG_DEBUG, "  %016lx-%016lx %s\n", e->addr, e->addr + e->size,
		       e->type == E820_RAM ? "RAM" : e->type == E820_RESERVED ? "reserved" :
		       e->type == E820_ACPI ? "ACPI tables" : e->type == E820_NVS ? "ACPI NVS" : "other");
		if (e->type != E820_RAM || r.start >= r.end)
			continue;
		r.end = MIN(r.end, MAX_RAM);
		if (r.start >= r.end)
			continue;
		ram[nr_ram++] = r;
		free_ram[nr_free_ram++] = r;
		max_mfn = MAX(max_mfn, r.end >> PAGE_SHIFT);
	}
	if (!nr_ram)
		panic("the boot loader reported no RAM");
}

/* n zeroed pages, physically contiguous. */
void *__init boot_pages(uint64_t n)
{
	struct range *best = NULL;
	uint64_t bytes = n << PAGE_SHIFT;

	for (unsigned i = 0; i < nr_free_ram; i++) {
		struct range *r = &free_ram[i];

		if (r->end <= 1UL << 32 && r->end - r->start >= bytes && (!best || r->end > best->end))
			best = r;
	}
	if (!best)
		panic("out of memory for the frame table: %lu KB wanted below 4 GB", bytes >> 10);
	best->end -= bytes;
	return memset(maddr_to_virt(best->end), 0, bytes);
}

/* A page for our own page tables, at boot or later. */
void *pt_page_alloc(void)
{
	return allocator_ready ? page_alloc_zeroed() : boot_pages(1);
}

static void __init must_map(uint64_t va, maddr_t maddr, uint64_t bytes, uint64_t flags)
{
	if (map_range(va, maddr, bytes, flags))
		panic("no memory for page tables");
}

/* RAM at the direct map; our text and constants stay read-only there too. */
static void __init map_direct(void)
{
	maddr_t ro_start = image_to_maddr(image_start), ro_end = image_to_maddr(rodata_end);

	for (unsigned i = 0; i < nr_ram; i++) {
		maddr_t at = ram[i].start, end = ram[i].end;

		if (at <= ro_start && ro_end <= end) {
			must_map(DIRECTMAP_VIRT_START + at, at, ro_start - at, MAP_RW | PTE_G);
			must_map(DIRECTMAP_VIRT_START + ro_start, ro_start, ro_end - ro_start, MAP_RO | PTE_G);
			at = ro_end;
		}
		must_map(DIRECTMAP_VIRT_START + at, at, end - at, MAP_RW | PTE_G);
	}
}

static void __init map_image(void)
{
	extern char text_start[], text_end[], rodata_start[], init_data_start[], data_start[], data_end[];
	const struct { char *start, *end; uint64_t flags; } part[] = {
		{ text_start, text_end, MAP_RX }, { rodata_start, rodata_end, MAP_RO },
		{ init_start, init_data_start, MAP_RX }, { init_data_start, init_end, MAP_RW },
		{ data_start, data_end, MAP_RW },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(part); i++)
		must_map((uint64_t)part[i].start, image_to_maddr(part[i].start), part[i].end - part[i].start,
			 part[i].flags | PTE_G);
}

/* Frame table, in chunks of 65536 frames (256 MB) that hold any RAM: 2 MB each. */
static void __init map_frames(uint64_t chunk)
{
	uint64_t bytes = ROUND_UP(MIN(max_mfn - (chunk << 16), 65536UL) * sizeof(struct frame), PAGE_SIZE);

	if (!test_and_set_bit(chunk, chunk_has_ram))
		must_map(FRAMETABLE_VIRT_START + (chunk << 21), virt_to_maddr(boot_pages(bytes >> PAGE_SHIFT)), bytes,
			 MAP_RW | PTE_G);
}

/* The chunks without RAM all show one read-only page of entries that say so. */
static void __init map_frame_holes(void)
{
	struct frame *hole = NULL;
	uint64_t first = 0;

	for (uint64_t c = 0; c <= (max_mfn - 1) >> 16; c++) {
		uint64_t va = FRAMETABLE_VIRT_START + (c << 21);

		if (test_bit(c, chunk_has_ram))
			continue;
		if (hole) {
			map_same_2mb(va, first);
			continue;
		}
		hole = boot_pages(1);
		first = va;
		for (unsigned i = 0; i < PAGE_SIZE / sizeof(*hole); i++)
			hole[i].state = FRAME_NOT_RAM;
		for (uint64_t off = 0; off < 1UL << 21; off += PAGE_SIZE)
			must_map(va + off, virt_to_maddr(hole), PAGE_SIZE, MAP_RO | PTE_G);
	}
}

/* M2P, for each gigabyte that holds any RAM: 2 MB in one piece, as the ABI describes it to tools. */
static void __init map_m2p(uint64_t gb)
{
	void *m2p;

	if (m2p_first[gb])
		return;
	m2p = boot_pages(M2P_EXTENT_PAGES);
	memset(m2p, 0xff, M2P_EXTENT_PAGES * PAGE_SIZE);
	m2p_first[gb] = mfn_x(virt_to_mfn(m2p));
	must_map(M2P_VIRT_START + (gb << 21), virt_to_maddr(m2p), M2P_EXTENT_PAGES * PAGE_SIZE, MAP_RW | PTE_G);
	/* Not global: a guest's kernel may read it, its user space, whose L4 lacks it, may not (base_ptr.c). */
	must_map(RO_M2P_VIRT_START + (gb << 21), virt_to_maddr(m2p), M2P_EXTENT_PAGES * PAGE_SIZE, MAP_RO | PTE_US);
}

static void __init map_frame_table(void)
{
	for (unsigned i = 0; i < nr_ram; i++) {
		for (uint64_t c = ram[i].start >> 28; c <= (ram[i].end - 1) >> 28; c++)
			map_frames(c);
		for (uint64_t g = ram[i].start >> 30; g <= (ram[i].end - 1) >> 30; g++)
			map_m2p(g);
	}
	map_frame_holes();
}

mfn_t m2p_extent(unsigned gb)
{
	return gb < ARRAY_SIZE(m2p_first) && m2p_first[gb] ? mfn(m2p_first[gb]) : MFN_NONE;
}

bool mfn_is_m2p(mfn_t m)
{
	for (unsigned gb = 0; gb <= (max_mfn - 1) >> 18; gb++)
		if (m2p_first[gb] && mfn_x(m) - m2p_first[gb] < M2P_EXTENT_PAGES)
			return true;
	return false;
}

/* Frames of holes get their mark; RAM is zero already. */
static void __init mark_holes(void)
{
	for (uint64_t c = 0; c <= (max_mfn - 1) >> 16; c++)
		for (uint64_t n = c << 16; test_bit(c, chunk_has_ram) && n < MIN((c + 1) << 16, max_mfn); n++)
			mfn_to_frame(mfn(n))->state = FRAME_NOT_RAM;
	for (unsigned i = 0; i < nr_ram; i++)
		for (uint64_t n = ram[i].start >> PAGE_SHIFT; n < ram[i].end >> PAGE_SHIFT; n++)
			mfn_to_frame(mfn(n))->state = 0;
}

void __init memory_init(void)
{
	uint64_t bytes = 0;

	read_e820();
	claim(0, 0x100000);
	claim(image_to_maddr(image_start), image_to_maddr(image_end));
	for (unsigned i = 0; i < boot_info.nr_modules; i++)
		claim(boot_info.module[i].start & PAGE_MASK, ROUND_UP(boot_info.module[i].end, PAGE_SIZE));
	own_tables_init();
	map_direct();
	map_image();
	map_frame_table();
	own_tables_load();
	mark_holes();
	allocator_ready = true;
	for (unsigned i = 0; i < nr_free_ram; i++)
		if (free_ram[i].start < free_ram[i].end)
			page_alloc_add(free_ram[i].start, free_ram[i].end);
	for (unsigned i = 0; i < nr_ram; i++)
		bytes += ram[i].end - ram[i].start;
	printk(LOG_INFO, "Memory: %lu MB free for domains, %lu KB kept\n",
	       page_free_count() >> (20 - PAGE_SHIFT), (bytes >> 10) - (page_free_count() << 2));
}

/* What only booting needed: init code and data, and the modules once dom0 has its copy. */
void memory_free_boot(void)
{
	for (unsigned i = 0; i < boot_info.nr_modules; i++)
		page_alloc_add(ROUND_UP(boot_info.module[i].start, PAGE_SIZE),
			       boot_info.module[i].end & PAGE_MASK);
	page_alloc_add(image_to_maddr(init_start), image_to_maddr(init_end));
}
