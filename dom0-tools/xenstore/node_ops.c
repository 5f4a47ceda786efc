/* SPDX-License-Identifier: MIT */
/*
 * The requests that change nodes: check the right, make the new tree, hand it to store_adopt.
 * Nothing is changed unless all of a request can be done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "store.h"

static struct tree_node *current(const struct conn *c, const struct txn *t)
{
	return t ? t->root : c->store->root;
}

/* Sets path in *root, whose reference is moved to the new tree; NULL in *root: no memory. */
static void set_in(struct tree_node **root, const char *path, struct tree_content *content)
{
	struct tree_node *old = *root;

	*root = tree_set(old, path, content);
	tree_put(old);
}

/* Replaces what the existing node n holds. */
static int replace(struct conn *c, struct txn *t, const char *path,
		   const struct xs_permissions *perms, unsigned int nperms, const void *data,
		   size_t len)
{
	struct tree_content *content = tree_content_new(perms, nperms, data, len);
	int ret;

	if (!content)
		return -ENOMEM;
	ret = store_adopt(c, t, tree_set(current(c, t), path, content));
	tree_content_put(content);
	return ret;
}

/* The content of a node yet to be made: rights as those of the node above it, but what an
 * unprivileged domain makes is its own. */
static struct tree_content *inherit(const struct conn *c, const struct tree_node *above,
				    const void *data, size_t len)
{
	struct tree_content *content = tree_content_new(above->content->perms,
							above->content->nperms, data, len);

	if (content && !c->privileged)
		content->perms[0].id = c->domid;
	return content;
}

/* Makes a node that does not exist, and every missing one above it. */
static int create(struct conn *c, struct txn *t, const char *path, const void *data, size_t len)
{
	struct tree_node *root = tree_get(current(c, t));
	const struct tree_node *above = root;
	struct tree_content *content;
	char part[PATH_BUF];
	const char *end = path;

	while (root && *end) {
		const struct tree_node *n;

		end += 1 + strcspn(end + 1, "/");
		memcpy(part, path, end - path);
		part[end - path] = '\0';
		n = tree_find(root, part);
		if (!n) {
			content = *end ? inherit(c, above, NULL, 0) : inherit(c, above, data, len);
			if (!content) {
				tree_put(root);
				return -ENOMEM;
			}
			set_in(&root, part, content);
			tree_content_put(content);
			n = root ? tree_find(root, part) : NULL;
		}
		above = n;
	}
	return store_adopt(c, t, root);
}

int node_write(struct conn *c, struct txn *t, const char *path, const void *data, size_t len)
{
	const struct tree_node *n;
	int err;

	if (!c->privileged && len > QUOTA_NODE_SIZE)
		return -ENOSPC;
	n = perm_find(c, current(c, t), path, XS_PERM_WRITE, &err);
	if (n)
		return replace(c, t, path, n->content->perms, n->content->nperms, data, len);
	return err == ENOENT ? create(c, t, path, data, len) : -err;
}

int node_mkdir(struct conn *c, struct txn *t, const char *path)
{
	int err;

	if (perm_find(c, current(c, t), path, XS_PERM_WRITE, &err))
		return 0;
	return err == ENOENT ? create(c, t, path, NULL, 0) : -err;
}

/* A node that is not there is as good as removed, if its parent is there. */
int node_rm(struct conn *c, struct txn *t, const char *path)
{
	struct tree_node *root = current(c, t);
	char parent[PATH_BUF];
	int err;

	if (!strcmp(path, "/"))
		return -EINVAL;
	if (perm_find(c, root, path, XS_PERM_WRITE, &err))
		return store_adopt(c, t, tree_remove(root, path));
	if (err != ENOENT)
		return -err;
	strcpy(parent, path);
	path_parent(parent);
	return tree_find(root, parent) ? 0 : -ENOENT;
}

int node_set_perms(struct conn *c, struct txn *t, const char *path,
		   const struct xs_permissions *perms, unsigned int nperms)
{
	const struct tree_node *n;
	int err;

	if (!c->privileged && nperms > QUOTA_PERMS)
		return -ENOSPC;
	n = perm_find(c, current(c, t), path, XS_PERM_WRITE | PERM_OWNER, &err);
	if (!n)
		return -err;
	if (!c->privileged && perms[0].id != n->content->perms[0].id)
		return -EPERM;
	return replace(c, t, path, perms, nperms, n->content->data, n->content->len);
}
