/* SPDX-License-Identifier: MIT */
/* What the headers of a packet say. Pure; the bytes are hostile. */
#ifndef DOM0_TOOLS_NET_PARSE_H
#define DOM0_TOOLS_NET_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#define ETHER_HEADER 14

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58 };
enum { ETHER_IP4 = 0x0800, ETHER_ARP = 0x0806, ETHER_VLAN = 0x8100, ETHER_IP6 = 0x86dd };

struct net_headers {
	uint16_t ether_type;		/* behind a VLAN tag, if there is one */
	uint16_t l3, l4, payload;	/* offsets; 0: not there */
	uint32_t end;			/* of the IP packet; what follows is padding. 0: no IP */
	uint8_t family;			/* 4 or 6 where there are addresses, ARP's included; else 0 */
	uint8_t protocol;		/* of IP, behind extension headers */
	uint8_t csum_offset;		/* of TCP's or UDP's, behind l4; 0: none */
	bool fragment;			/* a piece of an IP packet that is not the first: it has no ports */
	bool malformed;			/* headers that contradict each other, or are longer than we look */
	const uint8_t *source, *target;	/* addresses, 4 or 16 bytes, where family says so */
	uint16_t source_port, target_port;
};

/* p: `have` bytes of a packet of `len`, from the Ethernet header on; have is at least the lesser of len
 * and NET_HEADER. */
void net_parse(const uint8_t *p, uint32_t have, uint32_t len, struct net_headers *h);

static inline uint16_t net_get16(const uint8_t *p) { return p[0] << 8 | p[1]; }
static inline void net_put16(uint8_t *p, uint16_t v) { p[0] = v >> 8; p[1] = v; }
static inline uint32_t net_get32(const uint8_t *p) { return (uint32_t)net_get16(p) << 16 | net_get16(p + 2); }
static inline void net_put32(uint8_t *p, uint32_t v) { net_put16(p, v >> 16); net_put16(p + 2, v); }

#endif
