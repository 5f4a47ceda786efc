/* SPDX-License-Identifier: MIT */
/* The client calls on nodes. Contracts in xs.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "xs_call.h"

#define MAX_CHANGES 16          /* of a list while it is read: whoever goes on changing it does not keep us */

/* A list too long for one message, put together from pieces of the same generation. */
struct list {
	char gen[24], *all;
	size_t len;
	unsigned int changes;
};

/* 1: that was the last piece; 0: there are more; or a negative errno. */
static int add_piece(struct list *l, const struct msg *m)
{
	size_t skip = strlen(m->body) + 1, n = m->hdr.len - skip;
	char *more;

	if (l->len && strcmp(l->gen, m->body)) {
		l->len = 0;
		return ++l->changes < MAX_CHANGES ? 0 : -EAGAIN;
	}
	snprintf(l->gen, sizeof(l->gen), "%s", m->body);
	more = realloc(l->all, l->len + n + 1);
	if (!more)
		return -ENOMEM;
	l->all = more;
	memcpy(l->all + l->len, m->body + skip, n);
	l->len += n;
	return n && !l->all[l->len - 1] && (n == 1 || !l->all[l->len - 2]);
}

static char **directory_parts(struct xs_handle *h, xs_transaction_t t, const char *path,
			      unsigned int *num)
{
	struct list l = { .len = 0 };
	char from[24], **v;
	int rc = 0;

	while (!rc) {
		struct xs_part parts[] = { xs_text(path), { from, 0 } };
		struct msg *m;

		parts[1].len = (size_t)snprintf(from, sizeof(from), "%zu", l.len) + 1;
		m = xs_call(h, XS_DIRECTORY_PART, t, parts, 2);
		rc = m ? add_piece(&l, m) : -errno;
		free(m);
	}
	v = rc > 0 ? xs_vector(l.all, l.len - 1, num) : NULL;
	if (rc < 0)
		errno = -rc;
	free(l.all);
	return v;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	struct xs_part part = xs_text(path);
	struct msg *m = xs_call(h, XS_DIRECTORY, t, &part, 1);
	char **v;

	if (!m)
		return errno == E2BIG ? directory_parts(h, t, path, num) : NULL;
	v = xs_vector(m->body, m->hdr.len, num);
	free(m);
	return v;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	struct xs_part part = xs_text(path);

	return xs_body(xs_call(h, XS_READ, t, &part, 1), len);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	struct xs_part parts[] = { xs_text(path), { data, len } };

	return xs_done(xs_call(h, XS_WRITE, t, parts, 2));
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	struct xs_part part = xs_text(path);

	return xs_done(xs_call(h, XS_MKDIR, t, &part, 1));
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	struct xs_part part = xs_text(path);

	return xs_done(xs_call(h, XS_RM, t, &part, 1));
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t,
					  const char *path, unsigned int *num)
{
	struct xs_part part = xs_text(path);
	struct msg *m = xs_call(h, XS_GET_PERMS, t, &part, 1);
	struct xs_permissions *p;
	char **v;
	unsigned int i;

	if (!m)
		return NULL;
	v = xs_vector(m->body, m->hdr.len, num);
	p = v ? malloc(*num * sizeof(*p)) : NULL;
	for (i = 0; p && i < *num; i++)
		perm_parse(v[i], &p[i]);
	free(v);
	free(m);
	return p;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num)
{
	char *list = malloc(num * PERM_TEXT + 1);
	struct xs_part parts[] = { xs_text(path), { list, 0 } };
	unsigned int i;
	bool ok;

	if (!list)
		return false;
	for (i = 0; i < num; i++) {
		perm_print(list + parts[1].len, &perms[i]);
		parts[1].len += strlen(list + parts[1].len) + 1;
	}
	ok = xs_done(xs_call(h, XS_SET_PERMS, t, parts, 2));
	free(list);
	return ok;
}
