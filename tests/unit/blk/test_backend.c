/* SPDX-License-Identifier: MIT */
/* The backend's rounds against frontends honest and not, over grants that the fake enforces. */
#include "test.h"
#include <stdlib.h>
#include <string.h>

static blkif_front_ring_t front;
static struct blkif_sring *sring;

static struct vbd *begin(const char *disk, enum vbd_mode mode, bool persistent, unsigned int pages)
{
	fake_reset();
	sring = (struct blkif_sring *)fake.memory;
	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&front, sring, pages * 4096u);
	for (unsigned int i = 0; i < GUEST_PAGES; i++)
		fake_grant(i, i, false);
	return fake_connect(disk, mode, persistent, pages);
}

/* On a disk that ends each io as it comes, or when it is told to. */
static struct vbd *begin_will(struct will *w, bool at_once)
{
	fake_reset();
	will_make(w, 2048, false);
	w->at_once = at_once;
	return begin("will", VBD_MAP, false, 1);
}

static void end_will(struct vbd *v, struct will *w)
{
	fake_disconnect(v);
	will_free(w);
}

static struct blkif_request *add(uint8_t op, uint64_t sector, unsigned int first_page, unsigned int pages)
{
	struct blkif_request *r = RING_GET_REQUEST(&front, front.req_prod_pvt);

	memset(r, 0, sizeof(*r));
	r->operation = op;
	r->nr_segments = pages;
	r->sector_number = sector;
	r->id = 100 + front.req_prod_pvt++;
	for (unsigned int i = 0; i < pages; i++)
		r->seg[i] = (struct blkif_request_segment){ .gref = first_page + i, .first_sect = 0, .last_sect = 7 };
	RING_PUSH_REQUESTS(&front);
	return r;
}

/* The next answer's status; there must be one, to that id. */
static int answer(uint64_t id)
{
	struct blkif_response *r;

	assert_int_not_equal(sring->rsp_prod, front.rsp_cons);
	r = RING_GET_RESPONSE(&front, front.rsp_cons++);
	assert_int_equal(r->id, id);
	return r->status;
}

static char *page(unsigned int n)
{
	return fake.memory + n * 4096;
}

static void moves_data(enum vbd_mode mode, bool persistent, const char *disk)
{
	struct vbd *v = begin(disk, mode, persistent, 1);

	memset(page(10), 'a', 4096);
	memset(page(11), 'b', 4096);
	add(BLKIF_OP_WRITE, 8, 10, 2);
	vbd_round(v);
	assert_int_equal(answer(100), BLKIF_RSP_OKAY);
	add(BLKIF_OP_READ, 8, 20, 2)->seg[1].last_sect = 3;
	vbd_round(v);
	assert_int_equal(answer(101), BLKIF_RSP_OKAY);
	assert_memory_equal(page(20), page(10), 4096);
	assert_memory_equal(page(21), page(11), 2048);
	assert_int_equal(page(21)[2048], 0);
	assert_int_equal(fake.mapped, persistent ? 4 : 0);
	fake_disconnect(v);
	assert_int_equal(fake.mapped, 0);
}

static void by_copy(void **state)
{
	(void)state;
	fake_reset();
	assert_int_equal(block_ram_add(1 << 20), 0);
	moves_data(VBD_COPY, false, "ram0");
	assert_int_equal(fake.maps, 0);
	assert_int_equal(block_ram_remove("ram0"), 0);
}

static void by_map(void **state)
{
	struct will w;

	(void)state;
	for (int persistent = 0; persistent < 2; persistent++) {
		fake_reset();
		will_make(&w, 2048, false);
		w.at_once = true;
		moves_data(VBD_MAP, persistent, "will");
		will_free(&w);
	}
}

/* A batch of 32 requests is one map, one unmap, one event. */
static void one_hypercall_a_batch(void **state)
{
	struct will w;
	struct vbd *v;

	(void)state;
	v = begin_will(&w, true);
	for (unsigned int i = 0; i < 32; i++)
		add(BLKIF_OP_WRITE, i * 8, i + 8, 1);
	vbd_round(v);
	assert_int_equal(sring->rsp_prod, 32);
	assert_int_equal(fake.maps, 1);
	assert_int_equal(fake.unmaps, 1);
	assert_int_equal(fake.notified, 1);
	/* They were adjacent: few ios, each as long as the disk takes. */
	assert_int_equal(w.ios, 1);
	end_will(v, &w);
}

static void keeps_quiet_when_asked(void **state)
{
	struct will w;
	struct vbd *v;

	(void)state;
	v = begin_will(&w, true);
	sring->rsp_event = 8;
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(fake.notified, 0);
		add(BLKIF_OP_READ, i * 8, i + 8, 1);
		vbd_round(v);
	}
	assert_int_equal(fake.notified, 1);
	end_will(v, &w);
}

/* Each is refused by itself, and the sound ones around it are served. */
static void refuses_nonsense(void **state)
{
	struct blkif_request_indirect *in;
	struct will w;
	struct vbd *v;

	(void)state;
	v = begin_will(&w, true);
	add(99, 0, 8, 1);
	add(BLKIF_OP_READ, 0, 8, 0);
	add(BLKIF_OP_READ, 0, 8, 1)->nr_segments = 12;
	add(BLKIF_OP_READ, 2048, 8, 1);
	add(BLKIF_OP_READ, 2041, 8, 1);
	add(BLKIF_OP_READ, UINT64_MAX, 8, 1);
	add(BLKIF_OP_READ, 0, 8, 1)->seg[0].gref = 5000;
	add(BLKIF_OP_READ, 0, 8, 2)->seg[1].first_sect = 9;
	add(BLKIF_OP_DISCARD, 0, 8, 0);
	add(BLKIF_OP_READ, 0, 8, 1);
	in = (void *)add(BLKIF_OP_INDIRECT, 0, 8, 0);
	*in = (struct blkif_request_indirect){ .operation = BLKIF_OP_INDIRECT, .indirect_op = BLKIF_OP_READ,
					       .nr_segments = 33, .id = 110, .indirect_grefs = { 9 } };
	vbd_round(v);
	assert_int_equal(answer(100), BLKIF_RSP_EOPNOTSUPP);
	assert_int_equal(answer(101), BLKIF_RSP_ERROR);
	assert_int_equal(answer(102), BLKIF_RSP_ERROR);
	assert_int_equal(answer(108), BLKIF_RSP_EOPNOTSUPP);
	assert_int_equal(answer(110), BLKIF_RSP_ERROR);
	for (unsigned int id = 103; id < 108; id++)
		assert_int_equal(answer(id), BLKIF_RSP_ERROR);
	assert_int_equal(answer(109), BLKIF_RSP_OKAY);
	assert_int_equal(fake.mapped, 0);
	end_will(v, &w);
}

static unsigned int greed;		/* requests that the guest still puts on, one for each that is taken */

enum blk_taken __real_blk_ring_take(struct blk_ring *r, struct blk_request *out, int16_t *status);
enum blk_taken __wrap_blk_ring_take(struct blk_ring *r, struct blk_request *out, int16_t *status);

enum blk_taken __wrap_blk_ring_take(struct blk_ring *r, struct blk_request *out, int16_t *status)
{
	enum blk_taken taken = __real_blk_ring_take(r, out, status);

	if (greed) {
		greed--;
		add(99, 0, 8, 1);
	}
	return taken;
}

/* A guest on another CPU that has the next request ready whenever one is refused does not make a round last for ever: the
 * worker must look whether it is to stop. */
static void a_round_ends(void **state)
{
	struct will w;
	struct vbd *v;

	(void)state;
	v = begin_will(&w, false);
	add(99, 0, 8, 1);
	greed = 1000;
	assert_true(vbd_round(v));
	assert_true(v->counters.requests < 100);
	assert_false(v->broken);
	while (vbd_round(v))
		;
	assert_int_equal(v->counters.refused, 1001);
	end_will(v, &w);
}

static void indirect_segments(void **state)
{
	struct blkif_request_segment *list;
	struct blkif_request_indirect *in;
	struct will w;
	struct vbd *v;

	(void)state;
	v = begin_will(&w, true);
	list = (struct blkif_request_segment *)page(5);
	for (unsigned int i = 0; i < 32; i++) {
		list[i] = (struct blkif_request_segment){ .gref = 10 + i, .first_sect = 0, .last_sect = 7 };
		memset(page(10 + i), 'A' + i, 4096);
	}
	in = (void *)add(BLKIF_OP_INDIRECT, 0, 8, 0);
	*in = (struct blkif_request_indirect){ .operation = BLKIF_OP_INDIRECT, .indirect_op = BLKIF_OP_WRITE,
					       .nr_segments = 32, .id = 100, .sector_number = 16, .indirect_grefs = { 5 } };
	vbd_round(v);
	assert_int_equal(answer(100), BLKIF_RSP_OKAY);
	assert_memory_equal(w.data + 16 * 512, page(10), 32 * 4096);
	list[31].gref = 4000;			/* one bad segment fails the whole */
	in = (void *)add(BLKIF_OP_INDIRECT, 0, 8, 0);
	*in = (struct blkif_request_indirect){ .operation = BLKIF_OP_INDIRECT, .indirect_op = BLKIF_OP_READ,
					       .nr_segments = 32, .id = 101, .indirect_grefs = { 5 } };
	vbd_round(v);
	assert_int_equal(answer(101), BLKIF_RSP_ERROR);
	assert_int_equal(fake.mapped, 0);
	end_will(v, &w);
}

/* An index that claims more than the ring holds, in either direction, ends it; nothing after it is taken. */
static void impossible_index(void **state)
{
	static const uint32_t claims[] = { 33, 1000, 0x80000000, 0xffffffff };
	struct will w;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct vbd *v;

		v = begin_will(&w, true);
		sring->req_prod = claims[i];
		assert_false(vbd_round(v));
		assert_true(v->broken);
		assert_int_equal(v->counters.requests, 0);
		sring->req_prod = 1;
		assert_false(vbd_round(v));
		assert_int_equal(v->counters.requests, 0);
		end_will(v, &w);
	}
}

/* Nor may it go back behind what was taken and is not answered yet: those requests would be taken again. */
static void index_taken_back(void **state)
{
	struct will w;
	struct vbd *v;

	(void)state;
	v = begin_will(&w, false);
	for (unsigned int i = 0; i < 4; i++)
		add(BLKIF_OP_WRITE, i * 8, i + 8, 1);
	vbd_round(v);
	assert_int_equal(v->counters.requests, 4);
	sring->req_prod = 2;
	assert_false(vbd_round(v));
	assert_true(v->broken);
	assert_int_equal(v->counters.requests, 4);
	will_end_all(&w);
	vbd_round(v);
	end_will(v, &w);
}

/* The disk takes its time, and errors come back to the request they belong to. */
static void errors_and_order(void **state)
{
	struct will w;
	struct vbd *v;

	(void)state;
	v = begin_will(&w, false);
	w.bad_sector = 20;
	for (unsigned int i = 0; i < 4; i++)
		add(BLKIF_OP_WRITE, i * 8, i + 8, 1);
	vbd_round(v);
	assert_int_equal(w.ios, 1);
	assert_int_equal(sring->rsp_prod, 0);
	will_end_all(&w);			/* the merged one fails, then its parts go alone */
	vbd_round(v);
	assert_int_equal(w.ios, 5);
	assert_int_equal(answer(100), BLKIF_RSP_OKAY);
	assert_int_equal(answer(101), BLKIF_RSP_OKAY);
	assert_int_equal(answer(102), BLKIF_RSP_ERROR);
	assert_int_equal(answer(103), BLKIF_RSP_OKAY);
	end_will(v, &w);
}

/* Requests that need more pages than there are wait for others to end, and are all served. */
static void waits_for_pages(void **state)
{
	struct will w;
	struct vbd *v;

	(void)state;
	fake_reset();
	will_make(&w, 2048, false);
	v = begin("will", VBD_MAP, false, 4);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 120; i++)
			add(BLKIF_OP_READ, i * 8, 20, 11);
		do
			will_end_all(&w);
		while (vbd_round(v) || v->in_flight || v->parked);
		assert_int_equal(sring->rsp_prod, 120 * (round + 1));
		front.rsp_cons = sring->rsp_prod;
	}
	assert_int_equal(fake.mapped, 0);
	end_will(v, &w);
}

/* Anything at all in the ring's pages, many times. */
static void random_frontends(void **state)
{
	struct will w;

	(void)state;
	srandom(1);
	for (unsigned int run = 0; run < 300; run++) {
		struct vbd *v;

		fake_reset();
		will_make(&w, 2048, run & 1);
		w.at_once = run & 2;
		v = begin("will", VBD_MAP, run & 4, run & 8 ? 4 : 1);
		for (unsigned int i = 0; i < 200; i++) {
			unsigned int at = random() % (v->nr_pages * 4096);

			fake.memory[at] = random();
			fake.memory[64 + random() % 4000] = random() % 8;
			if (random() % 3 == 0)
				sring->req_prod = v->ring.back.req_cons + random() % 3;
			if (random() % 5 == 0)
				fake.grant[random() % GUEST_PAGES].granted ^= true;
			vbd_round(v);
			if (random() % 4 == 0 && w.nr_waiting)
				will_end(&w, random() % w.nr_waiting);
		}
		fake_disconnect(v);
		assert_int_equal(fake.mapped, 0);
		will_free(&w);
	}
}

int test_backend(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_copy), cmocka_unit_test(by_map), cmocka_unit_test(one_hypercall_a_batch),
		cmocka_unit_test(keeps_quiet_when_asked), cmocka_unit_test(refuses_nonsense), cmocka_unit_test(a_round_ends),
		cmocka_unit_test(indirect_segments), cmocka_unit_test(impossible_index), cmocka_unit_test(index_taken_back),
		cmocka_unit_test(errors_and_order), cmocka_unit_test(waits_for_pages),
		cmocka_unit_test(random_frontends),
	};

	return cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
