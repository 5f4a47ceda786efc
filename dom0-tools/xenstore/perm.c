/* SPDX-License-Identifier: MIT */
/*
 * Rights on nodes. The first entry of a node's list names its owner, who may do all; the bits of
 * that entry hold for everybody else, unless a later entry names them. Domain 0 may do all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store.h"

static const char letters[] = "nrwb";   /* indexed by XS_PERM_READ | XS_PERM_WRITE */

static unsigned int rights(const struct tree_content *n, unsigned int domid)
{
	unsigned int i;

	if (n->perms[0].id == domid)
		return XS_PERM_READ | XS_PERM_WRITE | PERM_OWNER;
	for (i = 1; i < n->nperms; i++)
		if (n->perms[i].id == domid)
			return n->perms[i].perms;
	return n->perms[0].perms;
}

unsigned int perm_of(const struct conn *c, const struct tree_content *n)
{
	if (c->privileged)
		return XS_PERM_READ | XS_PERM_WRITE | PERM_OWNER;
	return rights(n, c->domid) | (c->target >= 0 ? rights(n, c->target) : 0);
}

/* Who may not look at the nearest existing parent shall not learn that a node is missing. */
static int missing(const struct conn *c, const struct tree_node *root, const char *path,
		   unsigned int want)
{
	const struct tree_node *n = NULL;
	char up[PATH_BUF];

	strcpy(up, path);
	while (!n) {
		path_parent(up);
		n = tree_find(root, up);
	}
	return (perm_of(c, n->content) & want) == want ? ENOENT : EACCES;
}

const struct tree_node *perm_find(const struct conn *c, const struct tree_node *root,
				  const char *path, unsigned int want, int *err)
{
	const struct tree_node *n = tree_find(root, path);

	if (n && (perm_of(c, n->content) & want) == want)
		return n;
	*err = n ? EACCES : missing(c, root, path, want & ~PERM_OWNER);
	return NULL;
}

bool perm_parse(const char *text, struct xs_permissions *p)
{
	const char *l = text[0] ? strchr(letters, text[0]) : NULL;
	char *end;
	unsigned long id;

	if (!l || text[1] < '0' || text[1] > '9')
		return false;
	id = strtoul(text + 1, &end, 10);
	if (*end || id > 0xffff)
		return false;
	p->id = id;
	p->perms = l - letters;
	return true;
}

void perm_print(char *out, const struct xs_permissions *p)
{
	snprintf(out, PERM_TEXT, "%c%u", letters[p->perms & (XS_PERM_READ | XS_PERM_WRITE)],
		 p->id);
}
