/* SPDX-License-Identifier: MIT */
/* The rules of running ports, changed between two rounds of the switch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "net/switch.h"

struct change {
	const char *name;
	const struct net_rule *rule;	/* NULL: delete, or copy */
	unsigned int at;
	struct net_rules *out;
	int rc;
};

static int insert(struct net_rules *rules, const struct net_rule *r, unsigned int at)
{
	unsigned int i = at && at <= rules->count ? at - 1 : rules->count;

	if (rules->count == RULES_MAX)
		return -ENOSPC;
	memmove(&rules->rule[i + 1], &rules->rule[i], (rules->count - i) * sizeof(*r));
	rules->rule[i] = *r;
	rules->count++;
	return 0;
}

static int delete(struct net_rules *rules, unsigned int at)
{
	if (!at || at > rules->count)
		return -ENOENT;
	rules->count--;
	memmove(&rules->rule[at - 1], &rules->rule[at], (rules->count - at + 1) * sizeof(rules->rule[0]));
	return 0;
}

static bool apply(struct net_port *p, void *arg)
{
	struct change *c = arg;

	if (strcmp(p->name, c->name))
		return true;
	c->rc = -ENODEV;
	if (!p->rules)
		return false;
	c->rc = 0;
	if (c->out)
		*c->out = *p->rules;
	else
		c->rc = c->rule ? insert(p->rules, c->rule, c->at) : delete(p->rules, c->at);
	return false;
}

int net_rule_insert(const char *port, const struct net_rule *r, unsigned int at)
{
	struct change c = { .name = port, .rule = r, .at = at, .rc = -ENODEV };

	net_ports_each(apply, &c);
	return c.rc;
}

int net_rule_delete(const char *port, unsigned int at)
{
	struct change c = { .name = port, .at = at, .rc = -ENODEV };

	net_ports_each(apply, &c);
	return c.rc;
}

struct net_rules *net_rules_copy(const char *port)
{
	struct change c = { .name = port, .out = malloc(sizeof(*c.out)), .rc = -ENODEV };

	if (!c.out) {
		errno = ENOMEM;
		return NULL;
	}
	net_ports_each(apply, &c);
	if (!c.rc)
		return c.out;
	free(c.out);
	errno = -c.rc;
	return NULL;
}
