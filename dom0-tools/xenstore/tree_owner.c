/* SPDX-License-Identifier: MIT */
/*
 * Taking a dead domain out of the tree: what it owned goes, with all below, and nobody's
 * permissions name it any more. Else a later domain with the same id would inherit its rights,
 * and what it left in shared places would stay for ever.
 *
 * Lock: the store's. The recursion is bounded by PATH_DEPTH_MAX.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tree_impl.h"

/* A reference of c, or of a copy without entries for domid; NULL: no memory. */
static struct tree_content *strip(struct tree_content *c, unsigned int domid)
{
	struct tree_content *copy;
	unsigned int i, n = 1;

	for (i = 1; i < c->nperms && c->perms[i].id != domid; i++)
		;
	if (i >= c->nperms) {
		c->refs++;
		return c;
	}
	copy = tree_content_new(c->perms, c->nperms, c->data, c->len);
	for (i = 1; copy && i < c->nperms; i++)
		if (c->perms[i].id != domid)
			copy->perms[n++] = c->perms[i];
	if (copy)
		copy->nperms = n;
	return copy;
}

/* *out: NULL if n goes, else a reference of n or of what replaces it. */
static int without(struct tree_node *n, unsigned int domid, struct tree_node **out)
{
	struct tree_content *content;
	struct tree_node *copy;
	bool same;
	unsigned int i;
	int ret = 0;

	*out = NULL;
	if (n->content->perms[0].id == domid)
		return 0;
	content = strip(n->content, domid);
	copy = content ? tree_node_alloc(n->name, strlen(n->name), content, n->nkids) : NULL;
	same = content == n->content;
	tree_content_put(content);
	if (!copy)
		return -ENOMEM;
	for (i = 0; !ret && i < n->nkids; i++) {
		ret = without(n->kids[i], domid, &copy->kids[copy->nkids]);
		same &= !ret && copy->kids[copy->nkids] == n->kids[i];
		copy->nkids += copy->kids[copy->nkids] != NULL;
	}
	if (copy->nkids == n->nkids)
		copy->kids_gen = n->kids_gen;
	if (!ret)
		*out = same ? tree_get(n) : tree_get(copy);
	tree_put(copy);
	return ret;
}

struct tree_node *tree_without_domain(struct tree_node *root, unsigned int domid)
{
	struct tree_node *new;

	return without(root, domid, &new) ? NULL : new;
}
