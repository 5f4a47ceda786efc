/* SPDX-License-Identifier: MIT */
/*
 * Ethernet, IP and transport headers. Each step looks only at bytes it has checked to be there; what does not add
 * up leaves `malformed` set and the offsets of what is behind it 0, and whoever decides by headers
 * lets such a packet fail.
 */
#include "net/parse.h"
#include <stddef.h>
#include <string.h>

struct view {
	const uint8_t *p;
	uint32_t have, len;
};

/* n bytes from offset at on, or NULL and malformed. */
static const uint8_t *need(const struct view *v, uint32_t at, uint32_t n, struct net_headers *h)
{
	if (at <= v->have && n <= v->have - at)
		return v->p + at;
	h->malformed = true;
	return NULL;
}

static void transport(const struct view *v, uint32_t at, struct net_headers *h)
{
	uint32_t size = h->protocol == PROTO_TCP ? 20 : 8;
	const uint8_t *p;

	if (h->fragment || (h->protocol != PROTO_TCP && h->protocol != PROTO_UDP &&
			    h->protocol != PROTO_ICMP && h->protocol != PROTO_ICMP6))
		return;
	p = need(v, at, size, h);
	if (!p)
		return;
	if (h->protocol == PROTO_TCP) {
		size = (p[12] >> 4) * 4;
		if (size < 20 || !need(v, at, size, h)) {
			h->malformed = true;
			return;
		}
		h->csum_offset = 16;
	} else if (h->protocol == PROTO_UDP) {
		h->csum_offset = 6;
	}
	if (h->csum_offset) {
		h->source_port = net_get16(p);
		h->target_port = net_get16(p + 2);
	}
	h->l4 = at;
	h->payload = at + size;
}

static void ip4(const struct view *v, uint32_t at, struct net_headers *h)
{
	const uint8_t *p = need(v, at, 20, h);
	uint32_t size, total, offset;

	if (!p)
		return;
	size = (p[0] & 15) * 4;
	total = net_get16(p + 2);
	offset = net_get16(p + 6) & 0x1fff;
	if (p[0] >> 4 != 4 || size < 20 || total < size || total > v->len - at || !need(v, at, size, h)) {
		h->malformed = true;
		return;
	}
	h->end = at + total;
	h->family = 4;
	h->source = p + 12;
	h->target = p + 16;
	h->protocol = p[9];
	h->fragment = offset != 0;
	/* A second piece this early would overwrite the ports that the first one was judged by. */
	if (offset && offset * 8 < 24)
		h->malformed = true;
	transport(v, at + size, h);
}

/* The headers that may stand between an IPv6 header and the transport's. */
static void ip6_extensions(const struct view *v, uint32_t at, uint8_t next, struct net_headers *h)
{
	const uint8_t *p;

	while (next == 0 || next == 43 || next == 44 || next == 60) {
		p = need(v, at, 8, h);
		if (!p)
			return;
		if (next == 44) {
			h->fragment = net_get16(p + 2) & 0xfff8;
			at += 8;
		} else {
			at += (p[1] + 1u) * 8;
		}
		next = p[0];
		if (h->fragment)
			break;
	}
	h->protocol = next;
	transport(v, at, h);
}

static void ip6(const struct view *v, uint32_t at, struct net_headers *h)
{
	const uint8_t *p = need(v, at, 40, h);

	if (!p)
		return;
	if (p[0] >> 4 != 6 || net_get16(p + 4) > v->len - at - 40) {
		h->malformed = true;
		return;
	}
	h->end = at + 40 + net_get16(p + 4);
	h->family = 6;
	h->source = p + 8;
	h->target = p + 24;
	ip6_extensions(v, at + 40, p[6], h);
}

static void arp(const struct view *v, uint32_t at, struct net_headers *h)
{
	static const uint8_t ether_ip4[6] = { 0, 1, 8, 0, 6, 4 };
	const uint8_t *p = need(v, at, 28, h);

	if (!p)
		return;
	if (memcmp(p, ether_ip4, sizeof(ether_ip4))) {
		h->malformed = true;
		return;
	}
	h->family = 4;
	h->source = p + 14;
	h->target = p + 24;
}

void net_parse(const uint8_t *p, uint32_t have, uint32_t len, struct net_headers *h)
{
	struct view v = { p, have < len ? have : len, len };
	uint32_t at = ETHER_HEADER;

	*h = (struct net_headers){ .ether_type = 0 };
	if (!need(&v, 0, ETHER_HEADER, h))
		return;
	h->ether_type = net_get16(p + 12);
	if (h->ether_type == ETHER_VLAN) {
		if (!need(&v, at, 4, h))
			return;
		h->ether_type = net_get16(p + at + 2);
		at += 4;
	}
	h->l3 = at;
	if (h->ether_type == ETHER_IP4)
		ip4(&v, at, h);
	else if (h->ether_type == ETHER_IP6)
		ip6(&v, at, h);
	else if (h->ether_type == ETHER_ARP)
		arp(&v, at, h);
}
