/* SPDX-License-Identifier: MIT */
/*
 * Requests onto the ring and responses off it. The backend may write anything into the shared pages at any time: its
 * index is checked against what can be there, a response is copied before it is looked at and must name a request
 * that is in flight, and nothing of ours is ever read back from the ring. One lie, and the device is broken: all
 * its requests fail, the rest of the system does not notice.
 *
 * An event is asked for when about a quarter of what is in flight is answered: so many that work comes in batches, so
 * few that the ring does not run empty meanwhile.
 */
#include "impl.h"
#include <kit/evtchn.h>
#include <xen/errno.h>

static void push_free(struct blkfront *f, unsigned int n)
{
	f->slot[n].request = NULL;
	f->slot[n].next_free = f->free;
	f->free = n;
}

void blkfront_ring_init(struct blkfront *f)
{
	struct blkif_sring *sring = (struct blkif_sring *)f->pages;

	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&f->ring, sring, f->nr_pages * PAGE_SIZE);
	f->pushed = 0;
	f->in_flight = 0;
	f->broken = f->closing = false;
	f->info.depth = RING_SIZE(&f->ring);
	f->free = MAX_REQUESTS;
	for (unsigned int n = f->info.depth; n--; )
		push_free(f, n);
}

/* --- Requests ----------------------------------------------------------------------------------- */

static int check_data(const struct blkfront *f, const struct blkfront_request *r)
{
	uint32_t mask = f->info.sector_size / 512 - 1;
	unsigned int offset = (uintptr_t)r->buf & ~PAGE_MASK;

	if (offset % 512 || (r->sector | r->nr_sectors) & mask ||
	    bytes_to_pages(offset + r->nr_sectors * 512ul) > f->max_segments)
		return -XEN_EINVAL;
	return 0;
}

static int check(const struct blkfront *f, const struct blkfront_request *r)
{
	bool data = r->op == BLKFRONT_READ || r->op == BLKFRONT_WRITE || r->op == BLKFRONT_BARRIER;

	if (!f->connected || f->closing || f->broken)
		return -XEN_ENODEV;
	if (r->op != BLKFRONT_READ && f->info.readonly)
		return -XEN_EROFS;
	if ((r->op == BLKFRONT_BARRIER && !f->info.barrier) || (r->op == BLKFRONT_FLUSH && !f->info.flush) ||
	    (r->op == BLKFRONT_DISCARD && !f->info.discard) || r->op > BLKFRONT_DISCARD)
		return -XEN_EOPNOTSUPP;
	if (r->op == BLKFRONT_FLUSH)
		return 0;
	if (r->sector > f->info.sectors || r->nr_sectors > f->info.sectors - r->sector || !r->nr_sectors)
		return -XEN_EINVAL;
	return data ? check_data(f, r) : 0;
}

/* Segment i of a buffer, which may begin and end within its pages. */
static struct blkif_request_segment segment(const struct slot *s, unsigned int i)
{
	unsigned int first = i ? 0 : ((uintptr_t)s->request->buf & ~PAGE_MASK) / 512;
	unsigned int end = ((uintptr_t)s->request->buf & ~PAGE_MASK) / 512 + s->request->nr_sectors;
	unsigned int last = end > (i + 1) * 8 ? 7 : end - i * 8 - 1;

	return (struct blkif_request_segment){ .gref = s->ref[i], .first_sect = first, .last_sect = last };
}

static const uint8_t ops[] = {
	[BLKFRONT_READ] = BLKIF_OP_READ, [BLKFRONT_WRITE] = BLKIF_OP_WRITE,
	[BLKFRONT_BARRIER] = BLKIF_OP_WRITE_BARRIER, [BLKFRONT_FLUSH] = BLKIF_OP_FLUSH_DISKCACHE,
	[BLKFRONT_DISCARD] = BLKIF_OP_DISCARD,
};

static void fill_indirect(struct blkif_request *out, const struct slot *s, unsigned int id)
{
	struct blkif_request_indirect *in = (struct blkif_request_indirect *)out;

	for (unsigned int i = 0; i < s->nr_refs; i++)
		s->indirect[i] = segment(s, i);
	*in = (struct blkif_request_indirect){
		.operation = BLKIF_OP_INDIRECT, .indirect_op = ops[s->request->op], .nr_segments = s->nr_refs,
		.id = id, .sector_number = s->request->sector, .indirect_grefs = { s->indirect_ref },
	};
}

static void fill(struct blkif_request *out, const struct slot *s, unsigned int id)
{
	struct blkif_request_discard *discard = (struct blkif_request_discard *)out;

	if (s->request->op == BLKFRONT_DISCARD) {
		*discard = (struct blkif_request_discard){
			.operation = BLKIF_OP_DISCARD, .id = id, .sector_number = s->request->sector,
			.nr_sectors = s->request->nr_sectors,
		};
		return;
	}
	out->operation = ops[s->request->op];
	out->nr_segments = s->nr_refs;
	out->handle = 0;
	out->id = id;
	out->sector_number = s->request->op == BLKFRONT_FLUSH ? 0 : s->request->sector;
	for (unsigned int i = 0; i < s->nr_refs; i++)
		out->seg[i] = segment(s, i);
}

static int submit(struct blkfront *f, struct blkfront_request *r)
{
	unsigned int id = f->free;
	struct slot *s = &f->slot[id % MAX_REQUESTS];
	struct blkif_request *out;
	int rc = check(f, r);

	if (!rc && id == MAX_REQUESTS)
		rc = -XEN_EAGAIN;
	if (rc)
		return rc;
	s->request = r;
	rc = blkfront_grant(f, s);
	if (rc) {
		s->request = NULL;
		/* Grants and pages come back with the answers that are due. */
		return (rc == -XEN_ENOSPC || rc == -XEN_ENOMEM) && f->in_flight ? -XEN_EAGAIN : rc;
	}
	f->free = s->next_free;
	out = RING_GET_REQUEST(&f->ring, f->ring.req_prod_pvt);
	if (s->nr_refs > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		fill_indirect(out, s, id);
	else
		fill(out, s, id);
	f->ring.req_prod_pvt++;
	f->in_flight++;
	f->counters.requests++;
	return 0;
}

int blkfront_submit(struct blkfront *f, struct blkfront_request *r)
{
	int rc;

	os_lock(&f->lock);
	rc = submit(f, r);
	os_unlock(&f->lock);
	return rc;
}

void blkfront_push(struct blkfront *f)
{
	RING_IDX was, is;
	bool notify = false;

	os_lock(&f->lock);
	was = f->pushed;
	is = f->ring.req_prod_pvt;
	if (was != is && f->connected) {
		RING_PUSH_REQUESTS(&f->ring);
		f->pushed = is;
		xen_mb();
		notify = is - *(volatile RING_IDX *)&f->ring.sring->req_event < is - was;
		f->counters.notifications += notify;
	}
	os_unlock(&f->lock);
	if (notify)
		evtchn_send(f->port);
}

/* --- Responses ---------------------------------------------------------------------------------- */

static int error_of(int16_t status)
{
	return status == BLKIF_RSP_OKAY ? 0 : status == BLKIF_RSP_EOPNOTSUPP ? -XEN_EOPNOTSUPP : -XEN_EIO;
}

/* The request of that slot is over; it goes to the list. */
static struct blkfront_request *finish(struct blkfront *f, unsigned int id, int error)
{
	struct slot *s = &f->slot[id];
	struct blkfront_request *r = s->request;
	int rc;

	if (!error)
		blkfront_copy_back(f, s);
	rc = blkfront_revoke(f, s);
	r->error = rc ? rc : error;
	push_free(f, id);
	f->in_flight--;
	f->counters.responses++;
	return r;
}

/* What the backend has answered, linked; a wrong index or id breaks the device. */
static struct blkfront_request *take_answers(struct blkfront *f)
{
	struct blkfront_request *first = NULL, **end = &first;
	RING_IDX prod = *(volatile RING_IDX *)&f->ring.sring->rsp_prod;
	struct blkif_response rsp;

	f->broken |= prod - f->ring.rsp_cons > f->pushed - f->ring.rsp_cons;
	xen_rmb();
	while (!f->broken && f->ring.rsp_cons != prod) {
		RING_COPY_RESPONSE(&f->ring, f->ring.rsp_cons, &rsp);
		if (rsp.id >= f->info.depth || !f->slot[rsp.id % MAX_REQUESTS].request) {
			f->broken = true;
			break;
		}
		f->ring.rsp_cons++;
		*end = finish(f, rsp.id % MAX_REQUESTS, error_of(rsp.status));
		end = &(*end)->next;
	}
	*end = NULL;
	return first;
}

/* Asks for an event; true: there is something already. */
static bool arm(struct blkfront *f)
{
	unsigned int outstanding = f->pushed - f->ring.rsp_cons;
	unsigned int after = f->options.eager || !outstanding ? 1 : 1 + (outstanding - 1) / 4;

	*(volatile RING_IDX *)&f->ring.sring->rsp_event = f->ring.rsp_cons + after;
	xen_mb();
	return *(volatile RING_IDX *)&f->ring.sring->rsp_prod != f->ring.rsp_cons;
}

static unsigned int tell(struct blkfront_request *r)
{
	struct blkfront_request *next;
	unsigned int n = 0;

	for (; r; r = next, n++) {
		next = r->next;
		r->done(r, r->error);
	}
	return n;
}

/* A broken device answers for the backend: the requests fail, and keep their slots' grants busy if need be. */
static struct blkfront_request *fail_all(struct blkfront *f)
{
	struct blkfront_request *first = NULL;

	for (unsigned int id = 0; id < f->info.depth; id++)
		if (f->slot[id].request) {
			struct blkfront_request *r = finish(f, id, -XEN_ENODEV);

			r->next = first;
			first = r;
		}
	return first;
}

unsigned int blkfront_poll(struct blkfront *f)
{
	struct blkfront_request *r, *failed = NULL;
	unsigned int n = 0;

	do {
		os_lock(&f->lock);
		r = f->connected && !f->broken ? take_answers(f) : NULL;
		if (f->broken && !failed)
			failed = fail_all(f);
		else if (!r && f->connected && arm(f))
			r = take_answers(f);
		os_unlock(&f->lock);
		n += tell(r);
	} while (r);
	n += tell(failed);
	if (n)
		os_wake(&f->wait);	/* there is room; or what others wait for is done */
	return n;
}

bool blkfront_has_news(struct blkfront *f)
{
	return !f->connected || f->broken ||
	       *(volatile RING_IDX *)&f->ring.sring->rsp_prod != f->ring.rsp_cons;
}

static bool has_news(void *arg)
{
	struct blkfront *f = arg;

	return f->closing || blkfront_has_news(f);
}

void blkfront_wait(struct blkfront *f, uint64_t deadline_ns)
{
	os_wait_until(&f->wait, has_news, f, deadline_ns);
}

bool blkfront_ring_fini(struct blkfront *f)
{
	struct blkfront_request *r;
	bool all;

	os_lock(&f->lock);
	f->connected = false;
	r = fail_all(f);
	all = blkfront_drop(f);
	os_unlock(&f->lock);
	tell(r);
	return all;
}
