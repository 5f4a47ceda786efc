/* SPDX-License-Identifier: MIT */
/*
 * The current tree, and what follows from changing it: quotas are checked before, accounts are
 * moved and watches fire after, all from the difference between the old root and the new.
 *
 * Invariant: for each guest connection `nodes` and `bytes` equal store_count of its domain.
 */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int store_init(struct store *s, const struct store_ops *ops)
{
	static const struct xs_permissions dom0_only = { 0, XS_PERM_NONE };
	static const char *const first[] = { "/local", "/local/domain", "/tool", "/vm" };
	struct tree_content *c = tree_content_new(&dom0_only, 1, NULL, 0);
	struct tree_node *root = c ? tree_new(c) : NULL;
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->ops = ops;
	for (i = 0; root && i < sizeof(first) / sizeof(first[0]); i++) {
		struct tree_node *old = root;

		root = tree_set(old, first[i], c);
		tree_put(old);
	}
	tree_content_put(c);
	s->root = root;
	return root ? 0 : -ENOMEM;
}

void store_fini(struct store *s)
{
	tree_put(s->root);
	s->root = NULL;
}

struct conn *store_guest(struct store *s, unsigned int domid)
{
	struct conn *c = s->conns;

	while (c && (c->privileged || c->domid != domid))
		c = c->next;
	return c;
}

/* What a change does to one domain's account. */
struct account {
	unsigned int domid;
	long nodes, bytes;
	unsigned int changed;           /* nodes touched, whoever owns them */
};

static long size_of(const struct tree_node *n)
{
	return strlen(n->name) + n->content->len;
}

static void charge(struct account *a, const struct tree_node *n, int sign)
{
	if (n && n->content->perms[0].id == a->domid) {
		a->nodes += sign;
		a->bytes += sign * size_of(n);
	}
}

static void account_diff(void *arg, const char *path, const struct tree_node *old,
			 const struct tree_node *new, bool below)
{
	struct account *a = arg;

	(void)path;
	(void)below;
	charge(a, old, -1);
	charge(a, new, 1);
	a->changed++;
}

void store_count(const struct store *s, unsigned int domid, unsigned int *nodes, size_t *bytes)
{
	struct account a = { .domid = domid };

	tree_diff(NULL, s->root, account_diff, &a);
	*nodes = a.nodes;
	*bytes = a.bytes;
}

static int check_quota(const struct conn *c, const struct txn *t, const struct tree_node *old,
		       const struct tree_node *new)
{
	struct account a = { .domid = c->domid };

	if (c->privileged)
		return 0;
	tree_diff(old, new, account_diff, &a);
	if (a.nodes > 0 && c->nodes + a.nodes > QUOTA_NODES)
		return -ENOSPC;
	if (a.bytes > 0 && c->bytes + a.bytes > QUOTA_BYTES)
		return -ENOSPC;
	if (t && a.changed > QUOTA_TXN_NODES)
		return -ENOSPC;
	return 0;
}

static void move_account(struct store *s, const struct tree_node *n, int sign)
{
	struct conn *owner = n ? store_guest(s, n->content->perms[0].id) : NULL;

	if (owner) {
		owner->nodes += sign;
		owner->bytes += sign * size_of(n);
	}
}

static void node_changed(void *arg, const char *path, const struct tree_node *old,
			 const struct tree_node *new, bool below)
{
	struct store *s = arg;

	move_account(s, old, -1);
	move_account(s, new, 1);
	watch_fire(s, path, new ? new->content : old->content, below);
}

int store_adopt(struct conn *c, struct txn *t, struct tree_node *new)
{
	struct store *s = c->store;
	struct tree_node **slot = t ? &t->root : &s->root;
	struct tree_node *old = *slot;
	int ret = new ? check_quota(c, t, t ? t->base : old, new) : -ENOMEM;

	if (ret) {
		tree_put(new);
		return ret;
	}
	*slot = new;
	if (!t)
		tree_diff(old, new, node_changed, s);
	tree_put(old);
	return 0;
}

void store_disown(struct conn *c)
{
	struct tree_node *new = tree_without_domain(c->store->root, c->domid);
	struct conn *other;

	if (new)
		store_adopt(c, NULL, new);
	for (other = c->store->conns; other; other = other->next)
		if (other->target == (int)c->domid)
			other->target = -1;
}
