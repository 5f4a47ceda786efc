/* SPDX-License-Identifier: MIT */
/*
 * The block frontend against backends honest and not, over a kit that remembers every grant. Whatever the backend writes
 * into the ring, each request ends exactly once, no grant outlives the device, and no page is given back to the
 * system that the backend still holds.
 */
#include "kit.h"
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>

/* --- A device ----------------------------------------------------------------------------------- */

static blkif_back_ring_t back;
static bool scribbled;			/* what is on the ring may be no request of ours */
static char disk[1024 * 512];

static struct blkfront *begin(bool persistent, unsigned int pages)
{
	struct blkfront *f = os_pages_alloc(bytes_to_pages(sizeof(*f)));

	f->nr_pages = pages;
	f->pages = os_pages_alloc(pages);
	f->info = (struct blkfront_info){ .sectors = 1024, .sector_size = 512, .max_sectors = 32 * 8, .barrier = true,
					  .flush = true, .discard = true, .persistent = persistent };
	f->max_segments = 32;
	os_lock_init(&f->lock);
	blkfront_ring_init(f);
	f->connected = true;
	BACK_RING_INIT(&back, (struct blkif_sring *)f->pages, pages * 4096u);
	kit_device = f;
	return f;
}

static bool finish(struct blkfront *f)
{
	bool all = blkfront_ring_fini(f);

	os_pages_free(f->pages, f->nr_pages);
	os_pages_free(f, bytes_to_pages(sizeof(*f)));
	return all;
}

static void move(const struct blkif_request_segment *s, bool write, uint64_t *sector)
{
	bool sound = s->gref < KIT_REFS && kit_grants[s->gref].used && s->first_sect <= s->last_sect && s->last_sect < 8 &&
		     *sector < 1024 - 8;
	size_t n = (s->last_sect - s->first_sect + 1) * 512u;
	char *page;

	assert_true(sound || scribbled);
	if (!sound)
		return;
	page = (char *)(kit_grants[s->gref].mfn << 12) + s->first_sect * 512;
	if (write)
		memcpy(disk + *sector * 512, page, n);
	else
		memcpy(page, disk + *sector * 512, n);
	*sector += n / 512;
}

static void serve(const struct blkif_request *r)
{
	const struct blkif_request_indirect *in = (const void *)r;
	bool indirect = r->operation == BLKIF_OP_INDIRECT;
	unsigned int op = indirect ? in->indirect_op : r->operation;
	const struct blkif_request_segment *s = r->seg;
	uint64_t sector = r->sector_number;
	unsigned int n = indirect ? in->nr_segments : r->nr_segments;
	struct blkif_response *out;

	if (indirect) {
		bool sound = in->indirect_grefs[0] < KIT_REFS && kit_grants[in->indirect_grefs[0]].used;

		assert_true(sound || scribbled);
		n = sound && n <= 512 ? n : 0;
		s = (void *)(kit_grants[in->indirect_grefs[0] % KIT_REFS].mfn << 12);
	} else if (n > BLKIF_MAX_SEGMENTS_PER_REQUEST) {
		assert_true(scribbled);
		n = 0;
	}
	if (op != BLKIF_OP_DISCARD)
		for (unsigned int i = 0; i < n; i++)
			move(&s[i], op != BLKIF_OP_READ, &sector);
	out = RING_GET_RESPONSE(&back, back.rsp_prod_pvt++);
	*out = (struct blkif_response){ .id = r->id, .operation = r->operation, .status = BLKIF_RSP_OKAY };
}

static void honest(struct blkfront *f)
{
	struct blkif_request r;
	int notify;

	(void)f;
	while (RING_HAS_UNCONSUMED_REQUESTS(&back) && !RING_REQUEST_CONS_OVERFLOW(&back, back.req_cons)) {
		RING_COPY_REQUEST(&back, back.req_cons, &r);
		back.req_cons++;
		serve(&r);
	}
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
	(void)notify;
}

/* --- Honest backends ---------------------------------------------------------------------------- */

static void transfers(void **state)
{
	char *out = aligned_alloc(4096, 512 * 512), *in = aligned_alloc(4096, 512 * 512 + 4096);

	(void)state;
	kit_peer = honest;
	for (size_t i = 0; i < 512 * 512; i++)
		out[i] = (char)(i * 7 + i / 512);
	for (int persistent = 0; persistent < 2; persistent++)
		for (unsigned int shift = 0; shift < 4096; shift += 1536) {
			struct blkfront *f = begin(persistent, 1 + 3 * !shift);

			memset(disk, 0, sizeof(disk));
			assert_int_equal(blkfront_transfer(f, BLKFRONT_WRITE, 100, out, 512 * 512), 0);
			assert_memory_equal(disk + 100 * 512, out, 512 * 512);
			memset(in, 0, 512 * 512 + 4096);
			assert_int_equal(blkfront_transfer(f, BLKFRONT_READ, 100, in + shift, 512 * 512), 0);
			assert_memory_equal(in + shift, out, 512 * 512);
			assert_int_equal(blkfront_transfer(f, BLKFRONT_FLUSH, 0, NULL, 0), 0);
			assert_int_equal(blkfront_transfer(f, BLKFRONT_DISCARD, 0, NULL, 512 * 1024), 0);
			assert_int_equal(blkfront_transfer(f, BLKFRONT_READ, 1000, in, 25 * 512), -XEN_EINVAL);
			assert_int_equal(f->in_flight, 0);
			assert_true(finish(f));
			assert_int_equal(kit_nr_grants, 0);
			assert_int_equal(kit_nr_pages, 0);
		}
	free(out);
	free(in);
}

/* --- Requests of a test's own ------------------------------------------------------------------- */

static struct { struct blkfront_request r; char *buf; unsigned int ended; int error; } ask[160];

static void ended(struct blkfront_request *r, int error)
{
	unsigned int i = (unsigned int)(uintptr_t)r->client;

	ask[i].ended++;
	ask[i].error = error;
}

static int submit(struct blkfront *f, unsigned int i)
{
	if (!ask[i].buf)
		ask[i].buf = aligned_alloc(4096, 4096 * 4);
	ask[i].ended = 0;
	ask[i].r = (struct blkfront_request){
		.op = i & 1 ? BLKFRONT_READ : BLKFRONT_WRITE, .sector = i, .nr_sectors = 1 + i % 32, .buf = ask[i].buf,
		.done = ended, .client = (void *)(uintptr_t)i,
	};
	return blkfront_submit(f, &ask[i].r);
}

static void room_and_events(void **state)
{
	struct blkfront *f = begin(false, 1);
	unsigned int before = kit_sent;

	(void)state;
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(submit(f, i), 0);
	assert_int_equal(submit(f, 32), -XEN_EAGAIN);
	blkfront_push(f);
	blkfront_push(f);
	assert_int_equal(kit_sent, before + 1);
	assert_int_equal(blkfront_poll(f), 0);
	assert_int_equal(f->ring.sring->rsp_event, 8);	/* a quarter of what is in flight */
	honest(f);
	assert_int_equal(blkfront_poll(f), 32);
	assert_int_equal(submit(f, 32), 0);
	assert_true(finish(f));
	assert_int_equal(ask[32].error, -XEN_ENODEV);
	assert_int_equal(kit_nr_grants, 0);
}

/* --- Backends that lie -------------------------------------------------------------------------- */

static void response(struct blkfront *f, uint64_t id, int16_t status)
{
	struct blkif_response *out = RING_GET_RESPONSE(&back, back.rsp_prod_pvt++);

	(void)f;
	*out = (struct blkif_response){ .id = id, .status = status };
	back.sring->rsp_prod = back.rsp_prod_pvt;
}

static void expect_broken(struct blkfront *f, unsigned int n)
{
	blkfront_poll(f);
	assert_true(f->broken);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(ask[i].ended, 1);
	assert_int_equal(submit(f, n), -XEN_ENODEV);
	assert_true(finish(f));
	assert_int_equal(kit_nr_grants, 0);
}

static struct blkfront *four(void)
{
	struct blkfront *f = begin(false, 1);

	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(submit(f, i), 0);
	blkfront_push(f);
	return f;
}

static void wrong_ids(void **state)
{
	static const uint64_t ids[] = { 4, 31, 32, 127, 128, 1ull << 32, UINT64_MAX };

	(void)state;
	for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct blkfront *f = four();

		response(f, ids[i], BLKIF_RSP_OKAY);
		expect_broken(f, 4);
	}
	/* The same answer twice. */
	struct blkfront *f = four();

	response(f, 2, BLKIF_RSP_OKAY);
	response(f, 2, BLKIF_RSP_OKAY);
	expect_broken(f, 4);
}

static void wrong_index(void **state)
{
	static const uint32_t claims[] = { 5, 33, 0x80000000, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct blkfront *f = four();

		back.sring->rsp_prod = claims[i];
		expect_broken(f, 4);
	}
}

/* An answer to what the backend was not shown yet. */
static void too_early(void **state)
{
	struct blkfront *f = begin(false, 1);

	(void)state;
	assert_int_equal(submit(f, 0), 0);
	response(f, 0, BLKIF_RSP_OKAY);
	expect_broken(f, 1);
}

static void statuses(void **state)
{
	struct blkfront *f = four();

	(void)state;
	response(f, 3, BLKIF_RSP_ERROR);
	response(f, 0, BLKIF_RSP_EOPNOTSUPP);
	response(f, 1, 1234);
	response(f, 2, BLKIF_RSP_OKAY);
	assert_int_equal(blkfront_poll(f), 4);
	assert_int_equal(ask[3].error, -XEN_EIO);
	assert_int_equal(ask[0].error, -XEN_EOPNOTSUPP);
	assert_int_equal(ask[1].error, -XEN_EIO);
	assert_int_equal(ask[2].error, 0);
	assert_true(finish(f));
}

/* It answers and yet holds the page: the request says so, and nothing of it is used again. */
static void holds_pages(void **state)
{
	struct blkfront *f = four();
	grant_ref_t ref;

	(void)state;
	kit_grants[f->slot[2].ref[0]].held = true;
	response(f, 2, BLKIF_RSP_OKAY);
	assert_int_equal(blkfront_poll(f), 1);
	assert_int_equal(ask[2].error, -XEN_EBUSY);
	finish(f);
	assert_int_equal(kit_nr_grants, 1);
	memset(kit_grants, 0, sizeof(kit_grants));
	kit_nr_grants = 0;
	/* Persistent pages held at the end stay out of the allocator, which would complain. */
	f = begin(true, 1);
	assert_int_equal(submit(f, 0), 0);
	blkfront_push(f);
	ref = f->slot[0].ref[0];
	kit_grants[ref].held = true;
	response(f, 0, BLKIF_RSP_OKAY);
	assert_int_equal(blkfront_poll(f), 1);
	assert_false(finish(f));
	assert_true(kit_grants[ref].used);
	free((void *)(kit_grants[ref].mfn << 12));
	memset(kit_grants, 0, sizeof(kit_grants));
	kit_nr_grants = kit_nr_pages = 0;
}

static void random_backends(void **state)
{
	(void)state;
	srandom(3);
	scribbled = true;
	for (unsigned int run = 0; run < 2000; run++) {
		struct blkfront *f = begin(run & 1, run & 2 ? 4 : 1);
		unsigned int pending[160] = { 0 };

		memset(ask, 0, offsetof(__typeof__(ask[0]), buf));
		for (unsigned int i = 0; i < 150; i++) {
			pending[i] = !submit(f, i);
			if (random() % 3 == 0)
				blkfront_push(f);
			if (random() % 2)
				honest(f);
			if (random() % 40 == 0)
				f->pages[random() % (f->nr_pages * 4096)] = (char)random();
			if (random() % 60 == 0)
				back.sring->rsp_prod += (uint32_t)random() % 3;
			blkfront_poll(f);
			if (f->broken)
				break;
		}
		assert_true(finish(f));
		for (unsigned int i = 0; i < 150; i++)
			assert_int_equal(ask[i].ended, pending[i]);
		for (unsigned int i = 0; i < 150; i++)
			ask[i].ended = 0;
		assert_int_equal(kit_nr_grants, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transfers), cmocka_unit_test(room_and_events), cmocka_unit_test(wrong_ids),
		cmocka_unit_test(wrong_index), cmocka_unit_test(too_early), cmocka_unit_test(statuses),
		cmocka_unit_test(holds_pages), cmocka_unit_test(random_backends),
	};

	return cmocka_run_group_tests_name("blkfront", tests, NULL, NULL) | test_connect();
}
