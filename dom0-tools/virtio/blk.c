/* SPDX-License-Identifier: MIT */
/*
 * Virtio disks as block devices vda, vdb, ... (specification 1.1, chapter 5.2). Each io in flight has a slot: a page that
 * holds the request's header, the status byte that the device writes, and the descriptors, which name the clients'
 * own memory: nothing is copied. A thread a disk takes what is done and passes it on.
 *
 * The device decides only over its own ios: one that lies or gives up is stopped, and all it had and gets ends with -EIO.
 * Lock: `lock` guards queue and slots, and is not held where others are called.
 */
#include "virtio_devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <kit/os.h>
#include <kit/pt.h>
#include "../block/block.h"
#include "../os/os.h"
#include "virtio.h"

#define F_SIZE_MAX (1UL << 1)
#define F_SEG_MAX (1UL << 2)
#define F_READONLY (1UL << 5)
#define F_BLK_SIZE (1UL << 6)
#define F_FLUSH (1UL << 9)
#define F_DISCARD (1UL << 13)
#define WANTED (F_SIZE_MAX | F_SEG_MAX | F_READONLY | F_BLK_SIZE | F_FLUSH | F_DISCARD | \
		VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_IDX)

enum { CONFIG_CAPACITY = 0, CONFIG_SIZE_MAX = 8, CONFIG_SEG_MAX = 12, CONFIG_BLK_SIZE = 20,
       CONFIG_DISCARD_MAX = 36, CONFIG_DISCARD_ALIGN = 44 };

enum { TYPE_READ = 0, TYPE_WRITE = 1, TYPE_FLUSH = 4, TYPE_DISCARD = 11 };
enum { STATUS_OK, STATUS_ERROR, STATUS_UNSUPPORTED };

#define DEPTH 64
#define CHAIN_MAX 252			/* what a slot has room for */

struct slot {
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header;
	struct {
		uint64_t sector;
		uint32_t nr_sectors, flags;
	} discard;
	volatile uint8_t status;
	uint8_t pad[7];
	struct slot *next_free;
	struct block_io *io;
	uint64_t discard_left;		/* sectors, behind what the device was told of */
	struct virtq_desc chain[CHAIN_MAX];
};
_Static_assert(sizeof(struct slot) == PAGE_SIZE, "a slot is a page, contiguous for the device");

struct disk {
	struct block_device block;
	struct virtio_device dev;
	struct virtq queue;
	struct os_lock lock;
	struct slot *free;
	struct slot *slots[DEPTH];
	struct os_wait wait;
	volatile bool event, unwanted;
	bool stopped;
	uint32_t discard_max;		/* sectors at once */
	char what[32];
};

/* --- Requests -------------------------------------------------------------------------------------- */

static void describe(struct slot *s, unsigned int *n, maddr_t addr, uint32_t len, uint16_t flags)
{
	s->chain[(*n)++] = (struct virtq_desc){ .addr = addr, .len = len, .flags = flags };
}

/* Header, data, status. The number of descriptors. */
static unsigned int fill(struct slot *s, const struct block_io *io)
{
	static const uint8_t types[] = { [BLOCK_READ] = TYPE_READ, [BLOCK_WRITE] = TYPE_WRITE,
					 [BLOCK_FLUSH] = TYPE_FLUSH, [BLOCK_DISCARD] = TYPE_DISCARD };
	uint16_t flags = io->op == BLOCK_READ ? VIRTQ_WRITE : 0;
	maddr_t page = virt_to_maddr(s);
	unsigned int n = 0;

	s->header.type = types[io->op];
	s->header.sector = io->op == BLOCK_READ || io->op == BLOCK_WRITE ? io->sector : 0;
	describe(s, &n, page + offsetof(struct slot, header), sizeof(s->header), 0);
	if (io->op == BLOCK_DISCARD)
		describe(s, &n, page + offsetof(struct slot, discard), sizeof(s->discard), 0);
	for (const struct block_request *r = io->parts; r; r = r->next)
		for (unsigned int i = 0; i < r->nr_segments; i++)
			describe(s, &n, r->segments[i].maddr, r->segments[i].len, flags);
	s->status = STATUS_ERROR;
	describe(s, &n, page + offsetof(struct slot, status), 1, VIRTQ_WRITE);
	return n;
}

/* The next piece of a discard: a device has a limit for one. */
static void next_discard(const struct disk *d, struct slot *s)
{
	s->discard.sector += s->discard.nr_sectors;
	s->discard.nr_sectors = s->discard_left < d->discard_max ? s->discard_left : d->discard_max;
	s->discard_left -= s->discard.nr_sectors;
}

static bool enqueue(struct disk *d, struct slot *s)
{
	maddr_t table = d->dev.features & VIRTIO_F_INDIRECT ? virt_to_maddr(s->chain) : 0;

	return virtq_add(&d->queue, s->chain, fill(s, s->io), table, s);
}

static void blk_submit(struct block_device *block, struct block_io *io)
{
	struct disk *d = block->driver;
	bool added = false;
	struct slot *s;

	os_lock(&d->lock);
	s = d->stopped ? NULL : d->free;
	if (s) {
		s->io = io;
		if (io->op == BLOCK_DISCARD) {
			s->discard.sector = io->sector;
			s->discard.nr_sectors = 0;
			s->discard_left = io->nr_sectors;
			next_discard(d, s);
		}
		added = enqueue(d, s);
	}
	if (added)
		d->free = s->next_free;
	os_unlock(&d->lock);
	if (!added)
		block_io_done(io, -EIO);
}

static void blk_kick(struct block_device *block)
{
	struct disk *d = block->driver;

	os_lock(&d->lock);
	if (!d->stopped)
		virtq_kick(&d->queue);
	os_unlock(&d->lock);
}

static const struct block_ops ops = { .submit = blk_submit, .kick = blk_kick };

/* --- Completion ------------------------------------------------------------------------------------ */

static int result(const struct slot *s)
{
	switch (s->status) {
	case STATUS_OK:
		return 0;
	case STATUS_UNSUPPORTED:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

static void give_up(struct disk *d)
{
	d->stopped = true;
	virtio_stop(&d->dev);
	printf("%s: %s %s: no more requests are served\n", d->block.name, d->what,
	       d->queue.broken ? "answers what it was not asked" : "failed");
}

/* Is there more to do for what s ended? Then the device has it again. */
static bool goes_on(struct disk *d, struct slot *s)
{
	if (s->io->op != BLOCK_DISCARD || !s->discard_left || s->status != STATUS_OK)
		return false;
	next_discard(d, s);
	if (!enqueue(d, s))
		return false;
	virtq_kick(&d->queue);
	return true;
}

/* The next io that is over; NULL: none now, and an interrupt will tell of the next. first: none was since the last
 * one, which then had another reason. */
static struct block_io *next_done(struct disk *d, bool first, int *error)
{
	struct block_io *io = NULL;
	struct slot *s = NULL;
	uint32_t written;

	os_lock(&d->lock);
	if (!d->stopped)
		do
			s = virtq_get(&d->queue, &written);
		while (s ? goes_on(d, s) : !d->queue.broken && virtq_arm(&d->queue, 1));
	if (!d->stopped && !s && (d->queue.broken || (first && virtio_failed(&d->dev))))
		give_up(d);
	*error = s ? result(s) : -EIO;
	if (!s && d->stopped)
		s = virtq_abandon(&d->queue);
	if (s) {
		io = s->io;
		s->next_free = d->free;
		d->free = s;
	}
	os_unlock(&d->lock);
	return io;
}

static void discard_disk(struct disk *d)
{
	virtio_close(&d->dev);
	for (unsigned int i = 0; i < DEPTH; i++)
		if (d->slots[i])
			os_pages_free(d->slots[i], 1);
	free(d);
}

static bool has_event(void *arg)
{
	return ((struct disk *)arg)->event;
}

static void complete(void *arg)
{
	struct disk *d = arg;
	struct block_io *io;
	bool first;
	int error;

	while (!d->unwanted) {
		os_wait_until(&d->wait, has_event, d, OS_FOREVER);
		d->event = false;
		for (first = true; (io = next_done(d, first, &error)); first = false)
			block_io_done(io, error);
	}
	discard_disk(d);
}

static void interrupted(void *arg)
{
	struct disk *d = arg;

	d->event = true;
	os_wake(&d->wait);
}

/* --- Setting up ------------------------------------------------------------------------------------ */

static uint32_t min32(uint64_t a, uint64_t b) { return a < b ? a : b; }

static int read_limits(struct disk *d)
{
	const struct virtio_device *v = &d->dev;
	struct block_device *b = &d->block;
	uint64_t has = v->features;
	uint32_t segments = CHAIN_MAX - 2, size = UINT32_MAX;

	b->sectors = virtio_config(v, CONFIG_CAPACITY, 8);
	b->sector_size = has & F_BLK_SIZE ? virtio_config(v, CONFIG_BLK_SIZE, 4) : BLOCK_SECTOR;
	b->readonly = has & F_READONLY;
	b->cached = has & F_FLUSH;
	if (!(has & VIRTIO_F_INDIRECT))
		segments = BLOCK_MIN_SEGMENTS;
	if (has & F_SEG_MAX)
		segments = min32(segments, virtio_config(v, CONFIG_SEG_MAX, 4));
	if (has & F_SIZE_MAX)
		size = virtio_config(v, CONFIG_SIZE_MAX, 4);
	b->max_segments = segments;
	b->max_sectors = min32(segments * (PAGE_SIZE / BLOCK_SECTOR), size / BLOCK_SECTOR);
	if (has & F_DISCARD) {
		d->discard_max = virtio_config(v, CONFIG_DISCARD_MAX, 4);
		b->discard_sectors = virtio_config(v, CONFIG_DISCARD_ALIGN, 4);
		if (!b->discard_sectors)
			b->discard_sectors = b->sector_size / BLOCK_SECTOR;
	}
	b->depth = has & VIRTIO_F_INDIRECT ? d->queue.size : d->queue.size / (segments + 2);
	b->depth = min32(b->depth, DEPTH);
	if (!d->discard_max)
		b->discard_sectors = 0;
	return size < PAGE_SIZE || segments < BLOCK_MIN_SEGMENTS || !b->depth ? -EINVAL : 0;
}

static int make_slots(struct disk *d)
{
	for (unsigned int i = 0; i < d->block.depth; i++) {
		d->slots[i] = os_pages_alloc(1);
		if (!d->slots[i])
			return -ENOMEM;
		d->slots[i]->next_free = d->free;
		d->free = d->slots[i];
	}
	return 0;
}

static int bring_up(struct disk *d, uint16_t bdf)
{
	int rc = virtio_open(&d->dev, bdf, WANTED);

	if (!rc)
		rc = virtq_open(&d->queue, &d->dev, 0, VIRTQ_MAX, interrupted, d);
	if (rc)
		return -ENODEV;
	rc = read_limits(d);
	if (!rc)
		rc = make_slots(d);
	if (rc)
		return rc;
	virtio_start(&d->dev);
	virtq_arm(&d->queue, 1);
	return os_thread_start(d->block.name, complete, d);
}

int virtio_blk_found(uint16_t bdf)
{
	static unsigned int count;
	struct disk *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return -ENOMEM;
	os_lock_init(&d->lock);
	os_wait_init(&d->wait);
	snprintf(d->what, sizeof(d->what), "virtio-blk %02x:%02x.%u", bdf >> 8, bdf >> 3 & 31, bdf & 7);
	snprintf(d->block.name, sizeof(d->block.name), "vd%c", 'a' + count);
	d->block.what = d->what;
	d->block.ops = &ops;
	d->block.driver = d;
	rc = count < 26 ? bring_up(d, bdf) : -ENFILE;
	if (rc < 0) {
		discard_disk(d);
		return rc;
	}
	rc = block_register(&d->block);
	count += !rc;
	if (rc) {
		d->unwanted = true;	/* its thread takes it down */
		interrupted(d);
	}
	return rc;
}
