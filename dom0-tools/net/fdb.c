/* SPDX-License-Identifier: MIT */
/*
 * The table is set-associative: an address may stand in the WAYS places its hash names. A full set keeps what it has
 * but for entries that are old or the same port's. The switch's thread only.
 */
#include "net/fdb.h"
#include "net/netdev.h"
#include <string.h>

#define SETS 256
#define WAYS 8

static struct entry {
	uint8_t mac[6];
	bool pinned;
	struct net_port *port;		/* NULL: empty */
	uint64_t seen_ns;
} table[SETS][WAYS];

static struct entry *set_of(const uint8_t mac[6])
{
	uint32_t hash = 2166136261u;

	for (int i = 0; i < 6; i++)
		hash = (hash ^ mac[i]) * 16777619u;
	return table[(hash ^ hash >> 16) % SETS];
}

static struct entry *find(const uint8_t mac[6], unsigned int bridge_id)
{
	struct entry *e = set_of(mac);

	for (int i = 0; i < WAYS; i++)
		if (e[i].port && e[i].port->bridge_id == bridge_id && !memcmp(e[i].mac, mac, 6))
			return &e[i];
	return NULL;
}

static bool is_old(const struct entry *e, uint64_t now_ns)
{
	return !e->pinned && now_ns - e->seen_ns > FDB_AGE_NS;
}

/* A place in the set for one more address of the port's; NULL if others need them all. */
static struct entry *place(const uint8_t mac[6], const struct net_port *port, uint64_t now_ns)
{
	struct entry *e = set_of(mac), *own = NULL;
	bool full = port->nr_learned >= FDB_PORT_MAX;

	for (int i = 0; i < WAYS; i++) {
		if (!full && (!e[i].port || is_old(&e[i], now_ns)))
			return &e[i];
		if (e[i].port == port && !e[i].pinned && (!own || e[i].seen_ns < own->seen_ns))
			own = &e[i];
	}
	return own;
}

static void vacate(struct entry *e)
{
	if (e->port && !e->pinned)
		e->port->nr_learned--;
	e->port = NULL;
}

void fdb_learn(const uint8_t mac[6], struct net_port *port, uint64_t now_ns)
{
	struct entry *e = find(mac, port->bridge_id);

	if (e && (e->port == port || e->pinned)) {
		e->seen_ns = now_ns;
		return;
	}
	if (e)
		vacate(e);
	e = place(mac, port, now_ns);
	if (!e)
		return;
	vacate(e);
	*e = (struct entry){ .port = port, .seen_ns = now_ns };
	memcpy(e->mac, mac, 6);
	port->nr_learned++;
}

void fdb_pin(const uint8_t mac[6], struct net_port *port)
{
	struct entry *e = find(mac, port->bridge_id);

	if (e && e->pinned)
		return;
	if (e)
		vacate(e);
	e = set_of(mac);
	for (int i = 0; i < WAYS; i++)
		if (!e[i].pinned || !e[i].port) {
			vacate(&e[i]);
			e[i] = (struct entry){ .port = port, .pinned = true };
			memcpy(e[i].mac, mac, 6);
			return;
		}
}

struct net_port *fdb_find(const uint8_t mac[6], unsigned int bridge_id, uint64_t now_ns)
{
	struct entry *e = find(mac, bridge_id);

	return e && !is_old(e, now_ns) ? e->port : NULL;
}

void fdb_forget(const struct net_port *port)
{
	for (int s = 0; s < SETS; s++)
		for (int i = 0; i < WAYS; i++)
			if (table[s][i].port == port)
				vacate(&table[s][i]);
}
