/* SPDX-License-Identifier: MIT */
/* A guest's ring page: whole conversations through it, and guests that break every rule. */
#include "fixture.h"
#include "xenstore/ring.h"

struct line {
	struct fixture *f;
	struct xenstore_domain_interface page;
	struct ring ring;
};

static int setup(void **state)
{
	struct line *l = calloc(1, sizeof(*l));
	void *f;

	fixture_setup(&f);
	l->f = f;
	ring_init(&l->ring, &l->page, l->f->one);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct line *l = *state;
	void *f = l->f;

	ring_fini(&l->ring);
	fixture_teardown(&f);
	free(l);
	return 0;
}

/* The guest's side. */
static size_t guest_send(struct line *l, const void *data, size_t n)
{
	struct xenstore_domain_interface *p = &l->page;
	size_t i;

	for (i = 0; i < n && p->req_prod - p->req_cons < XENSTORE_RING_SIZE; i++)
		p->req[MASK_XENSTORE_IDX(p->req_prod++)] = ((const char *)data)[i];
	return i;
}

static size_t guest_receive(struct line *l, void *data, size_t n)
{
	struct xenstore_domain_interface *p = &l->page;
	size_t i;

	for (i = 0; i < n && p->rsp_cons != p->rsp_prod; i++)
		((char *)data)[i] = p->rsp[MASK_XENSTORE_IDX(p->rsp_cons++)];
	return i;
}

static void pump(struct line *l)
{
	while (ring_pump(&l->ring) & RING_AGAIN)
		;
}

static void send_all(struct line *l, const void *data, size_t n)
{
	while (n) {
		size_t did = guest_send(l, data, n);

		data = (const char *)data + did;
		n -= did;
		pump(l);
		assert_false(l->ring.broken);
	}
}

static void receive_all(struct line *l, void *data, size_t n)
{
	int idle = 0;

	while (n) {
		size_t did = guest_receive(l, data, n);

		data = (char *)data + did;
		n -= did;
		pump(l);
		assert_true(did || idle++ < 3);
	}
}

static void request(struct line *l, uint32_t type, const void *body, size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = 5, .len = len };

	send_all(l, &hdr, sizeof(hdr));
	send_all(l, body, len);
}

static const char *reply(struct line *l)
{
	static char body[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg hdr;

	receive_all(l, &hdr, sizeof(hdr));
	assert_int_equal(hdr.req_id, 5);
	assert_true(hdr.len <= XENSTORE_PAYLOAD_MAX);
	receive_all(l, body, hdr.len);
	body[hdr.len] = '\0';
	return body;
}

static void a_conversation(void **state)
{
	struct line *l = *state;
	int i;

	assert_int_equal(l->page.server_features, XENSTORE_SERVER_FEATURE_RECONNECTION |
			 XENSTORE_SERVER_FEATURE_ERROR);
	for (i = 0; i < 200; i++) {     /* the indices wrap in the ring many times */
		request(l, XS_WRITE, "x\0value", 7);
		assert_string_equal(reply(l), "OK");
		request(l, XS_READ, "x", 2);
		assert_string_equal(reply(l), "value");
	}
	assert_int_equal(l->page.rsp_cons, l->page.rsp_prod);
}

static void indices_wrap(void **state)
{
	struct line *l = *state;

	l->page.req_cons = l->page.req_prod = l->page.rsp_cons = l->page.rsp_prod = -5u;
	request(l, XS_WRITE, "x\0value", 7);
	assert_string_equal(reply(l), "OK");
	assert_true(l->page.req_prod < 100);
}

static void messages_longer_than_the_ring(void **state)
{
	struct line *l = *state;
	char body[2 + QUOTA_NODE_SIZE];

	memset(body, 'v', sizeof(body));
	memcpy(body, "x", 2);
	request(l, XS_WRITE, body, sizeof(body));
	assert_string_equal(reply(l), "OK");
	request(l, XS_READ, "x", 2);
	assert_int_equal(strlen(reply(l)), QUOTA_NODE_SIZE);
}

static void a_message_in_single_bytes(void **state)
{
	struct line *l = *state;
	struct xsd_sockmsg hdr = { .type = XS_MKDIR, .req_id = 5, .len = 4 };
	size_t i;

	for (i = 0; i < sizeof(hdr); i++)
		send_all(l, (char *)&hdr + i, 1);
	for (i = 0; i < 4; i++) {
		assert_int_equal(l->page.rsp_prod, 0);
		send_all(l, "dir" + i, 1);
	}
	assert_string_equal(reply(l), "OK");
}

static void events_come_through(void **state)
{
	struct line *l = *state;
	struct xsd_sockmsg hdr;
	char body[16];

	request(l, XS_WATCH, "x\0t", 4);
	assert_string_equal(reply(l), "OK");
	receive_all(l, &hdr, sizeof(hdr));
	assert_int_equal(hdr.type, XS_WATCH_EVENT);
	assert_int_equal(hdr.len, 4);
	receive_all(l, body, 4);
	assert_memory_equal(body, "x\0t", 4);
}

/* Requests are not taken while answers wait: memory in use stays that of one message. */
static void a_guest_that_does_not_read(void **state)
{
	struct line *l = *state;
	struct xsd_sockmsg hdr = { .type = XS_READ, .req_id = 5, .len = 2 };
	int i;

	put(l->f->one, 0, "x", "a value of some length to fill the response ring quickly");
	for (i = 0; i < 1000; i++) {
		if (l->page.req_prod - l->page.req_cons + sizeof(hdr) + 2 > XENSTORE_RING_SIZE)
			break;
		guest_send(l, &hdr, sizeof(hdr));
		guest_send(l, "x", 2);
		pump(l);
	}
	assert_true(i < 1000);
	assert_null(l->f->one->out);
	for (; i; i--)
		assert_non_null(strstr(reply(l), "a value"));
}

static void broken(struct line *l, uint32_t why)
{
	pump(l);
	assert_true(l->ring.broken);
	assert_int_equal(l->page.error, why);
	assert_int_equal(ring_pump(&l->ring), 0);
	assert_string_equal(put(l->f->two, 0, "x", "others go on"), "OK");
}

static void impossible_request_indices(void **state)
{
	struct line *l = *state;

	l->page.req_prod = XENSTORE_RING_SIZE + 1;
	broken(l, XENSTORE_ERROR_RINGIDX);
}

static void impossible_response_indices(void **state)
{
	struct line *l = *state;

	l->page.rsp_cons = 1;
	guest_send(l, &(struct xsd_sockmsg){ .type = XS_READ, .len = 0 }, sizeof(struct xsd_sockmsg));
	broken(l, XENSTORE_ERROR_RINGIDX);
}

static void a_message_too_long(void **state)
{
	struct line *l = *state;
	struct xsd_sockmsg hdr = { .type = XS_WRITE, .len = XENSTORE_PAYLOAD_MAX + 1 };

	guest_send(l, &hdr, sizeof(hdr));
	broken(l, XENSTORE_ERROR_PROTO);
}

static void reconnection_starts_afresh(void **state)
{
	struct line *l = *state;
	uint32_t t = begin(l->f->one);

	request(l, XS_WATCH, "x\0t", 4);
	l->page.req_prod = 7777777;
	broken(l, XENSTORE_ERROR_RINGIDX);
	l->page.connection = XENSTORE_RECONNECT;
	assert_int_equal(ring_pump(&l->ring), RING_NOTIFY);
	assert_int_equal(l->page.connection, XENSTORE_CONNECTED);
	assert_int_equal(l->page.error, XENSTORE_ERROR_NONE);
	assert_int_equal(l->page.req_prod, 0);
	assert_int_equal(l->f->one->nwatches, 0);
	assert_string_equal(commit(l->f->one, t), "!ENOENT");
	request(l, XS_MKDIR, "dir", 4);
	assert_string_equal(reply(l), "OK");
}

/* A guest writes random bytes over the whole page between pumps. */
static void random_pages_do_no_harm(void **state)
{
	struct line *l = *state;
	static const char body[40] = "/shared\0x\0/shared\0y\0a\0b\0c\0/d\0/////";
	uint64_t seed = 11;
	int i, alive = 0;

	for (i = 0; i < 60000; i++) {
		uint32_t *word = (uint32_t *)&l->page + test_random(&seed) %
				 (sizeof(l->page) / sizeof(uint32_t));
		struct xsd_sockmsg hdr = {
			.type = test_random(&seed) % XS_TYPE_COUNT, .len = test_random(&seed) % 40,
		};

		if (test_random(&seed) % 16 == 0)
			*word = test_random(&seed);
		if (test_random(&seed) % 4 == 0)
			l->page.connection = XENSTORE_RECONNECT;
		l->page.rsp_cons = l->page.rsp_prod;
		guest_send(l, &hdr, sizeof(hdr));
		guest_send(l, body, hdr.len);
		pump(l);
		alive += !l->ring.broken;
	}
	assert_true(alive > 10000);
	assert_string_equal(put(l->f->two, 0, "x", "others go on"), "OK");
}

int test_ring(size_t *total)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_conversation), TEST(indices_wrap), TEST(messages_longer_than_the_ring),
		TEST(a_message_in_single_bytes), TEST(events_come_through),
		TEST(a_guest_that_does_not_read), TEST(impossible_request_indices),
		TEST(impossible_response_indices), TEST(a_message_too_long),
		TEST(reconnection_starts_afresh), TEST(random_pages_do_no_harm),
	};

	return RUN_GROUP(tests, total);
}
