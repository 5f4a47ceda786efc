/* SPDX-License-Identifier: MIT */
/*
 * The smallest system on the kit: what docs/porting.md walks through.
 *
 * One thread, no C library: the three trap functions, and a start that brings up memory, traps,
 * events, the console, a timer, grants and, in an ordinary guest, the store. It expects all of that
 * to work. Its kit/os.h is in system.c; nothing from tests/guest/lib is in it.
 */
#include <kit/evtchn.h>
#include <kit/gnttab.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <kit/p2m.h>
#include <kit/pt.h>
#include <kit/pvconsole.h>
#include <kit/start_info.h>
#include <kit/time.h>
#include <kit/trap.h>
#include <kit/xenbus.h>
#include "system.h"

void guest_start(struct start_info *si);

static char shared_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static volatile unsigned int ticks;

void trap_exception(struct trap_frame *f)
{
	os_panic("exception %ld at %lx", (long)f->vector, f->rip);
}

void trap_syscall(struct trap_frame *f)
{
	trap_exception(f);
}

void trap_event(struct trap_frame *f)
{
	(void)f;
	evtchn_dispatch();
}

static void tick(evtchn_port_t port, void *arg)
{
	(void)port;
	(void)arg;
	ticks++;
}

static bool three_ticks(void *arg)
{
	if (ticks < 3)
		hypercall_set_timer_op(time_now_ns() + 10000000);
	(void)arg;
	return ticks >= 3;
}

static void *ring_page(mfn_t mfn)
{
	return pfn_to_virt(mfn_to_pfn(mfn));
}

/* A page is granted to ourselves and mapped a second time. */
static bool try_grant(void)
{
	char *page = os_pages_alloc(1);
	struct gnttab_mapping m;
	int ref = gnttab_grant(start_info_domid(), virt_to_mfn(page), false);
	bool same;

	if (ref < 0 || gnttab_map(&m, start_info_domid(), ref, false) != GNTST_okay)
		return false;
	*(char *)m.va = 'g';
	same = *page == 'g';
	return gnttab_unmap(&m) == GNTST_okay && gnttab_end(ref) == 0 && same;
}

void guest_start(struct start_info *si)
{
	struct os_wait wait;
	evtchn_port_t timer;
	char name[64];

	/* 1. What the hypervisor tells us, and a page to see its shared page through. */
	kit_init(si, shared_page);
	p2m_init((unsigned long *)si->mfn_list, si->nr_pages);
	pt_init((void *)si->pt_base);
	system_memory_init();
	/* 2. A console, so that the rest can be reported. */
	pvconsole_init_early(start_info_is_dom0() ? NULL : ring_page(si->console.domU.mfn));
	report("console", true);
	/* 3. Traps and events. */
	report("traps", trap_init() == 0);
	events_enable();
	report("console events", pvconsole_init() == 0);
	/* 4. A timer. */
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	report("bind the timer", evtchn_bind_virq(VIRQ_TIMER, 0, &timer) == 0);
	evtchn_set_handler(timer, tick, NULL);
	os_wait_init(&wait);
	report("three ticks", os_wait_until(&wait, three_ticks, NULL, OS_FOREVER));
	/* 5. Grants, which drivers need. */
	report("grant table", gnttab_init(1) == 0);
	report("grant, map, unmap", try_grant());
	/* 6. The store, where there is one. */
	if (si->store_evtchn) {
		xenbus_init(ring_page(si->store_mfn), si->store_evtchn);
		report("store", xenbus_read(XENBUS_NO_TX, "name", name, sizeof(name)) > 0);
	}
	finish();
}
