/* SPDX-License-Identifier: MIT */
/*
 * A domain's memory. Frames are asked for in 2 MB extents, in one hypercall when all goes well;
 * what a fragmented machine refuses at that size comes page by page.
 */
#include <errno.h>
#include <string.h>
#include "ctl/hyper.h"

#define EXTENT_ORDER 9U
#define EXTENT_PAGES (1UL << EXTENT_ORDER)

/* Number of extents populated, from the first on. */
static long populate(domid_t domid, xen_pfn_t *extents, uint64_t n, unsigned int order)
{
	struct xen_memory_reservation r = {
		.nr_extents = n, .extent_order = order, .domid = domid,
	};

	set_xen_guest_handle(r.extent_start, extents);
	return os_memory_op(XENMEM_populate_physmap, &r, sizeof(r));
}

/* Whole extents as far as they go; returns the pages populated. */
static uint64_t populate_large(domid_t domid, xen_pfn_t *mfns, uint64_t nr_pages)
{
	uint64_t n = nr_pages / EXTENT_PAGES, buffer = (n * 8 + OS_PAGE_SIZE - 1) / OS_PAGE_SIZE;
	xen_pfn_t *extents = n ? os_alloc_pages(buffer) : NULL;
	long done;

	if (!extents)
		return 0;
	for (uint64_t i = 0; i < n; i++)
		extents[i] = i * EXTENT_PAGES;
	done = populate(domid, extents, n, EXTENT_ORDER);
	if (done < 0)
		done = 0;
	for (uint64_t pfn = 0; pfn < (uint64_t)done * EXTENT_PAGES; pfn++)
		mfns[pfn] = extents[pfn / EXTENT_PAGES] + pfn % EXTENT_PAGES;
	os_free_pages(extents, buffer);
	return (uint64_t)done * EXTENT_PAGES;
}

int ctl_populate(domid_t domid, xen_pfn_t *mfns, uint64_t nr_pages)
{
	uint64_t done = populate_large(domid, mfns, nr_pages), rest = nr_pages - done;
	long n;

	if (!rest)
		return 0;
	for (uint64_t pfn = done; pfn < nr_pages; pfn++)
		mfns[pfn] = pfn;
	n = populate(domid, mfns + done, rest, 0);
	if (n < 0)
		return (int)n;
	return (uint64_t)n == rest ? 0 : -ENOMEM;
}

int ctl_pin_l4(domid_t domid, xen_pfn_t mfn)
{
	struct mmuext_op op = { .cmd = MMUEXT_PIN_L4_TABLE };

	op.arg1.mfn = mfn;
	return os_mmuext_op(&op, 1, domid);
}
