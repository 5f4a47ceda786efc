/* SPDX-License-Identifier: MIT */
/*
 * Handlers of the requests on nodes. Those that read tell the transaction what they saw.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "request.h"

/* The node named by the request, for reading. */
static int look(struct req *r, const struct tree_node **n)
{
	const struct tree_node *root = r->t ? r->t->root : r->c->store->root;
	int err = r->t ? -txn_saw(r->c, r->t, r->path) : 0;

	if (err)
		return -err;
	*n = perm_find(r->c, root, r->path, XS_PERM_READ, &err);
	return *n ? 0 : -err;
}

int request_directory(struct req *r)
{
	const struct tree_node *n;
	unsigned int i;
	int ret = look(r, &n);

	for (i = 0; !ret && i < n->nkids; i++)
		ret = request_put_string(r, n->kids[i]->name);
	return ret;
}

/* A list longer than a message in pieces: the list's generation, then names from an offset on;
 * an empty name ends the last piece. A client that sees another generation starts over. */
int request_directory_part(struct req *r)
{
	const struct tree_node *n;
	char gen[24];
	unsigned long from, at = 0;
	unsigned int i;
	int ret = look(r, &n);

	if (ret)
		return ret;
	if (!request_number(r->arg[1], 0x7fffffff, &from))
		return -EINVAL;
	snprintf(gen, sizeof(gen), "%llu", (unsigned long long)n->kids_gen);
	request_put_string(r, gen);
	for (i = 0; i < n->nkids; i++) {
		size_t len = strlen(n->kids[i]->name) + 1;

		if (at >= from && len > XENSTORE_PAYLOAD_MAX - r->out_len)
			return 0;
		if (at >= from)
			request_put(r, n->kids[i]->name, len);
		at += len;
	}
	request_put(r, "", r->out_len < XENSTORE_PAYLOAD_MAX);
	return 0;
}

int request_read(struct req *r)
{
	const struct tree_node *n;
	int ret = look(r, &n);

	return ret ? ret : request_put(r, n->content->data, n->content->len);
}

int request_write(struct req *r)
{
	return node_write(r->c, r->t, r->path, r->rest, r->rest_len);
}

int request_mkdir(struct req *r)
{
	return node_mkdir(r->c, r->t, r->path);
}

int request_rm(struct req *r)
{
	return node_rm(r->c, r->t, r->path);
}

int request_get_perms(struct req *r)
{
	const struct tree_node *n;
	char text[PERM_TEXT];
	unsigned int i;
	int ret = look(r, &n);

	for (i = 0; !ret && i < n->content->nperms; i++) {
		perm_print(text, &n->content->perms[i]);
		ret = request_put_string(r, text);
	}
	return ret;
}

int request_set_perms(struct req *r)
{
	struct xs_permissions *perms = malloc((r->rest_len / 2 + 1) * sizeof(*perms));
	const char *p = r->rest, *end = p + r->rest_len;
	unsigned int n = 0;
	int ret = p == end ? -EINVAL : 0;

	if (!perms)
		return -ENOMEM;
	while (!ret && p < end) {
		const char *nul = memchr(p, '\0', end - p);

		if (!nul || !perm_parse(p, &perms[n++]))
			ret = -EINVAL;
		else
			p = nul + 1;
	}
	if (!ret)
		ret = node_set_perms(r->c, r->t, r->path, perms, n);
	free(perms);
	return ret;
}
