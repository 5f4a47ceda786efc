/* SPDX-License-Identifier: MIT */
/*
 * The wire protocol: a table of message types, each with the arguments it takes and a thin
 * handler over the functions of the core.
 *
 * Trust: header and body are the client's; the transport has copied both and has checked that
 * hdr->len bytes are there. Strings are used only after their NUL was found inside the body.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "request.h"

int request_put(struct req *r, const void *data, size_t len)
{
	if (len > XENSTORE_PAYLOAD_MAX - r->out_len)
		return -E2BIG;
	if (len)
		memcpy(r->out + r->out_len, data, len);
	r->out_len += len;
	return 0;
}

int request_put_string(struct req *r, const char *s)
{
	return request_put(r, s, strlen(s) + 1);
}

bool request_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoul(text, &end, 10);
	return !*end && !errno && *out <= max;
}

bool request_domid(const struct req *r, int i, unsigned int *domid)
{
	unsigned long n;

	if (!request_number(r->arg[i], 0x7fef, &n))
		return false;
	*domid = n;
	return true;
}

static int do_watch(struct req *r)
{
	return watch_add(r->c, r->arg[0], r->arg[1]);
}

static int do_unwatch(struct req *r)
{
	return watch_remove(r->c, r->arg[0], r->arg[1]);
}

static int do_reset_watches(struct req *r)
{
	conn_reset(r->c);
	return 0;
}

static int do_transaction_start(struct req *r)
{
	char text[12];
	uint32_t id;
	int ret = r->t ? -EBUSY : txn_start(r->c, &id);

	if (ret)
		return ret;
	snprintf(text, sizeof(text), "%u", (unsigned int)id);
	return request_put_string(r, text);
}

static int do_transaction_end(struct req *r)
{
	bool commit = !strcmp(r->arg[0], "T");

	if (!commit && strcmp(r->arg[0], "F"))
		return -EINVAL;
	return r->t ? txn_end(r->c, r->t, commit) : -ENOENT;
}

static const struct type {
	int (*fn)(struct req *r);
	unsigned char args;     /* strings that must be there */
	bool rest;              /* more may follow them */
	bool node;              /* the first one names a node */
	bool dom0;              /* for privileged connections only */
} types[XS_TYPE_COUNT] = {
	[XS_CONTROL] = { request_control, 1, .rest = true, .dom0 = true },
	[XS_DIRECTORY] = { request_directory, 1, .node = true },
	[XS_READ] = { request_read, 1, .node = true },
	[XS_GET_PERMS] = { request_get_perms, 1, .node = true },
	[XS_WATCH] = { do_watch, 2 },
	[XS_UNWATCH] = { do_unwatch, 2 },
	[XS_TRANSACTION_START] = { do_transaction_start, 0, .rest = true },
	[XS_TRANSACTION_END] = { do_transaction_end, 1 },
	[XS_INTRODUCE] = { request_introduce, 3, .dom0 = true },
	[XS_RELEASE] = { request_release, 1, .dom0 = true },
	[XS_GET_DOMAIN_PATH] = { request_get_domain_path, 1 },
	[XS_WRITE] = { request_write, 1, .rest = true, .node = true },
	[XS_MKDIR] = { request_mkdir, 1, .node = true },
	[XS_RM] = { request_rm, 1, .node = true },
	[XS_SET_PERMS] = { request_set_perms, 1, .rest = true, .node = true },
	[XS_IS_DOMAIN_INTRODUCED] = { request_is_domain_introduced, 1 },
	[XS_RESUME] = { request_resume, 1, .dom0 = true },
	[XS_SET_TARGET] = { request_set_target, 2, .dom0 = true },
	[XS_RESET_WATCHES] = { do_reset_watches, 0, .rest = true },
	[XS_DIRECTORY_PART] = { request_directory_part, 2, .node = true },
};

static bool split(struct req *r, const struct type *type, const char *body, size_t len)
{
	unsigned int i;

	for (i = 0; i < type->args; i++) {
		const char *nul = len ? memchr(body, '\0', len) : NULL;

		if (!nul)
			return false;
		r->arg[i] = body;
		len -= nul + 1 - body;
		body = nul + 1;
	}
	r->rest = body;
	r->rest_len = len;
	return type->rest || !len;
}

static int dispatch(struct req *r, const struct xsd_sockmsg *hdr, const char *body)
{
	const struct type *type = &types[hdr->type < XS_TYPE_COUNT ? hdr->type : XS_ERROR];

	if (!type->fn)
		return -ENOSYS;
	if (type->dom0 && !r->c->privileged)
		return -EACCES;
	if (hdr->tx_id && !(r->t = txn_find(r->c, hdr->tx_id)))
		return -ENOENT;
	if (!split(r, type, body, hdr->len))
		return -EINVAL;
	if (type->node && !path_canon(r->path, r->arg[0], r->c->domid))
		return -EINVAL;
	return type->fn(r);
}

static const char *error_name(int err)
{
	unsigned int i;

	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (xsd_errors[i].errnum == err)
			return xsd_errors[i].errstring;
	return "EINVAL";
}

/* Types whose answer is what the handler put there, even nothing; the others say "OK". */
static bool answers_data(uint32_t type)
{
	return type == XS_READ || type == XS_DIRECTORY;
}

bool conn_request(struct conn *c, const struct xsd_sockmsg *hdr, const char *body)
{
	struct msg *m = conn_msg(XENSTORE_PAYLOAD_MAX);
	struct req r = { .c = c };
	struct msg *fit;
	int ret;

	if (!m)
		return false;
	r.out = m->body;
	ret = dispatch(&r, hdr, body);
	m->hdr = *hdr;
	if (ret) {
		m->hdr.type = XS_ERROR;
		r.out_len = 0;
		request_put_string(&r, error_name(-ret));
	} else if (!r.out_len && !answers_data(hdr->type)) {
		request_put_string(&r, "OK");
	}
	m->hdr.len = r.out_len;
	fit = realloc(m, sizeof(*m) + r.out_len);
	conn_send(c, fit ? fit : m);
	if (!ret && hdr->type == XS_WATCH)
		watch_first(c);         /* after the answer, as clients expect */
	return true;
}
