/* SPDX-License-Identifier: MIT */
/*
 * The firewall of a port: an ordered list of patterns with an action each. The first rule that matches decides; a
 * packet that none matches is allowed. A rule in words:
 *
 *	allow|deny [from|to] [arp|ip|ip6|icmp|icmp6|tcp|udp] [src ADDR[/N]] [dst ADDR[/N]]
 *	           [sport N[-M]] [dport N[-M]] [spoofed-mac] [spoofed-ip]
 *
 * from: what the guest sends; to: what it is sent; neither: both. spoofed-mac matches what does not carry the
 * port's own address as its source, spoofed-ip what carries a source address that the port was not given
 * (also inside ARP). All parts of a pattern must match. Pieces of an IP packet behind the first have no ports;
 * a packet whose headers contradict each other matches no allow, and every deny of its direction.
 */
#ifndef DOM0_TOOLS_NET_RULES_H
#define DOM0_TOOLS_NET_RULES_H

#include <stddef.h>
#include "net/parse.h"

#define RULES_MAX 64
#define RULE_TEXT 192
#define RULES_OWN_IPS 8

struct net_address {
	uint8_t family;			/* 4 or 6; 0: any */
	uint8_t prefix;			/* bits that count */
	uint8_t bytes[16];
};

enum { RULE_FROM = 1, RULE_TO = 2 };

struct net_rule {
	bool allow;
	uint8_t direction;		/* RULE_FROM | RULE_TO */
	uint8_t kind;			/* index into the table of protocol words; 0: any */
	bool spoofed_mac, spoofed_ip;
	struct net_address source, target;
	uint16_t source_port[2], target_port[2];	/* first and last; 0, 0: any */
	uint64_t hits;
};

struct net_rules {
	unsigned int count, nr_ips;
	struct net_rule rule[RULES_MAX];
	struct net_address ip[RULES_OWN_IPS];	/* the port's own; none: every address is spoofed */
};

/* Words, split; 0 or -EINVAL, and the word that was wrong in *bad. */
int net_rule_parse(struct net_rule *r, int argc, char *const *argv, const char **bad);
void net_rule_text(const struct net_rule *r, char *out, size_t size);
/* "10.0.0.5", "10.0.0.0/8", "fe80::1/64"; 0 or -EINVAL. */
int net_address_parse(struct net_address *a, const char *text);
void net_address_text(const struct net_address *a, char *out, size_t size);

/* Whether the packet may pass; mac is the port's, source the packet's. Counts the hit. */
bool net_rules_allow(struct net_rules *rules, uint8_t direction, const struct net_headers *h, const uint8_t mac[6],
		     const uint8_t source[6]);

#endif
