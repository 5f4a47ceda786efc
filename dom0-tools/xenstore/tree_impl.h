/* SPDX-License-Identifier: MIT */
/* Between tree.c and tree_merge.c only: making nodes that are not yet visible to anybody. */
#ifndef XENSTORE_TREE_IMPL_H
#define XENSTORE_TREE_IMPL_H

#include "tree.h"

/* Room for nkids children, none set; takes its own reference of c; a new kids_gen. */
struct tree_node *tree_node_alloc(const char *name, size_t name_len, struct tree_content *c,
				  unsigned int nkids);

/* Copy of n (same children, same kids_gen) holding c. */
struct tree_node *tree_with_content(struct tree_node *n, struct tree_content *c);

#endif
