/* SPDX-License-Identifier: MIT */
/* The wire protocol: every message type, its errors, and the rights of guests. */
#include "fixture.h"

#define IS(answer, text) assert_string_equal(answer, text)

static void nodes_are_written_and_read(void **state)
{
	struct fixture *f = *state;

	IS(put(f->dom0, 0, "/a/b/c", "v"), "OK");
	IS(get(f->dom0, 0, "/a/b/c"), "v");
	IS(get(f->dom0, 0, "/a/b"), "");
	assert_int_equal(ask_len, 0);
	IS(ask(f->dom0, XS_WRITE, 0, "/bin\0x\0y", 8), "OK");
	get(f->dom0, 0, "/bin");
	assert_int_equal(ask_len, 3);
	IS(ask2(f->dom0, XS_MKDIR, 0, "/a/b", NULL), "OK");
	IS(ask2(f->dom0, XS_MKDIR, 0, "/a/d", NULL), "OK");
	ask2(f->dom0, XS_DIRECTORY, 0, "/a", NULL);
	assert_int_equal(ask_len, 4);
	IS(ask2(f->dom0, XS_DIRECTORY, 0, "/a", NULL), "b");
	IS(ask2(f->dom0, XS_DIRECTORY, 0, "/a/d", NULL), "");
	IS(del(f->dom0, 0, "/a/b"), "OK");
	IS(get(f->dom0, 0, "/a/b/c"), "!ENOENT");
	IS(del(f->dom0, 0, "/a/gone"), "OK");
	IS(del(f->dom0, 0, "/gone/gone"), "!ENOENT");
	IS(del(f->dom0, 0, "/"), "!EINVAL");
}

static void relative_paths_start_at_home(void **state)
{
	struct fixture *f = *state;

	IS(put(f->one, 0, "data/x", "1"), "OK");
	IS(get(f->dom0, 0, "/local/domain/1/data/x"), "1");
	IS(get(f->two, 0, "data/x"), "!ENOENT");
}

static void malformed_messages_get_einval(void **state)
{
	struct fixture *f = *state;

	IS(ask(f->one, XS_READ, 0, "/shared", 7), "!EINVAL");
	IS(ask(f->one, XS_READ, 0, "", 0), "!EINVAL");
	IS(ask(f->one, XS_READ, 0, "/shared\0x", 9), "!EINVAL");
	IS(ask(f->one, XS_WRITE, 0, "/shared/x", 9), "!EINVAL");
	IS(ask(f->one, XS_WATCH, 0, "/shared\0token", 13), "!EINVAL");
	IS(ask(f->one, XS_SET_PERMS, 0, "data\0n1", 7), "!EINVAL");
	IS(put(f->one, 0, "data//x", ""), "!EINVAL");
	IS(ask2(f->one, XS_TRANSACTION_END, 0, "X", NULL), "!EINVAL");
	IS(ask2(f->one, XS_GET_DOMAIN_PATH, 0, "one", NULL), "!EINVAL");
	IS(ask2(f->one, XS_GET_DOMAIN_PATH, 0, "99999999999999999999", NULL), "!EINVAL");
	IS(ask(f->one, XS_WATCH_EVENT, 0, "a\0b", 4), "!ENOSYS");
	IS(ask(f->one, 20, 0, "", 0), "!ENOSYS");
	IS(ask(f->one, XS_INVALID, 0, "", 0), "!ENOSYS");
	IS(ask2(f->one, XS_READ, 1234, "data", NULL), "!ENOENT");
}

static void rights_are_kept(void **state)
{
	struct fixture *f = *state;

	put(f->one, 0, "secret", "s");
	IS(get(f->two, 0, "/local/domain/1/secret"), "!EACCES");
	IS(put(f->two, 0, "/local/domain/1/secret", "t"), "!EACCES");
	IS(put(f->two, 0, "/local/domain/1/new", "t"), "!EACCES");
	IS(del(f->two, 0, "/local/domain/1/secret"), "!EACCES");
	IS(get(f->two, 0, "/local/domain/1/absent"), "!EACCES");
	IS(ask2(f->two, XS_DIRECTORY, 0, "/local/domain/1", NULL), "!EACCES");
	IS(ask2(f->two, XS_GET_PERMS, 0, "/local/domain/1", NULL), "!EACCES");
	IS(ask2(f->two, XS_SET_PERMS, 0, "/local/domain/1/secret", "n2"), "!EACCES");
	IS(ask(f->one, XS_SET_PERMS, 0, "secret\0n1\0r2", 13), "OK");
	IS(get(f->two, 0, "/local/domain/1/secret"), "s");
	IS(put(f->two, 0, "/local/domain/1/secret", "t"), "!EACCES");
	IS(ask2(f->two, XS_SET_PERMS, 0, "/local/domain/1/secret", "b1"), "!EACCES");
	IS(ask(f->one, XS_GET_PERMS, 0, "secret", 7), "n1");
	assert_int_equal(ask_len, 6);
	assert_memory_equal(ask(f->one, XS_GET_PERMS, 0, "secret", 7), "n1\0r2\0", 6);
	IS(ask2(f->one, XS_SET_PERMS, 0, "secret", "n2"), "!EPERM");
	IS(ask2(f->dom0, XS_SET_PERMS, 0, "/local/domain/1/secret", "n2"), "OK");
	IS(get(f->two, 0, "/local/domain/1/secret"), "s");
	IS(get(f->one, 0, "secret"), "!EACCES");
	IS(put(f->one, 0, "/vm/x", ""), "!EACCES");
}

static void bad_permissions_are_refused(void **state)
{
	static const char *const bad[] = { "", "x1", "n", "n-1", "n+1", "n 1", "n1x", "n65536", "1" };
	struct fixture *f = *state;
	unsigned int i;

	put(f->one, 0, "x", "");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		IS(ask2(f->one, XS_SET_PERMS, 0, "x", bad[i]), "!EINVAL");
	IS(ask2(f->one, XS_SET_PERMS, 0, "x", NULL), "!EINVAL");
	IS(ask2(f->one, XS_GET_PERMS, 0, "x", NULL), "n1");
}

static void what_a_guest_makes_is_its_own(void **state)
{
	struct fixture *f = *state;

	IS(put(f->one, 0, "/shared/deep/x", "1"), "OK");
	IS(ask2(f->one, XS_GET_PERMS, 0, "/shared/deep", NULL), "b1");
	IS(put(f->dom0, 0, "/local/domain/1/device/vbd", ""), "OK");
	IS(ask2(f->one, XS_GET_PERMS, 0, "device/vbd", NULL), "n1");
}

static void domains_are_introduced_and_released(void **state)
{
	struct fixture *f = *state;

	IS(ask2(f->one, XS_GET_DOMAIN_PATH, 0, "7", NULL), "/local/domain/7");
	IS(ask2(f->dom0, XS_IS_DOMAIN_INTRODUCED, 0, "7", NULL), "F");
	IS(ask(f->dom0, XS_INTRODUCE, 0, "7\0" "1234\0" "5", 9), "OK");
	IS(ask2(f->dom0, XS_IS_DOMAIN_INTRODUCED, 0, "7", NULL), "T");
	IS(ask2(f->dom0, XS_IS_DOMAIN_INTRODUCED, 0, "0", NULL), "T");
	IS(ask2(f->dom0, XS_RESUME, 0, "7", NULL), "OK");
	IS(ask2(f->dom0, XS_RELEASE, 0, "7", NULL), "OK");
	IS(ask2(f->dom0, XS_RELEASE, 0, "7", NULL), "!ENOENT");
	IS(ask2(f->dom0, XS_RESUME, 0, "7", NULL), "!ENOENT");
	IS(ask2(f->dom0, XS_RELEASE, 0, "0", NULL), "!EINVAL");
	IS(ask(f->dom0, XS_INTRODUCE, 0, "7\0" "2989\0" "5", 9), "!EINVAL");
	IS(ask2(f->dom0, XS_IS_DOMAIN_INTRODUCED, 0, "7", NULL), "F");
}

/* What a dead domain owned is gone, and its rights: the next one with its id begins with none. */
static void the_dead_leave_nothing(void **state)
{
	struct fixture *f = *state;

	put(f->one, 0, "/shared/of-one/deep", "1");
	put(f->two, 0, "/shared/of-two", "2");
	ask(f->two, XS_SET_PERMS, 0, "/shared/of-two\0n2\0r1\0r0", 24);
	put(f->dom0, 0, "/shared/of-one/from-dom0", "");
	ask2(f->dom0, XS_SET_TARGET, 0, "2", "1");
	no_events(f->dom0);
	ask2(f->dom0, XS_WATCH, 0, "/shared", "w");
	no_events(f->dom0);
	IS(ask2(f->dom0, XS_RELEASE, 0, "1", NULL), "OK");
	f->one = NULL;
	IS(event(f->dom0), "/shared/of-one w");
	IS(event(f->dom0), "/shared/of-two w");
	IS(event(f->dom0), "");
	IS(get(f->dom0, 0, "/shared/of-one"), "!ENOENT");
	IS(get(f->dom0, 0, "/local/domain/1"), "!ENOENT");
	IS(get(f->dom0, 0, "/shared/of-two"), "2");
	ask2(f->dom0, XS_GET_PERMS, 0, "/shared/of-two", NULL);
	assert_int_equal(ask_len, 6);
	put(f->dom0, 0, "/local/domain/1/secret", "");
	ask(f->dom0, XS_INTRODUCE, 0, "1\0" "1234\0" "5", 9);
	IS(get(store_guest(&f->store, 1), 0, "/shared/of-two"), "!EACCES");
	IS(get(f->two, 0, "/local/domain/1/secret"), "!EACCES");
}

static void guests_may_not_manage_domains(void **state)
{
	struct fixture *f = *state;

	IS(ask(f->one, XS_INTRODUCE, 0, "7\0" "1234\0" "5", 9), "!EACCES");
	IS(ask2(f->one, XS_RELEASE, 0, "2", NULL), "!EACCES");
	IS(ask2(f->one, XS_RESUME, 0, "1", NULL), "!EACCES");
	IS(ask2(f->one, XS_SET_TARGET, 0, "1", "2"), "!EACCES");
	IS(ask2(f->one, XS_CONTROL, 0, "help", NULL), "!EACCES");
}

static void a_target_lends_its_rights(void **state)
{
	struct fixture *f = *state;

	put(f->one, 0, "x", "1");
	IS(get(f->two, 0, "/local/domain/1/x"), "!EACCES");
	IS(ask2(f->dom0, XS_SET_TARGET, 0, "2", "1"), "OK");
	IS(get(f->two, 0, "/local/domain/1/x"), "1");
	IS(ask2(f->dom0, XS_SET_TARGET, 0, "2", "9"), "!ENOENT");
}

static void control_words(void **state)
{
	struct fixture *f = *state;

	assert_non_null(strstr(ask2(f->dom0, XS_CONTROL, 0, "help", NULL), "quota"));
	put(f->one, 0, "x", "12345");
	assert_non_null(strstr(ask2(f->dom0, XS_CONTROL, 0, "quota", NULL),
			       "domain 1: 2 nodes, 7 bytes"));
	IS(ask2(f->dom0, XS_CONTROL, 0, "nonsense", NULL), "!EINVAL");
}

/* More names than a message holds: DIRECTORY refuses, DIRECTORY_PART gives them in pieces. */
static void long_lists_come_in_pieces(void **state)
{
	struct fixture *f = *state;
	char path[64], from[16], gen[24] = "";
	unsigned int i, names = 0, pieces = 0;
	size_t offset = 0;
	bool last = false;

	for (i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "/many/name-of-some-length-%u", i);
		put(f->dom0, 0, path, "");
	}
	IS(ask2(f->dom0, XS_DIRECTORY, 0, "/many", NULL), "!E2BIG");
	while (!last) {
		const char *body, *p;

		snprintf(from, sizeof(from), "%zu", offset);
		body = ask2(f->dom0, XS_DIRECTORY_PART, 0, "/many", from);
		if (pieces++)
			IS(body, gen);
		snprintf(gen, sizeof(gen), "%s", body);
		for (p = body + strlen(body) + 1; p < body + ask_len && *p; p += strlen(p) + 1) {
			offset += strlen(p) + 1;
			names++;
		}
		last = p < body + ask_len;
	}
	assert_int_equal(names, 400);
	assert_true(pieces > 2);
	IS(ask2(f->dom0, XS_DIRECTORY_PART, 0, "/many", "x"), "!EINVAL");
	put(f->dom0, 0, "/many/another", "");
	assert_string_not_equal(ask2(f->dom0, XS_DIRECTORY_PART, 0, "/many", "0"), gen);
}

static void own_again(struct fixture *f)
{
	put(f->dom0, 0, "/shared", "");
	ask2(f->dom0, XS_SET_PERMS, 0, "/shared", "b0");
	put(f->dom0, 0, "/local/domain/1", "");
	ask2(f->dom0, XS_SET_PERMS, 0, "/local/domain/1", "n1");
}

/* Random messages of all types, right and wrong: nothing breaks, the accounts stay right (which
 * the teardown checks). */
static void random_messages_do_no_harm(void **state)
{
	static const char *const words[] = {
		"/shared", "/shared/a", "/shared/a/b", "/", "x", "x/y", "/local/domain/1", "n1",
		"r2", "w0", "T", "F", "0", "1", "2", "@releaseDomain", "//", "token", "", "\xff",
		"/local/domain/2/x", "b9",
	};
	struct fixture *f = *state;
	struct conn *conns[] = { f->one, f->two };
	uint64_t seed = 42;
	int i, done = 0;

	for (i = 0; i < 60000; i++) {
		struct conn *c = conns[test_random(&seed) % 2];
		uint32_t tx = test_random(&seed) % 3 || !c->txns ? 0 : c->txns->id;
		unsigned int n = test_random(&seed) % 4;
		char body[256];
		size_t len = 0;

		while (n--) {
			const char *w = words[test_random(&seed) %
					      (sizeof(words) / sizeof(words[0]))];

			memcpy(body + len, w, strlen(w) + 1);
			len += strlen(w) + 1;
		}
		if (len && test_random(&seed) % 8 == 0)
			body[test_random(&seed) % len] = test_random(&seed);
		if (len && test_random(&seed) % 8 == 0)
			len -= test_random(&seed) % len;
		ask(c, test_random(&seed) % (XS_TYPE_COUNT + 2), tx, body, len);
		done += ask_type != XS_ERROR;
		if (i % 100 == 0)
			no_events(c);
		if (i % 1000 == 0)      /* what they could do, they may have removed */
			own_again(f);
	}
	assert_true(done > 5000);
}

int test_request(size_t *total)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(nodes_are_written_and_read), TEST(relative_paths_start_at_home),
		TEST(malformed_messages_get_einval), TEST(rights_are_kept),
		TEST(bad_permissions_are_refused), TEST(what_a_guest_makes_is_its_own),
		TEST(domains_are_introduced_and_released), TEST(the_dead_leave_nothing),
		TEST(guests_may_not_manage_domains),
		TEST(a_target_lends_its_rights), TEST(control_words),
		TEST(long_lists_come_in_pieces), TEST(random_messages_do_no_harm),
	};

	return RUN_GROUP(tests, total);
}
