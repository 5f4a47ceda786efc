/* SPDX-License-Identifier: MIT */
/*
 * Matching, the firewall's hot half. Pure but for the hit counters; rules change between two rounds of the
 * switch only.
 */
#include "net/rules.h"
#include "net/rules_kinds.h"
#include <string.h>

static bool same_net(const struct net_address *a, uint8_t family, const uint8_t *bytes)
{
	unsigned int whole = a->prefix / 8, rest = a->prefix % 8;

	if (a->family != family || memcmp(a->bytes, bytes, whole))
		return false;
	return !rest || !((a->bytes[whole] ^ bytes[whole]) & (0xff00 >> rest));
}

static bool address_matches(const struct net_address *a, const struct net_headers *h, const uint8_t *bytes)
{
	return !a->family || (h->family && same_net(a, h->family, bytes));
}

static bool port_matches(const uint16_t range[2], const struct net_headers *h, uint16_t port)
{
	return !range[1] || (h->csum_offset && port >= range[0] && port <= range[1]);
}

static bool kind_matches(const struct rule_kind *k, const struct net_headers *h)
{
	return (!k->ether_type || k->ether_type == h->ether_type) && (!k->protocol || k->protocol == h->protocol);
}

/* Discovery of addresses, before a host has one, comes from none. */
static bool is_unspecified(const struct net_headers *h)
{
	static const uint8_t zero[16];

	return !memcmp(h->source, zero, h->family == 4 ? 4 : 16);
}

static bool ip_is_own(const struct net_rules *rules, const struct net_headers *h)
{
	if (!h->family || is_unspecified(h))
		return true;
	for (unsigned int i = 0; i < rules->nr_ips; i++)
		if (same_net(&rules->ip[i], h->family, h->source))
			return true;
	return false;
}

static bool matches(const struct net_rules *rules, const struct net_rule *r, const struct net_headers *h,
		    const uint8_t mac[6], const uint8_t source[6])
{
	return kind_matches(&rule_kinds[r->kind], h) && address_matches(&r->source, h, h->source) &&
	       address_matches(&r->target, h, h->target) && port_matches(r->source_port, h, h->source_port) &&
	       port_matches(r->target_port, h, h->target_port) &&
	       (!r->spoofed_mac || memcmp(mac, source, 6)) && (!r->spoofed_ip || !ip_is_own(rules, h));
}

bool net_rules_allow(struct net_rules *rules, uint8_t direction, const struct net_headers *h, const uint8_t mac[6],
		     const uint8_t source[6])
{
	for (unsigned int i = 0; i < rules->count; i++) {
		struct net_rule *r = &rules->rule[i];

		if (!(r->direction & direction) ||
		    !(h->malformed ? !r->allow : matches(rules, r, h, mac, source)))
			continue;
		r->hits++;
		return r->allow;
	}
	return true;
}
