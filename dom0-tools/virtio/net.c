/* SPDX-License-Identifier: MIT */
/*
 * Virtio network cards as ports eth0, eth1, ... of the switch (specification 1.1, chapter 5.1). The card receives into
 * single pages, several a packet if it is large (mergeable buffers), and they go through the switch as they
 * are; what is sent lies in the senders' memory. All but the interrupt runs in the switch's thread, hence no lock.
 *
 * A card that lies about what it did, or gives up, is stopped: then it receives nothing and drops what it is to send.
 */
#include "virtio_devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <kit/os.h>
#include <kit/pt.h>
#include "../net/netdev.h"
#include "virtio.h"

#define F_CSUM (1UL << 0)
#define F_GUEST_CSUM (1UL << 1)
#define F_MTU (1UL << 3)
#define F_MAC (1UL << 5)
#define F_GUEST_TSO4 (1UL << 7)
#define F_GUEST_TSO6 (1UL << 8)
#define F_HOST_TSO4 (1UL << 11)
#define F_HOST_TSO6 (1UL << 12)
#define F_MERGEABLE (1UL << 15)
#define LARGE_RECEIVE (F_GUEST_TSO4 | F_GUEST_TSO6)
#define WANTED (F_CSUM | F_GUEST_CSUM | F_MTU | F_MAC | LARGE_RECEIVE | F_HOST_TSO4 | F_HOST_TSO6 | \
		F_MERGEABLE | VIRTIO_F_EVENT_IDX)

enum { CONFIG_MAC = 0, CONFIG_MTU = 10 };
enum { QUEUE_RX, QUEUE_TX };

struct header {
	uint8_t flags, gso;
	uint16_t header_len, gso_size, csum_start, csum_offset;
	uint16_t nr_buffers;		/* received only */
};
#define HEADER_BYTES 12
_Static_assert(sizeof(struct header) == HEADER_BYTES, "as the specification lays it out");
#define HEADER_NEEDS_CSUM 1
#define HEADER_DATA_VALID 2
enum { GSO_NONE = 0, GSO_TCP4 = 1, GSO_TCP6 = 4 };

#define RX_PAGES (2 * VIRTQ_MAX)	/* in the queue, and in packets on their way */
#define TX_WAITING 512			/* packets for which the queue had no room */

struct sending {
	struct sending *next;
	struct net_packet *packet;
	struct header *header;
};

struct page { struct page *next; };

struct card {
	struct net_port port;
	struct virtio_device dev;
	struct virtq rx, tx;
	struct page *free;
	unsigned int nr_pages;		/* all there are */
	struct header *headers;		/* a page of them */
	struct sending sending[VIRTQ_MAX], *idle;
	unsigned int nr_sending;
	struct net_queue waiting;
	bool stopped;
};
_Static_assert(VIRTQ_MAX * sizeof(struct header) <= PAGE_SIZE, "the headers fit a page");

static void give_up(struct card *c)
{
	struct sending *s;

	c->stopped = true;
	virtio_stop(&c->dev);
	printf("%s: the card %s: it is not used any more\n", c->port.name,
	       c->rx.broken || c->tx.broken ? "answers what it was not asked" : "failed");
	while ((s = virtq_abandon(&c->tx)))
		net_packet_put(s->packet);
}

/* --- Receiving ------------------------------------------------------------------------------------- */

static void page_put(struct card *c, void *at)
{
	struct page *page = (void *)((uintptr_t)at & PAGE_MASK);

	page->next = c->free;
	c->free = page;
}

static struct page *page_get(struct card *c)
{
	struct page *page = c->free;

	if (page) {
		c->free = page->next;
		return page;
	}
	page = c->nr_pages < RX_PAGES ? os_pages_alloc(1) : NULL;
	c->nr_pages += page != NULL;
	return page;
}

static void refill(struct card *c)
{
	while (c->rx.nr_free && !c->rx.broken) {
		struct virtq_desc one = { .len = PAGE_SIZE, .flags = VIRTQ_WRITE };
		struct page *page = page_get(c);

		if (!page)
			break;
		one.addr = virt_to_maddr(page);
		virtq_add(&c->rx, &one, 1, 0, page);
	}
}

static void release(struct net_packet *p)
{
	struct card *c = p->owner;

	for (unsigned int i = 0; i < p->nr_frags; i++)
		page_put(c, p->frag[i].va);
	net_packet_free(p);
}

static bool add_page(struct net_packet *p, char *page, uint32_t skip, uint32_t written)
{
	struct net_frag *f = &p->frag[p->nr_frags];

	if (p->nr_frags == NET_FRAGS_MAX || written <= skip)
		return false;
	*f = (struct net_frag){ .va = page + skip, .maddr = virt_to_maddr(page) + skip, .len = written - skip };
	p->nr_frags++;
	p->len += f->len;
	return true;
}

/* What the header says of the packet; false: nothing we agreed on. */
static bool take_header(const struct card *c, struct net_packet *p, const struct header *h)
{
	static const uint8_t kinds[] = { [GSO_NONE] = NET_GSO_NONE, [GSO_TCP4] = NET_GSO_TCP4,
					 [GSO_TCP6] = NET_GSO_TCP6 };

	if (h->gso != GSO_NONE && h->gso != GSO_TCP4 && h->gso != GSO_TCP6)
		return false;
	if ((h->gso || h->flags & HEADER_NEEDS_CSUM) && !(c->dev.features & F_GUEST_CSUM))
		return false;
	p->flags = h->flags & HEADER_NEEDS_CSUM ? NET_CSUM_BLANK :
		   h->flags & HEADER_DATA_VALID ? NET_CSUM_VALID : 0;
	p->gso = kinds[h->gso];
	p->gso_size = h->gso_size;
	return true;
}

/* The packet that begins with this page. Its other pages are used with it; they are all taken, whatever is wrong. */
static void receive(struct card *c, char *page, uint32_t written)
{
	struct net_packet *p = net_packet_alloc();
	struct header h;
	unsigned int left;
	bool good = p && written >= HEADER_BYTES;

	memcpy(&h, page, sizeof(h));
	left = c->dev.features & F_MERGEABLE ? h.nr_buffers : 1;
	good = good && left && take_header(c, p, &h);
	for (uint32_t skip = HEADER_BYTES; page; skip = 0) {
		good = good && add_page(p, page, skip, written);
		if (!good)
			page_put(c, page);
		page = left > 1 ? virtq_get(&c->rx, &written) : NULL;
		if (left-- > 1 && !page)
			c->rx.broken = true;
	}
	if (p) {
		p->release = release;
		p->owner = c;
	}
	if (good && !c->rx.broken && (p->frag[0].len >= NET_HEADER || p->nr_frags == 1)) {
		net_receive(&c->port, p);
		return;
	}
	c->port.rx.dropped++;
	if (p)
		release(p);
}

/* --- Sending --------------------------------------------------------------------------------------- */

static void fill_header(struct header *h, const struct net_packet *p)
{
	static const uint8_t kinds[] = { [NET_GSO_NONE] = GSO_NONE, [NET_GSO_TCP4] = GSO_TCP4,
					 [NET_GSO_TCP6] = GSO_TCP6 };

	*h = (struct header){ 0 };
	if (p->flags & NET_CSUM_BLANK) {
		h->flags = HEADER_NEEDS_CSUM;
		h->csum_start = p->l4;
		h->csum_offset = p->csum_offset;
	}
	if (p->gso) {
		h->gso = kinds[p->gso];
		h->gso_size = p->gso_size;
		h->header_len = p->payload;
	}
}

/* False: there is no room now. */
static bool send(struct card *c, struct net_packet *p)
{
	struct virtq_desc chain[1 + NET_FRAGS_MAX];
	struct sending *s = c->idle;

	if (!s)
		return false;
	fill_header(s->header, p);
	chain[0] = (struct virtq_desc){ .addr = virt_to_maddr(s->header), .len = HEADER_BYTES };
	for (unsigned int i = 0; i < p->nr_frags; i++)
		chain[1 + i] = (struct virtq_desc){ .addr = p->frag[i].maddr, .len = p->frag[i].len };
	if (!virtq_add(&c->tx, chain, 1 + p->nr_frags, 0, s))
		return false;
	s->packet = p;
	c->idle = s->next;
	c->nr_sending++;
	return true;
}

static void send_waiting(struct card *c)
{
	while (c->waiting.first && !c->stopped && send(c, c->waiting.first))
		net_queue_pop(&c->waiting);
	while (c->waiting.count > (c->stopped ? 0 : TX_WAITING)) {
		c->port.tx.dropped++;
		net_packet_put(net_queue_pop(&c->waiting));
	}
}

/* Gives up what was sent; an interrupt comes when most of the rest is. */
static void reclaim(struct card *c)
{
	struct sending *s;
	uint32_t written;

	do {
		while ((s = virtq_get(&c->tx, &written))) {
			net_packet_put(s->packet);
			s->next = c->idle;
			c->idle = s;
			c->nr_sending--;
		}
	} while (virtq_arm(&c->tx, c->nr_sending - c->nr_sending / 4) && !c->tx.broken);
	send_waiting(c);
}

/* --- The port -------------------------------------------------------------------------------------- */

static void card_transmit(struct net_port *port, struct net_queue *batch)
{
	struct card *c = port->device;
	struct net_packet *p;

	while ((p = net_queue_pop(batch)))
		net_queue_push(&c->waiting, p);
	if (!c->stopped)
		reclaim(c);
	send_waiting(c);
}

static bool card_poll(struct net_port *port, unsigned int budget)
{
	struct card *c = port->device;
	uint32_t written;
	bool any = false;
	char *page;

	if (c->stopped)
		return false;
	reclaim(c);
	for (; budget && (page = virtq_get(&c->rx, &written)); budget--, any = true)
		receive(c, page, written);
	if (c->rx.broken || c->tx.broken || (!any && virtio_failed(&c->dev))) {
		give_up(c);
		send_waiting(c);
		return false;
	}
	return !budget || virtq_arm(&c->rx, 1);
}

static void card_round_end(struct net_port *port)
{
	struct card *c = port->device;

	if (c->stopped)
		return;
	refill(c);
	virtq_kick(&c->rx);
	virtq_kick(&c->tx);
}

static const struct net_port_ops ops = { card_transmit, card_poll, card_round_end };

static void interrupted(void *arg)
{
	net_port_schedule(arg);
}

/* --- Setting up ------------------------------------------------------------------------------------ */

static int open_device(struct card *c, uint16_t bdf)
{
	int rc = virtio_open(&c->dev, bdf, WANTED);

	/* Packets larger than a page come in several, or not at all. */
	if (!rc && c->dev.features & LARGE_RECEIVE && !(c->dev.features & F_MERGEABLE)) {
		virtio_close(&c->dev);
		rc = virtio_open(&c->dev, bdf, WANTED & ~LARGE_RECEIVE);
	}
	if (!rc)
		rc = virtq_open(&c->rx, &c->dev, QUEUE_RX, VIRTQ_MAX, interrupted, &c->port);
	if (!rc)
		rc = virtq_open(&c->tx, &c->dev, QUEUE_TX, VIRTQ_MAX, interrupted, &c->port);
	return rc ? -ENODEV : 0;
}

static int make_buffers(struct card *c)
{
	c->headers = os_pages_alloc(1);
	if (!c->headers)
		return -ENOMEM;
	for (unsigned int i = 0; i < VIRTQ_MAX; i++) {
		c->sending[i].header = &c->headers[i];
		c->sending[i].next = c->idle;
		c->idle = &c->sending[i];
	}
	refill(c);
	return c->nr_pages ? 0 : -ENOMEM;
}

static void describe_port(struct card *c, unsigned int number)
{
	static const struct { uint64_t feature; uint8_t flag; } takes[] = {
		{ F_CSUM, NET_PORT_CSUM }, { F_HOST_TSO4, NET_PORT_TSO4 }, { F_HOST_TSO6, NET_PORT_TSO6 },
	};
	struct net_port *p = &c->port;

	snprintf(p->name, sizeof(p->name), "eth%u", number);
	p->flags = NET_PORT_SG;
	for (unsigned int i = 0; i < sizeof(takes) / sizeof(takes[0]); i++)
		if (c->dev.features & takes[i].feature)
			p->flags |= takes[i].flag;
	for (unsigned int i = 0; i < 6 && c->dev.features & F_MAC; i++)
		p->mac[i] = virtio_config(&c->dev, CONFIG_MAC + i, 1);
	p->mtu = c->dev.features & F_MTU ? virtio_config(&c->dev, CONFIG_MTU, 2) : 1500;
	p->ops = &ops;
	p->device = c;
}

static void discard_card(struct card *c)
{
	virtio_close(&c->dev);
	for (struct page *page; (page = virtq_abandon(&c->rx)); )
		page_put(c, page);
	while (c->free)
		os_pages_free(page_get(c), 1);
	if (c->headers)
		os_pages_free(c->headers, 1);
	free(c);
}

int virtio_net_found(uint16_t bdf)
{
	static unsigned int count;
	struct card *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	net_queue_init(&c->waiting);
	rc = open_device(c, bdf);
	if (!rc)
		rc = make_buffers(c);
	if (!rc) {
		describe_port(c, count++);
		virtio_start(&c->dev);
		rc = net_port_add(&c->port);
	}
	if (rc)
		discard_card(c);
	return rc;
}
