/* SPDX-License-Identifier: MIT */
/*
 * The network backend, inside. A vif is one device of one guest: a port of the switch (netdev.h) on one side,
 * two rings in the guest's pages on the other.
 *
 * The rings and all that belongs to them are the switch's thread's while `connected`; the backend's own
 * thread (control.c, over bus/bus.h) changes that only between two rounds. Everything read from a ring is hostile: it is copied
 * once and checked; a ring that contradicts itself is `broken` and touched no more.
 */
#ifndef BACKEND_NET_VIF_H
#define BACKEND_NET_VIF_H

#include "../bus/complain.h"
#include <kit/gnttab.h>
#include <net/netdev.h>
#include <net/packet.h>
#include <net/rules.h>
#include <xen/event_channel.h>
#include <xen/xen.h>

#define xen_mb() __sync_synchronize()
#define xen_rmb() __asm__ volatile("" : : : "memory")
#define xen_wmb() __asm__ volatile("" : : : "memory")
#include <xen/io/netif.h>

#define RING_SLOTS 256			/* of a one-page ring of either kind; asserted in ring.c */
#define VIF_HEADER 256			/* of a guest's packet copied here; the rest stays in its pages */
#define VIF_MCAST_MAX 64
#define VIF_BACKLOG_PACKETS 256		/* packets kept for a guest that has no buffers posted ... */
#define VIF_BACKLOG_BYTES (256U << 10)	/* ... and what they may occupy */

enum vif_mode { VIF_COPY, VIF_MAP, VIF_FLIP, VIF_MODES };
extern const char *const vif_mode_names[];

/* A packet from the guest on its way: what must be answered when it is done with. */
struct tx_pending {
	struct tx_pending *next;	/* free ones */
	uint16_t id[XEN_NETIF_NR_SLOTS_MIN];
	uint8_t nr_ids, nr_extras;
	uint8_t *header;		/* VIF_HEADER bytes */
	maddr_t header_maddr;
};

/* One slot of a packet to the guest. */
struct rx_slot {
	grant_ref_t gref;
	uint16_t id, len, flags;	/* as the response will say */
	bool extra;			/* no data but what follows the first slot */
	bool bad;
	uint8_t gso;
	uint16_t gso_size;
	struct net_cursor from;		/* where its bytes begin */
};

struct vif {
	struct net_port port;
	struct net_rules rules;
	domid_t domid;
	unsigned int handle;
	enum vif_mode mode;
	bool connected;
	bool broken;			/* the guest's rings made no sense; until it reconnects */
	struct complaints complaints;
	bool sg, mcast_control, rx_notify;	/* what the guest said of itself */

	evtchn_port_t evtchn;
	bool notify;			/* owed at the end of the round */

	struct gnttab_mapping tx_page, rx_page;
	netif_tx_back_ring_t tx;
	netif_rx_back_ring_t rx;

	struct tx_pending *tx_free;
	struct tx_pending *tx_pending;	/* RING_SLOTS of them */
	void *headers;			/* their header buffers, HEADER_PAGES */

	struct net_queue backlog;
	uint32_t backlog_bytes;
	unsigned int nr_rx;		/* of rx_slots, this batch's */
	struct rx_slot *rx_slots;	/* RING_SLOTS */
	void *rx_va;			/* mode map: RING_SLOTS pages of address space */

	unsigned int nr_mcast;
	uint8_t mcast[VIF_MCAST_MAX][6];
};

/* How many requests there are up to prod, the guest's index of the moment; more than RING_SLOTS: that index is impossible,
 * too far ahead or behind what was taken already. `taken` and `answered` are ours. */
static inline unsigned int vif_unread(RING_IDX prod, RING_IDX taken, RING_IDX answered)
{
	return prod - taken > RING_SLOTS - (taken - answered) ? RING_SLOTS + 1 : prod - taken;
}

/* Says why and stops using the rings. */
void vif_break(struct vif *v, const char *why);

/* tx.c: what the guest sends. */
bool vif_tx_poll(struct vif *v, unsigned int budget);
void vif_tx_respond(struct vif *v, uint16_t id, int16_t status, unsigned int extras);
bool vif_tx_end(struct vif *v);		/* publishes responses; true: the guest wants to be notified */

/* rx.c: what it is sent. */
void vif_rx_transmit(struct net_port *p, struct net_queue *batch);
void vif_rx_retry(struct vif *v);	/* the backlog, after the guest posted buffers */
bool vif_rx_end(struct vif *v);
void vif_rx_clear(struct vif *v);	/* drops the backlog */

/* rx_copy.c, rx_map.c, rx_flip.c: brings the bytes of slots to the guest, setting `bad` where that failed. init
 * gets what the mode needs while connected (-ENOMEM), fini gives it back. */
struct rx_mode {
	int (*init)(struct vif *v);
	void (*fini)(struct vif *v);
	void (*deliver)(struct vif *v, struct rx_slot *slots, unsigned int n);
	uint8_t port_flags;		/* NET_PORT_GRANTS if granted fragments are fine */
};
extern const struct rx_mode vif_rx_copy, vif_rx_map, vif_rx_flip;
extern const struct rx_mode *const vif_rx_modes[];

/* mcast.c: the guest's list of multicast addresses. */
bool vif_mcast_add(struct vif *v, const uint8_t mac[6]);
void vif_mcast_del(struct vif *v, const uint8_t mac[6]);
bool vif_mcast_wants(const struct vif *v, const uint8_t mac[6]);

/* control.c: the vifs in xenstore. ring.c: connects to rings the guest named and leaves them. 0 or negative errno, and why. */
struct vif_rings {
	grant_ref_t tx_ref, rx_ref;
	evtchn_port_t evtchn;
};
int vif_connect(struct vif *v, const struct vif_rings *rings, const char **why);
void vif_disconnect(struct vif *v);
extern const struct net_port_ops vif_port_ops;

#endif
