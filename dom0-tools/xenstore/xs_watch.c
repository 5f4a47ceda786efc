/* SPDX-License-Identifier: MIT */
/* The client calls on watches. Contracts in xs.h. */
#include <errno.h>
#include <stdlib.h>
#include "xs_call.h"

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	struct xs_part parts[] = { xs_text(path), xs_text(token) };

	return xs_done(xs_call(h, XS_WATCH, XBT_NULL, parts, 2));
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	struct xs_part parts[] = { xs_text(path), xs_text(token) };

	return xs_done(xs_call(h, XS_UNWATCH, XBT_NULL, parts, 2));
}

char **xs_read_watch_timeout(struct xs_handle *h, unsigned int *num, int timeout_ms)
{
	uint64_t end = os_now_ns() + timeout_ms * 1000000ULL;
	struct msg *m;
	char **v = NULL;

	os_mutex_lock(daemon_lock);
	while (!(m = conn_pop_kind(h->conn, true))) {
		uint64_t now = os_now_ns();

		if (timeout_ms >= 0 && now >= end)
			break;
		os_cond_wait(h->event, daemon_lock,
			     timeout_ms < 0 ? -1 : (int)((end - now + 999999) / 1000000));
	}
	os_mutex_unlock(daemon_lock);
	if (m)
		v = xs_vector(m->body, m->hdr.len, num);
	else
		errno = ETIMEDOUT;
	free(m);
	return v;
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
	return xs_read_watch_timeout(h, num, -1);
}

char **xs_check_watch(struct xs_handle *h)
{
	unsigned int num;
	char **v = xs_read_watch_timeout(h, &num, 0);

	if (!v && errno == ETIMEDOUT)
		errno = EAGAIN;
	return v;
}
