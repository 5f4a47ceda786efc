/* SPDX-License-Identifier: MIT */
/*
 * disk copy: everything on one disk to another, some requests of each in flight at once; flushed at the end. A
 * buffer goes round: read, then written from the same memory, then read into again. `lock` guards the job.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <kit/pt.h>
#include "block/block.h"
#include "block/verb.h"
#include "os/os.h"

#define BUFFERS 16
#define BUFFER_PAGES 16
#define BUFFER_SECTORS (BUFFER_PAGES * OS_PAGE_SIZE / BLOCK_SECTOR)

struct copy;

struct buffer {
	struct block_request request;
	struct block_segment segment[BUFFER_PAGES];
	char *pages;
	struct copy *job;
	enum { BUFFER_FREE, BUFFER_BUSY, BUFFER_FULL } state;	/* full: read, to be written */
};

struct copy {
	struct block_queue *from, *to;
	struct os_mutex *lock;
	struct os_cond *changed;
	struct buffer buffer[BUFFERS];
	uint64_t next, sectors;
	const char *failed;		/* what did, with `error` */
	int error;
	bool news;			/* a request ended */
};

static void request_done(struct block_request *r, int error)
{
	struct buffer *b = r->client;
	struct copy *c = b->job;

	os_mutex_lock(c->lock);
	if (error && !c->error) {
		c->error = error;
		c->failed = r->op == BLOCK_READ ? "reading" : r->op == BLOCK_WRITE ? "writing" : "flushing";
	}
	b->state = r->op == BLOCK_READ && !error ? BUFFER_FULL : BUFFER_FREE;
	c->news = true;
	os_cond_broadcast(c->changed);
	os_mutex_unlock(c->lock);
}

static void begin(struct copy *c, struct buffer *b, enum block_op op)
{
	struct block_request *r = &b->request;
	uint64_t left = c->sectors - c->next;

	r->op = op;
	if (op == BLOCK_READ) {
		r->sector = c->next;
		r->nr_sectors = left < BUFFER_SECTORS ? left : BUFFER_SECTORS;
		c->next += r->nr_sectors;
		r->nr_segments = 0;
		for (uint32_t n = r->nr_sectors * BLOCK_SECTOR; n; n -= b->segment[r->nr_segments++].len)
			b->segment[r->nr_segments].len = n < OS_PAGE_SIZE ? n : OS_PAGE_SIZE;
	}
	if (op == BLOCK_FLUSH)
		r->sector = r->nr_sectors = r->nr_segments = 0;
	b->state = BUFFER_BUSY;
	os_mutex_unlock(c->lock);
	block_submit(op == BLOCK_READ ? c->from : c->to, r);
	os_mutex_lock(c->lock);
}

/* Lets both disks work; returns when a buffer they had is done. */
static void pass_on(struct copy *c)
{
	os_mutex_unlock(c->lock);
	block_unplug(c->from);
	block_unplug(c->to);
	os_mutex_lock(c->lock);
	while (!c->news)
		os_cond_wait(c->changed, c->lock, -1);
	c->news = false;
}

/* Begins what can be begun; true while anything is under way. */
static bool advance(struct copy *c)
{
	bool busy = false;

	for (unsigned int i = 0; i < BUFFERS; i++) {
		struct buffer *b = &c->buffer[i];

		if (b->state == BUFFER_FULL && !c->error)
			begin(c, b, BLOCK_WRITE);
		else if (b->state == BUFFER_FREE && !c->error && c->next < c->sectors)
			begin(c, b, BLOCK_READ);
		busy |= b->state == BUFFER_BUSY;
	}
	return busy;
}

static void run(struct copy *c)
{
	os_mutex_lock(c->lock);
	while (advance(c))
		pass_on(c);
	if (!c->error) {
		begin(c, &c->buffer[0], BLOCK_FLUSH);
		while (c->buffer[0].state == BUFFER_BUSY)
			pass_on(c);
	}
	os_mutex_unlock(c->lock);
}

static int prepare(struct copy *c, const char *from, const char *to)
{
	struct block_limits source, target;
	int rc = block_open(&c->from, from, false, false);

	c->failed = from;
	if (rc)
		return rc;
	c->failed = to;
	rc = block_open(&c->to, to, true, false);
	if (rc)
		return rc;
	block_limits(c->from, &source);
	block_limits(c->to, &target);
	c->sectors = source.sectors;
	c->failed = "the target is smaller or has larger sectors";
	if (target.sectors < source.sectors || target.sector_size > source.sector_size)
		return -EINVAL;
	c->failed = "buffers";
	c->lock = os_mutex_new();
	c->changed = os_cond_new();
	for (unsigned int i = 0; i < BUFFERS; i++) {
		struct buffer *b = &c->buffer[i];

		b->job = c;
		b->pages = os_alloc_pages(BUFFER_PAGES);
		b->request = (struct block_request){ .segments = b->segment, .done = request_done, .client = b };
		for (unsigned int p = 0; p < BUFFER_PAGES && b->pages; p++) {
			b->segment[p].va = b->pages + p * OS_PAGE_SIZE;
			b->segment[p].maddr = virt_to_maddr(b->segment[p].va);
		}
		if (!b->pages || !c->lock || !c->changed)
			return -ENOMEM;
	}
	return 0;
}

int disk_copy(const char *from, const char *to)
{
	struct copy *c = calloc(1, sizeof(*c));
	int rc = c ? prepare(c, from, to) : -ENOMEM;

	if (!rc) {
		run(c);
		rc = c->error;
	}
	if (rc)
		fprintf(stderr, "disk: copy %s %s: %s: %s\n", from, to, c ? c->failed : "job",
			rc == -ENOENT ? "no such disk" : strerror(-rc));
	else
		printf("%llu sectors copied\n", (unsigned long long)c->sectors);
	if (!c)
		return 1;
	block_close(c->from);
	block_close(c->to);
	for (unsigned int i = 0; i < BUFFERS; i++)
		os_free_pages(c->buffer[i].pages, BUFFER_PAGES);
	os_cond_free(c->changed);
	os_mutex_free(c->lock);
	free(c);
	return rc != 0;
}
