/* SPDX-License-Identifier: MIT */
/* Between tree.c, tree_merge.c and tree_owner.c: making nodes that nobody sees yet. */
#ifndef XENSTORE_TREE_IMPL_H
#define XENSTORE_TREE_IMPL_H

#include "tree.h"

/* Room for nkids children, none set; takes its own reference of c; a new kids_gen. */
struct tree_node *tree_node_alloc(const char *name, size_t name_len, struct tree_content *c,
				  unsigned int nkids);

#endif
