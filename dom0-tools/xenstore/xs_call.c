/* SPDX-License-Identifier: MIT */
/*
 * The in-process client's connection: each call is one wire message to the daemon's core under
 * its lock, so there is one implementation of every rule, the one that guests meet.
 */
#include "xs_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void wake(struct conn *c)
{
	struct xs_handle *h = c->owner;

	os_cond_broadcast(h->event);
}

struct xs_handle *xs_open(unsigned long flags)
{
	struct xs_handle *h = malloc(sizeof(*h));

	(void)flags;
	if (!h)
		return NULL;
	h->event = os_cond_new();
	os_mutex_lock(daemon_lock);
	h->conn = h->event ? conn_new(&daemon_store, 0, false) : NULL;
	if (h->conn) {
		h->conn->owner = h;
		h->conn->wake = wake;
	}
	os_mutex_unlock(daemon_lock);
	if (h->conn)
		return h;
	os_cond_free(h->event);
	free(h);
	errno = ENOMEM;
	return NULL;
}

void xs_close(struct xs_handle *h)
{
	if (!h)
		return;
	os_mutex_lock(daemon_lock);
	conn_free(h->conn);
	os_mutex_unlock(daemon_lock);
	os_cond_free(h->event);
	free(h);
}

struct xs_part xs_text(const char *s)
{
	return (struct xs_part){ s, strlen(s) + 1 };
}

static int error_number(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (!strcmp(xsd_errors[i].errstring, name))
			return xsd_errors[i].errnum;
	return EIO;
}

struct msg *xs_call(struct xs_handle *h, uint32_t type, xs_transaction_t t,
			const struct xs_part *parts, unsigned int n)
{
	struct xsd_sockmsg hdr = { .type = type, .tx_id = t };
	char body[XENSTORE_PAYLOAD_MAX];
	struct msg *m;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (parts[i].len > sizeof(body) - hdr.len) {
			errno = E2BIG;
			return NULL;
		}
		memcpy(body + hdr.len, parts[i].data, parts[i].len);
		hdr.len += parts[i].len;
	}
	os_mutex_lock(daemon_lock);
	conn_request(h->conn, &hdr, body);
	m = conn_pop_kind(h->conn, false);
	os_mutex_unlock(daemon_lock);
	if (m && m->hdr.type == XS_ERROR) {
		int err = error_number(m->body);

		free(m);
		m = NULL;
		errno = err;
	} else if (!m) {
		errno = ENOMEM;
	}
	return m;
}

bool xs_done(struct msg *m)
{
	free(m);
	return m != NULL;
}

char *xs_body(struct msg *m, unsigned int *len)
{
	char *s = m ? malloc(m->hdr.len + 1) : NULL;

	if (s) {
		memcpy(s, m->body, m->hdr.len);
		s[m->hdr.len] = '\0';
		if (len)
			*len = m->hdr.len;
	}
	free(m);
	return s;
}

char **xs_vector(const char *strings, size_t len, unsigned int *num)
{
	unsigned int n = 0, i;
	size_t at;
	char **v, *copy;

	for (at = 0; at < len; at++)
		n += !strings[at];
	v = malloc(n * sizeof(*v) + len + 1);
	if (!v)
		return NULL;
	copy = (char *)(v + n);
	memcpy(copy, strings, len);
	for (i = 0; i < n; i++, copy += strlen(copy) + 1)
		v[i] = copy;
	*num = n;
	return v;
}
