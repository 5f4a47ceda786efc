/* SPDX-License-Identifier: MIT */
/*
 * The switch's port to dom0's TCP/IP. Outgoing frames are lent to the switch as they lie in lwIP's memory, a fragment
 * a page; incoming ones are lent to lwIP as they lie in the switch's. lwIP calls `send` under its lock, from
 * any thread: frames wait in `sending`, guarded by `lock`, until the switch's thread polls.
 */
#include "net/dom0.h"
#include <stdlib.h>
#include <string.h>
#include <libos.h>
#include <inet/stack.h>
#include "net/netdev.h"
#include "net/packet.h"
#include "net/parse.h"

#define WAITING_MAX 1024		/* frames lwIP is ahead of the switch */

static struct net_link link = { .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500 };
static struct net_port port;
static struct mutex lock = MUTEX_INIT;
static struct frame { struct frame *next; struct pbuf *p; bool csum_blank; } *sending, **sending_end = &sending;
static unsigned int waiting;
static uint16_t guarded;		/* a TCP port that guests cannot reach; 0: none */

/* --- From lwIP -------------------------------------------------------------------------------- */

/* What lies in memory that lwIP only refers to is the program's, and copied. */
static struct pbuf *hold(struct pbuf *p)
{
	for (struct pbuf *q = p; q; q = q->next)
		if (PBUF_NEEDS_COPY(q))
			return pbuf_clone(PBUF_RAW, PBUF_RAM, p);
	pbuf_ref(p);
	return p;
}

static int send(struct net_link *l, struct pbuf *p, bool csum_blank)
{
	struct frame *f = waiting < WAITING_MAX ? malloc(sizeof(*f)) : NULL;

	(void)l;
	if (!f)
		return -1;
	*f = (struct frame){ NULL, hold(p), csum_blank };
	if (!f->p) {
		free(f);
		return -1;
	}
	mutex_lock(&lock);
	*sending_end = f;
	sending_end = &f->next;
	waiting++;
	mutex_unlock(&lock);
	net_port_schedule(&port);
	return 0;
}

static struct frame *take(void)
{
	struct frame *f;

	mutex_lock(&lock);
	f = sending;
	if (f) {
		sending = f->next;
		if (!sending)
			sending_end = &sending;
		waiting--;
	}
	mutex_unlock(&lock);
	return f;
}

static void release(struct net_packet *packet)
{
	pbuf_free(packet->owner);
	net_packet_free(packet);
}

static maddr_t maddr_of(const void *va)
{
	return (*pt_entry(va, 1) & PTE_ADDR) | ((uintptr_t)va & ~PAGE_MASK);
}

/* False: too many pieces, or the header is not in one. */
static bool lend(struct net_packet *packet, struct pbuf *p)
{
	uint32_t header = p->tot_len < NET_HEADER ? p->tot_len : NET_HEADER;

	packet->len = p->tot_len;
	packet->nr_frags = 0;
	for (; p; p = p->next)
		for (uint32_t at = 0, n; at < p->len; at += n) {
			char *va = (char *)p->payload + at;
			uint32_t room = PAGE_SIZE - ((uintptr_t)va & ~PAGE_MASK);

			n = p->len - at < room ? p->len - at : room;
			if (packet->nr_frags == NET_FRAGS_MAX)
				return false;
			packet->frag[packet->nr_frags++] = (struct net_frag){ .va = va, .maddr = maddr_of(va), .len = n };
		}
	return packet->frag[0].len >= header;
}

static void release_page(struct net_packet *packet)
{
	os_pages_free(packet->frag[0].va, 1);
	net_packet_free(packet);
}

static bool copy(struct net_packet *packet, struct pbuf *p)
{
	void *page = p->tot_len <= PAGE_SIZE ? os_pages_alloc(1) : NULL;

	if (!page)
		return false;
	pbuf_copy_partial(p, page, p->tot_len, 0);
	packet->len = p->tot_len;
	packet->nr_frags = 1;
	packet->frag[0] = (struct net_frag){ .va = page, .maddr = virt_to_maddr(page), .len = p->tot_len };
	packet->release = release_page;
	return true;
}

static void receive(struct pbuf *p, bool csum_blank)
{
	struct net_packet *packet = net_packet_alloc();

	if (!packet) {
		pbuf_free(p);
		return;
	}
	packet->flags = csum_blank ? NET_CSUM_BLANK : 0;
	if (lend(packet, p)) {
		packet->owner = p;
		packet->release = release;
		net_receive(&port, packet);
		return;
	}
	if (copy(packet, p))
		net_receive(&port, packet);
	else
		net_packet_free(packet);
	pbuf_free(p);
}

static bool poll(struct net_port *self, unsigned int budget)
{
	struct frame *f = NULL;

	(void)self;
	while (budget-- && (f = take())) {
		receive(f->p, f->csum_blank);
		free(f);
	}
	return f != NULL;
}

/* --- To lwIP ---------------------------------------------------------------------------------- */

/* A packet in lwIP's hands: a pbuf a fragment, and the packet is given up with the last. */
struct lent {
	struct net_packet *packet;
	unsigned int left;
	struct lent_piece { struct pbuf_custom pbuf; struct lent *lent; } piece[];
};

static void returned(struct pbuf *p)
{
	struct lent *l = ((struct lent_piece *)p)->lent;

	if (__atomic_sub_fetch(&l->left, 1, __ATOMIC_ACQ_REL))
		return;
	net_packet_put(l->packet);
	free(l);
}

static struct pbuf *wrap(struct net_packet *packet)
{
	struct lent *l = malloc(sizeof(*l) + packet->nr_frags * sizeof(l->piece[0]));
	struct pbuf *first = NULL, *p;

	if (!l)
		return NULL;
	l->packet = packet;
	l->left = packet->nr_frags;
	for (unsigned int i = 0; i < packet->nr_frags; i++) {
		const struct net_frag *f = &packet->frag[i];

		l->piece[i].lent = l;
		l->piece[i].pbuf.custom_free_function = returned;
		p = pbuf_alloced_custom(PBUF_RAW, f->len, PBUF_REF, &l->piece[i].pbuf, f->va, f->len);
		if (first)
			pbuf_cat(first, p);
		else
			first = p;
	}
	return first;
}

/* lwIP may keep a packet until a program reads it: only memory that nobody waits for may wait there. */
static void deliver(struct net_packet *p)
{
	struct net_packet *own = p->pooled ? p : net_packet_copy(p);
	struct pbuf *frame;

	if (own != p)
		net_packet_put(p);
	frame = own && own->len <= UINT16_MAX ? wrap(own) : NULL;
	if (frame) {
		net_link_receive(&link, frame, own->flags & (NET_CSUM_BLANK | NET_CSUM_VALID));
		return;
	}
	port.tx.dropped++;
	if (own)
		net_packet_put(own);
}

/* Pieces of TCP have no ports to judge by: they do not pass either. Within transmit the port it came from is
 * there. */
static bool is_forbidden(const struct net_packet *p)
{
	return guarded && p->from->flags & NET_PORT_GUEST && p->l4_protocol == PROTO_TCP &&
	       (!p->l4 || net_get16((const uint8_t *)p->frag[0].va + p->l4 + 2) == guarded);
}

static void transmit(struct net_port *self, struct net_queue *batch)
{
	struct net_packet *p;

	(void)self;
	while ((p = net_queue_pop(batch))) {
		if (is_forbidden(p)) {
			port.tx.refused++;
			net_packet_put(p);
		} else {
			deliver(p);
		}
	}
}

/* --- Start ------------------------------------------------------------------------------------ */

int net_dom0_start(const char *ip)
{
	static const struct net_port_ops ops = { .transmit = transmit, .poll = poll };
	int rc = net_stack_start();

	if (rc)
		return rc;
	strcpy(port.name, "dom0");
	memcpy(port.mac, link.mac, 6);
	port.mtu = link.mtu;
	port.flags = NET_PORT_CSUM | NET_PORT_TSO4 | NET_PORT_TSO6 | NET_PORT_SG | NET_PORT_PINNED;
	port.ops = &ops;
	link.send = send;
	rc = net_port_add(&port);
	return rc ? rc : net_link_add(&link, ip);
}

void net_dom0_guard(uint16_t tcp_port)
{
	guarded = tcp_port;
}

int net_dom0_set_ip(const char *ip)
{
	return net_link_set_ip(&link, ip);
}

void net_dom0_text(char *out, size_t size)
{
	net_link_text(&link, out, size);
}
