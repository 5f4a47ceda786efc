/* SPDX-License-Identifier: MIT */
/*
 * What a virtio network card sends: a header of ours, then the packet's fragments where they lie. For what its queue has no
 * room packets wait, in order, up to WAITING_MAX.
 */
#include <kit/os.h>
#include <kit/pt.h>
#include "card.h"

#define WAITING_MAX 512
_Static_assert(VIRTQ_MAX * sizeof(struct card_header) <= PAGE_SIZE, "the headers fit a page");

static void fill_header(struct card_header *h, const struct net_packet *p)
{
	static const uint8_t kinds[] = { [NET_GSO_NONE] = GSO_NONE, [NET_GSO_TCP4] = GSO_TCP4,
					 [NET_GSO_TCP6] = GSO_TCP6 };

	*h = (struct card_header){ 0 };
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
	struct card_sending *s = c->idle;

	if (!s)
		return false;
	fill_header(s->header, p);
	chain[0] = (struct virtq_desc){ .addr = virt_to_maddr(s->header), .len = CARD_HEADER_BYTES };
	for (unsigned int i = 0; i < p->nr_frags; i++)
		chain[1 + i] = (struct virtq_desc){ .addr = p->frag[i].maddr, .len = p->frag[i].len };
	if (!virtq_add(&c->tx, chain, 1 + p->nr_frags, 0, s))
		return false;
	s->packet = p;
	c->idle = s->next;
	c->nr_sending++;
	return true;
}

static void drop_waiting(struct card *c, unsigned int keep)
{
	while (c->waiting.count > keep) {
		c->port.tx.dropped++;
		net_packet_put(net_queue_pop(&c->waiting));
	}
}

void card_drop_all(struct card *c)
{
	struct card_sending *s;

	while ((s = virtq_abandon(&c->tx)))
		net_packet_put(s->packet);
	drop_waiting(c, 0);
}

void card_send_waiting(struct card *c)
{
	struct card_sending *s;
	uint32_t written;

	do {
		while ((s = virtq_get(&c->tx, &written))) {
			net_packet_put(s->packet);
			s->next = c->idle;
			c->idle = s;
			c->nr_sending--;
		}
	} while (virtq_arm(&c->tx, c->nr_sending - c->nr_sending / 4) && !c->tx.broken);
	while (c->waiting.first && send(c, c->waiting.first))
		net_queue_pop(&c->waiting);
	drop_waiting(c, WAITING_MAX);
}

bool card_make_headers(struct card *c)
{
	c->headers = os_pages_alloc(1);
	for (unsigned int i = 0; i < VIRTQ_MAX && c->headers; i++) {
		c->sending[i].header = &c->headers[i];
		c->sending[i].next = c->idle;
		c->idle = &c->sending[i];
	}
	return c->headers;
}

