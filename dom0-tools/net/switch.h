/* SPDX-License-Identifier: MIT */
/* The switch beyond its ports' interface (netdev.h): start, looking, rules. */
#ifndef DOM0_TOOLS_NET_SWITCH_H
#define DOM0_TOOLS_NET_SWITCH_H

#include "net/netdev.h"
#include "net/rules.h"

int net_switch_start(void);		/* 0 or negative errno */

/* One round, for tests that have no thread. True: there may be more to do at once. */
bool net_switch_round(void);

/* Calls fn for each port, between two rounds; stops when it returns false. */
void net_ports_each(bool (*fn)(struct net_port *p, void *arg), void *arg);

/* A port's firewall, by the port's name. -ENODEV: no such port, -ENOSPC: too many rules, -ENOENT: none there. */
int net_rule_insert(const char *port, const struct net_rule *r, unsigned int at);	/* 1 first; 0: last */
int net_rule_delete(const char *port, unsigned int at);
/* A copy of the rules; malloc'ed; NULL with errno. */
struct net_rules *net_rules_copy(const char *port);

#endif
