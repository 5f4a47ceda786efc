/* SPDX-License-Identifier: MIT */
/* The frontend against a backend that the tests play, and that lies. */
#include "front.h"
#include "store.h"

static struct netfront *nf;
static netif_tx_back_ring_t tx;
static netif_rx_back_ring_t rx;

static int setup(void **state)
{
	(void)state;
	nf = front_start();
	BACK_RING_INIT(&tx, nf->tx_shared, PAGE_SIZE);
	BACK_RING_INIT(&rx, nf->rx_shared, PAGE_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	front_end(nf);
	return 0;
}

static uint8_t data[NETFRONT_FRAME_MAX + 1];

static int send(uint32_t len)
{
	struct netfront_out out[] = { { data, len / 3 }, { data, 0 }, { data + len / 3, len - len / 3 } };

	return netfront_send(nf, out, 3, 0);
}

/* Answers all that was sent. */
static void answer(void)
{
	netif_tx_request_t q;

	while (tx.req_cons != nf->tx_shared->req_prod) {
		RING_COPY_REQUEST(&tx, tx.req_cons++, &q);
		RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt)->id = q.id;
		RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt++)->status = NETIF_RSP_OKAY;
	}
	RING_PUSH_RESPONSES(&tx);
}

static void sends_what_it_was_given(void **state)
{
	static const uint32_t lengths[] = { 14, 60, 1514, 4096, 4097, 65535 };

	(void)state;
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 3 + i / 251);
	for (int round = 0; round < 200; round++) {
		uint32_t len = lengths[round % 6], at = 0;
		netif_tx_request_t q;

		assert_int_equal(send(len), 0);
		do {
			RING_COPY_REQUEST(&tx, tx.req_cons++, &q);
			if (!at)
				assert_int_equal(q.size, len);
			uint32_t n = at ? q.size : len < PAGE_SIZE ? len : PAGE_SIZE;
			assert_memory_equal(grants[world_self][q.gref].page, data + at, n);
			assert_true(grants[world_self][q.gref].readonly);
			at += n;
			RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt)->id = q.id;
			RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt++)->status = NETIF_RSP_OKAY;
		} while (q.flags & NETTXF_more_data);
		assert_int_equal(at, len);
		RING_PUSH_RESPONSES(&tx);
	}
}

static void refuses_and_runs_full(void **state)
{
	int n = 0;

	(void)state;
	assert_int_equal(send(13), -XEN_EINVAL);
	assert_int_equal(send(NETFRONT_FRAME_MAX + 1), -XEN_EINVAL);
	while (send(60) == 0)
		n++;
	assert_int_equal(n, SLOTS);
	assert_int_equal(send(60), -XEN_EAGAIN);
	answer();
	assert_int_equal(send(60), 0);
	nf->sg = false;
	assert_int_equal(send(5000), -XEN_EINVAL);
	nf->up = false;
	assert_int_equal(send(60), -XEN_ENODEV);
	nf->up = true;
	answer();
}

static void lies_about_what_was_sent(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		nf->broken = false;
		while (send(60) == 0)
			;
		RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt)->status = NETIF_RSP_OKAY;
		RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt)->id = how == 0 ? SLOTS : how == 1 ? 0xffff : 3;
		RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt + 1)->status = NETIF_RSP_OKAY;
		RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt + 1)->id = 3;	/* twice */
		nf->tx_shared->rsp_prod = tx.rsp_prod_pvt + (how == 3 ? SLOTS + 1 : 2);
		assert_int_equal(send(60), -XEN_ENODEV);
		assert_true(nf->broken);
		teardown(state);
		setup(state);
	}
}

/* --- Receiving -------------------------------------------------------------------------------- */

static netif_rx_response_t *respond(int status, uint16_t flags)
{
	netif_rx_request_t q;
	netif_rx_response_t *r;

	RING_COPY_REQUEST(&rx, rx.req_cons, &q);
	rx.req_cons++;
	if (status > 0)
		memset(grants[world_self][q.gref].page, status & 0xff, PAGE_SIZE);
	r = RING_GET_RESPONSE(&rx, rx.rsp_prod_pvt);
	rx.rsp_prod_pvt++;
	*r = (netif_rx_response_t){ q.id, 0, flags, (int16_t)status };
	return r;
}

static unsigned int frames(uint32_t *bytes)
{
	struct netfront_frame f;
	unsigned int n = 0;

	RING_PUSH_RESPONSES(&rx);
	for (*bytes = 0; netfront_rx_next(nf, &f); n++) {
		*bytes += f.len;
		for (unsigned int i = 0; i < f.nr_pieces; i++) {
			/* nobody else can write to it any more */
			for (int r = 0; r < REFS; r++)
				assert_true(grants[world_self][r].page != f.piece[i].page);
			netfront_page_put(nf, f.piece[i].page);
		}
	}
	netfront_rx_refill(nf);
	return n;
}

static void receives(void **state)
{
	uint32_t bytes;

	(void)state;
	for (int round = 0; round < 300; round++) {
		respond(60, 0);
		respond(4096, NETRXF_more_data);
		respond(4096, NETRXF_more_data);
		respond(100, 0);
		assert_int_equal(frames(&bytes), 2);
		assert_int_equal(bytes, 60 + 8292);
	}
	assert_false(nf->broken);
	assert_int_equal(nf->counters.rx_errors, 0);
}

static void takes_extra_slots(void **state)
{
	struct netif_extra_info e = { .type = XEN_NETIF_EXTRA_TYPE_GSO, .u.gso.size = 1448 };
	struct netfront_frame f;

	(void)state;
	respond(4096, NETRXF_extra_info | NETRXF_more_data | NETRXF_csum_blank);
	memcpy(respond(0, 0), &e, sizeof(e));
	respond(500, 0);
	RING_PUSH_RESPONSES(&rx);
	assert_true(netfront_rx_next(nf, &f));
	assert_int_equal(f.len, 4596);
	assert_int_equal(f.gso_size, 1448);
	assert_true(f.sound && f.csum_blank);
	assert_int_equal(nf->nr_rx_free, 3);
	netfront_page_put(nf, f.piece[0].page);
	netfront_page_put(nf, f.piece[1].page);
}

static void bad_frames_are_dropped(void **state)
{
	uint32_t bytes;

	(void)state;
	respond(NETIF_RSP_ERROR, 0);
	respond(13, 0);				/* too short */
	respond(4096, 0)->offset = 1;		/* beyond the page */
	respond(100, NETRXF_more_data);
	respond(NETIF_RSP_DROPPED, 0);
	for (int i = 0; i < 30; i++)
		respond(4096, i < 29 ? NETRXF_more_data : 0);	/* too long */
	respond(60, 0);
	assert_int_equal(frames(&bytes), 1);
	assert_int_equal(bytes, 60);
	assert_int_equal(nf->counters.rx_errors, 5);
	assert_false(nf->broken);
}

static void broken_by_the_backend(void **state)
{
	uint32_t bytes;

	(void)state;
	for (int how = 0; how < 6; how++) {
		netif_rx_response_t *r = respond(60, how == 0 ? NETRXF_more_data : how == 1 ? NETRXF_extra_info : 0);

		if (how == 2)
			r->id = SLOTS;
		if (how == 3)
			r->id = 0xffff;
		if (how == 4)
			respond(60, 0)->id = r->id;	/* the same buffer twice */
		if (how == 5)
			rx.rsp_prod_pvt += SLOTS;	/* more than was posted */
		frames(&bytes);
		assert_true(nf->broken);
		teardown(state);
		setup(state);
	}
}

/* A page the backend still maps is not read, nor posted again. */
static void a_page_that_is_held(void **state)
{
	netif_rx_request_t q;
	uint32_t bytes;

	(void)state;
	RING_COPY_REQUEST(&rx, rx.req_cons, &q);
	grants[world_self][q.gref].maps++;
	respond(60, 0);
	assert_int_equal(frames(&bytes), 0);
	assert_true(nf->broken);
	assert_false(netfront_rx_fini(nf));
	grants[world_self][q.gref].maps--;
}

/* --- The handshake ------------------------------------------------------------------------------ */

static int step;

static void back(int state)
{
	world_store_put("back/state", state);
}

static int front(void)
{
	return world_store_get("front/state");
}

/* The backend, as the frontend waits for it: it connects, lies, is asked to connect anew, does, and goes. */
static void next_step(void)
{
	switch (step++) {
	case 0:
		back(XenbusStateInitWait);
		return;
	case 1:
		assert_int_equal(front(), XenbusStateConnected);
		back(XenbusStateConnected);
		return;
	case 2:
		assert_true(nf->up);
		netfront_break(nf);
		netfront_set_state(nf, XenbusStateClosing);
		back(XenbusStateClosing);
		return;
	case 3:
		assert_false(nf->up);
		assert_int_equal(front(), XenbusStateClosed);
		back(XenbusStateClosed);
		return;
	case 4:
		assert_int_equal(front(), XenbusStateInitialising);
		back(XenbusStateInitWait);
		return;
	case 5:
		assert_int_equal(front(), XenbusStateConnected);
		back(XenbusStateConnected);
		return;
	case 6:
		assert_true(nf->up && !nf->broken);
		assert_int_equal(send(60), 0);
		netfront_break(nf);
		world_store_put("back/online", 0);
		back(XenbusStateClosing);
		return;
	case 7:
		back(XenbusStateClosed);
		return;
	default:
		assert_int_equal(front(), XenbusStateClosed);	/* taken away: there is nobody to connect to */
		world_store_remove("front/backend-id");
	}
}

static void follow(void (*steps)(void))
{
	static const struct netfront_user user;

	step = 0;
	nf->up = false;
	nf->user = &user;
	strcpy(nf->path, "front");
	strcpy(nf->back, "back");
	world_store_reset();
	world_store_put("front/backend-id", 0);
	world_store_put("back/online", 1);
	world_store_put("back/feature-sg", 1);
	world_store_put("back/feature-rx-copy", 1);
	world_on_wait = steps;
	netfront_follow(nf);
}

static void connects_anew_after_a_lie(void **state)
{
	(void)state;
	follow(next_step);
	assert_int_equal(step, 9);
}

/* The toolstack took the interface away and made one of the same name before the frontend looked. */
static void next_of_another(void)
{
	switch (step++) {
	case 0:
		back(XenbusStateInitWait);
		return;
	case 1:
		back(XenbusStateConnected);
		return;
	case 2:
		assert_true(nf->up);
		world_store_put("front/state", XenbusStateInitialising);
		back(XenbusStateInitWait);
		return;
	case 3:
		assert_false(nf->up);
		assert_int_equal(front(), XenbusStateConnected);
		back(XenbusStateConnected);
		return;
	default:
		assert_true(nf->up);
		assert_int_equal(send(60), 0);
		world_store_remove("front/backend-id");
		back(XenbusStateClosed);
	}
}

static void another_of_the_same_name(void **state)
{
	(void)state;
	follow(next_of_another);
	assert_int_equal(step, 5);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TESTS(front, T(sends_what_it_was_given), T(refuses_and_runs_full), T(lies_about_what_was_sent), T(receives),
	T(takes_extra_slots), T(bad_frames_are_dropped), T(broken_by_the_backend), T(a_page_that_is_held),
	T(connects_anew_after_a_lie), T(another_of_the_same_name));
