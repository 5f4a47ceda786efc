/* SPDX-License-Identifier: MIT */
/*
 * Attack: a fork bomb of what a domain can have. For as many seconds as its argument says the guest takes ports, grant
 * handles, memory, watchdogs and grant frames to their ends, gives them back at once and begins anew; its other
 * vcpu sends events to the control domain and sets timers that are over, without end. Two of these run at the same time.
 *
 * Expected: each round finds as much as the one before, however much the other one takes: what one domain has is
 * not had by the other; the runner sees to the third domain, that wants little and gets it in time.
 */
#include "test.h"
#include <kit/vcpu.h>
#include <xen/memory.h>

#define PORTS 4096
#define HANDLES 4000
#define FRAMES 256

static evtchn_port_t port[PORTS];
static grant_handle_t handle[HANDLES];
static xen_pfn_t frame[FRAMES];
static struct grant_entry_v1 *table;
static char *window;
static domid_t self;

static unsigned int ports(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = 0 };
	unsigned int n = 0;

	for (; n < PORTS && !hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &a); n++)
		port[n] = a.port;
	for (unsigned int i = 0; i < n; i++) {
		struct evtchn_close c = { .port = port[i] };

		if (hypercall_event_channel_op(EVTCHNOP_close, &c))
			check("close", false);
	}
	return n;
}

static unsigned int handles(void)
{
	unsigned int n = 0;

	for (; n < HANDLES; n++) {
		struct gnttab_map_grant_ref m = { .host_addr = (long)window, .flags = GNTMAP_host_map, .ref = 9, .dom = self };

		if (hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1) || m.status != GNTST_okay)
			break;
		handle[n] = m.handle;
	}
	for (unsigned int i = n; i--;) {
		struct gnttab_unmap_grant_ref u = { .host_addr = (long)window, .handle = handle[i] };

		hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &u, 1);
	}
	return n;
}

static long frames(unsigned int op)
{
	struct xen_memory_reservation r = { .nr_extents = FRAMES, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, frame);
	return hypercall_memory_op(op, &r);
}

static unsigned int watchdogs(void)
{
	unsigned int n = 0;

	while (n < 100) {
		struct sched_watchdog w = { .id = 0, .timeout = 1000 };

		if (hypercall_sched_op(SCHEDOP_watchdog, &w) <= 0)
			break;
		n++;
	}
	for (unsigned int i = 1; i <= n; i++) {
		struct sched_watchdog w = { .id = i, .timeout = 0 };

		if (hypercall_sched_op(SCHEDOP_watchdog, &w))
			check("the watchdog ends", false);
	}
	return n;
}

static volatile bool stop;

static void storm(void *arg)
{
	struct vcpu_set_periodic_timer period = { .period_ns = 1000000 };

	(void)arg;
	hypercall_vcpu_op(VCPUOP_set_periodic_timer, 1, &period);
	while (!stop) {
		evtchn_send(start_info->console.domU.evtchn);
		evtchn_send(start_info->store_evtchn);
		hypercall_set_timer_op(time_now_ns() - 1);
	}
	hypercall_vcpu_op(VCPUOP_down, 1, NULL);
}

static void setup(void)
{
	xen_pfn_t list[64];
	struct gnttab_setup_table s = { .dom = DOMID_SELF };
	mfn_t mfn;

	self = start_info_domid();
	window = os_va_alloc(1);
	table = os_va_alloc(1);
	set_xen_guest_handle(s.frame_list, list);
	do {
		s.nr_frames++;
		hypercall_grant_table_op(GNTTABOP_setup_table, &s, 1);
	} while (s.nr_frames < 64 && s.status == GNTST_okay);
	mfn = list[0];
	if (pt_map(table, &mfn, 1, PTE_RW, DOMID_SELF))
		check("the grant table", false);
	table[9] = (struct grant_entry_v1){ .frame = virt_to_mfn(os_pages_alloc(1)), .domid = self };
	__atomic_store_n(&table[9].flags, GTF_permit_access, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < FRAMES; i++) {
		char *page = os_pages_alloc(1);

		frame[i] = virt_to_mfn(page);
		hypercall_update_va_mapping(page, 0, UVMF_NONE);
	}
}

void test_main(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	struct vcpu_start how = { .entry = storm, .stack_end = stack + sizeof(stack) };
	uint64_t end = time_now_ns() + (((const char *)start_info->cmd_line)[0] - '0') * 1000000000UL;
	unsigned int rounds = 0, first_ports, least_ports, least_handles = HANDLES, dogs = 0;
	bool memory = true;

	setup();
	check_value("another vcpu", vcpu_start(1, &how), 0);
	first_ports = least_ports = ports();
	for (; time_now_ns() < end; rounds++) {
		unsigned int p = ports(), h = handles();

		least_ports = p < least_ports ? p : least_ports;
		least_handles = h < least_handles ? h : least_handles;
		dogs = watchdogs();
		memory &= frames(XENMEM_decrease_reservation) == FRAMES && frames(XENMEM_populate_physmap) == FRAMES;
	}
	stop = true;
	say("# %u rounds of %u ports, %u handles, %u watchdogs, %u frames\n", rounds, least_ports, least_handles, dogs, FRAMES);
	check("rounds", rounds > 0);
	check("ports have an end", first_ports > 100 && first_ports < PORTS);
	check_value("as many each time", least_ports, first_ports);
	check_value("handles", least_handles, HANDLES);
	check("memory comes back each time", memory);
}
