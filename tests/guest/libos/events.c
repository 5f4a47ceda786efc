/* SPDX-License-Identifier: MIT */
/* Ports can be waited for, and no event is lost; a page is granted, mapped and withdrawn. */
#include <libos.h>
#include <string.h>
#include "check.h"

static evtchn_port_t ours, theirs;

static void send_later(void *arg)
{
	(void)arg;
	thread_sleep_ns(20 * MS);
	evtchn_send(theirs);
}

static void check_ports(void)
{
	struct thread *t;

	evtchn_alloc_unbound(DOMID_SELF, &ours);
	check("bind to ourselves", evtchn_bind_interdomain(DOMID_SELF, ours, &theirs) == 0 ||
	      evtchn_bind_interdomain(start_info_domid(), ours, &theirs) == 0);
	check("no event, no wake", !evtchn_wait(ours, time_now_ns() + 10 * MS));
	t = thread_create("send", send_later, NULL);
	check("an event wakes", evtchn_wait(ours, OS_FOREVER));
	thread_join(t);
	evtchn_send(theirs);
	check("one sent before the wait is not lost", evtchn_wait(ours, time_now_ns() + 10 * MS));
	check("and comes once", !evtchn_wait(ours, time_now_ns() + 10 * MS));
	evtchn_close(ours);
	evtchn_close(theirs);
}

static void check_grants(void)
{
	char *page = pages_alloc(1);
	struct gnttab_mapping m;
	int ref = gnttab_grant(start_info_domid(), virt_to_mfn(page), false);

	check("grant a page", ref > 0);
	check("map it", gnttab_map(&m, start_info_domid(), ref, false) == GNTST_okay);
	strcpy(m.va, "granted");
	check("it is the page", strcmp(page, "granted") == 0);
	check("it cannot be withdrawn while mapped", gnttab_end(ref) < 0);
	check("unmap it", gnttab_unmap(&m) == GNTST_okay);
	check("now it can", gnttab_end(ref) == 0);
	pages_free(page, 1);
}

void check_events(void)
{
	check_ports();
	check_grants();
}
