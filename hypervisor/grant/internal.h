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
#define MAP_PAGES_MAX 2048u		/* 262,144 handles a domain */
#define UNMAPPED_MOST 512		/* by one flush: finishing them is not preempted */

struct active {
	uint32_t frame;			/* what the entry granted when it was first pinned */
	uint32_t pins, writers;		/* of the pins, those with write access */
	uint16_t domid;			/* who pinned it */
};

struct mapping {
	union {
		struct domain *rd;	/* in use: the granter, a reference */
		struct mapping *next_free; /* flags == 0 and not being set up */
	};
	union {
		maddr_t entry;		/* GNTMAP_host_map: the L1 entry it was mapped by */
		struct mapping *next_unmapped; /* in a batch's list */
	};
	uint32_t ref, frame;
	uint32_t handle;		/* its own, for good */
	union {
		struct {
			uint16_t flags;	/* GNTMAP_*; 0: not in use */
			uint16_t busy;	/* an unmap is at work: its vcpu, plus one */
		};
		uint32_t flags_busy;	/* both; an unmap claims the mapping by compare-and-exchange */
	};
};

struct grant_table {
	unsigned nr_frames, max_frames;
	grant_entry_v1_t **shared;	/* max_frames pointers to pages */
	struct active **active;		/* the same */
	struct mapping **map;		/* MAP_PAGES_MAX pointers, NULL until the first mapping */
	unsigned nr_map_pages;
	struct mapping *free;		/* list */
	uint32_t release_next;		/* progress of grant_release_mappings */
};

static inline unsigned grant_nr_entries(const struct grant_table *t)
{
	return READ_ONCE(t->nr_frames) * ENTRIES_PER_FRAME;
}
/* A shared entry's flags, and the other domain in the upper half: claimed by compare-and-exchange, for the guest writes it. */
typedef uint32_t __attribute__((may_alias)) entry_word;
#define CLAIM_TRIES 8		/* who keeps changing its entry only hurts itself */

/* ref is checked. */
static inline grant_entry_v1_t *grant_shared(const struct grant_table *t, uint32_t ref)
{
	return &t->shared[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}
static inline struct active *grant_active(const struct grant_table *t, uint32_t ref)
{
	return &t->active[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}

/* An operation on an array of the guest's: array.h. 0, -EFAULT, -ERESTART. */
typedef long array_fn(uint8_t *uops, uint32_t count);

/* --- table.c --- */
/* At least n frames: 0, -EINVAL (more than the limit), -ENOMEM. grant_lock held. */
int grant_grow(struct domain *d, unsigned n);

/* --- pin.c: the frame's number, or GNTST_* below 0. While pinned the frame stays the granter's and keeps its type. --- */
int64_t grant_pin(struct domain *rd, uint16_t who, uint32_t ref, bool rw);
void grant_unpin(struct domain *rd, uint32_t ref, bool rw);

/* --- map.c --- */
array_fn grant_map_all, grant_unmap_all, grant_replace_all;

/* --- transfer.c --- */
array_fn grant_transfer_all;

/* --- copy.c --- */
array_fn grant_copy_all;
struct copy_side {
	struct domain *d;		/* gref: the granter, a reference; else us */
	uint64_t name;			/* grant reference or frame number, as given */
	uint64_t frame;
	uint16_t domid;			/* as given */
	bool gref, held;
};

/* What consecutive elements of one hypercall share, so that it is looked up, or done, once. */
struct grant_batch {
	struct domain *rd;		/* last granter, a reference */
	struct copy_side src, dst;
	struct mapping *unmapped;	/* list: busy, gone from the tables, and not flushed yet */
};

/* The batch's granter from now on, NULL if there is none. */
static inline struct domain *grant_batch_domain(struct grant_batch *b, uint16_t id)
{
	if (likely(!b->rd) || b->rd->id != id) {
		if (b->rd)
			domain_put(b->rd);
		b->rd = domain_get(id);
	}
	return b->rd;
}

#endif
