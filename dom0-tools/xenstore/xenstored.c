/* SPDX-License-Identifier: MIT */
/*
 * The daemon: rings of guests, event channels, and the thread that serves them.
 *
 * Guests are served in turn, one request each, so that none of them can keep the others waiting.
 * Lock: daemon_lock guards the store, all connections and their rings. Any thread may hold it
 * (xs.c does for each call); it is never held while waiting.
 */
#include "xenstored.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "daemon.h"
#include "ring.h"

struct store daemon_store;
struct os_mutex *daemon_lock;

static struct os_evtchn *events;
static int virq_port;
static bool serving, again;             /* under the lock: within a round; another one is wanted */

/* A guest's end of things; conn->owner. */
struct peer {
	struct ring ring;
	int port;
};

/* A round asks for the next one itself: if it woke the thread, a guest that always has a request in its ring would keep
 * that from ever seeing the event that domains died. */
static void peer_wake(struct conn *c)
{
	(void)c;
	if (serving)
		again = true;
	else
		os_evtchn_wake(events);
}

static int introduce(struct store *s, unsigned int domid, unsigned long mfn, unsigned int port)
{
	struct peer *p = calloc(1, sizeof(*p));
	struct conn *c = p ? conn_new(s, domid, true) : NULL;
	xen_pfn_t frame = mfn;
	void *page;
	int ret;

	if (!c) {
		free(p);
		return -ENOMEM;
	}
	page = os_map_foreign(domid, &frame, 1, OS_PROT_READ | OS_PROT_WRITE);
	ret = page ? os_evtchn_bind_interdomain(events, domid, port) : -errno;
	if (ret < 0) {
		os_unmap(page, page ? 1 : 0);
		conn_free(c);
		free(p);
		return ret;
	}
	p->port = ret;
	ring_init(&p->ring, page, c);
	c->owner = p;
	c->wake = peer_wake;
	os_evtchn_wake(events);         /* the guest may have written before it was heard */
	return 0;
}

static int release(struct store *s, unsigned int domid)
{
	struct conn *c = store_guest(s, domid);
	struct peer *p = c->owner;

	os_evtchn_unbind(events, p->port);
	os_unmap(p->ring.page, 1);
	ring_fini(&p->ring);
	c->wake = NULL;
	store_disown(c);
	conn_free(c);
	free(p);
	return 0;
}

static const struct store_ops ops = { introduce, release };

/* Dead domains would stay half alive as long as their ring page is mapped here. */
static void release_dying(void)
{
	struct conn *c, *next;

	for (c = daemon_store.conns; c; c = next) {
		struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = c->domid };
		int ret;

		next = c->next;
		if (c->privileged)
			continue;
		ret = os_domctl(&op);
		if (ret || op.u.getdomaininfo.domain != c->domid ||
		    (op.u.getdomaininfo.flags & XEN_DOMINF_dying))
			release(&daemon_store, c->domid);
	}
}

/* One round over all guests. */
static void serve_round(void)
{
	struct conn *c;

	serving = true;
	again = false;
	for (c = daemon_store.conns; c; c = c->next) {
		struct peer *p = c->owner;
		int did = c->privileged ? 0 : ring_pump(&p->ring);

		if (did & RING_NOTIFY)
			os_evtchn_notify(events, p->port);
		again |= did & RING_AGAIN;
	}
	serving = false;
}

static void serve(void *arg)
{
	(void)arg;
	for (;;) {
		int port = os_evtchn_wait(events, again ? 0 : -1);

		os_mutex_lock(daemon_lock);
		if (port == virq_port) {
			release_dying();
			watch_fire_special(&daemon_store, "@releaseDomain");
		}
		serve_round();
		os_mutex_unlock(daemon_lock);
	}
}

int xenstored_start(void)
{
	int ret = store_init(&daemon_store, &ops);

	if (ret)
		return ret;
	daemon_lock = os_mutex_new();
	events = os_evtchn_open();
	if (!daemon_lock || !events)
		return -ENOMEM;
	virq_port = os_evtchn_bind_virq(events, VIRQ_DOM_EXC);
	if (virq_port < 0)
		return virq_port;
	return os_thread_start("xenstored", serve, NULL);
}
