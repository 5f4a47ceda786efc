/* SPDX-License-Identifier: MIT */
/* Virtqueues: what goes in comes out once, in any order, over and over; a device that lies breaks its queue. */
#include "fake.h"
#include <kit/os.h>
#include "virtio/registers.h"

static struct virtio_device dev;
static struct virtq q;
static char cookies[512];

static void begin(uint64_t offers, unsigned int size)
{
	fake_reset(offers);
	fake.queue_size = size;
	virtio_open(&dev, 0, ~0UL);
	virtq_open(&q, &dev, 0, VIRTQ_MAX, NULL, NULL);
	virtio_start(&dev);
}

static void end(void)
{
	virtio_close(&dev);
	assert_int_equal(fake_pages, 0);
}

static bool add(unsigned int n, uint32_t len, void *cookie)
{
	struct virtq_desc chain[32];

	for (unsigned int i = 0; i < n; i++)
		chain[i] = (struct virtq_desc){ .addr = 0x1000 + i, .len = len, .flags = i ? VIRTQ_WRITE : 0 };
	return virtq_add(&q, chain, n, 0, cookie);
}

static void chains_are_as_given(void **state)
{
	struct fake_chain c;
	uint32_t written;

	(void)state;
	begin(VIRTIO_F_EVENT_IDX, 8);
	assert_true(add(3, 100, cookies));
	assert_false(fake_take(0, &c));		/* not before the kick */
	virtq_kick(&q);
	assert_int_equal(fake.bell[0], 0);
	assert_true(fake_take(0, &c));
	assert_int_equal(c.n, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(c.desc[i].addr, 0x1000 + i);
		assert_int_equal(c.desc[i].len, 100);
		assert_int_equal(c.desc[i].flags & VIRTQ_WRITE, i ? VIRTQ_WRITE : 0);
	}
	assert_null(virtq_get(&q, &written));
	fake_use(0, c.head, 200);
	assert_ptr_equal(virtq_get(&q, &written), cookies);
	assert_int_equal(written, 200);
	assert_null(virtq_get(&q, &written));
	end();
}

static void full_queue_takes_no_more(void **state)
{
	struct virtq_desc table[9] = { 0 };
	struct fake_chain c;

	(void)state;
	begin(VIRTIO_F_INDIRECT, 4);
	assert_true(add(3, 1, cookies));
	assert_false(add(2, 1, cookies + 1));
	assert_true(virtq_add(&q, table, 9, (uintptr_t)table, cookies + 2));
	assert_false(add(1, 1, cookies + 3));
	virtq_kick(&q);
	assert_true(fake_take(0, &c) && fake_take(0, &c));
	assert_int_equal(c.n, 9);
	end();
}

/* For long enough that the indices wrap, with up to a queue full on the way, used in any order. */
static void nothing_is_lost_or_doubled(void **state)
{
	static struct fake_chain out[256];
	unsigned int n = 0, inside = 0, turns = 0;
	uint64_t rnd = 88172645463325252UL;
	uint32_t written;
	void *got;

	(void)state;
	begin(VIRTIO_F_EVENT_IDX, 64);
	memset(cookies, 0, sizeof(cookies));
	while (turns < 150000) {
		rnd ^= rnd << 13, rnd ^= rnd >> 7, rnd ^= rnd << 17;
		for (unsigned int i = 0, want = rnd % 5; i < want; i++) {
			unsigned int k = 0;

			while (cookies[k])
				k++;
			if (!add(1 + (rnd >> 8) % 6, 10, &cookies[k]))
				break;
			cookies[k] = 1;
			inside++;
		}
		virtq_kick(&q);
		while (fake_take(0, &out[n]))
			n++;
		for (unsigned int i = 0, want = (rnd >> 16) % 6; i < want && n; i++) {
			unsigned int k = (rnd >> 24) % n;

			fake_use(0, out[k].head, 0);
			out[k] = out[--n];
		}
		while ((got = virtq_get(&q, &written))) {
			assert_int_equal(*(char *)got, 1);
			*(char *)got = 0;
			inside--;
			turns++;
		}
		assert_int_equal(inside, n);
	}
	assert_false(q.broken);
	while ((got = virtq_abandon(&q))) {
		assert_int_equal(*(char *)got, 1);
		*(char *)got = 0;
		inside--;
	}
	assert_int_equal(inside, 0);
	assert_int_equal(q.nr_free, 64);
	end();
}

/* Chains of three descriptors are with the device, and one is back already. */
static void lie(uint32_t id_of_chain, uint32_t offset, uint32_t len, uint16_t index_by)
{
	struct fake_chain c[3];
	uint32_t written;

	begin(0, 16);
	for (unsigned int i = 0; i < 3; i++)
		add(3, 100, cookies + i);
	virtq_kick(&q);
	for (unsigned int i = 0; i < 3; i++)
		fake_take(0, &c[i]);
	fake_use(0, c[0].head, 0);
	assert_ptr_equal(virtq_get(&q, &written), cookies);
	if (index_by)
		fake_used_index(0, index_by);
	else
		fake_use(0, c[id_of_chain].head + offset, len);
	assert_null(virtq_get(&q, &written));
	assert_true(q.broken);
	assert_false(add(1, 1, cookies + 9));
	fake_use(0, c[1].head, 0);
	assert_null(virtq_get(&q, &written));		/* for good */
	assert_non_null(virtq_abandon(&q));
	assert_non_null(virtq_abandon(&q));
	assert_null(virtq_abandon(&q));
	end();
}

static void lies_break_the_queue(void **state)
{
	(void)state;
	lie(0, 0, 0, 0);		/* used before */
	lie(1, 1, 0, 0);		/* inside a chain */
	lie(0, 16, 0, 0);		/* beyond the queue */
	lie(0, 0x80000000, 0, 0);
	lie(1, 0, 201, 0);		/* more than it was given room for */
	lie(1, 0, UINT32_MAX, 0);
	lie(0, 0, 0, 3);		/* more than it was given */
	lie(0, 0, 0, 0x8000);
	lie(0, 0, 0, 0xffff);
}

static void device_is_told_when_it_asks(void **state)
{
	(void)state;
	begin(VIRTIO_F_EVENT_IDX, 8);
	q.used[2 + 4 * 8] = 1;		/* avail_event: after the second */
	add(1, 1, cookies);
	virtq_kick(&q);
	assert_int_equal(fake.bell[0], FAKE_SILENT);
	add(1, 1, cookies + 1);
	virtq_kick(&q);
	assert_int_equal(fake.bell[0], 0);
	fake.bell[0] = FAKE_SILENT;
	add(1, 1, cookies + 2);
	virtq_kick(&q);
	virtq_kick(&q);
	assert_int_equal(fake.bell[0], FAKE_SILENT);
	end();
	begin(0, 8);
	q.used[0] = 1;			/* no notification, please */
	add(1, 1, cookies);
	virtq_kick(&q);
	assert_int_equal(fake.bell[0], FAKE_SILENT);
	q.used[0] = 0;
	add(1, 1, cookies);
	virtq_kick(&q);
	assert_int_equal(fake.bell[0], 0);
	end();
}

static void interrupts_are_asked_for(void **state)
{
	struct fake_chain c[4];
	uint32_t written;

	(void)state;
	begin(VIRTIO_F_EVENT_IDX, 8);
	for (unsigned int i = 0; i < 4; i++)
		add(1, 1, cookies + i);
	virtq_kick(&q);
	for (unsigned int i = 0; i < 4; i++)
		fake_take(0, &c[i]);
	assert_false(virtq_arm(&q, 3));
	assert_int_equal(q.avail[2 + 8], 2);		/* used_event: when the third is */
	for (unsigned int i = 0; i < 3; i++)
		fake_use(0, c[i].head, 0);
	assert_true(virtq_arm(&q, 3));
	assert_true(virtq_arm(&q, 1));
	assert_false(virtq_arm(&q, 0));
	assert_non_null(virtq_get(&q, &written));
	assert_false(virtq_arm(&q, 3));
	assert_int_equal(q.avail[2 + 8], 3);
	end();
}

int test_queue(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_are_as_given),
		cmocka_unit_test(full_queue_takes_no_more),
		cmocka_unit_test(nothing_is_lost_or_doubled),
		cmocka_unit_test(lies_break_the_queue),
		cmocka_unit_test(device_is_told_when_it_asks),
		cmocka_unit_test(interrupts_are_asked_for),
	};

	return RUN_GROUP(tests, total);
}
