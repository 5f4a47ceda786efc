/* SPDX-License-Identifier: MIT */
/*
 * The switch: rounds of polling, deciding and handing out (netdev.h says what a round is).
 *
 * Trust: packets are hostile, ports are ours. A packet that claims what its headers do not bear out (a checksum to
 * complete in a protocol without one, segments of something that is not TCP) goes no further, so what leaves
 * the switch can be relied upon by every port. Lock: `lock` is held during a round and by whoever
 * changes ports or rules.
 */
#include "net/switch.h"
#include <errno.h>
#include <string.h>
#include <kit/os.h>
#include <kit/time.h>
#include "net/fdb.h"
#include "net/offload.h"
#include "net/packet.h"
#include "net/parse.h"
#include "os/os.h"

#define BUDGET 64			/* packets of one port in one round */

static struct os_lock lock;
static struct os_wait work;
static struct net_port *ports;
static uint64_t now_ns;			/* of this round */
static bool wanted;			/* somebody asked for a round since the last began */

static void want(void)
{
	if (!__atomic_exchange_n(&wanted, true, __ATOMIC_ACQ_REL))
		os_wake(&work);
}

void net_port_schedule(struct net_port *p)
{
	__atomic_store_n(&p->scheduled, true, __ATOMIC_RELEASE);
	want();
}

/* --- Deciding --------------------------------------------------------------------------------- */

static void drop(struct net_packet *p, uint64_t *counter)
{
	++*counter;
	net_packet_put(p);
}

/* Whether what is claimed of the packet is so. */
static bool is_sound(const struct net_packet *p, const struct net_headers *h)
{
	if (!(p->flags & NET_CSUM_BLANK) && !p->gso)
		return true;
	if (!h->csum_offset || h->malformed || h->fragment || h->end != p->len)
		return false;
	if (!p->gso)
		return true;
	/* Cut into a segment a byte, one packet would keep domain 0 busy for a thousand others. */
	return p->flags & NET_CSUM_BLANK && h->protocol == PROTO_TCP && h->payload < p->len &&
	       p->len - h->payload <= (uint32_t)p->gso_size * NET_SEGMENTS_MAX &&
	       p->nr_frags < NET_FRAGS_MAX && h->family == (p->gso == NET_GSO_TCP4 ? 4 : 6);
}

static void queue_for(struct net_port *to, struct net_packet *p, const struct net_headers *h)
{
	const uint8_t *source = (const uint8_t *)p->frag[0].va + 6;

	if (to->rules && !net_rules_allow(to->rules, RULE_TO, h, to->mac, source))
		drop(p, &to->tx.refused);
	else
		net_queue_push(&to->out, p);
}

static void flood(struct net_port *from, struct net_packet *p, const struct net_headers *h)
{
	struct net_packet *copy;

	for (struct net_port *to = ports; to; to = to->next) {
		if (to == from || to->bridge_id != from->bridge_id)
			continue;
		copy = net_packet_clone(p);
		if (copy)
			queue_for(to, copy, h);
		else
			to->tx.dropped++;
	}
	net_packet_put(p);
}

void net_receive(struct net_port *from, struct net_packet *p)
{
	const uint8_t *bytes = p->frag[0].va;
	struct net_headers h;
	struct net_port *to;

	p->from = from;
	from->credit -= p->len;
	if (p->len < ETHER_HEADER || bytes[6] & 1) {	/* no address of one host as its source */
		drop(p, &from->rx.dropped);
		return;
	}
	net_parse(bytes, p->frag[0].len, p->len, &h);
	if (!is_sound(p, &h)) {
		drop(p, &from->rx.dropped);
		return;
	}
	p->l3 = h.family ? h.l3 : 0;
	p->l4 = h.l4;
	p->payload = h.payload;
	p->l4_protocol = h.protocol;
	p->csum_offset = h.csum_offset;
	if (from->rules && !net_rules_allow(from->rules, RULE_FROM, &h, from->mac, bytes + 6)) {
		drop(p, &from->rx.refused);
		return;
	}
	from->rx.packets++;
	from->rx.bytes += p->len;
	fdb_learn(bytes + 6, from, now_ns);
	to = bytes[0] & 1 ? NULL : fdb_find(bytes, from->bridge_id, now_ns);
	if (!to)
		flood(from, p, &h);
	else if (to == from)
		net_packet_put(p);
	else
		queue_for(to, p, &h);
}

/* --- A round ---------------------------------------------------------------------------------- */

/* Credit comes a whole interval at a time, and never for more than one. */
static bool has_credit(struct net_port *p)
{
	if (!p->rate.bytes)
		return true;
	if (now_ns - p->refill_ns >= p->rate.interval_ns) {
		uint64_t n = (now_ns - p->refill_ns) / p->rate.interval_ns;
		uint64_t useful = 1 + (p->credit < 0 ? (uint64_t)-p->credit / p->rate.bytes : 0);

		p->refill_ns += n * p->rate.interval_ns;
		p->credit += (int64_t)((n < useful ? n : useful) * p->rate.bytes);
		if (p->credit > (int64_t)p->rate.bytes)
			p->credit = (int64_t)p->rate.bytes;
	}
	return p->credit > 0;
}

/* Packets may be 64 KB large: with little credit left, one at a time. */
static unsigned int budget_of(const struct net_port *p)
{
	int64_t n = p->rate.bytes ? 1 + p->credit / NET_PACKET_MAX : BUDGET;

	return n < BUDGET ? (unsigned int)n : BUDGET;
}

static void poll(struct net_port *p)
{
	if (!__atomic_load_n(&p->scheduled, __ATOMIC_ACQUIRE) || !has_credit(p))
		return;
	__atomic_store_n(&p->scheduled, false, __ATOMIC_RELEASE);
	if (p->ops->poll(p, budget_of(p)))
		__atomic_store_n(&p->scheduled, true, __ATOMIC_RELEASE);
}

static void hand_out(struct net_port *p)
{
	struct net_queue batch = p->out;

	if (!batch.first)
		return;
	net_queue_init(&p->out);
	if (!(p->flags & NET_PORT_GRANTS))
		p->tx.dropped += net_packet_pull(&batch);
	if ((p->flags & (NET_PORT_CSUM | NET_PORT_TSO4 | NET_PORT_TSO6 | NET_PORT_SG)) !=
	    (NET_PORT_CSUM | NET_PORT_TSO4 | NET_PORT_TSO6 | NET_PORT_SG))
		p->tx.dropped += net_offload(&batch, p->flags);
	if (!batch.first)
		return;
	for (struct net_packet *q = batch.first; q; q = q->next) {
		p->tx.packets++;
		p->tx.bytes += q->len;
	}
	p->ops->transmit(p, &batch);
}

bool net_switch_round(void)
{
	bool more = false;
	struct net_port *p;

	os_lock(&lock);
	__atomic_store_n(&wanted, false, __ATOMIC_RELEASE);
	now_ns = time_now_ns();
	for (p = ports; p; p = p->next)
		poll(p);
	for (p = ports; p; p = p->next)
		hand_out(p);
	net_packet_reap();
	for (p = ports; p; p = p->next) {
		if (p->ops->round_end)
			p->ops->round_end(p);
		more |= __atomic_load_n(&p->scheduled, __ATOMIC_ACQUIRE) && has_credit(p);
	}
	/* Whoever is first has the shortest way through a full switch: take turns. */
	if (ports && ports->next) {
		struct net_port **end = &ports->next, *first = ports;

		while (*end)
			end = &(*end)->next;
		ports = first->next;
		first->next = NULL;
		*end = first;
	}
	os_unlock(&lock);
	return more;
}

/* --- The thread ------------------------------------------------------------------------------- */

static bool is_wanted(void *arg)
{
	(void)arg;
	return __atomic_load_n(&wanted, __ATOMIC_ACQUIRE);
}

/* When the first port that wants to go on gets credit again. */
static uint64_t next_credit(void)
{
	uint64_t when = OS_FOREVER;

	os_lock(&lock);
	for (struct net_port *p = ports; p; p = p->next)
		if (p->scheduled && p->rate.bytes && p->refill_ns + p->rate.interval_ns < when)
			when = p->refill_ns + p->rate.interval_ns;
	os_unlock(&lock);
	return when;
}

static void run(void *arg)
{
	(void)arg;
	for (;;) {
		while (net_switch_round())
			os_sleep_ms(0);		/* others want to run, too */
		os_wait_until(&work, is_wanted, NULL, next_credit());
	}
}

int net_switch_start(void)
{
	os_lock_init(&lock);
	os_wait_init(&work);
	net_packet_wake = want;
	return os_thread_start("switch", run, NULL);
}

/* --- Ports ------------------------------------------------------------------------------------ */

static struct net_port *find(const char *name)
{
	struct net_port *p = ports;

	while (p && strcmp(p->name, name))
		p = p->next;
	return p;
}

/* Ports on bridges of the same name get the same number. */
static unsigned int bridge_number(struct net_port *p)
{
	unsigned int highest = 0;

	if (!*p->bridge)
		strcpy(p->bridge, "br0");
	for (struct net_port *q = ports; q; q = q->next) {
		if (!strcmp(q->bridge, p->bridge))
			return q->bridge_id;
		if (q->bridge_id > highest)
			highest = q->bridge_id;
	}
	return highest + 1;
}

int net_port_add(struct net_port *p)
{
	int rc = -EEXIST;

	os_lock(&lock);
	if (!find(p->name)) {
		net_queue_init(&p->out);
		p->bridge_id = bridge_number(p);
		p->nr_learned = 0;
		p->credit = (int64_t)p->rate.bytes;
		p->refill_ns = time_now_ns();
		p->scheduled = false;
		p->next = ports;
		ports = p;
		if (p->flags & NET_PORT_PINNED)
			fdb_pin(p->mac, p);
		rc = 0;
	}
	os_unlock(&lock);
	if (!rc)
		net_port_schedule(p);
	return rc;
}

void net_port_remove(struct net_port *p)
{
	struct net_port **link = &ports;

	os_lock(&lock);
	while (*link && *link != p)
		link = &(*link)->next;
	if (*link)
		*link = p->next;
	fdb_forget(p);
	net_packet_reap();
	os_unlock(&lock);
}

void net_quiet(void (*fn)(void *arg), void *arg)
{
	os_lock(&lock);
	fn(arg);
	os_unlock(&lock);
}

void net_ports_each(bool (*fn)(struct net_port *p, void *arg), void *arg)
{
	os_lock(&lock);
	for (struct net_port *p = ports; p && fn(p, arg); p = p->next)
		;
	os_unlock(&lock);
}
