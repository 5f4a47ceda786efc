/* SPDX-License-Identifier: MIT */
/*
 * To the guest. Requests name empty buffers of a page each; a packet takes as many as it has pages, and one more
 * slot for its GSO type, whose buffer goes back unused. Packets of a batch are laid out over requests
 * first, then a mode (rx_copy.c ...) brings all their bytes over at once, then the responses tell of them.
 *
 * While the guest has too few buffers posted, packets wait in a backlog of private copies, so that nobody else's
 * memory waits for this guest; it is limited, and what comes on top is dropped.
 */
#include "vif.h"

static struct net_queue planned;	/* the packets of rx_slots */

/* Requests not used yet; breaks the vif if the guest's index is impossible. */
static unsigned int available(struct vif *v)
{
	RING_IDX prod = *(volatile RING_IDX *)&v->rx.sring->req_prod;
	unsigned int n = vif_unread(prod, v->rx.req_cons, v->rx.rsp_prod_pvt);

	if (v->broken)
		return 0;
	if (n > RING_SLOTS) {
		vif_break(v, "the receive ring's index is out of range");
		return 0;
	}
	xen_rmb();
	return n;
}

static unsigned int slots_of(const struct net_packet *p)
{
	return bytes_to_pages(p->len) + (p->gso != NET_GSO_NONE);
}

/* --- Laying out ------------------------------------------------------------------------------- */

static struct rx_slot *next_slot(struct vif *v)
{
	struct rx_slot *s = &v->rx_slots[v->nr_rx++];
	netif_rx_request_t request;

	RING_COPY_REQUEST(&v->rx, v->rx.req_cons, &request);
	v->rx.req_cons++;
	s->gref = request.gref;
	s->id = request.id;
	s->flags = s->len = 0;
	s->bad = s->extra = false;
	return s;
}

static uint16_t first_flags(const struct net_packet *p)
{
	uint16_t flags = p->gso ? NETRXF_extra_info : 0;

	if (p->flags & NET_CSUM_BLANK)
		return flags | NETRXF_csum_blank | NETRXF_data_validated;
	return flags | (p->flags & NET_CSUM_VALID ? NETRXF_data_validated : 0);
}

/* There are slots enough. */
static void plan(struct vif *v, struct net_packet *p)
{
	struct net_cursor c = { .packet = p };
	uint32_t left = p->len;

	while (left) {
		struct rx_slot *s = next_slot(v);

		s->from = c;
		s->len = left < PAGE_SIZE ? left : PAGE_SIZE;
		left -= s->len;
		for (uint32_t n = s->len; n; )
			n -= net_cursor_next(&c, n).len;
		s->flags = left ? NETRXF_more_data : 0;
		if (s->from.frag || s->from.at)
			continue;
		s->flags |= first_flags(p);
		if (p->gso) {
			s = next_slot(v);
			s->extra = true;
			s->gso = p->gso == NET_GSO_TCP4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6;
			s->gso_size = p->gso_size;
		}
	}
	net_queue_push(&planned, p);
}

/* --- Telling ---------------------------------------------------------------------------------- */

static void respond(struct vif *v, const struct rx_slot *s)
{
	netif_rx_response_t *r = RING_GET_RESPONSE(&v->rx, v->rx.rsp_prod_pvt);

	v->rx.rsp_prod_pvt++;
	if (s->extra) {
		*(struct netif_extra_info *)r = (struct netif_extra_info){
			.type = XEN_NETIF_EXTRA_TYPE_GSO,
			.u.gso = { .size = s->gso_size, .type = s->gso },
		};
		return;
	}
	r->id = s->id;
	r->offset = 0;
	r->flags = s->flags;
	r->status = s->bad ? NETIF_RSP_ERROR : (int16_t)s->len;
}

static void deliver(struct vif *v)
{
	struct net_packet *p;

	if (v->nr_rx)
		vif_rx_modes[v->mode]->deliver(v, v->rx_slots, v->nr_rx);
	for (unsigned int i = 0; i < v->nr_rx; i++)
		respond(v, &v->rx_slots[i]);
	v->nr_rx = 0;
	while ((p = net_queue_pop(&planned)))
		net_packet_put(p);
}

bool vif_rx_end(struct vif *v)
{
	bool notify = false;

	if (v->rx.sring->rsp_prod != v->rx.rsp_prod_pvt)
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&v->rx, notify);
	return notify;
}

/* --- The backlog ------------------------------------------------------------------------------ */

static void drop(struct vif *v, struct net_packet *p)
{
	v->port.tx.dropped++;
	net_packet_put(p);
}

static void keep(struct vif *v, struct net_packet *p)
{
	struct net_packet *own = p;

	if (!v->rx_notify || v->backlog.count >= VIF_BACKLOG_PACKETS || v->backlog_bytes >= VIF_BACKLOG_BYTES) {
		drop(v, p);
		return;
	}
	if (!p->pooled) {
		own = net_packet_copy(p);
		net_packet_put(p);
	}
	if (!own) {
		v->port.tx.dropped++;
		return;
	}
	v->backlog_bytes += own->len;
	net_queue_push(&v->backlog, own);
}

void vif_rx_clear(struct vif *v)
{
	struct net_packet *p;

	while ((p = net_queue_pop(&v->backlog)))
		drop(v, p);
	v->backlog_bytes = 0;
}

static void plan_backlog(struct vif *v)
{
	unsigned int room = available(v);

	while (v->backlog.first && slots_of(v->backlog.first) <= room) {
		struct net_packet *p = net_queue_pop(&v->backlog);

		room -= slots_of(p);
		v->backlog_bytes -= p->len;
		plan(v, p);
	}
}

/* Asks to be told when there are buffers enough for the first packet, and looks again: they may just have
 * come. */
static bool wait_for_room(struct vif *v)
{
	unsigned int need = v->backlog.first ? slots_of(v->backlog.first) : 0;

	if (!need || v->broken)
		return false;
	v->rx.sring->req_event = v->rx.req_cons + need;
	xen_mb();
	return available(v) >= need;
}

void vif_rx_retry(struct vif *v)
{
	if (!v->backlog.first)
		return;
	net_queue_init(&planned);
	do {
		plan_backlog(v);
		deliver(v);
	} while (wait_for_room(v));
}

void vif_rx_transmit(struct net_port *port, struct net_queue *batch)
{
	struct vif *v = port->device;
	struct net_packet *p;
	unsigned int room, need;

	net_queue_init(&planned);
	if (!v->connected || v->broken) {
		while ((p = net_queue_pop(batch)))
			drop(v, p);
		return;
	}
	plan_backlog(v);
	room = available(v);
	while ((p = net_queue_pop(batch))) {
		need = slots_of(p);
		if (!vif_mcast_wants(v, p->frag[0].va) || (need > 1 && !v->sg)) {
			drop(v, p);
		} else if (v->backlog.first || need > room) {
			keep(v, p);
		} else {
			room -= need;
			plan(v, p);
		}
	}
	deliver(v);
	if (wait_for_room(v))
		vif_rx_retry(v);
}
