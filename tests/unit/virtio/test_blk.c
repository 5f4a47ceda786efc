/* SPDX-License-Identifier: MIT */
/* The disk driver: what it asks of the device for an io, what it makes of the answers, true or not. */
#include "fake.h"
#include <errno.h>
#include "block/block.h"
#include "virtio/virtio_devices.h"

#define F_READONLY (1UL << 5)
#define F_BLK_SIZE (1UL << 6)
#define F_FLUSH (1UL << 9)
#define F_DISCARD (1UL << 13)
#define USUAL (F_BLK_SIZE | F_FLUSH | F_DISCARD | VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_IDX)

static struct block_device *disk, *all[32];	/* a disk that was registered stays */
static unsigned int nr_all;
static int register_error;
static struct { struct block_io *io; int error; } done[64];
static unsigned int nr_done;

int block_register(struct block_device *d)
{
	disk = d;
	if (!register_error)
		all[nr_all++] = d;
	return register_error;
}

void block_io_done(struct block_io *io, int error)
{
	assert_true(nr_done < 64);
	done[nr_done].io = io;
	done[nr_done++].error = error;
}

static void config(unsigned int offset, uint64_t value, unsigned int bytes)
{
	memcpy(fake.config + offset, &value, bytes);
}

static void begin(uint64_t offers)
{
	fake_reset(offers);
	config(0, 1000, 8);
	config(20, 512, 4);
	config(36, 100, 4);
	config(44, 8, 4);
	nr_done = 0;
	disk = NULL;
	register_error = 0;
	assert_int_equal(virtio_blk_found(3 << 3), 0);
	assert_non_null(disk);
}

static struct block_segment segment[4];
static struct block_request request = { .segments = segment };
static struct block_io io[64];
static char data[4][PAGE_SIZE];

static void submit(unsigned int i, enum block_op op, uint64_t sector, unsigned int nr_segments)
{
	for (unsigned int s = 0; s < 4; s++)
		segment[s] = (struct block_segment){ data[s], (uintptr_t)data[s], 1024 };
	request.nr_segments = nr_segments;
	io[i] = (struct block_io){ .op = op, .sector = sector, .nr_sectors = 2 * nr_segments,
				   .nr_segments = nr_segments, .parts = &request };
	disk->ops->submit(disk, &io[i]);
}

static void answer(const struct fake_chain *c, uint8_t status)
{
	*(uint8_t *)c->desc[c->n - 1].addr = status;
	fake_use(0, c->head, 1);
}

static uint32_t type_of(const struct fake_chain *c) { return *(uint32_t *)c->desc[0].addr; }
static uint64_t sector_of(const struct fake_chain *c) { return ((uint64_t *)c->desc[0].addr)[1]; }

static void finish(void)
{
	fake_interrupt(0);
	fake_run_thread();
}

static void limits_are_the_devices(void **state)
{
	(void)state;
	begin(USUAL | F_READONLY);
	assert_int_equal(disk->sectors, 1000);
	assert_int_equal(disk->sector_size, 512);
	assert_int_equal(disk->discard_sectors, 8);
	assert_true(disk->readonly && disk->cached);
	assert_int_equal(disk->depth, 64);
	assert_true(disk->max_segments >= 200);
	begin(0);
	assert_false(disk->readonly || disk->cached);
	assert_int_equal(disk->discard_sectors, 0);
	assert_int_equal(disk->max_segments, BLOCK_MIN_SEGMENTS);
	assert_int_equal(disk->depth, 256 / (BLOCK_MIN_SEGMENTS + 2));
}

static void data_lies_where_the_client_has_it(uint64_t offers, enum block_op op, uint32_t type)
{
	struct fake_chain c;

	begin(offers);
	submit(0, op, 77, 3);
	assert_false(fake_take(0, &c));
	disk->ops->kick(disk);
	assert_true(fake_take(0, &c));
	assert_int_equal(c.n, 5);
	assert_int_equal(type_of(&c), type);
	assert_int_equal(sector_of(&c), 77);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(c.desc[1 + i].addr, (uintptr_t)data[i]);
		assert_int_equal(c.desc[1 + i].len, 1024);
		assert_int_equal(!!(c.desc[1 + i].flags & VIRTQ_WRITE), op == BLOCK_READ);
	}
	assert_int_equal(nr_done, 0);
	answer(&c, 0);
	finish();
	assert_int_equal(nr_done, 1);
	assert_ptr_equal(done[0].io, &io[0]);
	assert_int_equal(done[0].error, 0);
}

static void reads_and_writes(void **state)
{
	(void)state;
	data_lies_where_the_client_has_it(USUAL, BLOCK_READ, 0);
	data_lies_where_the_client_has_it(USUAL, BLOCK_WRITE, 1);
	data_lies_where_the_client_has_it(0, BLOCK_READ, 0);
	data_lies_where_the_client_has_it(0, BLOCK_WRITE, 1);
}

static void answers_become_errors(void **state)
{
	static const struct { uint8_t status; int error; } cases[] = {
		{ 0, 0 }, { 1, -EIO }, { 2, -EOPNOTSUPP }, { 3, -EIO }, { 255, -EIO },
	};
	struct fake_chain c;

	(void)state;
	begin(USUAL);
	for (unsigned int i = 0; i < 5; i++) {
		submit(i, i ? BLOCK_FLUSH : BLOCK_WRITE, 0, !i);
		disk->ops->kick(disk);
		assert_true(fake_take(0, &c));
		assert_int_equal(type_of(&c), i ? 4 : 1);
		answer(&c, cases[i].status);
		finish();
		assert_int_equal(done[i].error, cases[i].error);
	}
	/* A device that says it is done and wrote no status has not succeeded. */
	submit(5, BLOCK_READ, 0, 1);
	disk->ops->kick(disk);
	assert_true(fake_take(0, &c));
	fake_use(0, c.head, 0);
	finish();
	assert_int_equal(done[5].error, -EIO);
}

/* 250 sectors where the device takes 100 at once; an error ends it. */
static void discards_go_in_pieces(void **state)
{
	struct fake_chain c;

	(void)state;
	for (unsigned int fail_at = 1; fail_at <= 4; fail_at++) {
		begin(USUAL);
		io[0] = (struct block_io){ .op = BLOCK_DISCARD, .sector = 500, .nr_sectors = 250 };
		disk->ops->submit(disk, &io[0]);
		disk->ops->kick(disk);
		for (unsigned int i = 1; i <= 3 && i <= fail_at; i++) {
			assert_int_equal(nr_done, 0);
			assert_true(fake_take(0, &c));
			assert_int_equal(type_of(&c), 11);
			assert_int_equal(c.n, 3);
			assert_int_equal(((uint64_t *)c.desc[1].addr)[0], 400 + 100 * i);
			assert_int_equal(((uint32_t *)c.desc[1].addr)[2], i < 3 ? 100 : 50);
			answer(&c, i == fail_at);
			finish();
		}
		assert_false(fake_take(0, &c));
		assert_int_equal(nr_done, 1);
		assert_int_equal(done[0].error, fail_at < 4 ? -EIO : 0);
	}
}

/* All 64 that may be in flight are, and come back in another order. */
static void as_many_as_it_said(void **state)
{
	static struct fake_chain c[64];

	(void)state;
	begin(USUAL);
	for (unsigned int i = 0; i < disk->depth; i++)
		submit(i, BLOCK_READ, i, 4);
	disk->ops->kick(disk);
	assert_int_equal(nr_done, 0);
	for (unsigned int i = 0; i < disk->depth; i++)
		assert_true(fake_take(0, &c[i]));
	for (unsigned int i = disk->depth; i--; )
		answer(&c[i], 0);
	finish();
	assert_int_equal(nr_done, disk->depth);
	for (unsigned int i = 0; i < disk->depth; i++)
		assert_ptr_equal(done[i].io, &io[disk->depth - 1 - i]);
}

static void all_end_once_with_a_device_that(bool lies)
{
	struct fake_chain c;

	begin(USUAL);
	for (unsigned int i = 0; i < 5; i++)
		submit(i, BLOCK_WRITE, i, 1);
	disk->ops->kick(disk);
	fake_take(0, &c);
	answer(&c, 0);
	if (lies)
		fake_use(0, 9999, 0);
	finish();
	if (!lies) {
		assert_int_equal(nr_done, 1);
		fake.failed = true;
		finish();
	}
	assert_int_equal(fake.stops, 1);		/* before its memory is anybody else's */
	assert_int_equal(nr_done, 5);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(done[i].error, i ? -EIO : 0);
		for (unsigned int j = 0; j < i; j++)
			assert_ptr_not_equal(done[i].io, done[j].io);
	}
	submit(5, BLOCK_READ, 0, 1);
	assert_int_equal(nr_done, 6);
	assert_int_equal(done[5].error, -EIO);
	disk->ops->kick(disk);
	finish();
	assert_int_equal(nr_done, 6);
}

static void broken_devices_cost_their_own(void **state)
{
	(void)state;
	all_end_once_with_a_device_that(true);
	all_end_once_with_a_device_that(false);
}

static void refused_disk_leaves_nothing(void **state)
{
	long before = fake_pages;

	(void)state;
	fake_reset(USUAL);
	config(0, 1000, 8);
	config(20, 512, 4);
	register_error = -EEXIST;
	assert_int_equal(virtio_blk_found(3 << 3), -EEXIST);
	fake_run_thread();
	assert_int_equal(fake_pages, before);
	/* Pieces of less than a page, or fewer than a client may count on, are of no use. */
	fake_reset(USUAL | 1UL << 1);
	config(8, 512, 4);
	assert_true(virtio_blk_found(3 << 3) < 0);
	fake_reset(USUAL | 1UL << 2);
	config(12, BLOCK_MIN_SEGMENTS - 1, 4);
	assert_true(virtio_blk_found(3 << 3) < 0);
	assert_int_equal(fake_pages, before);
}

int test_blk(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_the_devices),
		cmocka_unit_test(reads_and_writes),
		cmocka_unit_test(answers_become_errors),
		cmocka_unit_test(discards_go_in_pieces),
		cmocka_unit_test(as_many_as_it_said),
		cmocka_unit_test(broken_devices_cost_their_own),
		cmocka_unit_test(refused_disk_leaves_nothing),
	};

	return RUN_GROUP(tests, total);
}
