/* SPDX-License-Identifier: MIT */
/* The block layer: who may open what, bounds, merging, barriers, partitions from tables of all kinds. */
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ask {
	struct block_request r;
	struct block_segment s;
	int ended, error;		/* ended: when, counted from 1 */
};

static int clock;
static char buffer[64][4096] __attribute__((aligned(4096)));

static void ended(struct block_request *r, int error)
{
	struct ask *a = r->client;

	assert_int_equal(a->ended, 0);
	a->ended = ++clock;
	a->error = error;
}

static void ask(struct block_queue *q, struct ask *a, enum block_op op, uint64_t sector, bool barrier)
{
	bool data = op == BLOCK_READ || op == BLOCK_WRITE;

	*a = (struct ask){ .s = { .va = buffer[sector / 8 % 64], .len = 4096 } };
	a->r = (struct block_request){
		.op = op, .barrier = barrier, .sector = sector, .nr_sectors = data ? 8 : 0,
		.nr_segments = data, .segments = &a->s, .done = ended, .client = a,
	};
	block_submit(q, &a->r);
}

static struct will w;
static struct block_queue *q;

static void setup(bool cached)
{
	fake_reset();
	clock = 0;
	will_make(&w, 2048, cached);
	assert_int_equal(block_open(&q, "will", true, false), 0);
}

static void finish(void)
{
	block_close(q);
	will_free(&w);
}

static void merges(void **state)
{
	struct ask a[8];

	(void)state;
	setup(false);
	/* Not in order; two runs of four. */
	static const unsigned int at[] = { 0, 32, 1, 33, 2, 34, 3, 35 };

	for (unsigned int i = 0; i < 8; i++)
		ask(q, &a[i], BLOCK_WRITE, at[i] * 8, false);
	assert_int_equal(w.ios, 0);
	block_unplug(q);
	assert_int_equal(w.ios, 2);
	assert_int_equal(w.kicks, 1);
	assert_int_equal(w.waiting[0]->nr_sectors, 32);
	will_end_all(&w);
	for (unsigned int i = 0; i < 8; i++)
		assert_true(a[i].ended && !a[i].error);
	finish();
}

static void no_more_than_it_takes(void **state)
{
	struct ask a[64];

	(void)state;
	setup(false);
	for (unsigned int i = 0; i < 64; i++)
		ask(q, &a[i], BLOCK_READ, i * 16, false);	/* nothing adjacent */
	block_unplug(q);
	assert_int_equal(w.nr_waiting, 8);
	will_end_all(&w);
	for (unsigned int i = 0; i < 64; i++)
		assert_true(a[i].ended && !a[i].error);
	finish();
}

static void barriers(void **state)
{
	struct ask a[9];

	(void)state;
	for (int cached = 0; cached < 2; cached++) {
		setup(cached);
		for (unsigned int i = 0; i < 9; i++)
			ask(q, &a[i], BLOCK_WRITE, i * 16, i == 4);
		block_unplug(q);
		assert_int_equal(w.nr_waiting, 4);
		will_end(&w, 3);
		will_end(&w, 0);
		will_end(&w, 1);
		assert_false(a[4].ended);
		will_end(&w, 0);
		/* Alone now: with a cache it is flushed before and after. */
		for (int step = 0; step < (cached ? 3 : 1); step++) {
			assert_int_equal(w.nr_waiting, 1);
			assert_false(a[4].ended);
			assert_int_equal(w.waiting[0]->op, cached && step != 1 ? BLOCK_FLUSH : BLOCK_WRITE);
			will_end(&w, 0);
		}
		assert_int_equal(a[4].ended, 5);
		assert_int_equal(w.nr_waiting, 4);
		will_end_all(&w);
		assert_int_equal(w.flushes, cached ? 2 : 0);
		finish();
	}
}

/* A barrier without data, a barrier that fails, one behind another. */
static void odd_barriers(void **state)
{
	struct ask a[4];

	(void)state;
	for (int cached = 0; cached < 2; cached++) {
		setup(cached);
		w.bad_sector = 16;
		ask(q, &a[0], BLOCK_WRITE, 0, false);
		ask(q, &a[1], BLOCK_FLUSH, 0, true);
		ask(q, &a[2], BLOCK_WRITE, 16, true);
		ask(q, &a[3], BLOCK_WRITE, 32, true);
		block_unplug(q);
		assert_false(a[1].ended);
		will_end_all(&w);
		for (int i = 0; i < 4; i++) {
			assert_int_equal(a[i].ended, i + 1);
			assert_int_equal(a[i].error, i == 2 ? -EIO : 0);
		}
		finish();
	}
}

static void bounds(void **state)
{
	static const struct { uint64_t sector; uint32_t n; } wrong[] = {
		{ 2048, 8 }, { 2041, 8 }, { UINT64_MAX, 8 }, { UINT64_MAX - 7, 8 }, { 0, 0 }, { 0, 7 }, { 0, 9 },
	};
	struct ask a;

	(void)state;
	setup(false);
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		a = (struct ask){ .s = { .va = buffer[0], .len = 4096 } };
		a.r = (struct block_request){
			.op = BLOCK_READ, .sector = wrong[i].sector, .nr_sectors = wrong[i].n, .nr_segments = 1,
			.segments = &a.s, .done = ended, .client = &a,
		};
		block_submit(q, &a.r);
		assert_int_equal(a.error, -EINVAL);
	}
	ask(q, &a, BLOCK_DISCARD, 0, false);
	assert_int_equal(a.error, -EOPNOTSUPP);
	ask(q, &a, BLOCK_FLUSH, 0, false);	/* without a cache: done */
	assert_true(a.ended && !a.error);
	assert_int_equal(w.ios, 0);
	finish();
}

static void who_may_open(void **state)
{
	struct block_queue *other;
	struct ask a;

	(void)state;
	setup(false);
	assert_int_equal(block_open(&other, "will", false, false), -EBUSY);
	assert_int_equal(block_open(&other, "nobody", false, false), -ENOENT);
	assert_int_equal(block_unregister(&w.device), -EBUSY);
	assert_int_equal(block_open(&other, "will", true, true), 0);
	block_close(other);
	w.at_once = true;
	block_close(q);
	assert_int_equal(block_open(&q, "will", false, false), 0);
	assert_int_equal(block_open(&other, "will", false, false), 0);
	ask(q, &a, BLOCK_WRITE, 0, false);
	assert_int_equal(a.error, -EROFS);
	block_close(other);
	finish();
}

/* --- Two hands at the same disk, at each moment at which there may be another ---------------------- */

#define MOMENTS 20

static struct block_queue *second;
static int removed;

static void close_second(void)
{
	block_close(second);
	second = NULL;
}

static void remove_disk(void)
{
	removed = block_ram_remove("ram0");
}

/* What is not there any more cannot be read, and does not come back by being written. */
static void a_file_made_shorter(void **state)
{
	char path[] = "/tmp/parvus-disk-XXXXXX", *page = os_alloc_pages(1);
	int fd = mkstemp(path);

	(void)state;
	fake_reset();
	assert_int_equal(ftruncate(fd, 16384), 0);
	assert_int_equal(block_open_file(&q, path, true, false), 0);
	assert_int_equal(block_transfer(q, BLOCK_WRITE, 24, page, 4096), 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_int_equal(block_transfer(q, BLOCK_WRITE, 24, page, 4096), -EIO);
	assert_int_equal(block_transfer(q, BLOCK_READ, 24, page, 4096), -EIO);
	assert_int_equal(block_transfer(q, BLOCK_WRITE, 8, page, 4096), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 8192);
	block_close(q);
	os_free_pages(page, 1);
	close(fd);
	unlink(path);
}

static void a_file_closed_by_two(void **state)
{
	char path[] = "/tmp/parvus-disk-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	fake_reset();
	assert_int_equal(ftruncate(fd, 8192), 0);
	for (unsigned int moment = 1; moment <= MOMENTS; moment++) {
		assert_int_equal(block_open_file(&q, path, false, false), 0);
		assert_int_equal(block_open(&second, path, false, false), 0);
		fake.other = close_second;
		fake.moment = moment;
		block_close(q);
		fake.other = NULL;
		if (second)
			close_second();
		assert_int_equal(block_open(&q, path, false, false), -ENOENT);
	}
	close(fd);
	unlink(path);
}

static void a_ram_disk_removed_while_it_is_closed(void **state)
{
	(void)state;
	fake_reset();
	for (unsigned int moment = 1; moment <= MOMENTS * 2; moment++) {
		removed = -EBUSY;
		assert_int_equal(block_ram_add(16384), 0);
		assert_int_equal(block_open(&q, "ram0", moment % 2, false), 0);
		fake.other = remove_disk;
		fake.moment = (moment + 1) / 2;
		block_close(q);
		fake.other = NULL;
		if (removed)
			remove_disk();
		assert_int_equal(removed, 0);
	}
}

/* --- Partitions --------------------------------------------------------------------------------- */

static void entry(char *sector, unsigned int n, uint8_t type, uint32_t start, uint32_t count)
{
	char *e = sector + 446 + n * 16;

	e[4] = (char)type;
	memcpy(e + 8, &start, 4);
	memcpy(e + 12, &count, 4);
	memcpy(sector + 510, "\x55\xaa", 2);
}

/* Registers anew, so that the tables are read. */
static void reread(void)
{
	char *data = w.data;

	w.at_once = true;
	assert_int_equal(block_unregister(&w.device), 0);
	assert_int_equal(block_register(&w.device), 0);
	assert_ptr_equal(w.data, data);
}

static uint64_t partition(const char *name)
{
	struct block_limits limits = { .sectors = 0 };
	struct block_queue *p;

	if (block_open(&p, name, false, true))
		return 0;
	block_limits(p, &limits);
	block_close(p);
	return limits.sectors;
}

static void mbr(void **state)
{
	(void)state;
	fake_reset();
	will_make(&w, 2048, false);
	entry(w.data, 0, 0x83, 100, 200);
	entry(w.data, 1, 0x05, 400, 600);
	entry(w.data, 2, 0x83, 2000, 100);		/* beyond the end */
	entry(w.data, 3, 0x83, 0, 5);			/* over the table itself */
	entry(w.data + 400 * 512, 0, 0x83, 10, 50);
	entry(w.data + 400 * 512, 1, 0x05, 100, 100);
	entry(w.data + 500 * 512, 0, 0x83, 10, 60);
	entry(w.data + 500 * 512, 1, 0x05, 100, 100);	/* itself, for ever */
	reread();
	assert_int_equal(partition("will1"), 200);
	assert_int_equal(partition("will2"), 0);
	assert_int_equal(partition("will3"), 0);
	assert_int_equal(partition("will4"), 0);
	assert_int_equal(partition("will5"), 50);
	assert_int_equal(partition("will6"), 60);
	will_free(&w);
}

/* A table in a file gives its partitions no names that other files may have. */
static void none_in_a_file(void **state)
{
	char path[] = "/tmp/parvus-disk-XXXXXX", other[sizeof(path) + 2], sector[512] = "";
	struct block_limits limits;
	int fd = mkstemp(path), fd2;

	(void)state;
	fake_reset();
	snprintf(other, sizeof(other), "%s%s2", path, path[sizeof(path) - 2] <= '9' ? "p" : "");
	fd2 = open(other, O_RDWR | O_CREAT | O_EXCL, 0600);
	entry(sector, 1, 0x83, 1, 4);
	assert_int_equal(write(fd, sector, 512), 512);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_int_equal(ftruncate(fd2, 4096), 0);
	assert_int_equal(block_open_file(&q, path, true, false), 0);
	assert_int_equal(block_open_file(&second, other, true, false), 0);
	block_limits(second, &limits);
	assert_int_equal(limits.sectors, 8);
	close_second();
	block_close(q);
	close(fd);
	close(fd2);
	unlink(path);
	unlink(other);
}

static uint32_t crc(const void *data, size_t n)
{
	uint32_t c = ~0u;

	for (const uint8_t *p = data; n--; p++)
		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (((c ^ *p >> bit) & 1) ? 0xedb88320u : 0);
	return ~c;
}

struct gpt {
	char magic[8];
	uint32_t revision, size, crc, zero;
	uint64_t self, other, first, last;
	char guid[16];
	uint64_t table;
	uint32_t entries, entry_size, table_crc;
} __attribute__((packed));

static void write_gpt(uint64_t at, uint64_t table, uint64_t first, uint64_t last)
{
	struct gpt *h = (struct gpt *)(w.data + at * 512);
	char *e = w.data + table * 512;

	memset(e, 0, 128 * 128);
	memset(e, 1, 16);
	memcpy(e + 32, &first, 8);
	memcpy(e + 40, &last, 8);
	*h = (struct gpt){ .magic = { 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T' }, .revision = 0x10000, .size = 92, .self = at,
			   .table = table, .entries = 128, .entry_size = 128, .table_crc = crc(e, 128 * 128) };
	h->crc = crc(h, 92);
}

static void gpt(void **state)
{
	struct gpt *h;

	(void)state;
	fake_reset();
	will_make(&w, 2048, false);
	entry(w.data, 0, 0xee, 1, 2047);
	write_gpt(1, 2, 100, 299);
	write_gpt(2047, 2000, 100, 149);
	reread();
	assert_int_equal(partition("will1"), 200);
	w.data[512 + 60] ^= 1;				/* a damaged first copy: the last one counts */
	reread();
	assert_int_equal(partition("will1"), 50);
	w.data[2000 * 512] ^= 1;			/* both */
	reread();
	assert_int_equal(partition("will1"), 0);
	for (int i = 0; i < 4; i++) {			/* sound sums, mad numbers */
		write_gpt(1, 2, i == 0 ? 300 : 100, i == 1 ? UINT64_MAX : 299);
		h = (struct gpt *)(w.data + 512);
		h->table = i == 2 ? UINT64_MAX - 1 : h->table;
		h->entries = i == 3 ? UINT32_MAX : h->entries;
		h->crc = 0;
		h->crc = crc(h, 92);
		reread();
		assert_int_equal(partition("will1"), 0);
	}
	will_free(&w);
}

/* A partition's requests stay in it. */
static void within_its_partition(void **state)
{
	struct ask a;

	(void)state;
	fake_reset();
	will_make(&w, 2048, false);
	entry(w.data, 0, 0x83, 100, 200);
	reread();
	assert_int_equal(block_open(&q, "will1", true, false), 0);
	memset(buffer[0], 'x', 4096);
	ask(q, &a, BLOCK_WRITE, 0, false);
	block_unplug(q);
	assert_true(a.ended && !a.error);
	assert_memory_equal(w.data + 100 * 512, buffer[0], 4096);
	ask(q, &a, BLOCK_WRITE, 196, false);
	assert_int_equal(a.error, -EINVAL);
	block_close(q);
	will_free(&w);
}

static void random_tables(void **state)
{
	(void)state;
	srandom(2);
	for (int i = 0; i < 300; i++) {
		fake_reset();
		will_make(&w, 2048, false);
		for (unsigned int at = 0; at < 64 * 512; at++)
			w.data[at] = random() % 5 ? random() % 4 : random();
		entry(w.data, 1, i & 1 ? 0x05 : 0xee, random() % 64, random() % 4096);
		if (i & 2)
			write_gpt(1, random() % 2000, random() % 3000, random() % 3000);
		reread();
		will_free(&w);
	}
}

int test_layer(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges), cmocka_unit_test(no_more_than_it_takes), cmocka_unit_test(barriers),
		cmocka_unit_test(odd_barriers), cmocka_unit_test(bounds), cmocka_unit_test(who_may_open),
		cmocka_unit_test(mbr), cmocka_unit_test(gpt), cmocka_unit_test(within_its_partition),
		cmocka_unit_test(random_tables), cmocka_unit_test(none_in_a_file),
		cmocka_unit_test(a_file_made_shorter),
		cmocka_unit_test(a_file_closed_by_two),
		cmocka_unit_test(a_ram_disk_removed_while_it_is_closed),
	};

	return cmocka_run_group_tests_name("layer", tests, NULL, NULL);
}
