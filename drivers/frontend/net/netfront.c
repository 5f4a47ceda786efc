/* SPDX-License-Identifier: MIT */
/*
 * An interface: opening it by what the store says, and the thread that serves its rings. That thread sleeps until an
 * event, then takes frames until there are none, and posts new buffers for many at once.
 */
#include "impl.h"
#include <kit/evtchn.h>

/* --- Addresses in text -------------------------------------------------------------------------- */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static int parse_mac(uint8_t mac[6], const char *s)
{
	for (int i = 0; i < 6; i++, s += 3) {
		if (hex(s[0]) < 0 || hex(s[1]) < 0 || s[2] != (i < 5 ? ':' : '\0'))
			return -XEN_EINVAL;
		mac[i] = hex(s[0]) << 4 | hex(s[1]);
	}
	return 0;
}

/* --- Opening ---------------------------------------------------------------------------------- */

static int read_device(struct netfront *nf)
{
	char path[XENBUS_PATH_SIZE], text[32];
	uint64_t id, mtu;
	int rc;

	rc = xenbus_read(XENBUS_NO_TX, xenbus_path(path, nf->path, "backend"), nf->back, sizeof(nf->back));
	if (rc < 0)
		return rc;
	rc = xenbus_read(XENBUS_NO_TX, xenbus_path(path, nf->path, "mac"), text, sizeof(text));
	if (rc < 0)
		return rc;
	if (parse_mac(nf->mac, text))
		return -XEN_EINVAL;
	id = xenbus_read_number(nf->path, "backend-id", NO_DOMAIN);
	if (id >= DOMID_FIRST_RESERVED)
		return -XEN_EINVAL;
	nf->back_id = id;
	mtu = xenbus_read_number(nf->path, "mtu", 1500);
	nf->mtu = mtu >= 68 && mtu <= 65000 ? mtu : 1500;
	xenbus_path(nf->watch_path, nf->back, "state");
	return 0;
}

int netfront_open(struct netfront **out, unsigned int id, const struct netfront_user *user)
{
	size_t pages = bytes_to_pages(sizeof(struct netfront));
	struct netfront *nf = os_pages_alloc(pages);
	char number[XENBUS_NUMBER_SIZE];
	int rc;

	if (!nf)
		return -XEN_ENOMEM;
	nf->id = id;
	nf->user = user;
	xenbus_path(nf->path, "device/vif", xenbus_number(number, id));
	os_lock_init(&nf->lock);
	os_wait_init(&nf->event);
	os_wait_init(&nf->room);
	rc = read_device(nf);
	nf->tx_shared = os_pages_alloc(1);
	nf->rx_shared = os_pages_alloc(1);
	if (!rc && (!nf->tx_shared || !nf->rx_shared))
		rc = -XEN_ENOMEM;
	if (!rc)
		rc = xenbus_watch(&nf->watch, nf->watch_path);
	if (!rc) {
		*out = nf;
		return 0;
	}
	os_pages_free(nf->tx_shared, 1);
	os_pages_free(nf->rx_shared, 1);
	os_pages_free(nf, pages);
	return rc;
}

void netfront_mac(const struct netfront *nf, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++)
		mac[i] = nf->mac[i];
}

unsigned int netfront_mtu(const struct netfront *nf)
{
	return nf->mtu;
}

const struct netfront_counters *netfront_counters(const struct netfront *nf)
{
	return &nf->counters;
}

/* --- Serving ---------------------------------------------------------------------------------- */

void netfront_break(struct netfront *nf)
{
	nf->broken = true;
	nf->fired = true;
	os_wake(&nf->event);
	os_wake(&nf->room);
}

void netfront_on_event(evtchn_port_t port, void *arg)
{
	struct netfront *nf = arg;

	(void)port;
	nf->counters.rx_events++;
	nf->fired = true;
	os_wake(&nf->event);
	os_wake(&nf->room);
}

static bool is_due(void *arg)
{
	struct netfront *nf = arg;

	return nf->fired || nf->gone;
}

/* The next frame, or false when there is none and an event will tell of more. A backend that always has another bad one
 * ready does not keep the lock from who disconnects. */
static bool next_frame(struct netfront *nf, struct netfront_frame *f)
{
	bool got, notify;
	int more;

	do {
		got = notify = false;
		more = 0;
		os_lock(&nf->lock);
		if (nf->up && !nf->broken) {
			got = netfront_rx_next(nf, f);
			notify = netfront_rx_refill(nf);
			if (!got && !nf->broken)
				RING_FINAL_CHECK_FOR_RESPONSES(&nf->rx, more);
		}
		os_unlock(&nf->lock);
		if (notify)
			evtchn_send(nf->port);
	} while (!got && more);
	return got;
}

void netfront_serve(struct netfront *nf)
{
	struct netfront_frame f;
	bool told = false;

	for (;;) {
		os_wait_until(&nf->event, is_due, nf, OS_FOREVER);
		if (nf->gone)
			return;
		nf->fired = false;
		while (next_frame(nf, &f))
			nf->user->receive(nf->user->arg, &f);
		if (nf->broken && !told)
			netfront_set_state(nf, XenbusStateClosing);
		told = nf->broken;
	}
}
