/* SPDX-License-Identifier: MIT */
/*
 * A guest that uses its disks as its command line says, word by word: ACTION or ACTION:ARGUMENT, see the table at the
 * end. It says "NAME: ok" after each, or what was wrong and ends with the reason crash. What a disk should hold follows from a
 * seed and the sector's number, so one guest can check what another one wrote.
 */
#include "guest.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFERS 64
#define BUFFER_PAGES 32
#define BUFFER_SECTORS (BUFFER_PAGES * 8)

struct blkfront *disk;

void wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("wrong: ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	libos_shutdown(SHUTDOWN_crash);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static char node[64];

/* NAME,option,...: persistent, eager, order=N, segments=N */
static void act_open(const char *arg)
{
	struct blkfront_options o = BLKFRONT_DEFAULTS;
	const char *order = strstr(arg, "order="), *segments = strstr(arg, "segments=");
	char name[32];
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg, ","), arg);
	o.persistent = strstr(arg, "persistent");
	o.eager = strstr(arg, "eager");
	if (order)
		o.ring_order = atoi(order + 6);
	if (segments)
		o.max_segments = atoi(segments + 9);
	rc = blkfront_find(name, node, sizeof(node));
	if (rc)
		wrong("no disk %s: %d", name, rc);
	rc = blkfront_open(&disk, node, &o);
	if (rc)
		wrong("open %s: %d", name, rc);
	printf("%s: %llu sectors of %u, depth %u, at most %u sectors%s%s%s%s%s\n", name,
	       (unsigned long long)blkfront_info(disk)->sectors, blkfront_info(disk)->sector_size,
	       blkfront_info(disk)->depth, blkfront_info(disk)->max_sectors,
	       blkfront_info(disk)->readonly ? " readonly" : "", blkfront_info(disk)->persistent ? " persistent" : "",
	       blkfront_info(disk)->barrier ? " barrier" : "", blkfront_info(disk)->flush ? " flush" : "",
	       blkfront_info(disk)->discard ? " discard" : "");
}

/* Waits for a disk to be attached. */
static void act_await(const char *arg)
{
	printf("waiting\n");
	while (blkfront_find(arg, node, sizeof(node)))
		thread_sleep_ns(10000000);
}

static void act_close(const char *arg)
{
	(void)arg;
	blkfront_close(disk);
	disk = NULL;
}

/* Waits until the toolstack takes the disk, then lets it go. */
static void act_detach(const char *arg)
{
	(void)arg;
	printf("using\n");
	if (!blkfront_closing(disk, OS_FOREVER))
		wrong("not closing");
	act_close("");
}

/* --- Patterns ----------------------------------------------------------------------------------- */

static uint64_t word_of(uint64_t seed, uint64_t sector, unsigned int i)
{
	return (seed * 0x9e3779b97f4a7c15ull ^ (sector * 64 + i)) * 0xbf58476d1ce4e5b9ull;
}

static void fill(uint64_t *buf, uint64_t seed, uint64_t sector, unsigned int n)
{
	for (unsigned int i = 0; i < n * 64; i++)
		buf[i] = word_of(seed, sector + i / 64, i % 64);
}

static void compare(const uint64_t *buf, uint64_t seed, uint64_t sector, unsigned int n)
{
	for (unsigned int i = 0; i < n * 64; i++)
		if (buf[i] != word_of(seed, sector + i / 64, i % 64))
			wrong("sector %llu word %u is %llx", (unsigned long long)(sector + i / 64), i % 64,
			      (unsigned long long)buf[i]);
}

/* One pass over the disk: stretches of random lengths, in a mixed order, many in flight. */
struct pass {
	bool write;
	uint64_t seed, random, at, done;
	unsigned int busy;
};

struct buffer {
	struct blkfront_request r;
	struct pass *pass;
	char *pages;
	bool busy;
};

static struct buffer buffers[BUFFERS];

static void pass_done(struct blkfront_request *r, int error)
{
	struct buffer *b = r->client;

	if (error)
		wrong("sector %llu, %u sectors: error %d", (unsigned long long)r->sector, r->nr_sectors, error);
	if (!b->pass->write)
		compare(r->buf, b->pass->seed, r->sector, r->nr_sectors);
	b->pass->done += r->nr_sectors;
	b->pass->busy--;
	b->busy = false;
}

static void begin(struct pass *p, struct buffer *b)
{
	const struct blkfront_info *info = blkfront_info(disk);
	unsigned int unit = info->sector_size / 512, shift = next_random(&p->random) % 8;
	unsigned int most = info->max_sectors - 8, n = 1 + next_random(&p->random) % (BUFFER_SECTORS - 8);
	int rc;

	if (unit > 1)
		shift = 0;
	n = n > most ? most : n;
	n = n > info->sectors - p->at ? info->sectors - p->at : n;
	n = n > unit ? n / unit * unit : unit;
	b->pass = p;
	b->r = (struct blkfront_request){
		.op = p->write ? BLKFRONT_WRITE : BLKFRONT_READ, .sector = p->at, .nr_sectors = n,
		.buf = b->pages + shift * 512, .done = pass_done, .client = b,
	};
	if (p->write)
		fill(b->r.buf, p->seed, p->at, n);
	b->busy = true;
	p->busy++;
	p->at += n;
	while ((rc = blkfront_submit(disk, &b->r)) == -XEN_EAGAIN) {
		blkfront_push(disk);
		if (!blkfront_poll(disk))
			blkfront_wait(disk, OS_FOREVER);
	}
	if (rc)
		wrong("submit: %d", rc);
}

static void run_pass(struct pass *p)
{
	const struct blkfront_info *info = blkfront_info(disk);

	for (unsigned int i = 0; i < BUFFERS && !buffers[i].pages; i++)
		if (!(buffers[i].pages = pages_alloc(BUFFER_PAGES)))
			wrong("no memory");
	p->random = p->seed + 1;
	while (p->done < info->sectors) {
		for (unsigned int i = 0; i < BUFFERS && p->at < info->sectors; i++)
			if (!buffers[i].busy)
				begin(p, &buffers[i]);
		blkfront_push(disk);
		if (!blkfront_poll(disk))
			blkfront_wait(disk, OS_FOREVER);
	}
	if (p->busy || p->done != info->sectors)
		wrong("%u in flight, %llu done", p->busy, (unsigned long long)p->done);
}

static void act_fill(const char *arg)
{
	struct pass p = { .write = true, .seed = atoi(arg) };

	run_pass(&p);
}

static void act_check(const char *arg)
{
	struct pass p = { .seed = atoi(arg) };

	run_pass(&p);
}

/* --- Other requests ----------------------------------------------------------------------------- */

static void act_flush(const char *arg)
{
	int rc = blkfront_transfer(disk, BLKFRONT_FLUSH, 0, NULL, 0);

	(void)arg;
	if (rc != (blkfront_info(disk)->flush ? 0 : -XEN_EOPNOTSUPP))
		wrong("flush: %d", rc);
}

static void act_discard(const char *arg)
{
	int rc = blkfront_transfer(disk, BLKFRONT_DISCARD, 0, NULL, blkfront_info(disk)->sectors * 512);

	(void)arg;
	if (rc != (blkfront_info(disk)->discard ? 0 : -XEN_EOPNOTSUPP))
		wrong("discard: %d", rc);
}

static unsigned int order[32], nr_order;

static void note_order(struct blkfront_request *r, int error)
{
	if (error)
		wrong("barrier round: %d", error);
	order[nr_order++] = (unsigned int)(uintptr_t)r->client;
}

/* Of writes around a barrier, all before it end before it, and all behind it after. */
static void act_barrier(const char *arg)
{
	static struct blkfront_request r[17];
	char *pages = pages_alloc(17);
	unsigned int at = 0;

	(void)arg;
	nr_order = 0;
	for (unsigned int i = 0; i < 17; i++) {
		r[i] = (struct blkfront_request){
			.op = i == 8 ? BLKFRONT_BARRIER : BLKFRONT_WRITE, .sector = i * 8, .nr_sectors = 8,
			.buf = pages + i * PAGE_SIZE, .done = note_order, .client = (void *)(uintptr_t)i,
		};
		if (blkfront_submit(disk, &r[i]))
			wrong("submit");
	}
	blkfront_push(disk);
	while (nr_order < 17)
		if (!blkfront_poll(disk))
			blkfront_wait(disk, OS_FOREVER);
	while (order[at] != 8)
		at++;
	for (unsigned int i = 0; i < 17; i++)
		if ((order[i] < 8 && i > at) || (order[i] > 8 && i < at))
			wrong("request %u ended at place %u, the barrier at %u", order[i], i, at);
	pages_free(pages, 17);
}

/* Several threads, each with a stretch of its own, waiting for their transfers. */
static void one_thread(void *arg)
{
	uint64_t sector = (uintptr_t)arg * 1024;
	uint64_t *buf = (void *)pages_alloc(64);

	for (unsigned int i = 0; i < 20; i++) {
		fill(buf, i, sector, 512);
		if (blkfront_transfer(disk, BLKFRONT_WRITE, sector, buf, 512 * 512))
			wrong("write");
		memset(buf, 0, 512 * 512);
		if (blkfront_transfer(disk, BLKFRONT_READ, sector, buf, 512 * 512))
			wrong("read");
		compare(buf, i, sector, 512);
	}
	pages_free(buf, 64);
}

static void act_threads(const char *arg)
{
	struct thread *t[4];

	(void)arg;
	for (uintptr_t i = 0; i < 4; i++)
		t[i] = thread_create("io", one_thread, (void *)i);
	for (unsigned int i = 0; i < 4; i++)
		thread_join(t[i]);
}

static void act_readonly(const char *arg)
{
	char *page = pages_alloc(1);

	(void)arg;
	if (!blkfront_info(disk)->readonly || blkfront_transfer(disk, BLKFRONT_WRITE, 0, page, 512) != -XEN_EROFS)
		wrong("a read-only disk takes writes");
	if (blkfront_transfer(disk, BLKFRONT_READ, 0, page, PAGE_SIZE))
		wrong("read");
	pages_free(page, 1);
}

/* Requests for ever, until the domain ends or the disk goes. */
static void act_load(const char *arg)
{
	uint64_t *buf = (void *)pages_alloc(64);
	int rc = 0;

	(void)arg;
	printf("loading\n");
	for (uint64_t i = 0; !rc; i++)
		rc = blkfront_transfer(disk, i & 1 ? BLKFRONT_READ : BLKFRONT_WRITE, i % 4 * 512, buf, 512 * 512);
	printf("load ends: %d\n", rc);
}

static void act_stats(const char *arg)
{
	const struct blkfront_counters *c = blkfront_counters(disk);

	(void)arg;
	printf("counters: %llu requests, %llu responses, %llu notifications, %llu events\n",
	       (unsigned long long)c->requests, (unsigned long long)c->responses,
	       (unsigned long long)c->notifications, (unsigned long long)c->events);
}

/* 32 reads of a page in flight all the time: the events of both directions must be few. */
static unsigned int left;

static void again(struct blkfront_request *r, int error)
{
	if (error)
		wrong("read: %d", error);
	if (left && left-- && blkfront_submit(disk, r))
		wrong("submit");
}

static void act_depth32(const char *arg)
{
	static struct blkfront_request r[32];
	struct blkfront_counters before = *blkfront_counters(disk), after;
	char *pages = pages_alloc(32);
	uint64_t n;

	(void)arg;
	left = 3200;
	for (unsigned int i = 0; i < 32; i++) {
		r[i] = (struct blkfront_request){ .op = BLKFRONT_READ, .sector = i * 8, .nr_sectors = 8,
						  .buf = pages + i * PAGE_SIZE, .done = again };
		left--;
		if (blkfront_submit(disk, &r[i]))
			wrong("submit");
	}
	do {
		blkfront_push(disk);
		if (!blkfront_poll(disk))
			blkfront_wait(disk, OS_FOREVER);
		after = *blkfront_counters(disk);
	} while (after.responses - before.responses < 3200);
	n = after.responses - before.responses;
	printf("depth 32: %llu requests, %llu notifications, %llu events\n", (unsigned long long)n,
	       (unsigned long long)(after.notifications - before.notifications),
	       (unsigned long long)(after.events - before.events));
	if ((after.notifications - before.notifications) * 8 > n || (after.events - before.events) * 8 > n)
		wrong("more than one notification for 8 requests");
	pages_free(pages, 32);
}

/* All of the above that a disk can do. */
static void act_all(const char *arg)
{
	act_fill("1");
	act_check("1");
	act_flush(arg);
	act_discard(arg);
	act_barrier(arg);
	act_threads(arg);
	act_fill("2");
	act_check("2");
	act_depth32(arg);
}

static void act_wait(const char *arg)
{
	(void)arg;
	for (;;)
		thread_sleep_ns(1000000000);
}

static const struct {
	const char *name;
	void (*act)(const char *arg);
} actions[] = {
	{ "open", act_open }, { "await", act_await }, { "close", act_close }, { "detach", act_detach }, { "fill", act_fill },
	{ "check", act_check }, { "flush", act_flush }, { "discard", act_discard }, { "barrier", act_barrier },
	{ "threads", act_threads }, { "readonly", act_readonly }, { "load", act_load }, { "stats", act_stats },
	{ "depth32", act_depth32 }, { "all", act_all }, { "hostile", act_hostile }, { "wait", act_wait },
};

static void act(char *word)
{
	char *arg = strchr(word, ':');

	if (arg)
		*arg++ = 0;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i].name, word)) {
			actions[i].act(arg ? arg : "");
			printf("%s: ok\n", word);
			return;
		}
	wrong("no action %s", word);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		act(argv[i]);
	printf("all done\n");
	return 0;
}
