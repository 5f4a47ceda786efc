/* SPDX-License-Identifier: MIT */
/*
 * lwIP over netfront. Frames go up as they lie in netfront's pages, a pbuf a page, and the pages go back when
 * lwIP is done with them; frames go down copied, into pages that stay granted.
 */
#include "inet.h"
#include "stack.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <frontend/net/netfront.h>
#include <libos.h>
#include <xen/errno.h>

#define PIECES_MAX 48

static struct netfront *front;
static struct net_link link;

/* --- Up --------------------------------------------------------------------------------------- */

struct lent {
	struct pbuf_custom pbuf;
	void *page;
};

static void returned(struct pbuf *p)
{
	struct lent *l = (struct lent *)p;

	netfront_page_put(front, l->page);
	free(l);
}

static struct pbuf *wrap(const struct netfront_piece *piece)
{
	struct lent *l = malloc(sizeof(*l));

	if (!l) {
		netfront_page_put(front, piece->page);
		return NULL;
	}
	l->page = piece->page;
	l->pbuf.custom_free_function = returned;
	return pbuf_alloced_custom(PBUF_RAW, piece->len, PBUF_REF, &l->pbuf, piece->data, piece->len);
}

static void receive(void *arg, const struct netfront_frame *f)
{
	struct pbuf *all = NULL, *p;
	bool whole = true;

	(void)arg;
	for (unsigned int i = 0; i < f->nr_pieces; i++) {
		p = wrap(&f->piece[i]);
		whole &= p != NULL;
		if (all && p)
			pbuf_cat(all, p);
		else if (p)
			all = p;
	}
	if (whole)
		net_link_receive(&link, all, f->sound);
	else if (all)
		pbuf_free(all);
}

/* --- Down ------------------------------------------------------------------------------------- */

static int send(struct net_link *l, struct pbuf *p, bool csum_blank)
{
	struct netfront_out out[PIECES_MAX];
	unsigned int n = 0;

	(void)l;
	for (; p && n < PIECES_MAX; p = p->next)
		if (p->len)
			out[n++] = (struct netfront_out){ p->payload, p->len };
	if (p)
		return -EMSGSIZE;
	return netfront_send(front, out, n, csum_blank ? NETFRONT_CSUM_BLANK : 0) ? -ENOBUFS : 0;
}

/* --- Start ------------------------------------------------------------------------------------ */

static void serve(void *arg)
{
	netfront_serve(arg);
}

static void follow(void *arg)
{
	netfront_follow(arg);
}

static void set_up(void *arg, bool up)
{
	(void)arg;
	net_link_set_up(&link, up);
}

static int start_threads(void)
{
	struct thread *a = thread_create("netfront", serve, front), *b = thread_create("netfollow", follow, front);

	if (a)
		thread_detach(a);
	if (b)
		thread_detach(b);
	return a && b ? 0 : -ENOMEM;
}

int inet_start(unsigned int id, const char *ip, uint64_t deadline_ns)
{
	static const struct netfront_user user = { .receive = receive, .link = set_up };
	int rc = net_stack_start();

	if (!rc)
		rc = (int)xen_result(netfront_open(&front, id, &user));
	if (rc)
		return rc;
	netfront_mac(front, link.mac);
	link.mtu = netfront_mtu(front);
	link.send = send;
	rc = net_link_add(&link, ip);
	if (!rc)
		rc = start_threads();
	if (rc)
		return rc;
	return netfront_wait_up(front, deadline_ns) && net_link_wait(&link, deadline_ns) ? 0 : -ETIMEDOUT;
}

void inet_text(char *out, size_t size)
{
	net_link_text(&link, out, size);
}
