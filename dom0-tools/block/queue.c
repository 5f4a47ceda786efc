/* SPDX-License-Identifier: MIT */
/*
 * A client's queue: checks each request against what the device can do, collects, and lets requests through to the
 * disk's line in order as far as barriers allow. Nothing passes a barrier: it waits until all before it are
 * done, is then alone in flight, and what is behind it waits until it is done.
 */
#include <errno.h>
#include <stdlib.h>
#include "block/impl.h"

/* Bytes of all segments, or 0 if one is no multiple of the disk's sectors. */
static uint64_t total(const struct block_request *r, uint32_t sector_size)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < r->nr_segments; i++) {
		if (!r->segments[i].len || r->segments[i].len % sector_size)
			return 0;
		n += r->segments[i].len;
	}
	return n;
}

static int check_range(const struct block_device *d, const struct block_request *r)
{
	uint32_t mask = d->sector_size / BLOCK_SECTOR - 1;

	if (r->sector > d->sectors || r->nr_sectors > d->sectors - r->sector || !r->nr_sectors)
		return -EINVAL;
	return (r->sector | r->nr_sectors) & mask ? -EINVAL : 0;
}

static int check_data(const struct block_device *d, const struct block_request *r)
{
	if (r->nr_segments > d->max_segments || r->nr_sectors > d->max_sectors)
		return -EINVAL;
	return total(r, d->sector_size) == (uint64_t)r->nr_sectors * BLOCK_SECTOR ? check_range(d, r) :
	       -EINVAL;
}

static int check(const struct block_queue *q, const struct block_request *r)
{
	const struct block_device *d = q->device;

	if (r->op != BLOCK_READ && r->op != BLOCK_FLUSH && !q->write)
		return -EROFS;
	switch (r->op) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		return check_data(d, r);
	case BLOCK_FLUSH:
		return r->nr_sectors || r->nr_segments ? -EINVAL : 0;
	case BLOCK_DISCARD:
		return d->discard_sectors ? check_range(d, r) : -EOPNOTSUPP;
	}
	return -EINVAL;
}

/* Without a cache there is nothing to flush: such requests end here, but for one that waits for others. */
void block_submit(struct block_queue *q, struct block_request *r)
{
	int error = check(q, r);

	r->queue = q;
	r->alone = false;
	if (error || (r->op == BLOCK_FLUSH && !q->disk->cached && !r->barrier))
		r->done(r, error);
	else
		block_list_push(&q->collected, r);
}

static void send(struct block_queue *q, struct block_request *r)
{
	block_list_push(&q->disk->line->waiting, r);
}

static void flush_step(struct block_queue *q, enum barrier_step step)
{
	q->step = step;
	q->flush = (struct block_request){ .op = BLOCK_FLUSH, .queue = q };
	send(q, &q->flush);
}

bool block_barrier_step(struct block_queue *q, int *error)
{
	if (!*error && q->step == BARRIER_BEFORE) {
		q->step = BARRIER_WRITE;
		send(q, q->barrier);
		return false;
	}
	if (!*error && q->step == BARRIER_WRITE && q->disk->cached && q->barrier->op == BLOCK_WRITE) {
		flush_step(q, BARRIER_AFTER);
		return false;
	}
	q->step = BARRIER_NONE;
	q->barrier = NULL;
	return true;
}

static void begin_barrier(struct block_queue *q, struct block_request *r)
{
	q->barrier = r;
	if (q->disk->cached && r->op == BLOCK_WRITE) {
		flush_step(q, BARRIER_BEFORE);
		return;
	}
	q->step = BARRIER_WRITE;
	send(q, r);
}

/* The barrier counts as in flight for as long as its steps take, so nothing follows it. */
void block_queue_advance(struct block_queue *q)
{
	while (q->held.first && q->step == BARRIER_NONE) {
		struct block_request *r = q->held.first;

		if (r->barrier && q->in_flight)
			return;
		block_list_pop(&q->held);
		q->in_flight++;
		if (r->barrier)
			begin_barrier(q, r);
		else
			send(q, r);
	}
}

void block_unplug(struct block_queue *q)
{
	struct block_line *l = q->disk->line;
	struct block_request *r;

	if (!q->collected.first)
		return;
	os_mutex_lock(l->lock);
	while ((r = block_list_pop(&q->collected)))
		block_list_push(&q->held, r);
	block_queue_advance(q);
	block_line_dispatch(q->disk);
	os_mutex_unlock(l->lock);
}

void block_limits(const struct block_queue *q, struct block_limits *limits)
{
	const struct block_device *d = q->device;

	*limits = (struct block_limits){
		.sectors = d->sectors, .sector_size = d->sector_size, .max_sectors = d->max_sectors,
		.max_segments = d->max_segments, .readonly = !q->write, .flush = d->cached,
		.discard_sectors = q->write ? d->discard_sectors : 0,
	};
}

void *block_memory(struct block_queue *q, uint64_t sector, uint32_t *nr_sectors, bool write)
{
	struct block_device *d = q->device;
	uint32_t wanted = *nr_sectors;

	*nr_sectors = 0;
	if (!q->disk->ops->memory || (write && !q->write) || sector >= d->sectors)
		return NULL;
	if (wanted > d->sectors - sector)
		wanted = (uint32_t)(d->sectors - sector);
	*nr_sectors = wanted;
	return q->disk->ops->memory(q->disk, d->start + sector, nr_sectors);
}

struct transfer {
	struct os_mutex *lock;
	struct os_cond *over;
	bool done;
	int error;
};

static void transfer_done(struct block_request *r, int error)
{
	struct transfer *t = r->client;

	os_mutex_lock(t->lock);
	t->done = true;
	t->error = error;
	os_cond_broadcast(t->over);
	os_mutex_unlock(t->lock);
}

/* One request for each page: dom0's pages are adjacent only to itself. */
static int transfer_page(struct block_queue *q, struct transfer *t, enum block_op op, uint64_t sector,
			 void *page, size_t n)
{
	struct block_segment segment = { page, os_maddr(page), (uint32_t)n };
	struct block_request r = {
		.op = op, .sector = sector, .nr_sectors = (uint32_t)(n / BLOCK_SECTOR),
		.nr_segments = 1, .segments = &segment, .done = transfer_done, .client = t,
	};

	t->done = false;
	block_submit(q, &r);
	block_unplug(q);
	os_mutex_lock(t->lock);
	while (!t->done)
		os_cond_wait(t->over, t->lock, -1);
	os_mutex_unlock(t->lock);
	return t->error;
}

int block_transfer(struct block_queue *q, enum block_op op, uint64_t sector, void *buf, size_t n)
{
	struct transfer t = { os_mutex_new(), os_cond_new(), false, 0 };
	int rc = t.lock && t.over ? 0 : -ENOMEM;

	for (size_t at = 0; !rc && at < n; at += OS_PAGE_SIZE)
		rc = transfer_page(q, &t, op, sector + at / BLOCK_SECTOR, (char *)buf + at,
				   n - at < OS_PAGE_SIZE ? n - at : OS_PAGE_SIZE);
	os_mutex_free(t.lock);
	os_cond_free(t.over);
	return rc;
}
