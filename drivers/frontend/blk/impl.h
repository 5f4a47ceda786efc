/* SPDX-License-Identifier: MIT */
/* Private to the block frontend. */
#ifndef FRONTEND_BLK_IMPL_H
#define FRONTEND_BLK_IMPL_H

#include <frontend/blk/blkfront.h>
#include <kit/os.h>
#include <xen/event_channel.h>
#define xen_mb() __sync_synchronize()
#define xen_rmb() __asm__ volatile("" : : : "memory")
#define xen_wmb() __asm__ volatile("" : : : "memory")
#define memset __builtin_memset		/* for the ring's macros */
#include <xen/io/blkif.h>

#define MAX_ORDER 2
#define MAX_PAGES (1u << MAX_ORDER)
#define MAX_REQUESTS 128u		/* a power of two: in a ring of MAX_PAGES */
#define MAX_SEGMENTS 64u
#define MAX_KEPT 1024u			/* pages that persistent grants may take of the guest */
#define PATH_SIZE 96

/* A request on the ring. Its number is the request's id there. */
struct slot {
	struct blkfront_request *request;	/* NULL: free */
	uint16_t nr_refs, next_free;
	int16_t status;
	grant_ref_t ref[MAX_SEGMENTS];
	char *page[MAX_SEGMENTS];		/* persistent: what ref[] grants */
	/* Kept from one request to the next. */
	struct blkif_request_segment *indirect;
	grant_ref_t indirect_ref;
};

/* A page of our own that the backend may keep mapped. */
struct kept_page {
	char *page;
	grant_ref_t ref;
};

struct blkfront {
	/* Constant while open. */
	struct blkfront_info info;
	struct blkfront_options options;
	char node[PATH_SIZE], back[PATH_SIZE];
	domid_t backend;
	unsigned int max_segments;
	unsigned int nr_pages, nr_granted;	/* of the ring; those of ring_ref */
	char *pages;
	grant_ref_t ring_ref[MAX_PAGES];
	evtchn_port_t port;
	struct os_wait wait;
	/* Guarded by lock. */
	struct os_lock lock;
	blkif_front_ring_t ring;
	RING_IDX pushed;
	bool connected;				/* a ring is there */
	bool closing, broken;
	unsigned int in_flight, free;		/* free: the first free slot's number, MAX_REQUESTS: none */
	struct blkfront_counters counters;
	struct slot slot[MAX_REQUESTS];
	/* Persistent grants: pages no request uses now, the one used last on top; how many were made. */
	struct kept_page kept[MAX_KEPT];
	unsigned int nr_kept, nr_made;
};

/* ring.c */
bool blkfront_has_news(struct blkfront *f);	/* something to poll, or no more will come */
void blkfront_ring_init(struct blkfront *f);
/* Every request fails that is still on the ring; all grants end. False: the backend holds some memory. */
bool blkfront_ring_fini(struct blkfront *f);

/* data.c: a request's pages. 0 or an error, and then nothing is granted. */
int blkfront_grant(struct blkfront *f, struct slot *s);
/* Ends the request's grants. -XEN_EBUSY: the backend holds a page. */
int blkfront_revoke(struct blkfront *f, struct slot *s);
void blkfront_copy_back(struct blkfront *f, struct slot *s);
/* Lets go of what was kept for later requests. False: the backend holds a page. */
bool blkfront_drop(struct blkfront *f);

#endif
