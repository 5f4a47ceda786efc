/* SPDX-License-Identifier: MIT */
/*
 * Transactions. One begins by taking a reference of the tree and edits its own copy; it ends by
 * merging its changes into the tree of the day. It fails with EAGAIN when something that it
 * read, or that it changed, was changed by others meanwhile: what succeeds is as if it had run
 * alone at its end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "store.h"

struct txn_read {
	struct txn_read *next;
	char path[];
};

int txn_start(struct conn *c, uint32_t *id)
{
	struct txn *t;

	if (!c->privileged && c->ntxns >= QUOTA_TXNS)
		return -ENOSPC;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	do
		t->id = ++c->last_txn;
	while (!t->id || txn_find(c, t->id));
	t->base = tree_get(c->store->root);
	t->root = tree_get(c->store->root);
	t->next = c->txns;
	c->txns = t;
	c->ntxns++;
	*id = t->id;
	return 0;
}

struct txn *txn_find(struct conn *c, uint32_t id)
{
	struct txn *t = c->txns;

	while (t && t->id != id)
		t = t->next;
	return t;
}

static void drop(struct conn *c, struct txn *t)
{
	struct txn **at = &c->txns;
	struct txn_read *r;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	c->ntxns--;
	while ((r = t->reads)) {
		t->reads = r->next;
		free(r);
	}
	tree_put(t->base);
	tree_put(t->root);
	free(t);
}

void txn_drop_all(struct conn *c)
{
	while (c->txns)
		drop(c, c->txns);
}

int txn_saw(struct conn *c, struct txn *t, const char *path)
{
	size_t len = strlen(path) + 1;
	struct txn_read *r;

	for (r = t->reads; r; r = r->next)
		if (!strcmp(r->path, path))
			return 0;
	if (!c->privileged &&
	    (t->nreads >= QUOTA_TXN_NODES || t->read_bytes + len > QUOTA_TXN_PATHS))
		return -ENOSPC;
	r = malloc(sizeof(*r) + len);
	if (!r)
		return -ENOMEM;
	memcpy(r->path, path, len);
	r->next = t->reads;
	t->reads = r;
	t->nreads++;
	t->read_bytes += len;
	return 0;
}

/* Does every node it read look today as it did when it began? */
static bool still_true(const struct txn *t, const struct tree_node *now)
{
	const struct txn_read *r;

	if (t->base == now)
		return true;
	for (r = t->reads; r; r = r->next) {
		const struct tree_node *a = tree_find(t->base, r->path);
		const struct tree_node *b = tree_find(now, r->path);

		if (a != b && (!a || !b || a->content != b->content ||
			       a->kids_gen != b->kids_gen))
			return false;
	}
	return true;
}

int txn_end(struct conn *c, struct txn *t, bool commit)
{
	struct tree_node *now = c->store->root, *merged;
	int ret = 0;

	if (commit && t->root != t->base) {
		ret = still_true(t, now) ? tree_merge(t->base, t->root, now, &merged) : -EAGAIN;
		if (!ret)
			ret = store_adopt(c, NULL, merged);
	}
	drop(c, t);
	return ret;
}
