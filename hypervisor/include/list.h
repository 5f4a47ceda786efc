/* SPDX-License-Identifier: MIT */
/* Circular doubly linked list; the head is a node too. The caller's lock guards it. */
#ifndef HV_LIST_H
#define HV_LIST_H

#include "types.h"

struct list { struct list *next, *prev; };

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }

static inline void list_insert_(struct list *n, struct list *prev, struct list *next)
{
	n->next = next;
	n->prev = prev;
	prev->next = n;
	next->prev = n;
}

static inline void list_add(struct list *head, struct list *n)
{
	list_insert_(n, head, head->next);
}

static inline void list_add_tail(struct list *head, struct list *n)
{
	list_insert_(n, head->prev, head);
}

/* Leaves the node empty, so that list_empty(node) says whether it is queued. */
static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_for_each(p, head) \
	for (struct list *p = (head)->next; p != (head); p = p->next)
#define list_for_each_safe(p, tmp, head) \
	for (struct list *p = (head)->next, *tmp = p->next; p != (head); p = tmp, tmp = p->next)

#endif
