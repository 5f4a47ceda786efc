/* SPDX-License-Identifier: MIT */
/*
 * What stands in for the system under the block backend and the block layer: a guest's memory and grants, with mappings that
 * really come and go (what is not mapped faults), a disk that does what it is told when it is told, and events that are
 * counted. One thread: what would sleep lets the disk finish.
 */
#ifndef TESTS_UNIT_BLK_FAKE_H
#define TESTS_UNIT_BLK_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "block/block.h"
#include "blk/vbd.h"

#define GUEST_PAGES 64
#define GUEST_DOMID 7

struct fake_grant { bool granted, readonly; unsigned int page; };

extern struct fake {
	char *memory;			/* the guest's */
	struct fake_grant grant[GUEST_PAGES * 2];
	unsigned int mapped;		/* pages of the guest mapped now */
	unsigned int areas;		/* address ranges reserved now */
	unsigned int notified;
	unsigned int maps, unmaps, copies;	/* hypercalls */
	bool lie_device_address;
	/* Another thread, which runs once when a lock is dropped for the `moment`th time from now. */
	void (*other)(void);
	unsigned int moment;
} fake;

void fake_reset(void);
/* The guest grants one of its pages. */
void fake_grant(unsigned int ref, unsigned int page, bool readonly);

/* --- A disk with a will of its own --------------------------------------------------------------- */

struct will {
	struct block_device device;
	struct block_io *waiting[64];
	unsigned int nr_waiting;
	bool at_once;			/* ends each io as it comes */
	uint64_t bad_sector;		/* an io that touches it fails */
	char *data;
	unsigned int ios, flushes, kicks;
	unsigned int done;		/* ios in the order they ended: their sectors */
	uint64_t order[256];
};

/* `sectors` of them, as "will". cached: it wants flushes. */
void will_make(struct will *w, unsigned int sectors, bool cached);
/* Ends the waiting io number i; all of them. */
void will_end(struct will *w, unsigned int i);
void will_end_all(struct will *w);
void will_free(struct will *w);

/* --- A connected device -------------------------------------------------------------------------- */

/* The ring is the guest's pages 0 to nr_pages - 1. name: the disk's. */
struct vbd *fake_connect(const char *name, enum vbd_mode mode, bool persistent, unsigned int nr_pages);
void fake_disconnect(struct vbd *v);

#endif
