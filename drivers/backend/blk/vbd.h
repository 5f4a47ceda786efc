/* SPDX-License-Identifier: MIT */
/* Private to the block backend: one virtual block device. */
#ifndef DRIVERS_BACKEND_BLK_VBD_H
#define DRIVERS_BACKEND_BLK_VBD_H

#include "block/block.h"
#include "os/os.h"
#include "grants.h"
#include "ring.h"

/* A request of the guest's on its way through the disk. */
struct slot {
	struct slot *next;		/* free; taken this round; done */
	struct vbd *vbd;
	struct block_request io;
	struct blk_request from;
	struct block_segment *segments;	/* `room` of them, grown when a request needs more */
	struct granted_page **pages;	/* of each segment, while mapped */
	struct blkif_request_segment *indirect;	/* where fetched ones go, a page; NULL until needed */
	unsigned int room, nr_pages;
	int16_t status;
};

struct slot_list {
	struct slot *first, **end;
	unsigned int count;
};

/* What it did since it was attached. */
struct vbd_counters {
	uint64_t requests, refused, errors;
	uint64_t sectors_read, sectors_written;
	uint64_t events, notifications, copies, copy_calls;
	uint64_t maps;			/* of grant sets that are closed */
};

enum vbd_mode { VBD_MAP, VBD_COPY };

/* The connected half is made and ended by the bus's thread, and used by the worker alone in between. */
struct bus_device;

struct vbd {
	/* The bus's thread's. */
	struct vbd *next;		/* guarded by control.c's lock */
	struct bus_device *bus;
	domid_t domid;
	unsigned int id;
	char why[200];			/* the last refusal, in words */
	struct block_queue *queue;
	struct block_limits limits;
	enum vbd_mode mode;
	bool offer_persistent, offer_discard;
	/* While connected. */
	void *pages;			/* the ring's */
	unsigned int nr_pages;
	struct gnttab_unmap_grant_ref ring_unmap[BLK_RING_MAX_PAGES];
	struct os_evtchn *events;
	int port;
	struct os_mutex *lock;
	struct os_cond *over;
	/* The worker's. */
	struct blk_ring ring;
	struct grants grants;
	struct slot *slots, *free, *parked;	/* parked: taken, but there are no pages for it yet */
	struct gnttab_copy *copy;
	struct slot **copied;			/* whose each copy is */
	unsigned int nr_copy;
	unsigned int in_flight;			/* slots at the disk */
	bool broken, told;			/* the guest's index was impossible: nothing is taken any more */
	struct vbd_counters counters;
	/* Guarded by lock. */
	struct slot_list done;		/* the disk's, not answered yet */
	bool busy;			/* the worker will look at `done` before it sleeps */
	bool stop, running;
};

static inline void slot_list_init(struct slot_list *l)
{
	l->first = NULL;
	l->end = &l->first;
	l->count = 0;
}

static inline void slot_list_push(struct slot_list *l, struct slot *s)
{
	s->next = NULL;
	*l->end = s;
	l->end = &s->next;
	l->count++;
}

/* worker.c. */
int vbd_worker_init(struct vbd *v, bool persistent);	/* slots and grants for a ring of nr_pages; 0, -ENOMEM */
void vbd_worker_fini(struct vbd *v);			/* nothing is in flight; unmaps all of the guest's */
int vbd_worker_start(struct vbd *v);
void vbd_worker_stop(struct vbd *v);			/* waits for what is in flight */
/* One round: takes what is on the ring, answers what is done. True: there is more to do at once. */
bool vbd_round(struct vbd *v);

/* transfer.c: the two ways to the guest's pages, for the slots of a round. */
void vbd_fetch_indirect(struct vbd *v, struct slot_list *taken);
void vbd_copy(struct vbd *v, struct slot_list *taken);	/* all is done after it; statuses are set */
void vbd_map(struct vbd *v, struct slot_list *taken);	/* segments get their pages, or the slot a status */
void vbd_unmap(struct vbd *v, struct slot *s);

/* connect.c: what is written to and read from xenstore. 0, or a negative errno and v->why. */
int vbd_open(struct vbd *v);
void vbd_offer(struct vbd *v);
int vbd_connect(struct vbd *v);
void vbd_disconnect(struct vbd *v);

#endif
