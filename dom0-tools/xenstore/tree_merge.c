/* SPDX-License-Identifier: MIT */
/*
 * Comparing trees: the three-way merge that ends a transaction, and the list of differences that
 * accounting and watches are fed from. Both walk only where the roots do not share nodes, so they
 * cost what was changed, not what the tree holds.
 *
 * Lock: the store's. The recursion is bounded by PATH_DEPTH_MAX.
 */
#include <errno.h>
#include <string.h>
#include "path.h"
#include "tree_impl.h"

/* Walks the children of up to three nodes in name order. */
struct walk {
	const struct tree_node *n[3];
	unsigned int at[3];
};

/* The next name's child in each of the nodes, NULL where absent. False at the end. */
static bool next(struct walk *w, struct tree_node *kid[3])
{
	const char *name = NULL;
	int i;

	for (i = 0; i < 3; i++) {
		kid[i] = NULL;
		if (w->n[i] && w->at[i] < w->n[i]->nkids)
			kid[i] = w->n[i]->kids[w->at[i]];
		if (kid[i] && (!name || strcmp(kid[i]->name, name) < 0))
			name = kid[i]->name;
	}
	for (i = 0; i < 3; i++) {
		if (kid[i] && strcmp(kid[i]->name, name))
			kid[i] = NULL;
		w->at[i] += !!kid[i];
	}
	return name != NULL;
}

/* Both sides changed something at or below this node, which all three trees have. */
static int merge_both(struct tree_node *b, struct tree_node *m, struct tree_node *t,
		      struct tree_node **out)
{
	struct tree_content *c = m->content == b->content ? t->content : m->content;
	bool mine_names = m->kids_gen != b->kids_gen;
	struct walk w = { .n = { b, m, t } };
	struct tree_node *kid[3], *n;

	if ((m->content != b->content && t->content != b->content) ||
	    (mine_names && t->kids_gen != b->kids_gen))
		return -EAGAIN;
	n = tree_node_alloc(b->name, strlen(b->name), c, m->nkids + t->nkids);
	if (!n)
		return -ENOMEM;
	n->kids_gen = mine_names ? m->kids_gen : t->kids_gen;
	while (next(&w, kid)) {
		int ret = tree_merge(kid[0], kid[1], kid[2], &n->kids[n->nkids]);

		if (ret) {
			tree_put(n);
			return ret;
		}
		n->nkids += n->kids[n->nkids] != NULL;
	}
	*out = n;
	return 0;
}

int tree_merge(struct tree_node *base, struct tree_node *mine, struct tree_node *theirs,
	       struct tree_node **out)
{
	struct tree_node *take;

	if (mine != base && theirs != base) {
		if (!base || !mine || !theirs)
			return -EAGAIN;
		return merge_both(base, mine, theirs, out);
	}
	take = mine == base ? theirs : mine;
	*out = take ? tree_get(take) : NULL;
	return 0;
}

struct diff {
	tree_diff_fn *fn;
	void *arg;
	char path[PATH_BUF];
};

static void diff(struct diff *d, size_t len, const struct tree_node *old,
		 const struct tree_node *new, bool below)
{
	struct walk w = { .n = { old, new, NULL } };
	struct tree_node *kid[3];

	if (old == new)
		return;
	if (!old || !new || old->content != new->content)
		d->fn(d->arg, len ? d->path : "/", old, new, below);
	while (next(&w, kid)) {
		const char *name = (kid[0] ? kid[0] : kid[1])->name;
		size_t n = strlen(name);

		d->path[len] = '/';
		memcpy(d->path + len + 1, name, n + 1);
		diff(d, len + 1 + n, kid[0], kid[1], below || !new);
		d->path[len] = '\0';
	}
}

void tree_diff(const struct tree_node *old, const struct tree_node *new, tree_diff_fn *fn,
	       void *arg)
{
	struct diff d = { .fn = fn, .arg = arg };

	diff(&d, 0, old, new, false);
}
