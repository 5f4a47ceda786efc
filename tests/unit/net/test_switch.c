/* SPDX-License-Identifier: MIT */
/* The switch between ports that the tests play: where packets go, who may claim what, whose turn it is. */
#include "world.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "net/packet.h"
#include "net/parse.h"
#include "net/switch.h"

#define NR 3
#define MAC(i) (const char *[]){ "00:16:3e:00:00:01", "00:16:3e:00:00:02", "00:16:3e:00:00:03" }[i]

static struct side {
	struct net_port port;
	unsigned int to_send, received, polls;
	uint32_t len;
	uint8_t packet[1100], last[256];
	uint8_t flags, gso;
	uint16_t gso_size;
} sides[NR];

static void release(struct net_packet *p)
{
	free(p->owner);
	net_packet_free(p);
}

static bool poll(struct net_port *port, unsigned int budget)
{
	struct side *s = port->device;

	s->polls++;
	for (; s->to_send && budget; budget--, s->to_send--) {
		struct net_packet *p = net_packet_alloc();

		p->owner = malloc(s->len);
		memcpy(p->owner, s->packet, s->len);
		p->frag[0] = (struct net_frag){ .va = p->owner, .maddr = (uintptr_t)p->owner, .len = s->len };
		p->nr_frags = 1;
		p->len = s->len;
		p->flags = s->flags;
		p->gso = s->gso;
		p->gso_size = s->gso ? s->gso_size : 0;
		p->release = release;
		net_receive(port, p);
	}
	return s->to_send;
}

static void transmit(struct net_port *port, struct net_queue *batch)
{
	struct side *s = port->device;
	struct net_packet *p;

	while ((p = net_queue_pop(batch))) {
		s->received++;
		memcpy(s->last, p->frag[0].va, p->frag[0].len < 256 ? p->frag[0].len : 256);
		net_packet_put(p);
	}
}

static const struct net_port_ops ops = { .transmit = transmit, .poll = poll };

static int setup(void **state)
{
	(void)state;
	memset(sides, 0, sizeof(sides));
	for (int i = 0; i < NR; i++) {
		struct net_port *p = &sides[i].port;

		snprintf(p->name, sizeof(p->name), "port%d", i);
		p->ops = &ops;
		p->device = &sides[i];
		p->flags = NET_PORT_CSUM | NET_PORT_TSO4 | NET_PORT_TSO6 | NET_PORT_SG;
		assert_int_equal(net_port_add(p), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < NR; i++)
		net_port_remove(&sides[i].port);
	world_reset();
	return 0;
}

static void rounds(void)
{
	for (int i = 0; i < 100 && net_switch_round(); i++)
		;
}

static void send(int from, const char *to, const char *mac, unsigned int n)
{
	struct side *s = &sides[from];

	s->len = 100;
	make_packet(s->packet, s->len, to, mac, PROTO_UDP, 0x0a000001 + (uint32_t)from, 0x0a000009, 5, 6);
	s->to_send = n;
	net_port_schedule(&s->port);
}

static void learns_where_hosts_are(void **state)
{
	(void)state;
	send(0, MAC(1), MAC(0), 1);
	rounds();
	assert_int_equal(sides[1].received, 1);		/* not known yet: to all others */
	assert_int_equal(sides[2].received, 1);
	assert_int_equal(sides[0].received, 0);
	send(1, MAC(0), MAC(1), 1);
	rounds();
	assert_int_equal(sides[0].received, 1);		/* known: to it alone */
	assert_int_equal(sides[2].received, 1);
	send(2, MAC(0), MAC(1), 1);			/* the host moved */
	rounds();
	send(0, MAC(1), MAC(0), 1);
	rounds();
	assert_int_equal(sides[2].received, 2);
	assert_int_equal(sides[1].received, 1);
	send(0, MAC(0), MAC(0), 1);			/* to itself: nowhere */
	rounds();
	assert_int_equal(sides[0].port.rx.packets, 3);
}

static void broadcasts_go_everywhere_on_the_bridge(void **state)
{
	(void)state;
	net_port_remove(&sides[2].port);
	strcpy(sides[2].port.bridge, "other");
	assert_int_equal(net_port_add(&sides[2].port), 0);
	send(0, "ff:ff:ff:ff:ff:ff", MAC(0), 1);
	rounds();
	assert_int_equal(sides[1].received, 1);
	assert_int_equal(sides[2].received, 0);
	send(2, MAC(0), MAC(2), 1);
	rounds();
	assert_int_equal(sides[0].received, 0);
	assert_int_equal(net_port_add(&sides[2].port), -EEXIST);
}

static void nobody_claims_a_pinned_address(void **state)
{
	(void)state;
	net_port_remove(&sides[1].port);
	sides[1].port.flags |= NET_PORT_PINNED;
	memcpy(sides[1].port.mac, "\x00\x16\x3e\x00\x00\x02", 6);
	assert_int_equal(net_port_add(&sides[1].port), 0);
	send(2, MAC(0), MAC(1), 5);			/* port 2 says it is port 1's host */
	rounds();
	sides[1].received = 0;
	send(0, MAC(1), MAC(0), 1);
	rounds();
	assert_int_equal(sides[1].received, 1);
	assert_int_equal(sides[2].received, 0);
}

static void inventing_addresses_pushes_out_only_ones_own(void **state)
{
	char mac[20];

	(void)state;
	send(1, MAC(0), MAC(1), 1);
	rounds();
	for (unsigned int i = 0; i < 3000; i++) {
		snprintf(mac, sizeof(mac), "02:00:00:00:%02x:%02x", i / 256, i % 256);
		send(2, MAC(0), mac, 1);
		rounds();
	}
	assert_true(sides[2].port.nr_learned <= 128);
	sides[1].received = sides[2].received = 0;
	send(0, MAC(1), MAC(0), 1);
	rounds();
	assert_int_equal(sides[1].received, 1);
	assert_int_equal(sides[2].received, 0);
}

static void false_claims_go_no_further(void **state)
{
	struct side *s = &sides[0];

	(void)state;
	s->len = 100;
	for (int i = 0; i < 6; i++) {
		make_packet(s->packet, 100, MAC(1), MAC(0), i == 0 ? 47 : i == 5 ? PROTO_UDP : PROTO_TCP, 1, 2, 3, 4);
		s->flags = i == 3 ? 0 : NET_CSUM_BLANK;
		s->gso_size = 100;
		s->gso = i == 3 ? NET_GSO_TCP4 : i == 4 ? NET_GSO_TCP6 : i == 5 ? NET_GSO_TCP4 : 0;
		if (i == 1)
			net_put16(s->packet + 20, 0x2010);	/* a fragment */
		if (i == 2)
			net_put16(s->packet + 16, 80);		/* something behind the packet */
		s->to_send = 1;
		net_port_schedule(&s->port);
		rounds();
	}
	assert_int_equal(s->port.rx.dropped, 6);
	assert_int_equal(sides[1].received, 0);
	s->flags = s->gso = 0;
	send(0, MAC(1), "01:00:00:00:00:01", 1);	/* a group as sender */
	rounds();
	assert_int_equal(s->port.rx.dropped, 7);
}

/* 1000 bytes of payload for a port without offload: so many pieces, or the packet goes no further. */
static void segments_are_bounded(void **state)
{
	static const struct { uint16_t size; unsigned int segments; } cases[] = { { 0, 0 }, { 1, 0 }, { 3, 0 }, { 4, 250 } };
	struct side *s = &sides[0];

	(void)state;
	s->len = 54 + 1000;
	make_packet(s->packet, s->len, MAC(1), MAC(0), PROTO_TCP, 1, 2, 3, 4);
	s->flags = NET_CSUM_BLANK;
	s->gso = NET_GSO_TCP4;
	sides[1].port.flags = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int before = sides[1].received;

		s->gso_size = cases[i].size;
		s->to_send = 1;
		net_port_schedule(&s->port);
		rounds();
		assert_int_equal(sides[1].received - before, cases[i].segments);
	}
	assert_int_equal(s->port.rx.dropped, 3);
}

static void all_get_their_turn(void **state)
{
	(void)state;
	send(0, MAC(2), MAC(0), 1000);
	send(1, MAC(2), MAC(1), 10);
	net_switch_round();
	assert_int_equal(sides[1].to_send, 0);
	assert_int_equal(sides[0].to_send, 1000 - 64);
	rounds();
	assert_int_equal(sides[0].to_send, 0);
}

static void a_rate_holds(void **state)
{
	(void)state;
	net_port_remove(&sides[0].port);
	sides[0].port.rate = (struct net_rate){ 1000, 1000000 };	/* 10 packets a ms */
	world_now_ns = 0;
	assert_int_equal(net_port_add(&sides[0].port), 0);
	send(0, MAC(1), MAC(0), 500);
	for (int ms = 1; ms <= 20; ms++) {
		rounds();
		assert_true(500 - sides[0].to_send <= (unsigned int)ms * 10);
		assert_true(500 - sides[0].to_send >= (unsigned int)ms * 10 - 10);
		world_now_ns += 1000000;
	}
	/* idleness is not saved up */
	world_now_ns += 1000000000;
	unsigned int before = sides[0].to_send;
	rounds();
	assert_true(before - sides[0].to_send <= 10);
	sides[0].to_send = 0;
}

static void rules_stand_in_the_way(void **state)
{
	static struct net_rules rules;
	struct net_rule deny = { .direction = RULE_TO };

	(void)state;
	rules.count = 0;
	sides[1].port.rules = &rules;
	assert_int_equal(net_rule_insert("port1", &deny, 0), 0);
	assert_int_equal(net_rule_insert("port2", &deny, 0), -ENODEV);
	assert_int_equal(net_rule_insert("nosuch", &deny, 0), -ENODEV);
	send(0, "ff:ff:ff:ff:ff:ff", MAC(0), 1);
	rounds();
	assert_int_equal(sides[1].received, 0);
	assert_int_equal(sides[1].port.tx.refused, 1);
	assert_int_equal(sides[2].received, 1);
	assert_int_equal(net_rule_delete("port1", 2), -ENOENT);
	assert_int_equal(net_rule_delete("port1", 1), 0);
	for (int i = 0; i < RULES_MAX; i++)
		assert_int_equal(net_rule_insert("port1", &deny, 1), 0);
	assert_int_equal(net_rule_insert("port1", &deny, 1), -ENOSPC);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TESTS(switch, T(learns_where_hosts_are), T(broadcasts_go_everywhere_on_the_bridge), T(nobody_claims_a_pinned_address),
	T(inventing_addresses_pushes_out_only_ones_own), T(false_claims_go_no_further), T(segments_are_bounded),
	T(all_get_their_turn),
	T(a_rate_holds), T(rules_stand_in_the_way));
