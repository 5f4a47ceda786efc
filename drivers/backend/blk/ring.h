/* SPDX-License-Identifier: MIT */
/*
 * The backend's side of a block ring: takes requests off it, each copied once and checked, and puts responses
 * on. Pure: the pages are the caller's, and nobody is notified here.
 */
#ifndef DRIVERS_BACKEND_BLK_RING_H
#define DRIVERS_BACKEND_BLK_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifndef xen_mb
#define xen_mb() __sync_synchronize()
#define xen_rmb() __asm__ volatile("" : : : "memory")
#define xen_wmb() __asm__ volatile("" : : : "memory")
#endif
#include <xen/io/blkif.h>

#define BLK_RING_MAX_ORDER 2			/* four pages: 128 requests */
#define BLK_RING_MAX_PAGES (1u << BLK_RING_MAX_ORDER)
#define BLK_RING_MAX_REQUESTS 128
#define BLK_MAX_SEGMENTS 64			/* of an indirect request: 256 KB */

struct blk_ring {
	blkif_back_ring_t back;
	RING_IDX pushed;			/* responses that the guest has been shown */
	unsigned int max_segments;		/* of an indirect request; 0: none are taken */
};

/* A request as the guest wrote it, in our memory; only what the operation uses is set. */
struct blk_request {
	uint64_t id, sector;
	uint64_t nr_sectors;			/* of a discard; else counted from the segments */
	uint8_t op;				/* BLKIF_OP_*, also of an indirect one; told back to the guest */
	bool indirect;				/* the segments are in the frame of that reference, to be fetched */
	grant_ref_t indirect_ref;
	uint16_t nr_segments;
	struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

/* pages: nr_pages adjacent ones that the guest shares. */
void blk_ring_attach(struct blk_ring *r, void *pages, unsigned int nr_pages);

enum blk_taken { BLK_NONE, BLK_TAKEN, BLK_REFUSED, BLK_BROKEN };

/* The next request. BLK_NONE: there is none; BLK_REFUSED: it makes no sense, out->id and op may be answered
 * with *status; BLK_BROKEN: the guest's index is impossible, there is nothing more to do with this ring. */
enum blk_taken blk_ring_take(struct blk_ring *r, struct blk_request *out, int16_t *status);

/* The segment's place in its frame, in bytes; false: not within it. */
bool blk_segment_bytes(const struct blkif_request_segment *s, unsigned int *offset, unsigned int *len);

/* Puts a response on; the guest sees it after blk_ring_push, which says whether it wants an event. There is
 * always room: for each request taken one response. */
void blk_ring_respond(struct blk_ring *r, uint64_t id, uint8_t op, int16_t status);
bool blk_ring_push(struct blk_ring *r);

/* Before sleeping: asks for an event with the next request. True: there is one already. */
bool blk_ring_more(struct blk_ring *r);

#endif
