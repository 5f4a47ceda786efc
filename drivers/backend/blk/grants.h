/* SPDX-License-Identifier: MIT */
/*
 * A guest's granted pages, mapped here in batches: one hypercall for all that a round of requests needs, one for all
 * that it gives back. With persistent grants a page stays mapped, for the guest promised to use it again.
 * One thread a set.
 */
#ifndef DRIVERS_BACKEND_BLK_GRANTS_H
#define DRIVERS_BACKEND_BLK_GRANTS_H

#include "os/os.h"
#include <xen/grant_table.h>

#define GRANTS_PAGES 1024u		/* mapped at once, of one set */
#define GRANTS_BATCH 256u
#define GRANTS_BUCKETS 256u

struct granted_page {
	void *va;
	uint64_t maddr;			/* valid while mapped */
	grant_handle_t handle;
	grant_ref_t ref;
	int16_t status;			/* GNTST_* of the mapping */
	uint16_t users;			/* of a persistent one */
	bool persistent;
	struct granted_page *next;	/* free ones; those of a bucket */
};

struct grants {
	domid_t domid;
	bool persistent;
	void *area;			/* addresses of GRANTS_PAGES pages */
	struct granted_page *pages, *free;
	unsigned int nr_free, nr_idle;	/* idle: persistent and mapped, without a user */
	unsigned int hand;		/* where the search for an idle one goes on */
	struct granted_page *bucket[GRANTS_BUCKETS];
	struct gnttab_map_grant_ref *map;
	struct granted_page **mapping;
	struct gnttab_unmap_grant_ref *unmap;
	struct granted_page **unmapping;
	unsigned int nr_map, nr_unmap;
	uint64_t hypercalls;		/* how many, and how many pages they mapped */
	uint64_t mapped;
};

int grants_open(struct grants *g, domid_t domid, bool persistent);	/* 0 or -ENOMEM */
/* Unmaps what is left. g may be zeroed. */
void grants_close(struct grants *g);

/* How many pages grants_get can give now. */
unsigned int grants_room(const struct grants *g);

/* The page that the guest granted as ref; mapped after grants_map, with a status then. There must be room.
 * Persistent ones are always mapped writable. */
struct granted_page *grants_get(struct grants *g, grant_ref_t ref, bool readonly);
void grants_map(struct grants *g);

/* Gives a page back; it is unmapped by grants_unmap at the latest. */
void grants_put(struct grants *g, struct granted_page *page);
void grants_unmap(struct grants *g);

#endif
