/* SPDX-License-Identifier: MIT */
/*
 * What the switch reads of a packet: headers, rules, checksums, segments. The input is a firewall rule in words, a
 * zero byte, three bytes of what the sender says of the packet and the receiver can do, and the packet's bytes.
 *
 * A rule that is accepted reads back as itself. Headers lie within the packet; one that contradicts itself
 * passes no deny. A port gets nothing that it cannot take, and all packets are given back.
 */
#include "world.h"
#include <stdlib.h>
#include "net/offload.h"
#include "net/packet.h"
#include "net/parse.h"
#include "net/rules.h"
#include "net/switch.h"

static unsigned int out;	/* packets that were not released yet */

static void release(struct net_packet *p)
{
	out--;
	net_packet_free(p);
}

static int parse_rule(struct net_rule *r, const char *text)
{
	char line[256], *words[64], *save = NULL;
	const char *bad = NULL;
	int n = 0;

	strncpy(line, text, sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	for (char *w = strtok_r(line, " ", &save); w && n < 64; w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	return net_rule_parse(r, n, words, &bad);
}

/* A rule, written out and read again, is the same. */
static bool a_rule(struct net_rule *r, const char *text)
{
	char one[RULE_TEXT], two[RULE_TEXT];
	struct net_rule again;

	if (parse_rule(r, text))
		return false;
	net_rule_text(r, one, sizeof(one));
	if (parse_rule(&again, one))
		abort();
	net_rule_text(&again, two, sizeof(two));
	if (strcmp(one, two))
		abort();
	return true;
}

static void check_headers(const struct net_headers *h, const uint8_t *p, uint32_t have, uint32_t all)
{
	uint32_t n = h->family == 6 ? 16 : 4;

	if (h->l3 > have || h->l4 > have || h->payload > have || h->end > all || (h->payload && h->payload < h->l4))
		abort();
	if (h->family && (h->source < p || h->source + n > p + have || h->target < p || h->target + n > p + have))
		abort();
	if (h->csum_offset && h->l4 + h->csum_offset + 2u > have)
		abort();
}

static void filter(const char *text, const struct net_headers *h, const uint8_t *p)
{
	static const uint8_t own[6] = { 0, 0x16, 0x3e, 0, 0, 1 };
	struct net_rules rules = { .count = 2, .nr_ips = 1, .ip = { { 4, 24, { 10, 0, 0, 5 } } } };

	if (!a_rule(&rules.rule[0], text) || parse_rule(&rules.rule[1], "deny"))
		return;
	for (uint8_t direction = RULE_FROM; direction <= RULE_TO; direction <<= 1) {
		bool passes = net_rules_allow(&rules, direction, h, own, p + 6);

		if (passes && (h->malformed || !rules.rule[0].allow || !(rules.rule[0].direction & direction)))
			abort();
	}
}

/* --- Through the switch: from a port that claims what the input says to one that can do as little as it says --- */

static uint8_t *bytes;
static const uint8_t *how;
static uint32_t len;

/* The packet in pieces of up to a page, its header in the first. */
static bool give(struct net_port *port, unsigned int budget)
{
	struct net_packet *p = net_packet_alloc();

	(void)budget;
	out++;
	p->len = len;
	p->flags = how[0] & 3;
	p->gso = how[0] >> 2 & 3 ? (how[0] >> 2 & 3) - 1 : NET_GSO_NONE;
	p->gso_size = how[1] | (how[2] & 31) << 8;
	p->release = release;
	for (uint32_t at = 0; at < len; ) {
		uint32_t room = at ? PAGE_SIZE : NET_HEADER + how[2], n = len - at < room ? len - at : room;

		p->frag[p->nr_frags++] = (struct net_frag){ .va = bytes + at, .maddr = (uintptr_t)(bytes + at), .len = n };
		at += n;
	}
	net_receive(port, p);
	return false;
}

static void take(struct net_port *port, struct net_queue *batch)
{
	struct net_packet *p;

	while ((p = net_queue_pop(batch))) {
		uint32_t sum = 0;

		for (unsigned int i = 0; i < p->nr_frags; i++)
			sum += p->frag[i].len;
		if (!p->len || sum != p->len || p->len > len || p->nr_frags > NET_FRAGS_MAX ||
		    (p->flags & NET_CSUM_BLANK && !(port->flags & NET_PORT_CSUM)) ||
		    (p->gso && !(port->flags & (p->gso == NET_GSO_TCP4 ? NET_PORT_TSO4 : NET_PORT_TSO6))))
			abort();
		net_csum_right(p);
		net_packet_put(p);
	}
}

static bool nothing(struct net_port *port, unsigned int budget)
{
	(void)port, (void)budget;
	return false;
}

static void through_the_switch(void)
{
	static const struct net_port_ops giver = { .transmit = take, .poll = give },
					 taker = { .transmit = take, .poll = nothing };
	struct net_port from = { .name = "from", .ops = &giver, .flags = 0x1f }, to = { .name = "to", .ops = &taker };

	to.flags = how[0] >> 4;
	if (net_port_add(&from) || net_port_add(&to))
		abort();
	net_port_schedule(&from);
	net_switch_round();
	net_switch_round();
	net_port_remove(&from);
	net_port_remove(&to);
	if (out)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = memchr(data, 0, size);
	struct net_headers h;
	uint32_t have;

	if (!zero || data + size - zero < 4 + 14)
		return 0;
	how = zero + 1;
	len = (uint32_t)(data + size - how) - 3;
	bytes = malloc(len);
	memcpy(bytes, how + 3, len);
	have = len < NET_HEADER ? len : NET_HEADER;
	net_parse(bytes, have, len, &h);
	check_headers(&h, bytes, have, len);
	filter((const char *)data, &h, bytes);
	through_the_switch();
	free(bytes);
	return 0;
}
