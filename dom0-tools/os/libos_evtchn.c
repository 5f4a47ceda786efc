/* SPDX-License-Identifier: MIT */
/*
 * os.h on the library OS: sets of event channels that one thread waits on. A port's handler, which
 * runs with events masked, marks the port in its set and wakes the waiter; the waiter looks at the
 * marks with events disabled, so no mark is lost between looking and sleeping. The lists and marks
 * are guarded by disabled events alone.
 *
 * A marked port stays masked until the waiter takes it: whoever sends events from another CPU, as fast as it can, costs an
 * upcall each time that somebody waits, and not all of our time.
 */
#include "os/os.h"
#include <errno.h>
#include <stdlib.h>
#include <libos.h>

struct port {
	struct port *next;
	struct os_evtchn *set;
	evtchn_port_t number;
	bool marked;
};

struct os_evtchn {
	struct port *ports;
	struct waitq waiters;
	bool woken;
};

static void mark(evtchn_port_t number, void *arg)
{
	struct port *p = arg;

	evtchn_mask(number);
	p->marked = true;
	waitq_wake_all(&p->set->waiters);
}

struct os_evtchn *os_evtchn_open(void)
{
	return calloc(1, sizeof(struct os_evtchn));
}

void os_evtchn_close(struct os_evtchn *h)
{
	if (!h)
		return;
	while (h->ports)
		os_evtchn_unbind(h, h->ports->number);
	free(h);
}

/* rc and number: what the bind operation gave. */
static int adopt(struct os_evtchn *h, int rc, evtchn_port_t number)
{
	struct port *p;
	bool enabled;

	if (rc)
		return (int)xen_result(rc);
	p = malloc(sizeof(*p));
	if (!p) {
		evtchn_close(number);
		return -ENOMEM;
	}
	*p = (struct port){ .set = h, .number = number };
	enabled = events_disable();
	p->next = h->ports;
	h->ports = p;
	events_restore(enabled);
	evtchn_set_handler(number, mark, p);
	return (int)number;
}

int os_evtchn_bind_unbound(struct os_evtchn *h, domid_t remote)
{
	evtchn_port_t port = 0;
	int rc = evtchn_alloc_unbound(remote, &port);

	return adopt(h, rc, port);
}

int os_evtchn_bind_interdomain(struct os_evtchn *h, domid_t remote, uint32_t remote_port)
{
	evtchn_port_t port = 0;
	int rc = evtchn_bind_interdomain(remote, remote_port, &port);

	return adopt(h, rc, port);
}

int os_evtchn_bind_virq(struct os_evtchn *h, unsigned int virq)
{
	evtchn_port_t port = 0;
	int rc = evtchn_bind_virq(virq, 0, &port);

	return adopt(h, rc, port);
}

int os_evtchn_unbind(struct os_evtchn *h, uint32_t number)
{
	struct port **link, *p;
	bool enabled = events_disable();

	for (link = &h->ports; (p = *link) && p->number != number; link = &p->next)
		;
	if (p)
		*link = p->next;
	events_restore(enabled);
	if (!p)
		return -ENOENT;
	evtchn_close(number);           /* forgets the handler, and with it p */
	free(p);
	return 0;
}

int os_evtchn_notify(struct os_evtchn *h, uint32_t port)
{
	(void)h;
	return (int)xen_result(evtchn_send(port));
}

/* The next marked port, moved to the list's end so that a busy one does not starve the rest. */
static int take(struct os_evtchn *h)
{
	struct port **link, **tail, *p;

	if (h->woken) {
		h->woken = false;
		return -EINTR;
	}
	for (link = &h->ports; (p = *link) && !p->marked; link = &p->next)
		;
	if (!p)
		return -ETIMEDOUT;
	p->marked = false;
	*link = p->next;
	for (tail = link; *tail; tail = &(*tail)->next)
		;
	*tail = p;
	p->next = NULL;
	evtchn_unmask(p->number);
	return (int)p->number;
}

int os_evtchn_wait(struct os_evtchn *h, int timeout_ms)
{
	uint64_t deadline = timeout_ms < 0 ? OS_FOREVER :
			    time_now_ns() + (uint64_t)timeout_ms * 1000000U;
	bool enabled = events_disable(), more = timeout_ms != 0;
	int rc;

	while ((rc = take(h)) == -ETIMEDOUT && more)
		more = waitq_sleep(&h->waiters, deadline);
	events_restore(enabled);
	return rc;
}

void os_evtchn_wake(struct os_evtchn *h)
{
	bool enabled = events_disable();

	h->woken = true;
	waitq_wake_all(&h->waiters);
	events_restore(enabled);
}

int os_evtchn_alloc_for(domid_t domid, domid_t remote)
{
	evtchn_port_t port = 0;
	int rc = evtchn_alloc_unbound_for(domid, remote, &port);

	return rc ? (int)xen_result(rc) : (int)port;
}
