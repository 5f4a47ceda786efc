/* SPDX-License-Identifier: MIT */
/* Transfers that are waited for, over the asynchronous requests; also where the device's facts are read. */
#include "impl.h"
#include <kit/pt.h>
#include <xen/errno.h>

#define PARTS 8				/* requests of one transfer in flight */
#define ALL_IDLE ((1u << PARTS) - 1)

struct transfer {
	struct blkfront_request part[PARTS];
	unsigned int idle;		/* a bit for each part that is free */
	int error;
};

static void part_done(struct blkfront_request *r, int error)
{
	struct transfer *t = r->client;

	if (error && !t->error)
		t->error = error;
	__atomic_fetch_or(&t->idle, 1u << (r - t->part), __ATOMIC_RELEASE);
}

/* A thread that waits for its parts may find that another one's poll has ended them, or has made room. */
struct pause {
	struct blkfront *f;
	struct transfer *t;
	unsigned int idle;		/* as it was */
	bool for_room;
};

static unsigned int idle_parts(struct transfer *t)
{
	return __atomic_load_n(&t->idle, __ATOMIC_ACQUIRE);
}

static bool over(void *arg)
{
	const struct pause *p = arg;

	return idle_parts(p->t) != p->idle || blkfront_has_news(p->f) ||
	       (p->for_room && *(volatile unsigned int *)&p->f->free != MAX_REQUESTS);
}

static void pause(struct blkfront *f, struct transfer *t, bool for_room)
{
	struct pause p = { f, t, idle_parts(t), for_room };

	blkfront_push(f);
	if (!blkfront_poll(f))
		os_wait_until(&f->wait, over, &p, OS_FOREVER);
}

/* Puts one part on the ring when there is room for it. */
static int send(struct blkfront *f, struct transfer *t, const struct blkfront_request *what)
{
	unsigned int i;
	int rc;

	while (!idle_parts(t))
		pause(f, t, false);
	i = __builtin_ctz(idle_parts(t));
	t->part[i] = *what;
	t->part[i].done = part_done;
	t->part[i].client = t;
	__atomic_fetch_and(&t->idle, ~(1u << i), __ATOMIC_RELAXED);
	while ((rc = blkfront_submit(f, &t->part[i])) == -XEN_EAGAIN)
		pause(f, t, true);
	if (rc)
		__atomic_fetch_or(&t->idle, 1u << i, __ATOMIC_RELAXED);
	return rc;
}

static uint32_t part_sectors(const struct blkfront *f, const char *buf, size_t bytes)
{
	size_t most = f->info.max_sectors * 512ul - ((uintptr_t)buf & ~PAGE_MASK);

	most -= most % f->info.sector_size;
	return (bytes < most ? bytes : most) / 512;
}

int blkfront_transfer(struct blkfront *f, enum blkfront_op op, uint64_t sector, void *buf, size_t bytes)
{
	struct transfer t = { .idle = ALL_IDLE };
	struct blkfront_request r = { .op = op, .sector = sector, .buf = buf };
	bool data = op == BLKFRONT_READ || op == BLKFRONT_WRITE || op == BLKFRONT_BARRIER;
	int rc;

	do {
		r.nr_sectors = data ? part_sectors(f, r.buf, bytes) : bytes / 512;
		rc = send(f, &t, &r);
		r.sector += r.nr_sectors;
		r.buf = (char *)r.buf + r.nr_sectors * 512ul;
		bytes -= data ? r.nr_sectors * 512ul : bytes;
	} while (!rc && !t.error && bytes);
	while (idle_parts(&t) != ALL_IDLE)
		pause(f, &t, false);
	return rc ? rc : t.error;
}

const struct blkfront_info *blkfront_info(const struct blkfront *f)
{
	return &f->info;
}

const struct blkfront_counters *blkfront_counters(const struct blkfront *f)
{
	return &f->counters;
}
