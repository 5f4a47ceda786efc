/* SPDX-License-Identifier: MIT */
/*
 * A vif's rings as a whole: connecting to what the guest named, the port's operations over them, and leaving them so that
 * nothing of the guest is held any more. Connecting and leaving happen between two rounds of the switch.
 */
#include "vif.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <kit/evtchn.h>
#include <kit/os.h>
#include <kit/pt.h>

#define HEADER_PAGES (RING_SLOTS * VIF_HEADER / PAGE_SIZE)

_Static_assert(__CONST_RING_SIZE(netif_tx, PAGE_SIZE) == RING_SLOTS, "a page of transmit slots");
_Static_assert(__CONST_RING_SIZE(netif_rx, PAGE_SIZE) == RING_SLOTS, "a page of receive slots");
_Static_assert(VIF_HEADER >= NET_HEADER, "what the switch looks at is copied");
_Static_assert(XEN_NETIF_NR_SLOTS_MIN + 1 < NET_FRAGS_MAX, "a packet's slots and its header");

const char *const vif_mode_names[] = { "copy", "map", "flip" };
const struct rx_mode *const vif_rx_modes[] = { &vif_rx_copy, &vif_rx_map, &vif_rx_flip };

void vif_break(struct vif *v, const char *why)
{
	if (!v->broken)
		complain(&v->complaints, v->port.name, why);
	v->broken = true;
}

/* --- The port --------------------------------------------------------------------------------- */

static bool poll(struct net_port *p, unsigned int budget)
{
	struct vif *v = p->device;

	if (!v->connected || v->broken)
		return false;
	evtchn_unmask(v->evtchn);
	vif_rx_retry(v);
	return !v->broken && vif_tx_poll(v, budget);
}

static void round_end(struct net_port *p)
{
	struct vif *v = p->device;

	if (!v->connected || v->broken)
		return;
	if (vif_tx_end(v) | vif_rx_end(v))
		evtchn_send(v->evtchn);
}

const struct net_port_ops vif_port_ops = {
	.transmit = vif_rx_transmit, .poll = poll, .round_end = round_end,
};

/* One event a poll, however many the guest sends: from another CPU it could send them faster than they are taken. */
static void on_event(evtchn_port_t port, void *arg)
{
	struct vif *v = arg;

	evtchn_mask(port);
	net_port_schedule(&v->port);
}

/* --- Memory ----------------------------------------------------------------------------------- */

static void free_memory(struct vif *v)
{
	os_pages_free(v->headers, v->headers ? HEADER_PAGES : 0);
	free(v->tx_pending);
	free(v->rx_slots);
	v->headers = NULL;
	v->tx_pending = NULL;
	v->rx_slots = NULL;
	v->tx_free = NULL;
}

static int alloc_memory(struct vif *v)
{
	v->tx_pending = calloc(RING_SLOTS, sizeof(v->tx_pending[0]));
	v->rx_slots = calloc(RING_SLOTS, sizeof(v->rx_slots[0]));
	v->headers = os_pages_alloc(HEADER_PAGES);
	if (!v->tx_pending || !v->rx_slots || !v->headers) {
		free_memory(v);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < RING_SLOTS; i++) {
		struct tx_pending *p = &v->tx_pending[i];

		p->header = (uint8_t *)v->headers + i * VIF_HEADER;
		p->header_maddr = virt_to_maddr(p->header);
		p->next = v->tx_free;
		v->tx_free = p;
	}
	return 0;
}

/* --- Connecting ------------------------------------------------------------------------------- */

static int map_rings(struct vif *v, const struct vif_rings *r, const char **why)
{
	netif_tx_sring_t *tx;
	netif_rx_sring_t *rx;
	RING_IDX done;

	*why = "mapping tx-ring-ref";
	if (gnttab_map(&v->tx_page, v->domid, r->tx_ref, false))
		return -EINVAL;
	*why = "mapping rx-ring-ref";
	if (gnttab_map(&v->rx_page, v->domid, r->rx_ref, false)) {
		gnttab_unmap(&v->tx_page);
		return -EINVAL;
	}
	/* A guest that was not told of our going may have a history. */
	tx = v->tx_page.va;
	done = *(volatile RING_IDX *)&tx->rsp_prod;
	BACK_RING_ATTACH(&v->tx, tx, done, PAGE_SIZE);
	rx = v->rx_page.va;
	done = *(volatile RING_IDX *)&rx->rsp_prod;
	BACK_RING_ATTACH(&v->rx, rx, done, PAGE_SIZE);
	return 0;
}

static void unmap_rings(struct vif *v)
{
	gnttab_unmap(&v->tx_page);
	gnttab_unmap(&v->rx_page);
}

static void set_connected(void *arg)
{
	struct vif *v = arg;

	v->connected = true;
}

int vif_connect(struct vif *v, const struct vif_rings *r, const char **why)
{
	int rc = alloc_memory(v);

	*why = "memory of domain 0";
	if (rc)
		return rc;
	rc = vif_rx_modes[v->mode]->init(v);
	if (rc)
		goto no_mode;
	rc = map_rings(v, r, why);
	if (rc)
		goto no_rings;
	*why = "binding event-channel";
	rc = evtchn_bind_interdomain(v->domid, r->evtchn, &v->evtchn);
	if (rc)
		goto no_port;
	net_queue_init(&v->backlog);
	v->backlog_bytes = 0;
	v->nr_mcast = 0;
	v->broken = false;
	net_quiet(set_connected, v);
	evtchn_set_handler(v->evtchn, on_event, v);
	net_port_schedule(&v->port);
	return 0;
no_port:
	unmap_rings(v);
no_rings:
	vif_rx_modes[v->mode]->fini(v);
no_mode:
	free_memory(v);
	return rc < 0 ? rc : -EINVAL;
}

/* Between rounds no packet of the guest's is anywhere: who held one had it copied. */
static void set_disconnected(void *arg)
{
	struct vif *v = arg;

	vif_rx_clear(v);
	net_packet_reap();
	v->connected = false;
}

void vif_disconnect(struct vif *v)
{
	if (!v->connected)
		return;
	evtchn_set_handler(v->evtchn, NULL, NULL);
	net_quiet(set_disconnected, v);
	evtchn_close(v->evtchn);
	unmap_rings(v);
	vif_rx_modes[v->mode]->fini(v);
	free_memory(v);
}
