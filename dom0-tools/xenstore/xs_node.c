/* SPDX-License-Identifier: MIT */
/* The client calls on nodes. Contracts in xs.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "xs_call.h"

/* Pieces of a list too long for one message, put together; again while the list changes. */
static char **directory_parts(struct xs_handle *h, xs_transaction_t t, const char *path,
			      unsigned int *num)
{
	char gen[24] = "", from[24], *all = NULL;
	size_t len = 0;

	for (;;) {
		struct xs_part parts[] = { xs_text(path), xs_text(from) };
		size_t skip, n;
		struct msg *m;
		char *more;

		snprintf(from, sizeof(from), "%zu", len);
		parts[1] = xs_text(from);
		m = xs_call(h, XS_DIRECTORY_PART, t, parts, 2);
		if (!m)
			break;
		if (len && strcmp(gen, m->body)) {
			len = 0;
			free(m);
			continue;
		}
		snprintf(gen, sizeof(gen), "%s", m->body);
		skip = strlen(m->body) + 1;
		n = m->hdr.len - skip;
		more = realloc(all, len + n + 1);
		if (!more) {
			free(m);
			break;
		}
		all = more;
		memcpy(all + len, m->body + skip, n);
		free(m);
		len += n;
		if (n && !all[len - 1] && (n == 1 || !all[len - 2])) {
			char **v = xs_vector(all, len - 1, num);

			free(all);
			return v;
		}
	}
	free(all);
	return NULL;
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
