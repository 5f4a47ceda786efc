/* SPDX-License-Identifier: MIT */
/*
 * Which port an Ethernet address was last seen at. Entries of a port's own, pinned address never move; learned
 * ones move with their owner, age, and are so many a port at most that a guest that invents
 * addresses pushes out only its own.
 */
#ifndef DOM0_TOOLS_NET_FDB_H
#define DOM0_TOOLS_NET_FDB_H

#include <stdbool.h>
#include <stdint.h>

struct net_port;

#define FDB_PORT_MAX 128		/* learned addresses of one port */
#define FDB_AGE_NS 300000000000ULL

/* Forgotten addresses only cost flooding, so neither fails. */
void fdb_learn(const uint8_t mac[6], struct net_port *port, uint64_t now_ns);
void fdb_pin(const uint8_t mac[6], struct net_port *port);

/* The port of an address on that bridge (net_port.bridge_id), or NULL. */
struct net_port *fdb_find(const uint8_t mac[6], unsigned int bridge_id, uint64_t now_ns);
void fdb_forget(const struct net_port *port);

#endif
