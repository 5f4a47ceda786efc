/* SPDX-License-Identifier: MIT */
/*
 * Memory, and how often it is asked for. Memory that runs out: each request is tried with its first, second, third ... allocation
 * failing until it goes through. Every failure must say ENOMEM and change nothing; nothing may
 * leak (the sanitizer looks at the end).
 */
#include "fixture.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);

static int countdown;                   /* allocations until one fails; 0: none does */

static bool fails(void)
{
	return countdown && !--countdown;
}

static unsigned int mallocs;

void *__wrap_malloc(size_t n)
{
	mallocs++;
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static void count(void *arg, const char *path, const struct tree_node *old,
		  const struct tree_node *new, bool below)
{
	(void)path;
	(void)old;
	(void)new;
	(void)below;
	++*(int *)arg;
}

/* One request under a failing allocation, by hand: the helpers of the fixture allocate too.
 * True if the request went through without meeting the failure. */
static bool survives(struct fixture *f, struct conn *c, uint32_t type, uint32_t tx,
		     const char *body, size_t len, int nth)
{
	struct xsd_sockmsg hdr = { .type = type, .tx_id = tx, .len = len };
	struct tree_node *before = tree_get(f->store.root);
	struct msg *m;
	int changes = 0;
	bool met;

	countdown = nth;
	conn_request(c, &hdr, body);
	met = !countdown;
	countdown = 0;
	m = conn_pop_kind(c, false);
	if (met && m && m->hdr.type == XS_ERROR) {
		assert_string_equal(m->body, "ENOMEM");
		tree_diff(before, f->store.root, count, &changes);
		assert_int_equal(changes, 0);
	}
	free(m);
	tree_put(before);
	return !met;
}

static void each_request(struct fixture *f, struct conn *c, uint32_t type, bool in_txn,
			 const char *body, size_t len)
{
	bool through = false;
	int nth = 1;

	for (; !through; nth++) {
		uint32_t tx = in_txn ? begin(c) : 0;

		assert_true(nth < 50);
		if (in_txn)     /* so that a commit has something to merge */
			put(c, tx, "/shared/in", "x");
		put(f->dom0, 0, "/shared/out/x", nth % 2 ? "a" : "b");
		through = survives(f, c, type, tx, body, len, nth);
		conn_reset(c);
		no_events(c);
	}
	assert_true(nth > 2);
}

static void every_allocation_may_fail(void **state)
{
	static const struct { uint32_t type; const char *body; size_t len; } requests[] = {
		{ XS_WRITE, "/shared/a/b/c\0value", 19 }, { XS_WRITE, "/shared\0value", 13 },
		{ XS_READ, "/shared/a", 10 }, { XS_MKDIR, "/shared/d/e", 12 },
		{ XS_DIRECTORY, "/shared", 8 }, { XS_GET_PERMS, "/shared/a", 10 },
		{ XS_SET_PERMS, "/shared/a\0n1\0r2", 16 }, { XS_RM, "/shared/a", 10 },
		{ XS_WATCH, "/shared\0t", 10 }, { XS_TRANSACTION_START, "", 1 },
		{ XS_TRANSACTION_END, "T", 2 },
	};
	struct fixture *f = *state;
	size_t i;

	put(f->dom0, 0, "/shared/out/x", "");
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].type != XS_TRANSACTION_END)
			each_request(f, f->one, requests[i].type, false, requests[i].body,
				     requests[i].len);
		if (requests[i].type != XS_TRANSACTION_START)
			each_request(f, f->one, requests[i].type, true, requests[i].body,
				     requests[i].len);
	}
}

static void a_domain_dies_without_memory(void **state)
{
	struct fixture *f = *state;
	int nth;

	put(f->one, 0, "/shared/a/b", "");
	ask(f->two, XS_WRITE, 0, "/shared/c\0x", 11);
	ask(f->two, XS_SET_PERMS, 0, "/shared/c\0n2\0r1", 16);
	for (nth = 1; nth < 30; nth++) {
		countdown = nth;
		store_disown(f->one);
		countdown = 0;
	}
	assert_string_equal(get(f->dom0, 0, "/shared/a"), "!ENOENT");
	assert_int_equal(f->one->nodes, 0);
}

/* What a guest may ask for at most in one request: each of many watches is told of each of many changes. */
static void a_commit_tells_a_full_queue_once(void **state)
{
	struct fixture *f = *state;
	uint32_t t = begin(f->one);
	char name[24];

	for (int i = 0; i < QUOTA_WATCHES; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_string_equal(ask2(f->one, XS_WATCH, 0, "data", name), "OK");
	}
	for (int i = 0; i < QUOTA_TXN_NODES / 2; i++) {
		snprintf(name, sizeof(name), "data/%d", i);
		assert_string_equal(put(f->one, t, name, ""), "OK");
	}
	mallocs = 0;
	assert_string_equal(commit(f->one, t), "OK");
	assert_true(mallocs < QUOTA_EVENTS + 2 * QUOTA_WATCHES + 10 * QUOTA_TXN_NODES);
	assert_true(f->one->nevents <= QUOTA_EVENTS + QUOTA_WATCHES);
	no_events(f->one);
	put(f->one, 0, "data", "");
	assert_int_equal(f->one->nevents, QUOTA_WATCHES);
}

int test_nomem(size_t *total)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(every_allocation_may_fail), TEST(a_domain_dies_without_memory),
		TEST(a_commit_tells_a_full_queue_once),
	};

	return RUN_GROUP(tests, total);
}
