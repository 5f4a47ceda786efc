/* SPDX-License-Identifier: MIT */
/*
 * The line in front of a disk: requests that may go wait here until the disk has room, and go as ios, each made
 * of all that continues its first request. One thread at a time sends (`dispatching`), whoever comes
 * meanwhile only leaves its requests; so a driver that ends an io at once does not recurse.
 *
 * An io of several requests that failed is done again one by one: a bad sector costs its own request only.
 */
#include <errno.h>
#include <stdlib.h>
#include "block/impl.h"

#define LOOK_AHEAD 32			/* requests looked at for one that continues an io */

int block_line_make(struct block_device *disk)
{
	struct block_line *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	disk->line = l;
	block_list_init(&l->waiting);
	l->lock = os_mutex_new();
	l->idle = os_cond_new();
	l->ios = calloc(disk->depth, sizeof(*l->ios));
	if (!l->lock || !l->idle || !l->ios) {
		block_line_free(disk);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < disk->depth; i++) {
		l->ios[i].next = l->free;
		l->free = &l->ios[i];
	}
	return 0;
}

void block_line_free(struct block_device *disk)
{
	struct block_line *l = disk->line;

	os_mutex_free(l->lock);
	os_cond_free(l->idle);
	free(l->ios);
	free(l);
	disk->line = NULL;
}

/* Whether r goes on where the io ends, and the disk takes both at once. */
static bool continues(const struct block_device *disk, const struct block_io *io,
		      const struct block_request *r)
{
	return r->queue == io->queue && r->op == io->op && !r->alone && !r->barrier &&
	       r->sector + io->queue->device->start == io->sector + io->nr_sectors &&
	       io->nr_segments + r->nr_segments <= disk->max_segments &&
	       (uint64_t)io->nr_sectors + r->nr_sectors <= disk->max_sectors;
}

static void append(struct block_io *io, struct block_request **end, struct block_request *r)
{
	r->next = NULL;
	*end = r;
	io->nr_sectors += r->nr_sectors;
	io->nr_segments += r->nr_segments;
}

/* Moves to the io what continues it, wherever it stands among the next ones. */
static void gather(struct block_device *disk, struct block_io *io, struct block_request **end)
{
	struct block_list *waiting = &disk->line->waiting;
	struct block_request **link = &waiting->first, *r;

	for (unsigned int seen = 0; (r = *link) && seen < LOOK_AHEAD; seen++) {
		if (!continues(disk, io, r)) {
			link = &r->next;
			continue;
		}
		*link = r->next;
		if (!*link)
			waiting->end = link;
		append(io, end, r);
		end = &r->next;
	}
}

/* Lock held; there is a request and a free io. */
static struct block_io *next_io(struct block_device *disk)
{
	struct block_line *l = disk->line;
	struct block_request *r = block_list_pop(&l->waiting);
	struct block_io *io = l->free;

	l->free = io->next;
	*io = (struct block_io){
		.op = r->op, .queue = r->queue,
		.sector = r->op == BLOCK_FLUSH ? 0 : r->sector + r->queue->device->start,
	};
	append(io, &io->parts, r);
	if ((r->op == BLOCK_READ || r->op == BLOCK_WRITE) && !r->alone && !r->barrier)
		gather(disk, io, &r->next);
	return io;
}

/* Gives the disk what it has room for; the lock is dropped around each io. */
static bool submit_waiting(struct block_device *disk)
{
	struct block_line *l = disk->line;
	bool sent = false;

	while (l->waiting.first && l->free) {
		struct block_io *io = next_io(disk);

		os_mutex_unlock(l->lock);
		if (io->op == BLOCK_FLUSH && !disk->cached)
			block_io_done(io, 0);
		else
			disk->ops->submit(disk, io);
		sent = true;
		os_mutex_lock(l->lock);
	}
	return sent;
}

void block_line_dispatch(struct block_device *disk)
{
	struct block_line *l = disk->line;

	if (l->dispatching)
		return;
	l->dispatching = true;
	while (submit_waiting(disk) && disk->ops->kick) {
		os_mutex_unlock(l->lock);
		disk->ops->kick(disk);
		os_mutex_lock(l->lock);
	}
	l->dispatching = false;
	os_cond_broadcast(l->idle);
}

/* Puts the parts back, to be tried one by one. */
static void split(struct block_line *l, struct block_request *r)
{
	struct block_request *next;

	os_mutex_lock(l->lock);
	for (; r; r = next) {
		next = r->next;
		r->alone = true;
		block_list_push(&l->waiting, r);
	}
	os_mutex_unlock(l->lock);
}

/* Ends the parts; their number. After its `done` a request may be gone. */
static unsigned int finish(struct block_request *r, int error)
{
	struct block_request *next;
	unsigned int n = 0;

	for (; r; r = next, n++) {
		next = r->next;
		r->done(r, error);
	}
	return n;
}

/* The queue may not be closed before the last `done` has returned: the count falls after it. */
void block_io_done(struct block_io *io, int error)
{
	struct block_queue *q = io->queue;
	struct block_device *disk = q->disk;
	struct block_line *l = disk->line;
	struct block_request *parts = io->parts;
	bool over = true;
	unsigned int n = 0;

	if (error && parts->next) {
		split(l, parts);
		over = false;
	} else if (parts == q->barrier || parts == &q->flush) {
		os_mutex_lock(l->lock);
		parts = q->barrier;
		over = block_barrier_step(q, &error);
		os_mutex_unlock(l->lock);
	}
	if (over)
		n = finish(parts, error);
	os_mutex_lock(l->lock);
	io->next = l->free;
	l->free = io;
	q->in_flight -= n;
	block_queue_advance(q);
	if (!q->in_flight)
		os_cond_broadcast(l->idle);
	block_line_dispatch(disk);
	os_mutex_unlock(l->lock);
}
