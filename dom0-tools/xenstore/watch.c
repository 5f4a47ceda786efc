/* SPDX-License-Identifier: MIT */
/*
 * Watches: registering them and turning changes into event messages.
 *
 * A reader that stops reading must not fill the daemon's memory. An event equal to one that is
 * still unread is not queued again, and once QUOTA_EVENTS are unread a further one names the
 * watch's own path instead of the changed node: "something at or below changed" is still true,
 * and there are only as many of those as watches.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "store.h"

static bool unread(const struct conn *c, const char *body, size_t len)
{
	const struct msg *m;

	for (m = c->out; m; m = m->next)
		if (m->hdr.type == XS_WATCH_EVENT && m->hdr.len == len &&
		    !memcmp(m->body, body, len))
			return true;
	return false;
}

static void queue_event(struct conn *c, struct watch *w, const char *path)
{
	bool merge = c->nevents >= (c->privileged ? QUOTA_EVENTS_DOM0 : QUOTA_EVENTS);
	char home[PATH_BUF];
	size_t path_len, token_len = strlen(w->token) + 1;
	struct msg *m;

	if (merge) {
		if (w->merged == c->taken + 1)		/* a commit may bring thousands */
			return;
		path = w->path;
	}
	if (w->relative) {
		path_canon(home, "x", c->domid);
		path += strlen(home) - 1;
	}
	path_len = strlen(path) + 1;
	m = conn_msg(path_len + token_len);
	if (!m)
		return;
	m->hdr.type = XS_WATCH_EVENT;
	memcpy(m->body, path, path_len);
	memcpy(m->body + path_len, w->token, token_len);
	if (merge)
		w->merged = c->taken + 1;
	if (unread(c, m->body, m->hdr.len)) {
		free(m);
		return;
	}
	c->nevents++;
	conn_send(c, m);
}

int watch_add(struct conn *c, const char *path, const char *token)
{
	char full[PATH_BUF];
	size_t path_len, token_len = strlen(token) + 1;
	struct watch *w;

	if (!path_canon_watch(full, path, c->domid))
		return -EINVAL;
	if (token_len > TOKEN_MAX || (!c->privileged && c->nwatches >= QUOTA_WATCHES))
		return -E2BIG;
	for (w = c->watches; w; w = w->next)
		if (!strcmp(w->path, full) && !strcmp(w->token, token))
			return -EEXIST;
	path_len = strlen(full) + 1;
	w = malloc(sizeof(*w) + path_len + token_len);
	if (!w)
		return -ENOMEM;
	memcpy(w->path, full, path_len);
	w->token = memcpy(w->path + path_len, token, token_len);
	w->merged = 0;
	w->relative = path[0] != '/' && path[0] != '@';
	w->next = c->watches;
	c->watches = w;
	c->nwatches++;
	return 0;
}

void watch_first(struct conn *c)
{
	queue_event(c, c->watches, c->watches->path);
}

int watch_remove(struct conn *c, const char *path, const char *token)
{
	char full[PATH_BUF];
	struct watch **at, *w;

	if (!path_canon_watch(full, path, c->domid))
		return -EINVAL;
	for (at = &c->watches; (w = *at); at = &w->next) {
		if (strcmp(w->path, full) || strcmp(w->token, token))
			continue;
		*at = w->next;
		c->nwatches--;
		free(w);
		return 0;
	}
	return -ENOENT;
}

void watch_remove_all(struct conn *c)
{
	struct watch *w;

	while ((w = c->watches)) {
		c->watches = w->next;
		free(w);
	}
	c->nwatches = 0;
}

void watch_fire(struct store *s, const char *path, const struct tree_content *content, bool exact)
{
	struct watch *w;
	struct conn *c;

	for (c = s->conns; c; c = c->next) {
		if (!c->watches || !(perm_of(c, content) & XS_PERM_READ))
			continue;
		for (w = c->watches; w; w = w->next)
			if (exact ? !strcmp(path, w->path) : path_is_below(path, w->path))
				queue_event(c, w, path);
	}
}

/* Which domains come and go is domain 0's business. */
void watch_fire_special(struct store *s, const char *name)
{
	struct watch *w;
	struct conn *c;

	for (c = s->conns; c; c = c->next)
		for (w = c->privileged ? c->watches : NULL; w; w = w->next)
			if (!strcmp(name, w->path))
				queue_event(c, w, name);
}
