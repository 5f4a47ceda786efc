/* SPDX-License-Identifier: MIT */
/*
 * The thread of a connected device. It works in rounds: take all requests that are on the ring, get their data in one
 * go (transfer.c), give them to the disk as one lot so that it can merge them, answer what is done, notify
 * once. So a guest that keeps many requests in flight pays for a hypercall and an event once a batch.
 *
 * The guest is hostile: it can make its own requests fail, and its own device stop. All that a request needs is
 * bounded by the slots and by the pages of the grant set; what finds none is parked until others end.
 */
#include "vbd.h"
#include <bus/bus.h>
#include <errno.h>
#include <stdlib.h>
#include <xen/io/xenbus.h>

static void push_free(struct vbd *v, struct slot *s)
{
	s->next = v->free;
	v->free = s;
}

int vbd_worker_init(struct vbd *v, bool persistent)
{
	unsigned int n;

	blk_ring_attach(&v->ring, v->pages, v->nr_pages);
	v->ring.max_segments = v->limits.max_segments < BLK_MAX_SEGMENTS ? v->limits.max_segments :
			       BLK_MAX_SEGMENTS;
	n = RING_SIZE(&v->ring.back);
	slot_list_init(&v->done);
	v->parked = v->free = NULL;
	v->in_flight = 0;
	v->broken = v->told = v->stop = false;
	v->busy = true;
	v->slots = calloc(n, sizeof(*v->slots));
	if (!v->slots || grants_open(&v->grants, v->domid, persistent)) {
		free(v->slots);
		v->slots = NULL;
		return -ENOMEM;
	}
	while (n--) {
		v->slots[n].vbd = v;
		push_free(v, &v->slots[n]);
	}
	return 0;
}

void vbd_worker_fini(struct vbd *v)
{
	for (unsigned int i = 0; v->slots && i < RING_SIZE(&v->ring.back); i++) {
		free(v->slots[i].segments);
		free(v->slots[i].pages);
		os_free_pages(v->slots[i].indirect, 1);
	}
	free(v->slots);
	v->slots = NULL;
	v->counters.maps += v->grants.mapped;
	grants_close(&v->grants);
}

static bool make_room(struct slot *s, unsigned int n)
{
	struct block_segment *segments;
	struct granted_page **pages;

	if (n <= s->room)
		return true;
	segments = realloc(s->segments, n * sizeof(*segments));
	if (segments)
		s->segments = segments;
	pages = realloc(s->pages, n * sizeof(*pages));
	if (pages)
		s->pages = pages;
	if (!segments || !pages)
		return false;
	s->room = n;
	return true;
}

/* Puts the answer on the ring; the slot is free. */
static void answer(struct vbd *v, struct slot *s)
{
	v->counters.errors += s->status != BLKIF_RSP_OKAY;
	blk_ring_respond(&v->ring, s->from.id, s->from.op, s->status);
	push_free(v, s);
}

static int16_t status_of(int error)
{
	return !error ? BLKIF_RSP_OKAY : error == -EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR;
}

/* From the disk, in any thread. */
static void io_done(struct block_request *r, int error)
{
	struct slot *s = r->client;
	struct vbd *v = s->vbd;
	bool wake;

	s->status = status_of(error);
	os_mutex_lock(v->lock);
	wake = !v->busy && !v->done.first;
	slot_list_push(&v->done, s);
	if (wake)
		os_evtchn_wake(v->events);
	os_mutex_unlock(v->lock);
}

/* With data and without. A flush that brings data is a write that is safe when it is done, as a barrier is; a barrier
 * that brings none is a flush in its place. Indexed by a known operation, so for speculation too. */
static const struct { enum block_op op; bool barrier; } ops[8][2] = {
	[BLKIF_OP_READ] = { { BLOCK_READ, false }, { BLOCK_READ, false } },
	[BLKIF_OP_WRITE] = { { BLOCK_WRITE, false }, { BLOCK_WRITE, false } },
	[BLKIF_OP_WRITE_BARRIER] = { { BLOCK_WRITE, true }, { BLOCK_FLUSH, true } },
	[BLKIF_OP_FLUSH_DISKCACHE] = { { BLOCK_WRITE, true }, { BLOCK_FLUSH, false } },
	[BLKIF_OP_DISCARD] = { { BLOCK_DISCARD, false }, { BLOCK_DISCARD, false } },
};

static void make_io(struct slot *s)
{
	uint8_t op = s->from.op % 8;
	bool empty = !s->from.nr_segments;

	s->io = (struct block_request){
		.op = ops[op][empty].op, .barrier = ops[op][empty].barrier, .sector = s->from.sector,
		.nr_segments = s->from.nr_segments, .segments = s->segments,
		.done = io_done, .client = s,
	};
	if (op == BLKIF_OP_DISCARD)
		s->io.nr_sectors = s->from.nr_sectors > UINT32_MAX ? 0 : (uint32_t)s->from.nr_sectors;
}

/* What a sound request may be refused for all the same. */
static int16_t refusal(struct vbd *v, struct slot *s)
{
	if (s->from.op == BLKIF_OP_DISCARD && !v->offer_discard)
		return BLKIF_RSP_EOPNOTSUPP;
	return make_room(s, s->from.nr_segments) ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
}

/* The next request off the ring; NULL: there is none, or so many were refused that it is time to look up. What is refused
 * is answered here, in the ring: a guest that reads along there could have the next one ready for ever. */
static struct slot *take(struct vbd *v)
{
	unsigned int most = RING_SIZE(&v->ring.back);
	struct slot *s;

	while (most-- && (s = v->free)) {
		enum blk_taken taken = blk_ring_take(&v->ring, &s->from, &s->status);

		v->broken |= taken == BLK_BROKEN;
		if (taken == BLK_NONE || taken == BLK_BROKEN)
			return NULL;
		v->free = s->next;
		v->counters.requests++;
		if (taken == BLK_TAKEN)
			s->status = refusal(v, s);
		if (s->status == BLKIF_RSP_OKAY)
			return s;
		v->counters.refused++;
		answer(v, s);
	}
	return NULL;
}

/* All that is on the ring, as far as there are slots and pages for it. */
static void take_all(struct vbd *v, struct slot_list *taken)
{
	unsigned int room = v->mode == VBD_COPY ? UINT32_MAX : grants_room(&v->grants);
	struct slot *s = v->parked;

	v->parked = NULL;
	while (s || !v->broken) {
		if (!s) {
			s = take(v);
			if (!s)
				return;
		}
		if (s->from.nr_segments > room) {
			v->parked = s;
			return;
		}
		room -= s->from.nr_segments;
		s->status = BLKIF_RSP_OKAY;
		s->nr_pages = 0;
		make_io(s);
		slot_list_push(taken, s);
		s = NULL;
	}
}

static void count(struct vbd *v, const struct slot *s)
{
	if (s->io.op == BLOCK_READ)
		v->counters.sectors_read += s->io.nr_sectors;
	else if (s->io.op == BLOCK_WRITE)
		v->counters.sectors_written += s->io.nr_sectors;
}

/* Gives the round's requests to the disk; those that failed before it are done. */
static void submit_all(struct vbd *v, struct slot_list *taken)
{
	struct slot *s, *next;

	for (s = taken->first; s; s = next) {
		next = s->next;
		count(v, s);
		v->in_flight++;
		if (s->status == BLKIF_RSP_OKAY)
			block_submit(v->queue, &s->io);
		else
			io_done(&s->io, s->status == BLKIF_RSP_EOPNOTSUPP ? -EOPNOTSUPP : -EIO);
	}
	block_unplug(v->queue);
}

static void answer_all(struct vbd *v, struct slot *s)
{
	struct slot *next;

	for (; s; s = next) {
		next = s->next;
		answer(v, s);
	}
}

/* What the disk has done: its pages go back in one batch, then the guest is told. */
static void finish_done(struct vbd *v)
{
	struct slot_list done;

	os_mutex_lock(v->lock);
	done = v->done;
	slot_list_init(&v->done);
	os_mutex_unlock(v->lock);
	v->in_flight -= done.count;
	for (struct slot *s = done.first; s; s = s->next)
		vbd_unmap(v, s);
	grants_unmap(&v->grants);
	answer_all(v, done.first);
}

static void push_responses(struct vbd *v)
{
	if (!v->broken && blk_ring_push(&v->ring)) {
		v->counters.notifications++;
		os_evtchn_notify(v->events, (uint32_t)v->port);
	}
}

/* What goes by copy is done within the round; such a disk is memory, which has nothing to flush. */
static void copy_round(struct vbd *v, struct slot_list *taken)
{
	struct slot *s, *next;

	vbd_copy(v, taken);
	for (s = taken->first; s; s = next) {
		next = s->next;
		count(v, s);
		answer(v, s);
	}
}

bool vbd_round(struct vbd *v)
{
	struct slot_list taken;

	slot_list_init(&taken);
	take_all(v, &taken);
	if (taken.first) {
		vbd_fetch_indirect(v, &taken);
		if (v->mode == VBD_COPY) {
			copy_round(v, &taken);
		} else {
			vbd_map(v, &taken);
			submit_all(v, &taken);
		}
	}
	if (v->in_flight)
		finish_done(v);
	push_responses(v);
	if (v->parked)
		return grants_room(&v->grants) >= v->parked->from.nr_segments;
	return !v->broken && v->free && blk_ring_more(&v->ring);
}

/* Sleeps until the guest or the disk has something, or somebody wants the worker to stop (unless it is about to). */
static void sleep(struct vbd *v, bool stopping)
{
	bool quiet;

	os_mutex_lock(v->lock);
	quiet = !v->done.first && (stopping || !v->stop);
	v->busy = !quiet;
	os_mutex_unlock(v->lock);
	if (!quiet)
		return;
	v->counters.events += os_evtchn_wait(v->events, -1) >= 0;
	os_mutex_lock(v->lock);
	v->busy = true;
	os_mutex_unlock(v->lock);
}

static bool stopping(struct vbd *v)
{
	bool stop;

	os_mutex_lock(v->lock);
	stop = v->stop;
	os_mutex_unlock(v->lock);
	return stop;
}

/* The guest's driver is asked to close; the bus follows when it does, or when the device goes. */
static void tell_broken(struct vbd *v)
{
	bus_write(v->bus, "error", "the frontend's ring index is impossible");
	bus_write_number(v->bus, "state", XenbusStateClosing);
}

static void work(void *arg)
{
	struct vbd *v = arg;

	while (!stopping(v)) {
		if (vbd_round(v))
			continue;
		if (v->broken && !v->told) {
			v->told = true;
			tell_broken(v);
		}
		sleep(v, false);
	}
	/* What is at the disk has the guest's pages: they are given back when it is done. */
	while (v->in_flight) {
		finish_done(v);
		if (v->in_flight)
			sleep(v, true);
	}
	os_mutex_lock(v->lock);
	v->running = false;
	os_cond_broadcast(v->over);
	os_mutex_unlock(v->lock);
}

int vbd_worker_start(struct vbd *v)
{
	int rc;

	v->running = true;
	rc = os_thread_start("vbd", work, v);
	if (rc)
		v->running = false;
	return rc;
}

void vbd_worker_stop(struct vbd *v)
{
	os_mutex_lock(v->lock);
	v->stop = true;
	os_evtchn_wake(v->events);
	while (v->running)
		os_cond_wait(v->over, v->lock, -1);
	os_mutex_unlock(v->lock);
}
