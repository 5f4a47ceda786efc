/* SPDX-License-Identifier: MIT */
/*
 * Software offload works on private copies, since a received packet is frozen and may be in others' hands too. The
 * headers lie in the first fragment (netdev.h), and their offsets were checked when the packet was received.
 */
#include "net/offload.h"
#include "net/packet.h"
#include "net/parse.h"
#include <string.h>

/* --- The Internet checksum -------------------------------------------------------------------- */

/* Adds bytes to a sum; odd: their first is the low byte of a word. */
static uint64_t add(uint64_t sum, const uint8_t *p, uint32_t n, bool odd)
{
	uint64_t s = 0;

	for (; n >= 4; n -= 4, p += 4) {
		uint32_t word;

		memcpy(&word, p, 4);
		s += word;
	}
	if (n & 2) {
		uint16_t word;

		memcpy(&word, p, 2);
		s += word;
		p += 2;
	}
	if (n & 1)
		s += *p;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return sum + (odd ? __builtin_bswap16((uint16_t)s) : s);
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Of all bytes from `at` on, in memory order. */
static uint64_t add_packet(const struct net_packet *p, uint32_t at)
{
	uint64_t sum = 0;
	uint32_t done = 0;

	for (unsigned int i = 0; i < p->nr_frags; i++) {
		const struct net_frag *f = &p->frag[i];
		uint32_t skip = at < f->len ? at : f->len;

		sum = add(sum, (const uint8_t *)f->va + skip, f->len - skip, done & 1);
		done += f->len - skip;
		at -= skip;
	}
	return sum;
}

/* Addresses, protocol and the length from l4 on. */
static uint64_t pseudo_header(const uint8_t *p, const struct net_packet *packet, uint32_t l4_len)
{
	bool v4 = p[packet->l3] >> 4 == 4;
	uint8_t tail[8] = { 0 };
	uint64_t sum = v4 ? add(0, p + packet->l3 + 12, 8, false) : add(0, p + packet->l3 + 8, 32, false);

	net_put32(tail, l4_len);
	tail[7] = packet->l4_protocol;
	return add(sum, tail, 8, false);
}

static uint32_t l4_len(const struct net_packet *p)
{
	const uint8_t *ip = (const uint8_t *)p->frag[0].va + p->l3;
	uint32_t end = p->l3 + (ip[0] >> 4 == 4 ? net_get16(ip + 2) : 40u + net_get16(ip + 4));

	return end > p->l4 ? end - p->l4 : 0;
}

bool net_csum_right(const struct net_packet *p)
{
	const uint8_t *bytes = p->frag[0].va;
	uint32_t len;

	if (!p->csum_offset || p->flags & (NET_CSUM_VALID | NET_CSUM_BLANK))
		return true;
	if (p->l4_protocol == PROTO_UDP && !net_get16(bytes + p->l4 + p->csum_offset))
		return true;
	len = l4_len(p);
	/* Padding behind a short packet is not part of it. */
	if (p->l4 + len != p->len) {
		if (p->nr_frags != 1 || p->l4 + len > p->len)
			return false;
		return fold(add(pseudo_header(bytes, p, len), bytes + p->l4, len, false)) == 0xffff;
	}
	return fold(pseudo_header(bytes, p, len) + add_packet(p, p->l4)) == 0xffff;
}

/* Writes the whole checksum into a private packet without padding. */
static void complete(struct net_packet *p)
{
	uint8_t *bytes = p->frag[0].va;
	uint16_t sum;

	memset(bytes + p->l4 + p->csum_offset, 0, 2);
	sum = (uint16_t)~fold(pseudo_header(bytes, p, p->len - p->l4) + add_packet(p, p->l4));
	if (!sum && p->l4_protocol == PROTO_UDP)
		sum = 0xffff;
	memcpy(bytes + p->l4 + p->csum_offset, &sum, 2);
	p->flags = NET_CSUM_VALID;
}

/* --- Segments --------------------------------------------------------------------------------- */

#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80

/* The view of p that is its headers and `len` bytes of payload from `at` on. */
static void window(struct net_packet *w, const struct net_packet *p, uint32_t at, uint32_t len)
{
	struct net_cursor c = { .packet = p };
	struct net_frag piece;
	uint32_t skip = at - p->payload;

	memcpy(w, p, offsetof(struct net_packet, frag));
	w->nr_frags = 0;
	w->len = p->payload + len;
	w->frag[w->nr_frags++] = net_cursor_next(&c, p->payload);
	while (skip)
		skip -= net_cursor_next(&c, skip).len;
	while (len) {
		piece = net_cursor_next(&c, len);
		w->frag[w->nr_frags++] = piece;
		len -= piece.len;
	}
}

/* What differs from segment to segment, in a private copy. */
static void number_segment(struct net_packet *s, uint32_t sent, unsigned int index, bool last)
{
	uint8_t *p = s->frag[0].va, *ip = p + s->l3, *tcp = p + s->l4;
	uint16_t sum;

	if (ip[0] >> 4 == 4) {
		net_put16(ip + 2, (uint16_t)(s->len - s->l3));
		net_put16(ip + 4, (uint16_t)(net_get16(ip + 4) + index));
		memset(ip + 10, 0, 2);
		sum = (uint16_t)~fold(add(0, ip, (ip[0] & 15) * 4u, false));
		memcpy(ip + 10, &sum, 2);
	} else {
		net_put16(ip + 4, (uint16_t)(s->len - s->l3 - 40));
	}
	net_put32(tcp + 4, net_get32(tcp + 4) + sent);
	if (!last)
		tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (index)
		tcp[13] &= (uint8_t)~TCP_CWR;
	s->gso = NET_GSO_NONE;
	s->gso_size = 0;
}

static unsigned int segment(const struct net_packet *p, struct net_queue *out, bool csum)
{
	static struct net_packet view;	/* too large for the stack; one thread */
	uint32_t total = p->len - p->payload;
	unsigned int index = 0;

	for (uint32_t at = 0; at < total; at += p->gso_size, index++) {
		uint32_t len = total - at < p->gso_size ? total - at : p->gso_size;
		struct net_packet *s;

		window(&view, p, p->payload + at, len);
		s = net_packet_copy(&view);
		if (!s)
			return 1;
		number_segment(s, at, index, at + len == total);
		/* For one that completes it itself, the sum of the pseudo-header goes there. */
		if (csum) {
			uint16_t sum = fold(pseudo_header(s->frag[0].va, s, s->len - s->l4));

			memcpy((uint8_t *)s->frag[0].va + s->l4 + s->csum_offset, &sum, 2);
		} else {
			complete(s);
		}
		net_queue_push(out, s);
	}
	return 0;
}

static unsigned int one(struct net_packet *p, struct net_queue *out, uint8_t flags)
{
	bool cut = p->gso && !(flags & (p->gso == NET_GSO_TCP4 ? NET_PORT_TSO4 : NET_PORT_TSO6));
	bool csum = flags & NET_PORT_CSUM;
	struct net_packet *own = NULL;
	unsigned int dropped = 0;

	if (cut) {
		dropped = segment(p, out, csum);
	} else if (((p->flags & NET_CSUM_BLANK) && !csum) || (p->nr_frags > 1 && !(flags & NET_PORT_SG))) {
		own = net_packet_copy(p);
		dropped = !own;
	} else {
		net_queue_push(out, p);
		return 0;
	}
	if (own) {
		if (own->flags & NET_CSUM_BLANK && !csum)
			complete(own);
		net_queue_push(out, own);
	}
	net_packet_put(p);
	return dropped;
}

unsigned int net_offload(struct net_queue *q, uint8_t port_flags)
{
	struct net_queue out;
	struct net_packet *p;
	unsigned int dropped = 0;

	net_queue_init(&out);
	while ((p = net_queue_pop(q)))
		dropped += one(p, &out, port_flags);
	*q = out;
	if (!q->first)
		q->end = &q->first;
	return dropped;
}
