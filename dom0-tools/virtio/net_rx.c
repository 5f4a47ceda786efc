/* SPDX-License-Identifier: MIT */
/*
 * What a virtio network card receives: single pages, several a packet if it is large. The header and the lengths are the
 * card's word: a packet that makes no sense by them is dropped, and its pages go back to the card all the same.
 */
#include <string.h>
#include <kit/os.h>
#include <kit/pt.h>
#include "card.h"

#define PAGES_MAX (2 * VIRTQ_MAX)	/* in the queue, and in packets on their way */

static void page_put(struct card *c, void *at)
{
	struct card_page *page = (void *)((uintptr_t)at & PAGE_MASK);

	page->next = c->free;
	c->free = page;
}

static struct card_page *page_get(struct card *c)
{
	struct card_page *page = c->free;

	if (page) {
		c->free = page->next;
		return page;
	}
	page = c->nr_pages < PAGES_MAX ? os_pages_alloc(1) : NULL;
	c->nr_pages += page != NULL;
	return page;
}

bool card_refill(struct card *c)
{
	while (c->rx.nr_free && !c->rx.broken) {
		struct virtq_desc one = { .len = PAGE_SIZE, .flags = VIRTQ_WRITE };
		struct card_page *page = page_get(c);

		if (!page)
			break;
		one.addr = virt_to_maddr(page);
		virtq_add(&c->rx, &one, 1, 0, page);
	}
	return c->nr_pages;
}

void card_free_pages(struct card *c)
{
	struct card_page *page;

	while ((page = virtq_abandon(&c->rx)))
		page_put(c, page);
	while ((page = c->free)) {
		c->free = page->next;
		c->nr_pages--;
		os_pages_free(page, 1);
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
static bool take_header(const struct card *c, struct net_packet *p, const struct card_header *h)
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
void card_receive(struct card *c, char *page, uint32_t written)
{
	struct net_packet *p = net_packet_alloc();
	struct card_header h;
	unsigned int left;
	bool good = p && written >= CARD_HEADER_BYTES;

	memcpy(&h, page, sizeof(h));
	left = c->dev.features & F_MERGEABLE ? h.nr_buffers : 1;
	good = good && left && take_header(c, p, &h);
	for (uint32_t skip = CARD_HEADER_BYTES; page; skip = 0) {
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

