/* SPDX-License-Identifier: MIT */
/* Transactions: isolation, conflicts, and a random schedule checked against a serial one. */
#include "fixture.h"

#define IS(answer, text) assert_string_equal(answer, text)

static void changes_stay_inside_until_the_end(void **state)
{
	struct fixture *f = *state;
	uint32_t t = begin(f->dom0);

	IS(put(f->dom0, t, "/a", "in"), "OK");
	IS(get(f->dom0, t, "/a"), "in");
	IS(get(f->dom0, 0, "/a"), "!ENOENT");
	IS(put(f->dom0, 0, "/b", "out"), "OK");
	IS(get(f->dom0, t, "/b"), "!ENOENT");
}

static void untouched_neighbours_do_not_conflict(void **state)
{
	struct fixture *f = *state;
	uint32_t t;

	put(f->dom0, 0, "/a/x", "1");
	put(f->dom0, 0, "/b/y", "1");
	t = begin(f->dom0);
	IS(put(f->dom0, t, "/a/x", "2"), "OK");
	put(f->dom0, 0, "/b/y", "2");
	put(f->dom0, 0, "/b/z", "2");
	IS(commit(f->dom0, t), "OK");
	IS(get(f->dom0, 0, "/a/x"), "2");
	IS(get(f->dom0, 0, "/b/y"), "2");
	IS(get(f->dom0, 0, "/b/z"), "2");
}

/* Inside: `read` is looked at (type look), then /w is written. Outside: `path` changes. */
static void conflicts(struct fixture *f, uint32_t look, const char *read, const char *path,
		      const char *value)
{
	uint32_t t;

	put(f->dom0, 0, "/w", "0");
	t = begin(f->dom0);
	ask2(f->dom0, look, t, read, NULL);
	put(f->dom0, t, "/w", "1");
	IS(value ? put(f->dom0, 0, path, value) : del(f->dom0, 0, path), "OK");
	IS(commit(f->dom0, t), "!EAGAIN");
	IS(get(f->dom0, 0, "/w"), "0");
	IS(commit(f->dom0, t), "!ENOENT");
}

static void what_was_read_must_not_change(void **state)
{
	struct fixture *f = *state;

	put(f->dom0, 0, "/r", "0");
	conflicts(f, XS_READ, "/r", "/r", "1");
	conflicts(f, XS_GET_PERMS, "/r", "/r", "2");
	conflicts(f, XS_READ, "/new", "/new", "1");
	conflicts(f, XS_DIRECTORY, "/r", "/r/kid", "1");
	conflicts(f, XS_READ, "/r", "/r", NULL);
}

static void what_was_written_must_not_change(void **state)
{
	struct fixture *f = *state;
	uint32_t t;

	put(f->dom0, 0, "/w", "0");
	t = begin(f->dom0);
	put(f->dom0, t, "/w", "inside");
	put(f->dom0, 0, "/w", "outside");
	IS(commit(f->dom0, t), "!EAGAIN");
	IS(get(f->dom0, 0, "/w"), "outside");
}

static void one_of_two_counters_wins(void **state)
{
	struct fixture *f = *state;
	uint32_t a, b;

	put(f->dom0, 0, "/shared/n", "0");
	ask2(f->dom0, XS_SET_PERMS, 0, "/shared/n", "b0");
	a = begin(f->one);
	b = begin(f->two);
	IS(get(f->one, a, "/shared/n"), "0");
	IS(get(f->two, b, "/shared/n"), "0");
	put(f->one, a, "/shared/n", "1");
	put(f->two, b, "/shared/n", "1");
	IS(commit(f->one, a), "OK");
	IS(commit(f->two, b), "!EAGAIN");
}

static void readers_never_conflict(void **state)
{
	struct fixture *f = *state;
	uint32_t t = begin(f->dom0);

	put(f->dom0, 0, "/a", "1");
	IS(get(f->dom0, t, "/a"), "!ENOENT");
	put(f->dom0, 0, "/b", "1");
	IS(get(f->dom0, t, "/b"), "!ENOENT");
	IS(commit(f->dom0, t), "OK");
}

static void removal_and_making_again(void **state)
{
	struct fixture *f = *state;
	uint32_t t;

	put(f->dom0, 0, "/a/old", "1");
	t = begin(f->dom0);
	IS(del(f->dom0, t, "/a"), "OK");
	IS(put(f->dom0, t, "/a/new", "2"), "OK");
	IS(commit(f->dom0, t), "OK");
	IS(get(f->dom0, 0, "/a/old"), "!ENOENT");
	IS(get(f->dom0, 0, "/a/new"), "2");
}

static void ids_belong_to_their_connection(void **state)
{
	struct fixture *f = *state;
	uint32_t t = begin(f->one);

	IS(commit(f->two, t), "!ENOENT");
	IS(ask2(f->one, XS_TRANSACTION_START, t, "", NULL), "!EBUSY");
	IS(ask(f->one, XS_RESET_WATCHES, 0, "", 1), "OK");
	IS(commit(f->one, t), "!ENOENT");
}

/*
 * Three connections move units between accounts in interleaved transactions. Whatever the
 * schedule, commits that succeed are as if run alone, so the sum never changes.
 */
static void random_schedules_keep_the_sum(void **state)
{
	struct fixture *f = *state;
	struct conn *c[] = { f->dom0, f->one, f->two };
	struct { uint32_t id; int step, from, to, a, b; } t[3] = { { 0 } };
	char path[5][24], text[16];
	uint64_t seed = 7;
	int i, sum = 0, commits = 0, again = 0;

	for (i = 0; i < 5; i++) {
		snprintf(path[i], sizeof(path[i]), "/shared/%d", i);
		put(f->dom0, 0, path[i], "100");
		ask2(f->dom0, XS_SET_PERMS, 0, path[i], "b0");
	}
	for (i = 0; i < 20000; i++) {
		int w = test_random(&seed) % 3;

		switch (t[w].step++) {
		case 0:
			t[w].id = begin(c[w]);
			t[w].from = test_random(&seed) % 5;
			t[w].to = (t[w].from + 1 + test_random(&seed) % 4) % 5;
			break;
		case 1:
			t[w].a = atoi(get(c[w], t[w].id, path[t[w].from]));
			break;
		case 2:
			t[w].b = atoi(get(c[w], t[w].id, path[t[w].to]));
			break;
		case 3:
			snprintf(text, sizeof(text), "%d", t[w].a - 1);
			IS(put(c[w], t[w].id, path[t[w].from], text), "OK");
			break;
		case 4:
			snprintf(text, sizeof(text), "%d", t[w].b + 1);
			IS(put(c[w], t[w].id, path[t[w].to], text), "OK");
			break;
		case 5:
			t[w].step = 0;
			if (!strcmp(commit(c[w], t[w].id), "OK"))
				commits++;
			else
				again++;
		}
	}
	for (i = 0; i < 5; i++)
		sum += atoi(get(f->dom0, 0, path[i]));
	assert_int_equal(sum, 500);
	assert_true(commits > 1000);
	assert_true(again > 100);
}

int test_txn(size_t *total)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(changes_stay_inside_until_the_end), TEST(untouched_neighbours_do_not_conflict),
		TEST(what_was_read_must_not_change), TEST(what_was_written_must_not_change),
		TEST(one_of_two_counters_wins), TEST(readers_never_conflict),
		TEST(removal_and_making_again), TEST(ids_belong_to_their_connection),
		TEST(random_schedules_keep_the_sum),
	};

	return RUN_GROUP(tests, total);
}
