/* SPDX-License-Identifier: MIT */
/*
 * The records of guest consoles, living and dead. Pure: no page is mapped and nobody is
 * notified here. Lock: the caller's.
 */
#ifndef CONSOLE_RECORD_H
#define CONSOLE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include "pvring.h"
#include "scroll.h"

struct record {
	struct record *next;
	unsigned int domid;
	bool alive;
	struct scroll scroll;
	uint64_t shown;                 /* position behind what an operator has seen */
	struct xencons_interface *page; /* while alive */
	uint32_t port;                  /* while alive */
	bool attached;                  /* the operator's terminal shows it: not to be dropped */
	char name[];
};

extern struct record *record_first;

struct record *record_add(unsigned int domid, const char *name);       /* NULL: no memory */
struct record *record_living(unsigned int domid);
struct record *record_youngest(unsigned int domid);     /* living, else the last to die */
struct record *record_find(const char *who);            /* as console.h says */
void record_die(struct record *r);      /* the oldest dead one beyond CONSOLE_DEAD is dropped */
void record_drop(struct record *r);

#endif
