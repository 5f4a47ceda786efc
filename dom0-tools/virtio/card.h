/* SPDX-License-Identifier: MIT */
/* A virtio network card, between the files of its driver. All of it is the switch's thread's; who adds to a queue
 * leaves the kick to the end of the round. Private. */
#ifndef VIRTIO_CARD_H
#define VIRTIO_CARD_H

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

/* Before each packet in the card's memory. */
struct card_header {
	uint8_t flags, gso;
	uint16_t header_len, gso_size, csum_start, csum_offset;
	uint16_t nr_buffers;		/* received only */
};
#define CARD_HEADER_BYTES 12
_Static_assert(sizeof(struct card_header) == CARD_HEADER_BYTES, "as the specification lays it out");
#define HEADER_NEEDS_CSUM 1
#define HEADER_DATA_VALID 2
enum { GSO_NONE = 0, GSO_TCP4 = 1, GSO_TCP6 = 4 };

struct card_page { struct card_page *next; };

struct card_sending {
	struct card_sending *next;
	struct net_packet *packet;
	struct card_header *header;
};

struct card {
	struct net_port port;
	struct virtio_device dev;
	struct virtq rx, tx;
	bool stopped;			/* the device has nothing of ours any more */
	/* net_rx.c: pages to receive into */
	struct card_page *free;
	unsigned int nr_pages;		/* all there are */
	/* net_tx.c: packets with the card, and those for which its queue had no room */
	struct card_header *headers;	/* a page of them */
	struct card_sending sending[VIRTQ_MAX], *idle;
	unsigned int nr_sending;
	struct net_queue waiting;
};

/* --- net_rx.c */
bool card_refill(struct card *c);	/* gives the card pages, as far as there are; false: it has none at all */
/* Hands the switch the packet that begins with this page, just taken from the queue, where `written` bytes are. */
void card_receive(struct card *c, char *page, uint32_t written);
void card_free_pages(struct card *c);	/* those of the queue too: the device was stopped */

/* --- net_tx.c */
bool card_make_headers(struct card *c);	/* false: no memory */
/* Gives up what was sent, and sends what waits; an interrupt comes when most of the rest is sent. */
void card_send_waiting(struct card *c);
void card_drop_all(struct card *c);	/* of a card that is stopped */

#endif
