/* SPDX-License-Identifier: MIT */
/*
 * The tree of xenstore nodes, persistent: a tree is never changed, an edit makes a new root that
 * shares all that did not change with the old one. So a transaction's snapshot is one reference,
 * going back after a failure is dropping the new root, and what a change touched is what two
 * roots do not share.
 *
 * Paths are canonical ("/", "/a/b"; see path.h). Nothing here knows permissions or connections.
 */
#ifndef XENSTORE_TREE_H
#define XENSTORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "xs.h"

/* What a node holds; shared by all trees in which it is the same. */
struct tree_content {
	unsigned int refs;
	unsigned int nperms;            /* at least 1: the owner */
	size_t len;
	const char *data;               /* both point behind this structure */
	struct xs_permissions perms[];
};

struct tree_node {
	unsigned int refs;
	unsigned int nkids;
	uint64_t kids_gen;              /* differs whenever the set of child names does */
	struct tree_content *content;
	const char *name;
	struct tree_node *kids[];       /* sorted by name */
};

/* One reference, owned by the caller. NULL: no memory. */
struct tree_content *tree_content_new(const struct xs_permissions *perms, unsigned int nperms,
				      const void *data, size_t len);
void tree_content_put(struct tree_content *c);

struct tree_node *tree_new(struct tree_content *root);  /* takes its own reference of root */
struct tree_node *tree_get(struct tree_node *n);
void tree_put(struct tree_node *n);                     /* NULL is fine */

const struct tree_node *tree_find(const struct tree_node *root, const char *path);

/* New root, or NULL without memory. set: the parent of `path` exists, or `path` is the root;
 * takes its own reference of c. remove: `path` exists and is not the root. */
struct tree_node *tree_set(struct tree_node *root, const char *path, struct tree_content *c);
struct tree_node *tree_remove(struct tree_node *root, const char *path);

/* A new root in which domid, which does not own the root, owns nothing and has no rights. */
struct tree_node *tree_without_domain(struct tree_node *root, unsigned int domid);

/*
 * Three-way merge: what changed from base to mine, applied to theirs. A node whose value,
 * permissions, existence or set of child names changed on both sides is a conflict.
 * 0 and *out a new reference, -EAGAIN, or -ENOMEM.
 */
int tree_merge(struct tree_node *base, struct tree_node *mine, struct tree_node *theirs,
	       struct tree_node **out);

/* Calls fn for each node that only one tree has, or whose content differs; the absent side is
 * NULL. `below` says that a parent was reported as removed already. Parents come first. */
typedef void tree_diff_fn(void *arg, const char *path, const struct tree_node *old,
			  const struct tree_node *new, bool below);
void tree_diff(const struct tree_node *old, const struct tree_node *new, tree_diff_fn *fn,
	       void *arg);

#endif
