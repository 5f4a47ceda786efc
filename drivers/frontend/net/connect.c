/* SPDX-License-Identifier: MIT */
/*
 * The handshake with the backend, in netfront_follow's thread: it publishes rings when the backend is ready, is up
 * while both ends are connected, and takes everything back when the backend goes. Grants that the backend
 * still uses then stay granted, and their pages unused. After a connection that the backend broke by what it wrote to a
 * ring it offers a new one: each costs the backend the steps of the handshake, so it is no faster than the backend.
 */
#include "impl.h"
#include <kit/evtchn.h>
#include <kit/pt.h>

void netfront_set_state(struct netfront *nf, enum xenbus_state state)
{
	xenbus_write_number(XENBUS_NO_TX, nf->path, "state", state);
}

/* --- Publishing ------------------------------------------------------------------------------- */

static int put_all(xenbus_tx_t tx, void *arg)
{
	const struct netfront *nf = arg;
	const struct { const char *key; unsigned long value; } entries[] = {
		{ "tx-ring-ref", nf->tx_ring_ref }, { "rx-ring-ref", nf->rx_ring_ref },
		{ "event-channel", nf->port }, { "request-rx-copy", !nf->flip },
		{ "feature-rx-notify", 1 }, { "feature-sg", 1 }, { "feature-gso-tcpv4", 1 },
		{ "feature-gso-tcpv6", 1 }, { "feature-ipv6-csum-offload", 1 },
	};
	int rc = 0;

	for (unsigned int i = 0; !rc && i < sizeof(entries) / sizeof(entries[0]); i++)
		rc = xenbus_write_number(tx, nf->path, entries[i].key, entries[i].value);
	return rc;
}

/* --- Connecting and leaving ------------------------------------------------------------------- */

static int grant_ring(struct netfront *nf, void *page, grant_ref_t *ref)
{
	int rc = *ref == NO_REF ? gnttab_grant(nf->back_id, virt_to_mfn(page), false) : (int)*ref;

	if (rc > 0)
		*ref = rc;
	return rc > 0 ? 0 : rc;
}

static int set_up_rings(struct netfront *nf)
{
	int rc;

	SHARED_RING_INIT(nf->tx_shared);
	SHARED_RING_INIT(nf->rx_shared);
	FRONT_RING_INIT(&nf->tx, nf->tx_shared, PAGE_SIZE);
	FRONT_RING_INIT(&nf->rx, nf->rx_shared, PAGE_SIZE);
	rc = grant_ring(nf, nf->tx_shared, &nf->tx_ring_ref);
	if (!rc)
		rc = grant_ring(nf, nf->rx_shared, &nf->rx_ring_ref);
	if (!rc)
		rc = netfront_tx_init(nf);
	if (!rc)
		rc = netfront_rx_init(nf);
	return rc;
}

static void take_down_rings(struct netfront *nf)
{
	netfront_rx_fini(nf);
	netfront_tx_fini(nf);
	if (nf->tx_ring_ref != NO_REF && !gnttab_end(nf->tx_ring_ref))
		nf->tx_ring_ref = NO_REF;
	if (nf->rx_ring_ref != NO_REF && !gnttab_end(nf->rx_ring_ref))
		nf->rx_ring_ref = NO_REF;
}

static int connect(struct netfront *nf)
{
	int rc;

	nf->sg = xenbus_read_number(nf->back, "feature-sg", 0) == 1;
	nf->flip = xenbus_read_number(nf->back, "feature-rx-copy", 0) != 1 &&
		   xenbus_read_number(nf->back, "feature-rx-flip", 0) == 1;
	rc = evtchn_alloc_unbound(nf->back_id, &nf->port);
	if (rc)
		return rc;
	nf->broken = false;
	rc = set_up_rings(nf);
	if (!rc)
		rc = xenbus_transact(put_all, nf);
	if (rc) {
		take_down_rings(nf);
		evtchn_close(nf->port);
		return rc;
	}
	evtchn_set_handler(nf->port, netfront_on_event, nf);
	/* Some backends wait for this state, none for the one before. */
	netfront_set_state(nf, XenbusStateConnected);
	return 0;
}

static void set_link(struct netfront *nf, bool up)
{
	os_lock(&nf->lock);
	nf->up = up;
	os_unlock(&nf->lock);
	nf->fired = true;
	os_wake(&nf->event);
	os_wake(&nf->room);
	if (nf->user->link)
		nf->user->link(nf->user->arg, up);
}

static void disconnect(struct netfront *nf)
{
	if (nf->up)
		set_link(nf, false);
	evtchn_close(nf->port);
	take_down_rings(nf);
}

/* A backend that makes its offers is not the one we are connected to: that is gone, and another has its name. */
static bool is_another(const struct netfront *nf, uint64_t state)
{
	return nf->up && (state == XenbusStateInitialising || state == XenbusStateInitWait);
}

static bool is_up(void *arg)
{
	struct netfront *nf = arg;

	return nf->up || nf->gone;
}

bool netfront_wait_up(struct netfront *nf, uint64_t deadline_ns)
{
	return os_wait_until(&nf->room, is_up, nf, deadline_ns) && nf->up;
}

/* A connection that the backend broke is over on both sides; if the device stays, there is another. */
static void try_anew(struct netfront *nf)
{
	if (!nf->broken || xenbus_read_number(nf->back, "online", 0) != 1)
		return;
	nf->broken = false;
	netfront_set_state(nf, XenbusStateInitialising);
}

void netfront_follow(struct netfront *nf)
{
	bool published = false;
	uint64_t state;

	while (!nf->gone) {
		xenbus_watch_wait(&nf->watch, OS_FOREVER);
		state = xenbus_read_number(nf->back, "state", XenbusStateUnknown);
		if (is_another(nf, state)) {
			disconnect(nf);
			published = false;
		}
		if (state >= XenbusStateInitWait && state <= XenbusStateConnected) {
			if (!published)
				published = !connect(nf);
			if (published && !nf->up && state == XenbusStateConnected)
				set_link(nf, true);
		} else if (published && state != XenbusStateInitialising) {
			disconnect(nf);
			netfront_set_state(nf, XenbusStateClosed);
			published = false;
		}
		if (!published && state == XenbusStateClosed)
			try_anew(nf);
		nf->gone = xenbus_read_number(nf->path, "backend-id", NO_DOMAIN) == NO_DOMAIN;
	}
	os_wake(&nf->event);
	os_wake(&nf->room);
	xenbus_unwatch(&nf->watch);
}
