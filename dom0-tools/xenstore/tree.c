/* SPDX-License-Identifier: MIT */
/*
 * The persistent tree: nodes, look-up, and edits by path copying.
 *
 * Invariant: once tree_new or an edit has returned a node, only its reference count changes.
 * Children are sorted by name, names are unique, every pointer held counts as a reference.
 * Lock: the store's; this file has none.
 */
#include "tree.h"

#include <stdlib.h>
#include <string.h>
#include "path.h"
#include "tree_impl.h"

static uint64_t last_gen;               /* of kids_gen; guarded by the store's lock */

struct tree_content *tree_content_new(const struct xs_permissions *perms, unsigned int nperms,
				      const void *data, size_t len)
{
	size_t head = sizeof(struct tree_content) + nperms * sizeof(*perms);
	struct tree_content *c = malloc(head + len + 1);
	char *copy;

	if (!c)
		return NULL;
	copy = (char *)c + head;
	c->refs = 1;
	c->nperms = nperms;
	c->len = len;
	c->data = copy;
	memcpy(c->perms, perms, nperms * sizeof(*perms));
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return c;
}

void tree_content_put(struct tree_content *c)
{
	if (c && !--c->refs)
		free(c);
}

struct tree_node *tree_get(struct tree_node *n)
{
	n->refs++;
	return n;
}

void tree_put(struct tree_node *n)
{
	unsigned int i;

	if (!n || --n->refs)
		return;
	for (i = 0; i < n->nkids; i++)
		tree_put(n->kids[i]);
	tree_content_put(n->content);
	free(n);
}

/* A node with room for nkids children, none of them set yet. */
struct tree_node *tree_node_alloc(const char *name, size_t name_len, struct tree_content *c,
				  unsigned int nkids)
{
	size_t head = sizeof(struct tree_node) + nkids * sizeof(struct tree_node *);
	struct tree_node *n = malloc(head + name_len + 1);
	char *copy;

	if (!n)
		return NULL;
	copy = (char *)n + head;
	n->refs = 1;
	n->nkids = 0;
	n->kids_gen = ++last_gen;
	n->content = c;
	c->refs++;
	n->name = copy;
	memcpy(copy, name, name_len);
	copy[name_len] = '\0';
	return n;
}

struct tree_node *tree_new(struct tree_content *root)
{
	return tree_node_alloc("", 0, root, 0);
}

/* Index of the child called name[len], or of where it would go. */
static unsigned int kid_index(const struct tree_node *n, const char *name, size_t len,
			      bool *found)
{
	unsigned int lo = 0, hi = n->nkids;

	*found = false;
	while (lo < hi && !*found) {
		unsigned int mid = (lo + hi) / 2;
		const char *kid = n->kids[mid]->name;
		int cmp = strncmp(kid, name, len);

		if (!cmp && !kid[len]) {
			*found = true;
			return mid;
		}
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Length of the first component of rest, which begins behind a slash. */
static size_t component(const char *rest)
{
	return strcspn(rest, "/");
}

static const char *behind(const char *rest, size_t len)
{
	return rest[len] ? rest + len + 1 : "";
}

const struct tree_node *tree_find(const struct tree_node *n, const char *path)
{
	const char *rest = path + 1;

	while (*rest) {
		size_t len = component(rest);
		bool found;
		unsigned int i = kid_index(n, rest, len, &found);

		if (!found)
			return NULL;
		n = n->kids[i];
		rest = behind(rest, len);
	}
	return n;
}

/* Copy of n in which the child at index i is `kid` (whose reference it takes): replacing the one
 * there, or, with insert, put before it. kid NULL removes. NULL: no memory, kid is dropped. */
static struct tree_node *with_kid(struct tree_node *n, unsigned int i, struct tree_node *kid,
				  bool insert)
{
	bool same_names = kid && !insert;
	struct tree_node *copy = tree_node_alloc(n->name, strlen(n->name), n->content,
						 n->nkids + insert);
	unsigned int from;

	if (!copy) {
		tree_put(kid);
		return NULL;
	}
	for (from = 0; from < i; from++)
		copy->kids[copy->nkids++] = tree_get(n->kids[from]);
	if (kid)
		copy->kids[copy->nkids++] = kid;
	for (from = insert ? i : i + 1; from < n->nkids; from++)
		copy->kids[copy->nkids++] = tree_get(n->kids[from]);
	if (same_names)
		copy->kids_gen = n->kids_gen;
	return copy;
}

static struct tree_node *with_content(struct tree_node *n, struct tree_content *c)
{
	struct tree_node *copy = tree_node_alloc(n->name, strlen(n->name), c, n->nkids);

	if (!copy)
		return NULL;
	copy->kids_gen = n->kids_gen;
	while (copy->nkids < n->nkids) {
		copy->kids[copy->nkids] = tree_get(n->kids[copy->nkids]);
		copy->nkids++;
	}
	return copy;
}

/* c NULL: remove. The recursion is as deep as the path, so PATH_DEPTH_MAX bounds it. */
static struct tree_node *edit(struct tree_node *n, const char *rest, struct tree_content *c)
{
	size_t len = component(rest);
	struct tree_node *kid;
	unsigned int i;
	bool found;

	if (!*rest)
		return with_content(n, c);
	i = kid_index(n, rest, len, &found);
	if (!c && !rest[len])
		return with_kid(n, i, NULL, false);
	if (found)
		kid = edit(n->kids[i], behind(rest, len), c);
	else
		kid = tree_node_alloc(rest, len, c, 0);
	return kid ? with_kid(n, i, kid, !found) : NULL;
}

struct tree_node *tree_set(struct tree_node *root, const char *path, struct tree_content *c)
{
	return edit(root, path + 1, c);
}

struct tree_node *tree_remove(struct tree_node *root, const char *path)
{
	return edit(root, path + 1, NULL);
}
