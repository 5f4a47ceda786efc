/* SPDX-License-Identifier: MIT */
/*
 * A disk through the block frontend: reads and writes of 4 and 128 KB, in order and (unless random=0) in no order, with
 * 1 to 64 of them in flight. Each request that ends is begun anew elsewhere, until all have been done.
 */
#include "ringbench.h"
#include <frontend/blk/blkfront.h>

#include <xen/errno.h>

#define MAX_DEPTH 64

struct load {
	enum blkfront_op op;
	uint32_t sectors;
	bool random;
	uint64_t at, seed;
	unsigned int left, busy;
	struct blkfront_request *refused;	/* for want of grants: tried again when some come back */
};

static struct blkfront *disk;
static struct blkfront_request request[MAX_DEPTH];
static struct load load;

static void begin(struct blkfront_request *r);

static void done(struct blkfront_request *r, int error)
{
	if (error)
		os_panic("ringbench: error %d at sector %llu", error, (unsigned long long)r->sector);
	load.busy--;
	if (load.left)
		begin(r);
}

static uint64_t place(void)
{
	uint64_t places = blkfront_info(disk)->sectors / load.sectors;

	load.seed = load.seed * 6364136223846793005ull + 1442695040888963407ull;
	return (load.random ? load.seed >> 33 : load.at++) % places * load.sectors;
}

static void submit(struct blkfront_request *r)
{
	int rc = blkfront_submit(disk, r);

	if (rc && rc != -XEN_EAGAIN)
		os_panic("ringbench: a request was refused: %d", rc);
	if (rc) {
		r->next = load.refused;
		load.refused = r;
	}
}

static void begin(struct blkfront_request *r)
{
	load.left--;
	load.busy++;
	r->op = load.op;
	r->sector = place();
	r->nr_sectors = load.sectors;
	r->done = done;
	submit(r);
}

static void retry(void)
{
	struct blkfront_request *r = load.refused, *next;

	load.refused = NULL;
	for (; r; r = next) {
		next = r->next;
		submit(r);
	}
}

static void run(unsigned int depth)
{
	for (unsigned int i = 0; i < depth; i++)
		begin(&request[i]);
	while (load.busy) {
		blkfront_push(disk);
		if (!blkfront_poll(disk))
			blkfront_wait(disk, OS_FOREVER);
		retry();
	}
}

static void measure(const char *tag, enum blkfront_op op, unsigned int kb, bool random, unsigned int depth,
		    unsigned int n)
{
	const struct blkfront_counters *c = blkfront_counters(disk);
	uint64_t events, ns;
	char name[64];

	load = (struct load){ .op = op, .sectors = kb * 2, .random = random, .seed = 1, .left = n };
	events = c->notifications + c->events;
	ns = stamp();
	run(depth);
	ns = stamp() - ns;
	snprintf(name, sizeof(name), "%s.%s.%uk.%s.d%u", tag, op == BLKFRONT_READ ? "read" : "write", kb,
		 random ? "random" : "seq", depth);
	report(name, n, ns, c->notifications + c->events - events);
}

static int open_disk(int argc, char **argv, const char *name)
{
	struct blkfront_options o = BLKFRONT_DEFAULTS;
	char node[64];
	int rc;

	o.persistent = argument(argc, argv, "persistent", 0);
	rc = blkfront_find(name, node, sizeof(node));
	if (!rc)
		rc = blkfront_open(&disk, node, &o);
	for (unsigned int i = 0; !rc && i < MAX_DEPTH; i++)
		if (!(request[i].buf = pages_alloc(32)))
			rc = 1;
	return rc;
}

static const char *word(int argc, char **argv, const char *key, const char *missing)
{
	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], key, strlen(key)))
			return argv[i] + strlen(key);
	return missing;
}

int run_disk(int argc, char **argv)
{
	static const unsigned int depths[] = { 1, 4, 16, 32, MAX_DEPTH };
	unsigned int n = argument(argc, argv, "n", 256);
	const char *tag = word(argc, argv, "tag=", "disk");

	if (open_disk(argc, argv, word(argc, argv, "vdev=", "xvda")))
		return 1;
	for (unsigned long random = 0; random <= argument(argc, argv, "random", 1); random++)
		for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
			measure(tag, BLKFRONT_WRITE, 4, random, depths[i], depths[i] < 16 ? n : 4 * n);
			measure(tag, BLKFRONT_READ, 4, random, depths[i], depths[i] < 16 ? n : 4 * n);
			measure(tag, BLKFRONT_WRITE, 128, random, depths[i], n / 2);
			measure(tag, BLKFRONT_READ, 128, random, depths[i], n / 2);
		}
	blkfront_close(disk);
	return 0;
}
