/* SPDX-License-Identifier: MIT */
/* Headers, rules in words and their effect, checksums and segments. */
#include "world.h"
#include <stdio.h>
#include "net/offload.h"
#include "net/packet.h"
#include "net/parse.h"
#include "net/rules.h"

#define A "00:16:3e:00:00:01"
#define B "00:16:3e:00:00:02"

static uint8_t bytes[2048];

static struct net_headers parsed(uint32_t len)
{
	struct net_headers h;

	net_parse(bytes, len < NET_HEADER ? len : NET_HEADER, len, &h);
	return h;
}

static void finds_headers(void **state)
{
	struct net_headers h;

	(void)state;
	make_packet(bytes, 100, A, B, PROTO_TCP, 0x0a000001, 0x0a000002, 1000, 80);
	h = parsed(100);
	assert_false(h.malformed);
	assert_int_equal(h.l3, 14);
	assert_int_equal(h.l4, 34);
	assert_int_equal(h.payload, 54);
	assert_int_equal(h.end, 100);
	assert_int_equal(h.target_port, 80);
	assert_int_equal(h.csum_offset, 16);
	memmove(bytes + 18, bytes + 14, 86);	/* the same behind a VLAN tag */
	net_put16(bytes + 12, 0x8100);
	net_put16(bytes + 16, 0x0800);
	h = parsed(104);
	assert_false(h.malformed);
	assert_int_equal(h.l4, 38);
}

/* Every truncation and every single wrong byte of the headers: nothing is read that is not there. */
static void survives_what_is_wrong(void **state)
{
	struct net_headers h;
	uint8_t *exact;

	(void)state;
	for (uint32_t len = 0; len <= 60; len++) {
		exact = test_malloc(len ? len : 1);
		make_packet(bytes, 60, A, B, PROTO_TCP, 1, 2, 3, 4);
		memcpy(exact, bytes, len);
		net_parse(exact, len, len, &h);
		assert_true(len == 60 ? !h.malformed : h.malformed);
		test_free(exact);
	}
	for (uint32_t at = 12; at < 54; at++)
		for (int v = 0; v < 256; v++) {
			exact = test_malloc(60);
			make_packet(exact, 60, A, B, PROTO_TCP, 1, 2, 3, 4);
			exact[at] = (uint8_t)v;
			net_parse(exact, 60, 60, &h);
			assert_true(h.l4 <= 60 && h.payload <= 60);
			test_free(exact);
		}
}

static void a_second_piece_has_no_ports(void **state)
{
	struct net_headers h;

	(void)state;
	make_packet(bytes, 100, A, B, PROTO_TCP, 1, 2, 3, 4);
	net_put16(bytes + 20, 100);
	h = parsed(100);
	assert_true(h.fragment && !h.malformed && !h.csum_offset);
	net_put16(bytes + 20, 1);		/* over the first piece's TCP header */
	assert_true(parsed(100).malformed);
}

static int rule(struct net_rule *r, const char *words)
{
	char copy[256], *argv[32], *save, *w;
	const char *bad;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	for (w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return net_rule_parse(r, argc, argv, &bad);
}

static void rules_read_as_they_are_written(void **state)
{
	static const char *const good[] = {
		"allow", "deny from tcp dst 10.0.0.0/8 dport 80-90", "deny to src fe80:0:0:0:0:0:0:1",
		"deny from spoofed-mac", "deny from spoofed-ip", "allow udp sport 53", "deny arp",
	}, *const bad[] = {
		"", "permit", "deny from to nonsense", "deny src", "deny src 10.0.0", "deny src 10.0.0.1/33", "deny dport 0",
		"deny dport 9-8", "deny dport 65536", "deny src 1::2::3", "deny src 1:2:3:4:5:6:7:8:9", "deny tcp dport",
		"deny src 10.0.0.1x", "deny src :::", "deny src 12345::",
	};
	char text[RULE_TEXT];
	struct net_rule r;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(rule(&r, good[i]), 0);
		net_rule_text(&r, text, sizeof(text));
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(rule(&r, bad[i]), 0);
}

static bool passes(struct net_rules *rules, uint8_t direction, uint32_t len)
{
	static const uint8_t own[6] = { 0, 0x16, 0x3e, 0, 0, 2 };
	struct net_headers h = parsed(len);

	return net_rules_allow(rules, direction, &h, own, bytes + 6);
}

static void the_first_match_decides(void **state)
{
	struct net_rules rules = { .count = 3 };

	(void)state;
	rule(&rules.rule[0], "allow from tcp dst 10.0.0.2 dport 80");
	rule(&rules.rule[1], "deny from tcp");
	rule(&rules.rule[2], "deny to udp sport 53");
	make_packet(bytes, 80, A, B, PROTO_TCP, 0x0a000001, 0x0a000002, 1000, 80);
	assert_true(passes(&rules, RULE_FROM, 80));
	make_packet(bytes, 80, A, B, PROTO_TCP, 0x0a000001, 0x0a000002, 1000, 81);
	assert_false(passes(&rules, RULE_FROM, 80));
	assert_true(passes(&rules, RULE_TO, 80));
	make_packet(bytes, 80, A, B, PROTO_UDP, 0x0a000001, 0x0a000002, 53, 80);
	assert_false(passes(&rules, RULE_TO, 80));
	assert_true(passes(&rules, RULE_FROM, 80));
	assert_int_equal(rules.rule[0].hits, 1);
	assert_int_equal(rules.rule[1].hits, 1);
	/* what cannot be read passes no allow, and stops at the first deny of its direction */
	bytes[14] = 0x41;
	assert_false(passes(&rules, RULE_FROM, 80));
}

static void spoofed_addresses(void **state)
{
	struct net_rules rules = { .count = 2, .nr_ips = 1 };

	(void)state;
	rule(&rules.rule[0], "deny from spoofed-mac");
	rule(&rules.rule[1], "deny from spoofed-ip");
	net_address_parse(&rules.ip[0], "10.0.0.5");
	make_packet(bytes, 80, A, B, PROTO_UDP, 0x0a000005, 2, 3, 4);
	assert_true(passes(&rules, RULE_FROM, 80));
	make_packet(bytes, 80, A, B, PROTO_UDP, 0x0a000006, 2, 3, 4);
	assert_false(passes(&rules, RULE_FROM, 80));
	make_packet(bytes, 80, B, A, PROTO_UDP, 0x0a000005, 2, 3, 4);
	assert_false(passes(&rules, RULE_FROM, 80));
	make_packet(bytes, 80, A, B, PROTO_UDP, 0, 2, 68, 67);	/* DHCP, before there is an address */
	assert_true(passes(&rules, RULE_FROM, 80));
	/* an ARP answer that claims another's address */
	make_packet(bytes, 42, A, B, 0, 0, 0, 0, 0);
	net_put16(bytes + 12, 0x0806);
	memcpy(bytes + 14, "\0\1\10\0\6\4\0\2", 8);
	net_put32(bytes + 28, 0x0a000005);
	assert_true(passes(&rules, RULE_FROM, 42));
	net_put32(bytes + 28, 0x0a000006);
	assert_false(passes(&rules, RULE_FROM, 42));
}

/* --- Offload ---------------------------------------------------------------------------------- */

static uint16_t sum_of(const uint8_t *p, uint32_t len, uint8_t protocol)
{
	uint32_t sum = protocol + len - 34, i;

	for (i = 26; i < len; i += 2)
		sum += i + 1 < len ? net_get16(p + i) : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* A packet of several fragments, from `pages`, blank. */
static struct net_packet *lay(uint8_t *all, uint32_t len, uint32_t first)
{
	struct net_packet *p = net_packet_alloc();
	struct net_headers h;

	net_parse(all, first, len, &h);
	p->len = len;
	p->l3 = h.l3;
	p->l4 = h.l4;
	p->payload = h.payload;
	p->l4_protocol = h.protocol;
	p->csum_offset = h.csum_offset;
	p->flags = NET_CSUM_BLANK;
	p->nr_frags = 0;
	for (uint32_t at = 0; at < len; ) {
		uint32_t n = at ? 1447 : first;

		n = len - at < n ? len - at : n;
		p->frag[p->nr_frags++] = (struct net_frag){ .va = all + at, .maddr = (uintptr_t)(all + at), .len = n };
		at += n;
	}
	return p;
}

static uint8_t big[16384];

static void completes_checksums(void **state)
{
	static const uint32_t lengths[] = { 60, 61, 300, 1514, 1515, 9001 };
	struct net_queue q;

	(void)state;
	for (int udp = 0; udp < 2; udp++)
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			uint32_t len = lengths[i], at = 0;
			uint8_t protocol = udp ? PROTO_UDP : PROTO_TCP, flat[9100];
			struct net_packet *p;

			make_packet(big, len, A, B, protocol, 0x0a000001, 0x0a000002, 1, 2);
			net_queue_init(&q);
			net_queue_push(&q, lay(big, len, len < 193 ? len : 193));
			assert_int_equal(net_offload(&q, NET_PORT_SG), 0);
			p = net_queue_pop(&q);
			assert_true(p->flags == NET_CSUM_VALID);
			for (unsigned int f = 0; f < p->nr_frags; f++) {
				memcpy(flat + at, p->frag[f].va, p->frag[f].len);
				at += p->frag[f].len;
			}
			assert_int_equal(at, len);
			assert_int_equal(sum_of(flat, len, protocol), 0xffff);
			p->flags = 0;
			assert_true(net_csum_right(p));
			((uint8_t *)p->frag[0].va)[56] ^= 1;
			assert_false(net_csum_right(p));
			net_packet_put(p);
			net_packet_reap();
		}
}

static void cuts_segments(void **state)
{
	uint32_t len = 54 + 10000, seen = 0;
	struct net_packet *p;
	struct net_queue q;

	(void)state;
	make_packet(big, len, A, B, PROTO_TCP, 0x0a000001, 0x0a000002, 1, 2);
	net_put32(big + 38, 5000);
	big[47] = 0x19;			/* FIN, PSH, ACK */
	net_queue_init(&q);
	p = lay(big, len, 193);
	p->gso = NET_GSO_TCP4;
	p->gso_size = 1448;
	net_queue_push(&q, p);
	assert_int_equal(net_offload(&q, NET_PORT_SG), 0);
	assert_int_equal(q.count, 7);
	while ((p = net_queue_pop(&q))) {
		uint8_t *s = p->frag[0].va;
		uint32_t n = p->len - 54;

		assert_int_equal(p->nr_frags, 1);
		assert_int_equal(net_get16(s + 16), p->len - 14);
		assert_int_equal(net_get32(s + 38), 5000 + seen);
		assert_int_equal(s[47], seen + n == 10000 ? 0x19 : 0x10);
		assert_memory_equal(s + 54, big + 54 + seen, n);
		assert_int_equal(sum_of(s, p->len, PROTO_TCP), 0xffff);
		seen += n;
		net_packet_put(p);
	}
	assert_int_equal(seen, 10000);
	net_packet_reap();
}

TESTS(parse,
	cmocka_unit_test(finds_headers),
	cmocka_unit_test(survives_what_is_wrong),
	cmocka_unit_test(a_second_piece_has_no_ports),
	cmocka_unit_test(rules_read_as_they_are_written),
	cmocka_unit_test(the_first_match_decides),
	cmocka_unit_test(spoofed_addresses),
	cmocka_unit_test(completes_checksums),
	cmocka_unit_test(cuts_segments));
