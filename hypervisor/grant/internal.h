/* SPDX-License-Identifier: MIT */
/*
 * Private to grant/. Three things exist for a mapped grant: the shared entry (the granter writes it, we set the
 * in-use flags), the active entry (ours: how often and by whom it is pinned, and for which frame), and the
 * mapping behind a handle (the mapper's). Pages of these arrays never move, so a pinned active entry
 * may be read without the granter's lock.
 */
#ifndef HV_GRANT_INTERNAL_H
#define HV_GRANT_INTERNAL_H

#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "grant.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"

#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define MAPPINGS_PER_PAGE (PAGE_SIZE / sizeof(struct mapping))
#define MAP_PAGES_MAX 1536u		/* 261,120 handles a domain */

struct active {
	uint32_t frame;			/* what the entry granted when it was first pinned */
	uint32_t pins, writers;		/* of the pins, those with write access */
	uint16_t domid;			/* who pinned it */
};

struct mapping {
	struct domain *rd;		/* the granter, a reference */
	union {
		uint32_t ref;		/* in use */
		uint32_t next_free;	/* flags == 0 and not being set up */
	};
	uint16_t flags;			/* GNTMAP_*; 0: not in use */
	uint16_t busy;			/* an unmap is at work */
	maddr_t entry;			/* GNTMAP_host_map: the L1 entry it was mapped by */
};

struct grant_table {
	unsigned nr_frames, max_frames;
	grant_entry_v1_t **shared;	/* max_frames pointers to pages */
	struct active **active;		/* the same */
	struct mapping **map;		/* MAP_PAGES_MAX pointers, NULL until the first mapping */
	unsigned nr_map_pages;
	uint32_t free_handle;		/* list of free ones; HANDLE_NONE ends it */
	uint32_t release_next;		/* progress of grant_release_mappings */
};
#define HANDLE_NONE (~0u)

static inline unsigned grant_nr_entries(const struct grant_table *t)
{
	return READ_ONCE(t->nr_frames) * ENTRIES_PER_FRAME;
}
/* ref is checked. */
static inline grant_entry_v1_t *grant_shared(const struct grant_table *t, uint32_t ref)
{
	return &t->shared[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}
static inline struct active *grant_active(const struct grant_table *t, uint32_t ref)
{
	return &t->active[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}

/* --- table.c --- */
/* At least n frames: 0, -EINVAL (more than the limit), -ENOMEM. grant_lock held. */
int grant_grow(struct domain *d, unsigned n);

/* --- pin.c: GNTST_*. While pinned the frame stays the granter's and keeps its type; *frame is its number. --- */
int16_t grant_pin(struct domain *rd, uint16_t who, uint32_t ref, bool rw, uint64_t *frame);
void grant_unpin(struct domain *rd, uint32_t ref, bool rw);

/* --- map.c --- */
struct grant_batch;
void grant_map_one(struct grant_batch *b, void *op);
void grant_unmap_one(struct grant_batch *b, void *op);
void grant_replace_one(struct grant_batch *b, void *op);
/* Flushes, and gives up the handles of what was unmapped since the last time: call it if there is any. */
void grant_unmap_finish(struct grant_batch *b);

/* --- transfer.c --- */
void grant_transfer_one(struct grant_batch *b, void *op);

/* --- copy.c --- */
struct copy_side {
	struct domain *d;		/* gref: the granter, a reference; else us */
	uint64_t name;			/* grant reference or frame number, as given */
	uint64_t frame;
	uint16_t domid;			/* as given */
	bool gref, rw, held;
};
void grant_copy_one(struct grant_batch *b, void *op);
void grant_copy_release(struct copy_side *s);

#define UNMAP_BATCH 32

/* What consecutive elements of one hypercall share, so that it is looked up, or done, once. */
struct grant_batch {
	struct domain *rd;		/* last granter mapped from, a reference */
	struct copy_side src, dst;
	unsigned nr_unmapped;
	struct unmapped {		/* busy, and gone from the tables: not flushed yet */
		struct mapping *m;
		uint32_t handle;
		uint16_t left;		/* its flags afterwards; 0: the handle is over */
	} unmapped[UNMAP_BATCH];
};

#endif
