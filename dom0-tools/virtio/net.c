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
#include <kit/os.h>
#include "card.h"

#define LARGE_RECEIVE (F_GUEST_TSO4 | F_GUEST_TSO6)
#define WANTED (F_CSUM | F_GUEST_CSUM | F_MTU | F_MAC | LARGE_RECEIVE | F_HOST_TSO4 | F_HOST_TSO6 | \
		F_MERGEABLE | VIRTIO_F_EVENT_IDX)

enum { CONFIG_MAC = 0, CONFIG_MTU = 10 };
enum { QUEUE_RX, QUEUE_TX };

static void give_up(struct card *c)
{
	c->stopped = true;
	virtio_stop(&c->dev);
	printf("%s: the card %s: it is not used any more\n", c->port.name,
	       c->rx.broken || c->tx.broken ? "answers what it was not asked" : "failed");
	card_drop_all(c);
	card_free_pages(c);
}

/* --- The port -------------------------------------------------------------------------------------- */

static void card_transmit(struct net_port *port, struct net_queue *batch)
{
	struct card *c = port->device;
	struct net_packet *p;

	while ((p = net_queue_pop(batch)))
		net_queue_push(&c->waiting, p);
	if (c->stopped)
		card_drop_all(c);
	else
		card_send_waiting(c);
}

static bool card_poll(struct net_port *port, unsigned int budget)
{
	struct card *c = port->device;
	uint32_t written;
	bool any = false;
	char *page;

	if (c->stopped)
		return false;
	card_send_waiting(c);
	for (; budget && (page = virtq_get(&c->rx, &written)); budget--, any = true)
		card_receive(c, page, written);
	if (c->rx.broken || c->tx.broken || (!any && virtio_failed(&c->dev))) {
		give_up(c);
		return false;
	}
	return !budget || virtq_arm(&c->rx, 1);
}

static void card_round_end(struct net_port *port)
{
	struct card *c = port->device;

	if (c->stopped)
		return;
	card_refill(c);
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
	card_free_pages(c);
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
	if (!rc && !(card_make_headers(c) && card_refill(c)))
		rc = -ENOMEM;
	if (!rc) {
		describe_port(c, count++);
		virtio_start(&c->dev);
		rc = net_port_add(&c->port);
	}
	if (rc)
		discard_card(c);
	return rc;
}
