/* SPDX-License-Identifier: MIT */
/*
 * Attack: taking all there is. Every event port, every frame of grant table, tens of thousands of
 * grant mappings, memory to the limit, watchdogs, timers; then the guest ends without giving
 * anything back.
 *
 * Expected: each has an end, at the domain's own limit; when the guest is gone all of it is free
 * again (the runner compares the machine's free memory).
 */
#include "test.h"

#define MAPPINGS 20000

static unsigned int take_ports(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = 0 };
	unsigned int n = 0;

	while (n < 200000 && !hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &a))
		n++;
	return n;
}

static unsigned int take_grant_frames(struct grant_entry_v1 **first)
{
	static xen_pfn_t frames[1024];
	struct gnttab_setup_table s = { .dom = DOMID_SELF };
	unsigned int n = 0;
	mfn_t mfn;

	set_xen_guest_handle(s.frame_list, frames);
	do {
		s.nr_frames = ++n;
		if (hypercall_grant_table_op(GNTTABOP_setup_table, &s, 1))
			return 0;
	} while (n < 1024 && s.status == GNTST_okay);
	*first = os_va_alloc(1);
	mfn = frames[0];
	return pt_map(*first, &mfn, 1, PTE_RW, DOMID_SELF) ? 0 : n - 1;
}

/* Each mapping takes a handle; one address serves them all, for a handle outlives its entry. */
static unsigned int take_handles(struct grant_entry_v1 *table, domid_t self)
{
	char *window = os_va_alloc(1);
	unsigned int n = 0;

	table[9] =
		(struct grant_entry_v1){ .frame = virt_to_mfn(os_pages_alloc(1)), .domid = self };
	__atomic_store_n(&table[9].flags, GTF_permit_access, __ATOMIC_SEQ_CST);
	for (; n < MAPPINGS; n++) {
		struct gnttab_map_grant_ref m = {
			.host_addr = (long)window, .flags = GNTMAP_host_map, .ref = 9, .dom = self
		};

		if (hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1) ||
		    m.status != GNTST_okay)
			break;
	}
	return n;
}

static unsigned long take_memory(void)
{
	xen_pfn_t frame = 0;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	unsigned long n = 0;

	set_xen_guest_handle(r.extent_start, &frame);
	while (n < 1000000 && hypercall_memory_op(XENMEM_populate_physmap, &r) == 1)
		n++;
	return n;
}

void test_main(void)
{
	struct grant_entry_v1 *table = NULL;
	domid_t self = start_info_domid(); /* asked by means of a port */
	unsigned int ports = take_ports(), frames = take_grant_frames(&table),
		     handles = take_handles(table, self);
	unsigned long memory = take_memory();

	say("# %u ports, %u grant frames, %u handles, %lu frames\n", ports, frames, handles,
	    memory);
	check("ports end", ports > 100 && ports <= 4096);
	check("grant frames end", frames > 0 && frames < 1024);
	check_value("handles", handles, MAPPINGS);
	check("memory ends", memory < 100000);
}
