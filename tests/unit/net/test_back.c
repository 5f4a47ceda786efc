/* SPDX-License-Identifier: MIT */
/* The backend against guests that the tests play: honest ones, and ones that lie in every field of the rings. */
#include "world.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "net/parse.h"
#include "net/switch.h"
#include "vif.h"

#define TX_RING 8
#define RX_RING 9
#define MAC(i) (const char *[]){ "00:16:3e:00:00:01", "00:16:3e:00:00:02" }[i]

/* A guest: its rings as its own driver sees them. */
static struct guest {
	struct vif *v;
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	grant_ref_t next_ref;
} guests[2];

/* What the switch brought to a port of the tests' own, laid flat. */
static struct net_port sink;
static uint8_t got[70000];
static uint32_t got_len;
static unsigned int got_packets;
static uint8_t got_flags, got_gso;

static void take(struct net_port *p, struct net_queue *batch)
{
	struct net_packet *q;

	(void)p;
	while ((q = net_queue_pop(batch))) {
		got_len = 0;
		for (unsigned int i = 0; i < q->nr_frags; i++) {
			memcpy(got + got_len, q->frag[i].va, q->frag[i].len);
			got_len += q->frag[i].len;
		}
		got_flags = q->flags;
		got_gso = q->gso;
		got_packets++;
		net_packet_put(q);
	}
}

static bool nothing(struct net_port *p, unsigned int budget)
{
	(void)p, (void)budget;
	return false;
}

static const struct net_port_ops sink_ops = { .transmit = take, .poll = nothing };

static void rounds(void)
{
	for (int i = 0; i < 50 && net_switch_round(); i++)
		;
}

static void guest_start(int i, enum vif_mode mode)
{
	struct guest *g = &guests[i];
	struct vif_rings rings = { TX_RING, RX_RING, 3 };
	const char *why;

	memset(g, 0, sizeof(*g));
	g->v = calloc(1, sizeof(*g->v));
	g->next_ref = 16;
	g->v->domid = (domid_t)(i + 1);
	g->v->mode = mode;
	g->v->sg = g->v->rx_notify = true;
	snprintf(g->v->port.name, sizeof(g->v->port.name), "vif%d.0", i + 1);
	g->v->port.ops = &vif_port_ops;
	g->v->port.device = g->v;
	g->v->port.flags = NET_PORT_GUEST | NET_PORT_SG | NET_PORT_CSUM | NET_PORT_TSO4 |
			   vif_rx_modes[mode]->port_flags;
	grants[i + 1][TX_RING].page = world_page();
	grants[i + 1][RX_RING].page = world_page();
	XEN_FRONT_RING_INIT(&g->tx, (netif_tx_sring_t *)grants[i + 1][TX_RING].page, PAGE_SIZE);
	XEN_FRONT_RING_INIT(&g->rx, (netif_rx_sring_t *)grants[i + 1][RX_RING].page, PAGE_SIZE);
	assert_int_equal(net_port_add(&g->v->port), 0);
	assert_int_equal(vif_connect(g->v, &rings, &why), 0);
}

static void guest_stop(int i)
{
	if (!guests[i].v)
		return;
	vif_disconnect(guests[i].v);
	net_port_remove(&guests[i].v->port);
	free(guests[i].v);
	guests[i].v = NULL;
}

static int setup_as(enum vif_mode mode)
{
	memset(&sink, 0, sizeof(sink));
	strcpy(sink.name, "sink");
	sink.ops = &sink_ops;
	sink.flags = NET_PORT_SG | NET_PORT_CSUM | NET_PORT_TSO4;
	got_packets = 0;
	assert_int_equal(net_port_add(&sink), 0);
	guest_start(0, mode);
	return 0;
}

static int setup(void **state) { (void)state; return setup_as(VIF_COPY); }
static int setup_map(void **state) { (void)state; return setup_as(VIF_MAP); }

static int teardown(void **state)
{
	(void)state;
	guest_stop(0);
	guest_stop(1);
	net_port_remove(&sink);
	world_reset();		/* nothing of a guest's is mapped any more */
	return 0;
}

static grant_ref_t lend(int i, void *page, bool readonly)
{
	grant_ref_t ref = guests[i].next_ref++;

	assert_true(ref < REFS);
	grants[i + 1][ref] = (struct grant){ page, readonly, 0 };
	return ref;
}

static netif_tx_request_t *request(int i, grant_ref_t gref, uint16_t offset, uint16_t size, uint16_t flags)
{
	struct guest *g = &guests[i];
	netif_tx_request_t *q = RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt);

	*q = (netif_tx_request_t){ gref, offset, flags, (uint16_t)g->tx.req_prod_pvt, size };
	g->tx.req_prod_pvt++;
	return q;
}

static void push(int i)
{
	RING_PUSH_REQUESTS(&guests[i].tx);
	net_port_schedule(&guests[i].v->port);
	rounds();
}

/* Takes the responses that are there; each in *last; returns how many were errors. */
static unsigned int responses(int i, unsigned int *n)
{
	struct guest *g = &guests[i];
	unsigned int errors = 0;

	for (*n = 0; g->tx.rsp_cons != g->tx.sring->rsp_prod; ++*n)
		errors += RING_GET_RESPONSE(&g->tx, g->tx.rsp_cons++)->status < 0;
	return errors;
}

/* A packet of len in pages of the guest's, as an honest driver cuts it. */
static uint8_t packet[70000];
static void send(int i, uint32_t len, uint16_t flags)
{
	for (uint32_t at = 0; at < len; ) {
		uint8_t *page = world_page();
		uint32_t n = len - at < 4000 ? len - at : 4000;

		memcpy(page + 96, packet + at, n);
		request(i, lend(i, page, true), 96, (uint16_t)(at ? n : len),
			(at ? 0 : flags) | (at + n < len ? NETTXF_more_data : 0));
		at += n;
	}
}

static void brings_packets_of_every_size(void **state)
{
	static const uint32_t lengths[] = { 42, 60, 255, 256, 257, 1514, 4096, 9000, 65535 };
	unsigned int n;

	(void)state;
	for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
		make_packet(packet, lengths[k], "ff:ff:ff:ff:ff:ff", MAC(0), PROTO_UDP, 1, 2, 3, 4);
		send(0, lengths[k], NETTXF_data_validated);
		push(0);
		assert_int_equal(got_packets, k + 1);
		assert_int_equal(got_len, lengths[k]);
		assert_memory_equal(got, packet, lengths[k]);
		assert_int_equal(got_flags, NET_CSUM_VALID);
		assert_int_equal(responses(0, &n), 0);
		assert_int_equal(n, (lengths[k] + 3999) / 4000);
	}
}

static void a_batch_costs_two_hypercalls(void **state)
{
	unsigned int n;

	(void)state;
	make_packet(packet, 1514, "ff:ff:ff:ff:ff:ff", MAC(0), PROTO_UDP, 1, 2, 3, 4);
	for (int k = 0; k < 32; k++)
		send(0, 1514, 0);
	world_hypercalls = world_sends = 0;
	push(0);
	assert_int_equal(got_packets, 32);
	assert_int_equal(world_hypercalls, 2);		/* headers in, the rest to the sink */
	assert_true(world_sends <= 1);
	assert_int_equal(responses(0, &n), 0);
	assert_int_equal(n, 32);
}

static void wrong_packets_are_answered(void **state)
{
	unsigned int n, errors;
	grant_ref_t ref;

	(void)state;
	ref = lend(0, world_page(), true);
	request(0, ref, 0, 13, 0);			/* shorter than a header */
	request(0, ref, 4000, 200, 0);			/* beyond the page */
	request(0, 700, 0, 200, 0);			/* not granted */
	request(0, 0xffffffff, 0, 200, 0);
	request(0, ref, 0, 100, NETTXF_more_data);	/* the rest is larger than all */
	request(0, ref, 0, 101, 0);
	request(0, ref, 65535, 65535, 0);
	push(0);
	errors = responses(0, &n);
	assert_int_equal(n, 7);
	assert_int_equal(errors, 7);
	assert_int_equal(got_packets, 0);
	assert_false(guests[0].v->broken);
	/* more slots than a packet may have */
	for (int k = 0; k < 30; k++)
		request(0, ref, 0, k ? 10 : 300, k < 29 ? NETTXF_more_data : 0);
	push(0);
	assert_int_equal(responses(0, &n), 30);
	assert_int_equal(n, 30);
	brings_packets_of_every_size(state);		/* and it goes on working */
}

static void a_grant_that_goes_takes_its_packet_along(void **state)
{
	unsigned int n;

	(void)state;
	make_packet(packet, 9000, "ff:ff:ff:ff:ff:ff", MAC(0), PROTO_UDP, 1, 2, 3, 4);
	send(0, 9000, 0);
	grants[1][guests[0].next_ref - 1].page = NULL;	/* the last of its pages */
	push(0);
	assert_int_equal(got_packets, 0);
	assert_int_equal(sink.tx.dropped, 1);
	responses(0, &n);
	assert_int_equal(n, 3);
}

static void broken_rings(void **state)
{
	grant_ref_t ref = lend(0, world_page(), true);
	unsigned int n;

	(void)state;
	request(0, ref, 0, 300, NETTXF_more_data);	/* ends before it is whole */
	push(0);
	assert_true(guests[0].v->broken);
	guest_stop(0);
	guest_start(0, VIF_COPY);
	request(0, ref, 0, 300, NETTXF_extra_info);	/* the same, its extra slot */
	push(0);
	assert_true(guests[0].v->broken);
	guest_stop(0);
	guest_start(0, VIF_COPY);
	guests[0].tx.req_prod_pvt = 257;		/* more than the ring holds */
	push(0);
	assert_true(guests[0].v->broken);
	responses(0, &n);
	assert_int_equal(n, 0);
	guest_stop(0);
	guest_start(0, VIF_COPY);
	guests[0].rx.sring->req_prod = 0x80000000;
	make_packet(packet, 100, MAC(0), MAC(1), PROTO_UDP, 1, 2, 3, 4);
	guest_start(1, VIF_COPY);
	send(1, 100, 0);
	push(1);
	assert_true(guests[0].v->broken);
	assert_false(guests[1].v->broken);
}

static void extra(int i, uint8_t type, uint8_t flags, uint16_t size, uint8_t gso)
{
	struct netif_extra_info e = { .type = type, .flags = flags, .u.gso = { .size = size, .type = gso } };

	memcpy(request(i, 0, 0, 0, 0), &e, sizeof(e));
}

static void segmentation_offload(void **state)
{
	unsigned int n;
	uint8_t *page = world_page();
	grant_ref_t ref = lend(0, page, true);

	(void)state;
	make_packet(page, 3000, "ff:ff:ff:ff:ff:ff", MAC(0), PROTO_TCP, 1, 2, 3, 4);
	request(0, ref, 0, 3000, NETTXF_extra_info | NETTXF_csum_blank);
	extra(0, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV4);
	push(0);
	assert_int_equal(got_packets, 1);
	assert_int_equal(got_gso, NET_GSO_TCP4);
	responses(0, &n);
	assert_int_equal(n, 2);
	/* of an unknown kind, of size 0, an unknown extra: refused; of what is no TCP over IPv6: dropped */
	request(0, ref, 0, 3000, NETTXF_extra_info);
	extra(0, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, 9);
	request(0, ref, 0, 3000, NETTXF_extra_info);
	extra(0, XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 0, XEN_NETIF_GSO_TYPE_TCPV4);
	extra(0, 77, 0, 0, 0);
	request(0, ref, 0, 3000, NETTXF_extra_info);
	extra(0, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV6);
	push(0);
	assert_int_equal(responses(0, &n), 2);
	assert_int_equal(n, 7);
	assert_int_equal(got_packets, 1);
	assert_false(guests[0].v->broken);
}

static void multicast(int i, uint8_t type, uint8_t last)
{
	struct netif_extra_info e = { .type = type, .u.mcast.addr = { 1, 0, 0x5e, 0, 0, last } };

	request(i, 0, 0, 0, NETTXF_extra_info);
	memcpy(request(i, 0, 0, 0, 0), &e, sizeof(e));
}

static void post(int i, unsigned int n)
{
	struct guest *g = &guests[i];

	while (n--) {
		netif_rx_request_t *q = RING_GET_REQUEST(&g->rx, g->rx.req_prod_pvt);

		*q = (netif_rx_request_t){ (uint16_t)(g->rx.req_prod_pvt % RING_SLOTS), 0, lend(i, world_page(), false) };
		g->rx.req_prod_pvt++;
	}
	RING_PUSH_REQUESTS(&g->rx);
	net_port_schedule(&g->v->port);
	rounds();
}

static void only_the_multicasts_asked_for(void **state)
{
	unsigned int n;

	(void)state;
	guest_start(1, VIF_COPY);
	guests[1].v->mcast_control = true;
	post(1, 16);
	multicast(1, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 5);
	push(1);
	assert_int_equal(responses(1, &n), 0);
	for (int k = 0; k < 2; k++) {
		make_packet(packet, 60, k ? "01:00:5e:00:00:06" : "01:00:5e:00:00:05", MAC(0), PROTO_UDP, 1, 2, 3, 4);
		send(0, 60, 0);
	}
	push(0);
	assert_int_equal(guests[1].rx.sring->rsp_prod, 1);
	multicast(1, XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 5);
	push(1);
	for (int k = 0; k < 70; k++)
		multicast(1, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, (uint8_t)k);
	push(1);
	assert_true(responses(1, &n) > 0);		/* a list has an end */
}

/* The frame that the next responses make up, in got; false if there is none or it has errors. */
static bool receive(int i)
{
	struct guest *g = &guests[i];
	netif_rx_response_t r;
	bool good = true;

	if (g->rx.rsp_cons == g->rx.sring->rsp_prod)
		return false;
	got_len = 0;
	do {
		RING_COPY_RESPONSE(&g->rx, g->rx.rsp_cons, &r);
		grant_ref_t ref = 16;

		g->rx.rsp_cons++;
		for (grant_ref_t k = 16, seen = 0; k < g->next_ref; k++)
			if (!grants[i + 1][k].readonly && grants[i + 1][k].page && seen++ == r.id)
				ref = k;
		if (r.status < 0) {
			good = false;
			continue;
		}
		memcpy(got + got_len, (uint8_t *)grants[i + 1][ref].page + r.offset, (size_t)r.status);
		got_len += (uint32_t)r.status;
	} while (r.flags & NETRXF_more_data);
	return good;
}

static void from_guest_to_guest(void **state)
{
	static const uint32_t lengths[] = { 60, 256, 300, 1514, 9000 };

	(void)state;
	guest_start(1, guests[0].v->mode);
	post(1, 200);
	for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
		make_packet(packet, lengths[k], MAC(1), MAC(0), PROTO_UDP, 1, 2, 3, 4);
		send(0, lengths[k], 0);
		world_copies = 0;
		push(0);
		assert_true(receive(1));
		assert_int_equal(got_len, lengths[k]);
		assert_memory_equal(got, packet, lengths[k]);
		/* a packet's body is copied once, from page to page */
		if (guests[0].v->mode == VIF_COPY && lengths[k] == 1514)
			assert_int_equal(world_copies, 1 + 2 + 1);	/* header in; header, body; header to the sink ... */
	}
}

static void waits_for_buffers_and_keeps_the_order(void **state)
{
	(void)state;
	guest_start(1, guests[0].v->mode);
	for (uint8_t k = 0; k < 20; k++) {
		make_packet(packet, 1000, MAC(1), MAC(0), PROTO_UDP, 1, 2, 3, 4);
		packet[60] = k;
		send(0, 1000, 0);
		if (k == 9) {
			push(0);
			/* the sender's pages are its own again while the receiver waits */
			for (grant_ref_t ref = 16; ref < guests[0].next_ref; ref++)
				memset(grants[1][ref].page, 0xee, PAGE_SIZE);
		}
	}
	push(0);
	assert_int_equal(guests[1].rx.sring->rsp_prod, 0);
	post(1, 7);
	post(1, 50);
	for (uint8_t k = 0; k < 20; k++) {
		assert_true(receive(1));
		assert_int_equal(got[60], k);
	}
	assert_false(receive(1));
}

static void the_backlog_has_an_end(void **state)
{
	(void)state;
	guest_start(1, VIF_COPY);
	make_packet(packet, 1000, MAC(1), MAC(0), PROTO_UDP, 1, 2, 3, 4);
	for (int k = 0; k < 100; k++) {
		for (int m = 0; m < 5; m++)
			send(0, 1000, 0);
		guests[0].next_ref = 16;
		push(0);
	}
	assert_true(guests[1].v->backlog.count <= VIF_BACKLOG_PACKETS);
	assert_true(guests[1].v->port.tx.dropped >= 200);
	assert_int_equal(guests[0].v->port.rx.packets, 500);	/* the sender was not held up */
}

static void bad_buffers(void **state)
{
	(void)state;
	guest_start(1, guests[0].v->mode);
	post(1, 6);
	grants[2][16].readonly = true;
	grants[2][18].page = NULL;
	make_packet(packet, 5000, MAC(1), MAC(0), PROTO_UDP, 1, 2, 3, 4);
	for (int k = 0; k < 3; k++)
		send(0, 5000, 0);
	push(0);
	for (unsigned int k = 0; k < 6; k++)
		assert_int_equal(RING_GET_RESPONSE(&guests[1].rx, k)->status,
				 k == 0 || k == 2 ? NETIF_RSP_ERROR : k & 1 ? 904 : 4096);
	assert_false(guests[1].v->broken);
}

static void connecting_to_nonsense(void **state)
{
	struct vif_rings rings = { 500, RX_RING, 3 };
	const char *why;

	(void)state;
	vif_disconnect(guests[0].v);
	assert_int_equal(vif_connect(guests[0].v, &rings, &why), -EINVAL);
	rings = (struct vif_rings){ TX_RING, 500, 3 };
	assert_int_equal(vif_connect(guests[0].v, &rings, &why), -EINVAL);
	rings = (struct vif_rings){ TX_RING, RX_RING, 9999 };
	assert_true(vif_connect(guests[0].v, &rings, &why) < 0);
	assert_int_equal(world_mapped(), 0);
	/* a page whose history makes no sense is taken where it claims to stand */
	guests[0].tx.sring->rsp_prod = 0xfffffff0;
	guests[0].tx.sring->req_prod = 5;
	rings = (struct vif_rings){ TX_RING, RX_RING, 3 };
	assert_int_equal(vif_connect(guests[0].v, &rings, &why), 0);
	rounds();
}

static void leaving_with_packets_on_the_way(void **state)
{
	(void)state;
	guest_start(1, VIF_COPY);
	make_packet(packet, 9000, MAC(1), MAC(0), PROTO_UDP, 1, 2, 3, 4);
	for (int k = 0; k < 10; k++)
		send(0, 9000, 0);
	push(0);
	guest_stop(0);			/* the sender goes, its packets wait at the receiver */
	assert_true(guests[1].v->backlog.count > 0);
	post(1, 9);
	assert_true(receive(1));
	assert_int_equal(got_len, 9000);
	guest_stop(1);
}

/* A guest on another processor sends events without end: they cost an upcall a round. */
static void events_without_end(void **state)
{
	unsigned int before;

	(void)state;
	rounds();
	before = world_upcalls;
	for (unsigned int i = 1; i <= 20; i++) {
		for (unsigned int n = 0; n < 1000; n++)
			world_event();
		assert_int_equal(world_upcalls - before, i);
		net_switch_round();
	}
	rounds();
	before = world_upcalls;
	world_event();			/* and none is lost */
	assert_int_equal(world_upcalls, before + 1);
}

/* A guest on another processor may move its index between two looks of one batch: forth, and back. */
static void impossible_indices(void **state)
{
	(void)state;
	for (uint32_t base = 0; base < 3; base++) {
		RING_IDX answered = base - 1, taken = answered + 6;

		assert_int_equal(vif_unread(taken, taken, answered), 0);
		assert_int_equal(vif_unread(taken + RING_SLOTS - 6, taken, answered), RING_SLOTS - 6);
		assert_true(vif_unread(taken + RING_SLOTS - 5, taken, answered) > RING_SLOTS);
		assert_true(vif_unread(taken - 1, taken, answered) > RING_SLOTS);
		assert_true(vif_unread(answered, taken, answered) > RING_SLOTS);
		assert_true(vif_unread(taken + 0x80000000u, taken, answered) > RING_SLOTS);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define M(f) { #f " by mapping", f, setup_map, teardown, NULL }
TESTS(back, T(brings_packets_of_every_size), T(a_batch_costs_two_hypercalls), T(wrong_packets_are_answered),
	T(a_grant_that_goes_takes_its_packet_along), T(broken_rings), T(segmentation_offload),
	T(only_the_multicasts_asked_for), T(from_guest_to_guest), T(waits_for_buffers_and_keeps_the_order),
	T(the_backlog_has_an_end), T(bad_buffers), T(connecting_to_nonsense), T(leaving_with_packets_on_the_way),
	T(impossible_indices), T(events_without_end),
	M(from_guest_to_guest), M(waits_for_buffers_and_keeps_the_order), M(bad_buffers));
