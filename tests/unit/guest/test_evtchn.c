/* SPDX-License-Identifier: MIT */
/* Sets of event channels that a thread of domain 0 waits on, while others send events as they like. */
#include "fake.h"
#include "os/os.h"
#include <errno.h>
#include <libos.h>

#define PORTS 8

static struct { evtchn_handler_t fn; void *arg; bool masked, pending; } port[PORTS];
static unsigned int upcalls, next_port;

void fake_handler_set(evtchn_port_t p, evtchn_handler_t fn, void *arg)
{
	if (p >= PORTS)
		return;
	port[p].fn = fn;
	port[p].arg = arg;
	port[p].masked = false;
}

static void event(evtchn_port_t p)
{
	port[p].pending = true;
	if (port[p].masked || !port[p].fn)
		return;
	port[p].pending = false;
	upcalls++;
	port[p].fn(p, port[p].arg);
}

void evtchn_mask(evtchn_port_t p)
{
	port[p].masked = true;
}

void evtchn_unmask(evtchn_port_t p)
{
	port[p].masked = false;
	if (port[p].pending)
		event(p);
}

int evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *p)
{
	(void)remote;
	(void)remote_port;
	*p = ++next_port;
	return 0;
}

int evtchn_bind_virq(unsigned int virq, unsigned int vcpu, evtchn_port_t *p)
{
	(void)virq;
	(void)vcpu;
	*p = ++next_port;
	return 0;
}

int evtchn_alloc_unbound(domid_t remote, evtchn_port_t *p)
{
	return evtchn_alloc_unbound_for(0, remote, p);
}

int evtchn_alloc_unbound_for(domid_t domid, domid_t remote, evtchn_port_t *p)
{
	(void)domid;
	(void)remote;
	*p = ++next_port;
	return 0;
}

int evtchn_close(evtchn_port_t p)
{
	port[p].fn = NULL;
	port[p].pending = false;
	return 0;
}

bool waitq_sleep(struct waitq *q, uint64_t deadline_ns)
{
	(void)q;
	(void)deadline_ns;
	fail_msg("it sleeps though there is something");
	return false;
}

void waitq_wake_all(struct waitq *q)
{
	(void)q;
}

uint64_t time_now_ns(void)
{
	return 0;
}

long xen_result(long rc)
{
	return rc;
}

/* From another CPU they could come faster than they are taken: each port costs an upcall for each time it is waited for. */
static void events_without_end(void **state)
{
	struct os_evtchn *h = os_evtchn_open();
	int a = os_evtchn_bind_interdomain(h, 1, 1), b = os_evtchn_bind_interdomain(h, 2, 1);

	(void)state;
	upcalls = 0;
	for (unsigned int i = 1; i <= 10; i++) {
		for (unsigned int n = 0; n < 1000; n++) {
			event((evtchn_port_t)a);
			event((evtchn_port_t)b);
		}
		assert_true(upcalls <= 2 * i + 2);
		assert_int_equal(os_evtchn_wait(h, 0), i % 2 ? b : a);
	}
	assert_true(os_evtchn_wait(h, 0) > 0);
	while (os_evtchn_wait(h, 0) > 0)
		;
	event((evtchn_port_t)a);		/* and none is lost */
	assert_int_equal(os_evtchn_wait(h, 0), a);
	assert_int_equal(os_evtchn_wait(h, 0), -ETIMEDOUT);
	os_evtchn_close(h);
}

TESTS(evtchn, cmocka_unit_test(events_without_end));
