/* SPDX-License-Identifier: MIT */
/*
 * From the guest. A packet is a request that tells the whole size, extra-info slots, and further requests with a
 * size of their own each. Of each packet the first VIF_HEADER bytes are copied here, all packets of a poll in
 * one hypercall; the rest stays in the guest's pages as granted fragments, for whoever the switch gives the
 * packet to. What rules are applied to is thus the copy, which the guest cannot change any more.
 *
 * Every request taken is answered once: with an error here, or when the packet is given up (release).
 */
#include "vif.h"
#include <string.h>

#define BATCH 64			/* packets of one poll */

/* One packet as the ring tells it: private copies. */
struct tx_packet {
	netif_tx_request_t slot[XEN_NETIF_NR_SLOTS_MIN];
	unsigned int nr_slots, nr_extras;
	struct netif_extra_info gso;	/* type NONE: none */
	bool refused;			/* answered with an error, as a whole */
	bool answered;			/* a wish, not a packet; carried out */
};

void vif_tx_respond(struct vif *v, uint16_t id, int16_t status, unsigned int extras)
{
	netif_tx_response_t *r = RING_GET_RESPONSE(&v->tx, v->tx.rsp_prod_pvt);

	r->id = id;
	r->status = status;
	v->tx.rsp_prod_pvt++;
	while (extras--) {
		RING_GET_RESPONSE(&v->tx, v->tx.rsp_prod_pvt)->status = NETIF_RSP_NULL;
		v->tx.rsp_prod_pvt++;
	}
}

bool vif_tx_end(struct vif *v)
{
	bool notify = false;

	if (v->tx.sring->rsp_prod != v->tx.rsp_prod_pvt)
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&v->tx, notify);
	return notify;
}

static void respond_all(struct vif *v, const uint16_t *ids, unsigned int n, int16_t status, unsigned int extras)
{
	for (unsigned int i = 0; i < n; i++)
		vif_tx_respond(v, ids[i], status, i ? 0 : extras);
}

static void pending_put(struct vif *v, struct tx_pending *p)
{
	p->next = v->tx_free;
	v->tx_free = p;
}

/* The packet went wherever it went: the guest's pages are its own again. */
static void release(struct net_packet *packet)
{
	struct vif *v = packet->owner;
	struct tx_pending *p = &v->tx_pending[packet->tag];

	if (!v->broken)
		respond_all(v, p->id, p->nr_ids, NETIF_RSP_OKAY, p->nr_extras);
	pending_put(v, p);
	net_packet_free(packet);
}

/* --- Reading the ring ------------------------------------------------------------------------- */

/* The next request before prod; false: the guest announced a packet longer than what it posted. */
static bool next_slot(struct vif *v, RING_IDX prod, netif_tx_request_t *slot)
{
	if (v->tx.req_cons == prod) {
		vif_break(v, "a packet in the transmit ring lacks slots");
		return false;
	}
	RING_COPY_REQUEST(&v->tx, v->tx.req_cons, slot);
	v->tx.req_cons++;
	return true;
}

static void take_extra(struct vif *v, struct tx_packet *t, const struct netif_extra_info *e)
{
	switch (e->type) {
	case XEN_NETIF_EXTRA_TYPE_GSO:
		t->gso = *e;
		return;
	case XEN_NETIF_EXTRA_TYPE_MCAST_ADD:
		t->answered = true;
		t->refused |= !vif_mcast_add(v, e->u.mcast.addr);
		return;
	case XEN_NETIF_EXTRA_TYPE_MCAST_DEL:
		t->answered = true;
		vif_mcast_del(v, e->u.mcast.addr);
		return;
	default:
		t->refused = true;
	}
}

static bool take_extras(struct vif *v, RING_IDX prod, struct tx_packet *t)
{
	netif_tx_request_t slot;
	struct netif_extra_info e;

	do {
		if (!next_slot(v, prod, &slot))
			return false;
		memcpy(&e, &slot, sizeof(e));
		t->nr_extras++;
		take_extra(v, t, &e);
	} while (e.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return true;
}

/* The slots behind the first. The packet's first slot has what the others leave of its size. */
static bool take_slots(struct vif *v, RING_IDX prod, struct tx_packet *t)
{
	netif_tx_request_t excess, *slot;
	uint32_t left = t->slot[0].size;

	for (slot = t->slot; slot->flags & NETTXF_more_data; ) {
		/* One packet too long is refused; its slots are answered like all others. */
		bool room = t->nr_slots < XEN_NETIF_NR_SLOTS_MIN;

		slot = room ? &t->slot[t->nr_slots] : &excess;
		if (!next_slot(v, prod, slot))
			return false;
		if (room) {
			t->nr_slots++;
		} else {
			vif_tx_respond(v, slot->id, NETIF_RSP_ERROR, 0);
			t->refused = true;
		}
		if (slot->size > left)
			t->refused = true;
		else
			left -= slot->size;
	}
	t->slot[0].size = left;
	return true;
}

static void check_slots(struct tx_packet *t, uint32_t total)
{
	t->refused |= total < 14;
	for (unsigned int i = 0; i < t->nr_slots; i++)
		t->refused |= t->slot[i].offset + t->slot[i].size > PAGE_SIZE;
	if (t->gso.type == XEN_NETIF_EXTRA_TYPE_GSO)
		t->refused |= !t->gso.u.gso.size || (t->gso.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
						     t->gso.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6);
}

/* False: the ring is broken. */
static bool take(struct vif *v, RING_IDX prod, struct tx_packet *t)
{
	uint32_t total;

	t->nr_slots = 1;
	t->nr_extras = 0;
	t->gso.type = XEN_NETIF_EXTRA_TYPE_NONE;
	t->refused = t->answered = false;
	if (!next_slot(v, prod, &t->slot[0]))
		return false;
	total = t->slot[0].size;
	if (t->slot[0].flags & NETTXF_extra_info && !take_extras(v, prod, t))
		return false;
	if (!take_slots(v, prod, t))
		return false;
	if (!t->answered)
		check_slots(t, total);
	return true;
}

static void answer(struct vif *v, const struct tx_packet *t)
{
	for (unsigned int i = 0; i < t->nr_slots; i++)
		vif_tx_respond(v, t->slot[i].id, t->refused ? NETIF_RSP_ERROR : NETIF_RSP_OKAY, i ? 0 : t->nr_extras);
	v->port.rx.dropped += t->refused;
}

/* --- Making packets --------------------------------------------------------------------------- */

static struct net_copies copies;	/* of this file, empty between polls; the switch's thread */

static void set_offload(struct net_packet *p, const struct tx_packet *t)
{
	uint16_t flags = t->slot[0].flags;

	p->flags = flags & NETTXF_csum_blank ? NET_CSUM_BLANK : flags & NETTXF_data_validated ? NET_CSUM_VALID : 0;
	if (t->gso.type != XEN_NETIF_EXTRA_TYPE_GSO)
		return;
	p->gso = t->gso.u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4 ? NET_GSO_TCP4 : NET_GSO_TCP6;
	p->gso_size = t->gso.u.gso.size;
	p->flags = NET_CSUM_BLANK;
}

/* The header's copies, asked for; the rest as granted fragments. */
static void lay_out(struct vif *v, struct net_packet *p, const struct tx_packet *t, struct tx_pending *pending,
		    bool *bad)
{
	uint32_t header = 0;

	p->nr_frags = 1;
	for (unsigned int i = 0; i < t->nr_slots; i++) {
		const netif_tx_request_t *s = &t->slot[i];
		uint16_t room = VIF_HEADER - header, n = s->size < room ? s->size : room;
		struct net_frag from = { .gref = s->gref, .domid = v->domid, .offset = s->offset, .len = n };
		struct net_frag to = { .va = pending->header + header, .maddr = pending->header_maddr + header,
				       .len = n };

		p->len += s->size;
		header += n;
		if (n)
			net_copies_add(&copies, &from, &to, bad);
		if (n == s->size)
			continue;
		from.offset += n;
		from.len = s->size - n;
		p->frag[p->nr_frags++] = from;
	}
	p->frag[0] = (struct net_frag){ .va = pending->header, .maddr = pending->header_maddr, .len = header };
}

/* NULL: answered already. */
static struct net_packet *make(struct vif *v, struct tx_packet *t, bool *bad)
{
	struct net_packet *p = t->refused || t->answered ? NULL : net_packet_alloc();
	struct tx_pending *pending = v->tx_free;

	if (!p) {
		t->refused |= !t->answered;
		answer(v, t);
		return NULL;
	}
	v->tx_free = pending->next;	/* there are as many as slots, and a packet has one at least */
	pending->nr_ids = t->nr_slots;
	pending->nr_extras = t->nr_extras;
	for (unsigned int i = 0; i < t->nr_slots; i++)
		pending->id[i] = t->slot[i].id;
	p->owner = v;
	p->tag = pending - v->tx_pending;
	p->release = release;
	p->len = 0;
	set_offload(p, t);
	lay_out(v, p, t, pending, bad);
	return p;
}

/* Packets whose header could not be had: a reference that is none. */
static void fail(struct vif *v, struct net_packet *p)
{
	struct tx_pending *pending = &v->tx_pending[p->tag];

	respond_all(v, pending->id, pending->nr_ids, NETIF_RSP_ERROR, pending->nr_extras);
	v->port.rx.dropped++;
	pending_put(v, pending);
	net_packet_free(p);
}

bool vif_tx_poll(struct vif *v, unsigned int budget)
{
	struct net_packet *made[BATCH];
	bool bad[BATCH] = { false };
	RING_IDX prod = *(volatile RING_IDX *)&v->tx.sring->req_prod;
	unsigned int n = 0;
	int more = 0;

	if (vif_unread(prod, v->tx.req_cons, v->tx.rsp_prod_pvt) > RING_SLOTS) {
		vif_break(v, "the transmit ring's index is out of range");
		return false;
	}
	xen_rmb();
	for (struct tx_packet t; n < budget && n < BATCH && v->tx.req_cons != prod; ) {
		if (!take(v, prod, &t))
			break;
		made[n] = make(v, &t, &bad[n]);
		n += made[n] != NULL;
	}
	net_copies_run(&copies);
	for (unsigned int i = 0; i < n; i++) {
		if (bad[i])
			fail(v, made[i]);
		else
			net_receive(&v->port, made[i]);
	}
	if (v->broken)
		return false;
	RING_FINAL_CHECK_FOR_REQUESTS(&v->tx, more);
	return more;
}
