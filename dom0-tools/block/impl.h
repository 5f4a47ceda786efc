/* SPDX-License-Identifier: MIT */
/* Private to the block layer: a queue, the line of requests in front of a disk, and what its files share. */
#ifndef DOM0_TOOLS_BLOCK_IMPL_H
#define DOM0_TOOLS_BLOCK_IMPL_H

#include "block/block.h"
#include "os/os.h"

struct block_list {
	struct block_request *first, **end;
};

/* What waits for a disk and what it has. Guarded by `lock`. */
struct block_line {
	struct os_mutex *lock;
	struct os_cond *idle;		/* a queue has nothing in flight any more, or nobody sends */
	struct block_list waiting;	/* free to go, in this order */
	struct block_io *ios, *free;	/* `depth` of them */
	bool dispatching;		/* a thread is in the loop that empties `waiting` */
};

/* A barrier goes by steps: the cache before it, the write, the cache with it. */
enum barrier_step { BARRIER_NONE, BARRIER_BEFORE, BARRIER_WRITE, BARRIER_AFTER };

struct block_queue {
	/* Constant. */
	struct block_device *device, *disk;
	bool write;
	/* The client's thread's. */
	struct block_list collected;
	/* Guarded by the line's lock. */
	struct block_list held;		/* behind a barrier, or that barrier itself */
	unsigned int in_flight;		/* given to the line and not done */
	enum barrier_step step;
	struct block_request *barrier;	/* the one in progress */
	struct block_request flush;	/* its flushes */
};

static inline void block_list_init(struct block_list *l)
{
	l->first = NULL;
	l->end = &l->first;
}

static inline void block_list_push(struct block_list *l, struct block_request *r)
{
	r->next = NULL;
	*l->end = r;
	l->end = &r->next;
}

static inline struct block_request *block_list_pop(struct block_list *l)
{
	struct block_request *r = l->first;

	if (!r)
		return NULL;
	l->first = r->next;
	if (!l->first)
		l->end = &l->first;
	return r;
}

/* line.c. Of a disk; 0 or -ENOMEM. */
int block_line_make(struct block_device *disk);
void block_line_free(struct block_device *disk);
/* Sends what waits, as far as the disk takes it. Lock held, but dropped and taken again. */
void block_line_dispatch(struct block_device *disk);

/* queue.c. Requests of an io ended (nr of them, of one queue): more of the queue may go. Lock held. */
void block_queue_advance(struct block_queue *q);
/* A step of the barrier in progress ended with an error or 0: true and the error, if that was the last. Lock held. */
bool block_barrier_step(struct block_queue *q, int *error);

int block_ram_start(void);
/* partition.c: makes devices of what the disk's tables say. */
void block_partitions_read(struct block_device *disk);
/* device.c: a partition found, by number from 1; bounds checked. */
void block_partition_add(struct block_device *disk, unsigned int number, uint64_t start, uint64_t sectors);

#endif
