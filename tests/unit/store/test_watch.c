/* SPDX-License-Identifier: MIT */
/* Watches: when they fire, for whom, and what an unread queue may grow to. */
#include "fixture.h"

#define IS(answer, text) assert_string_equal(answer, text)

static void watch(struct conn *c, const char *path, const char *token)
{
	char first[XENSTORE_PAYLOAD_MAX];

	IS(ask2(c, XS_WATCH, 0, path, token), "OK");
	snprintf(first, sizeof(first), "%s %s", path, token);
	IS(event(c), first);
}

static void a_watch_fires_at_once_and_on_changes(void **state)
{
	struct fixture *f = *state;

	watch(f->dom0, "/a", "t");
	IS(event(f->dom0), "");
	put(f->dom0, 0, "/a", "1");
	IS(event(f->dom0), "/a t");
	put(f->dom0, 0, "/a/b", "1");
	IS(event(f->dom0), "/a/b t");
	put(f->dom0, 0, "/a/b", "1");
	IS(event(f->dom0), "/a/b t");
	put(f->dom0, 0, "/ab", "1");
	IS(event(f->dom0), "");
	ask2(f->dom0, XS_SET_PERMS, 0, "/a/b", "r0");
	IS(event(f->dom0), "/a/b t");
	del(f->dom0, 0, "/a");
	IS(event(f->dom0), "/a t");
	IS(event(f->dom0), "");
	get(f->dom0, 0, "/a");
	IS(event(f->dom0), "");
}

static void removal_fires_watches_below(void **state)
{
	struct fixture *f = *state;

	put(f->dom0, 0, "/a/b/c", "1");
	watch(f->dom0, "/a/b", "deep");
	watch(f->dom0, "/", "top");
	del(f->dom0, 0, "/a");
	assert_int_equal(f->dom0->nevents, 2);
	IS(event(f->dom0), "/a top");
	IS(event(f->dom0), "/a/b deep");
}

static void relative_watches_report_relative_paths(void **state)
{
	struct fixture *f = *state;

	watch(f->one, "device", "t");
	put(f->dom0, 0, "/local/domain/1/device/vbd", "1");
	IS(event(f->one), "device t");
	IS(event(f->one), "device/vbd t");
	watch(f->one, "/local/domain/1/data", "abs");
	put(f->one, 0, "data", "");
	IS(event(f->one), "/local/domain/1/data abs");
}

static void events_follow_rights(void **state)
{
	struct fixture *f = *state;

	watch(f->two, "/local/domain/1", "spy");
	put(f->one, 0, "secret", "1");
	IS(event(f->two), "");
	ask(f->one, XS_SET_PERMS, 0, "secret\0n1\0r2", 13);
	IS(event(f->two), "/local/domain/1/secret spy");
	put(f->one, 0, "secret", "2");
	IS(event(f->two), "/local/domain/1/secret spy");
	del(f->one, 0, "secret");
	IS(event(f->two), "/local/domain/1/secret spy");
}

static void a_transaction_fires_when_it_commits(void **state)
{
	struct fixture *f = *state;
	uint32_t t = begin(f->dom0);

	watch(f->dom0, "/a", "t");
	put(f->dom0, t, "/a", "1");
	put(f->dom0, t, "/a", "2");
	IS(event(f->dom0), "");
	IS(commit(f->dom0, t), "OK");
	IS(event(f->dom0), "/a t");
	IS(event(f->dom0), "");
	t = begin(f->dom0);
	put(f->dom0, t, "/a", "3");
	IS(ask2(f->dom0, XS_TRANSACTION_END, t, "F", NULL), "OK");
	IS(event(f->dom0), "");
	IS(get(f->dom0, 0, "/a"), "2");
}

static void special_names_are_for_domain_0(void **state)
{
	struct fixture *f = *state;

	watch(f->dom0, "@introduceDomain", "in");
	watch(f->dom0, "@releaseDomain", "out");
	watch(f->one, "@releaseDomain", "out");
	ask(f->dom0, XS_INTRODUCE, 0, "7\0" "1234\0" "5", 9);
	IS(event(f->dom0), "@introduceDomain in");
	ask2(f->dom0, XS_RELEASE, 0, "7", NULL);
	IS(event(f->dom0), "@releaseDomain out");
	IS(event(f->one), "");
	watch(f->dom0, "/", "top");
	ask(f->dom0, XS_INTRODUCE, 0, "7\0" "1234\0" "5", 9);
	IS(event(f->dom0), "@introduceDomain in");
	IS(event(f->dom0), "");
}

static void watches_end(void **state)
{
	struct fixture *f = *state;

	watch(f->one, "x", "t");
	IS(ask2(f->one, XS_WATCH, 0, "x", "t"), "!EEXIST");
	watch(f->one, "x", "other");
	IS(ask2(f->one, XS_UNWATCH, 0, "x", "t"), "OK");
	IS(ask2(f->one, XS_UNWATCH, 0, "x", "t"), "!ENOENT");
	put(f->one, 0, "x", "");
	IS(event(f->one), "x other");
	IS(ask(f->one, XS_RESET_WATCHES, 0, "", 1), "OK");
	assert_int_equal(f->one->nwatches, 0);
	put(f->one, 0, "x", "");
	IS(event(f->one), "");
}

static void unread_events_do_not_pile_up(void **state)
{
	struct fixture *f = *state;
	char path[40];
	int i;

	watch(f->one, "/shared", "t");
	for (i = 0; i < 1000; i++)
		put(f->dom0, 0, "/shared", "same");
	assert_int_equal(f->one->nevents, 1);
	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/shared/%d", i);
		put(f->dom0, 0, path, "");
	}
	assert_true(f->one->nevents <= QUOTA_EVENTS + QUOTA_WATCHES);
	no_events(f->one);
	for (i = 0; i < QUOTA_EVENTS + 10; i++) {
		snprintf(path, sizeof(path), "/shared/%d", i);
		put(f->dom0, 0, path, "");
	}
	for (i = 0; i < QUOTA_EVENTS; i++) {
		snprintf(path, sizeof(path), "/shared/%d t", i);
		IS(event(f->one), path);
	}
	IS(event(f->one), "/shared t");
	IS(event(f->one), "");
}

int test_watch(size_t *total)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_watch_fires_at_once_and_on_changes), TEST(removal_fires_watches_below),
		TEST(relative_watches_report_relative_paths), TEST(events_follow_rights),
		TEST(a_transaction_fires_when_it_commits), TEST(special_names_are_for_domain_0),
		TEST(watches_end), TEST(unread_events_do_not_pile_up),
	};

	return RUN_GROUP(tests, total);
}
