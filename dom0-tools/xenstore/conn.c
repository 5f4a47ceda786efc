/* SPDX-License-Identifier: MIT */
/*
 * A connection's life and its queue of outgoing messages.
 *
 * Invariant: nevents counts the XS_WATCH_EVENT messages in the queue; out_tail points at the
 * NULL that ends it.
 */
#include <stdlib.h>
#include "store.h"

struct conn *conn_new(struct store *s, unsigned int domid, bool guest)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->store = s;
	c->domid = domid;
	c->target = -1;
	c->privileged = !guest;
	c->out_tail = &c->out;
	if (guest)      /* domain 0 may have made nodes for it already */
		store_count(s, domid, &c->nodes, &c->bytes);
	c->next = s->conns;
	s->conns = c;
	return c;
}

void conn_free(struct conn *c)
{
	struct conn **at = &c->store->conns;
	struct msg *m;

	conn_reset(c);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	while ((m = conn_pop(c)))
		free(m);
	free(c);
}

void conn_reset(struct conn *c)
{
	watch_remove_all(c);
	txn_drop_all(c);
}

struct msg *conn_msg(size_t len)
{
	struct msg *m = malloc(sizeof(*m) + len);

	if (m) {
		m->next = NULL;
		m->hdr = (struct xsd_sockmsg) { .len = len };
	}
	return m;
}

void conn_send(struct conn *c, struct msg *m)
{
	bool was_empty = !c->out;

	*c->out_tail = m;
	c->out_tail = &m->next;
	if (was_empty && c->wake)
		c->wake(c);
}

/* Takes the message that *at points to out of the queue. */
static struct msg *take(struct conn *c, struct msg **at)
{
	struct msg *m = *at;

	if (!m)
		return NULL;
	*at = m->next;
	if (!m->next)
		c->out_tail = at;
	if (m->hdr.type == XS_WATCH_EVENT)
		c->nevents--;
	c->taken++;
	return m;
}

struct msg *conn_pop(struct conn *c)
{
	return take(c, &c->out);
}

struct msg *conn_pop_kind(struct conn *c, bool event)
{
	struct msg **at = &c->out;

	while (*at && ((*at)->hdr.type == XS_WATCH_EVENT) != event)
		at = &(*at)->next;
	return take(c, at);
}
