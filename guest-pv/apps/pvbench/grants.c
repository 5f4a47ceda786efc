/* SPDX-License-Identifier: MIT */
/*
 * Grants of the domain to itself: mapping and unmapping one page, copying 4 KB and 64 bytes between granted
 * and own frames.
 */
#include "bench.h"

static void *page[2];
static grant_ref_t ref[2];
static struct gnttab_map_grant_ref map_op;
static struct gnttab_unmap_grant_ref unmap_op;
static struct gnttab_copy copy_op;
static domid_t self;

static void map(void) { hypercall_grant_table_op(GNTTABOP_map_grant_ref, &map_op, 1); }
static void unmap(void) { hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap_op, 1); }

static void now_mapped(void)
{
	map();
	must("map_grant_ref", map_op.status);
	unmap_op.handle = map_op.handle;
}

static void copy(void) { hypercall_grant_table_op(GNTTABOP_copy, &copy_op, 1); }

static void copied(void) { must("grant copy", copy_op.status); }

static void prepare_copy(unsigned int flags, unsigned int length)
{
	copy_op = (struct gnttab_copy){ .len = length, .flags = flags };
	copy_op.source.domid = flags & GNTCOPY_source_gref ? self : DOMID_SELF;
	copy_op.dest.domid = flags & GNTCOPY_dest_gref ? self : DOMID_SELF;
	if (flags & GNTCOPY_source_gref)
		copy_op.source.u.ref = ref[0];
	else
		copy_op.source.u.gmfn = virt_to_mfn(page[0]);
	if (flags & GNTCOPY_dest_gref)
		copy_op.dest.u.ref = ref[1];
	else
		copy_op.dest.u.gmfn = virt_to_mfn(page[1]);
	copy();
	copied();
}

static void bench_copies(void)
{
	static const struct { unsigned int flags, length; struct bench bench; } table[] = {
		{ GNTCOPY_source_gref | GNTCOPY_dest_gref, PAGE_SIZE, { "gnttab_copy4k_ref2ref", copy, copied, 0 } },
		{ GNTCOPY_source_gref, PAGE_SIZE, { "gnttab_copy4k_ref2gmfn", copy, copied, 0 } },
		{ 0, PAGE_SIZE, { "gnttab_copy4k_gmfn2gmfn", copy, copied, 0 } },
		{ GNTCOPY_source_gref | GNTCOPY_dest_gref, 64, { "gnttab_copy64b_ref2ref", copy, copied, 0 } },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		prepare_copy(table[i].flags, table[i].length);
		bench_run(&table[i].bench, 1);
	}
}

/* Each map in its turn is undone by the next sample's "before". */
static void now_unmapped(void)
{
	if (map_op.status == GNTST_okay) {
		unmap_op.handle = map_op.handle;
		unmap();
	}
}

static void bench_maps(void)
{
	static const struct bench maps = { "gnttab_map_self", map, now_unmapped, 0 };
	static const struct bench unmaps = { "gnttab_unmap_self", unmap, now_mapped, 0 };
	void *window = os_va_alloc(1);

	map_op = (struct gnttab_map_grant_ref){ .host_addr = (uintptr_t)window, .flags = GNTMAP_host_map,
						.ref = ref[0], .dom = self };
	unmap_op.host_addr = map_op.host_addr;
	now_mapped();
	bench_run(&maps, 1);
	now_unmapped();
	bench_run(&unmaps, 1);
	must("unmap_grant_ref", unmap_op.status);
	os_va_free(window, 1);
}

void bench_grants(void)
{
	self = start_info_domid();
	for (int i = 0; i < 2; i++) {
		int r;

		page[i] = pages_alloc(1);
		r = gnttab_grant(self, virt_to_mfn(page[i]), false);
		must("gnttab_grant", r);
		ref[i] = r;
	}
	bench_maps();
	bench_copies();
	for (int i = 0; i < 2; i++) {
		must("gnttab_end", gnttab_end(ref[i]));
		pages_free(page[i], 1);
	}
}
