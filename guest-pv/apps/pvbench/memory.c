/* SPDX-License-Identifier: MIT */
/*
 * Memory given back and taken again, a page at a time, as a balloon does; and the smallest memory call.
 */
#include "bench.h"

static xen_pfn_t frame;
static pfn_t pfn;
static struct xen_memory_reservation reservation;

static void decrease(void) { hypercall_memory_op(XENMEM_decrease_reservation, &reservation); }

static void populate(void)
{
	frame = pfn;
	hypercall_memory_op(XENMEM_populate_physmap, &reservation);
}

static void both(void)
{
	decrease();
	populate();
}

static void max_ram_page(void) { hypercall_memory_op(XENMEM_maximum_ram_page, NULL); }

void bench_memory(void)
{
	static const struct bench out = { "memop_decrease_1", decrease, populate, 0 };
	static const struct bench in = { "memop_populate_1", populate, decrease, 0 };
	static const struct bench others[] = {
		{ "memop_decrease+populate", both, NULL, 0 },
		{ "memop_max_ram_page", max_ram_page, NULL, 0 },
	};
	void *page = pages_alloc(1);

	pfn = virt_to_pfn(page);
	frame = pfn_to_mfn(pfn);
	must("unmap", hypercall_update_va_mapping(page, 0, UVMF_INVLPG));
	reservation = (struct xen_memory_reservation){ .nr_extents = 1, .domid = DOMID_SELF };
	set_xen_guest_handle(reservation.extent_start, &frame);
	bench_run(&in, 1);
	decrease();
	bench_run(&out, 1);
	populate();
	BENCH_RUN(others);
	p2m_set(pfn, frame);
	must("map", hypercall_update_va_mapping(page, pte_make(frame, PTE_RW | PTE_NX), UVMF_INVLPG));
	pages_free(page, 1);
}
