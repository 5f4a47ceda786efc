/* SPDX-License-Identifier: MIT */
/* Quotas: where they stop a guest, that what was refused left nothing, that domain 0 is free. */
#include "fixture.h"

#define IS(answer, text) assert_string_equal(answer, text)

static char big[QUOTA_NODE_SIZE + 2];

static void fill(struct conn *c, uint32_t tx, unsigned int from, unsigned int to)
{
	char path[24];

	for (; from < to; from++) {
		snprintf(path, sizeof(path), "n/%u", from);
		IS(put(c, tx, path, ""), "OK");
	}
}

static void nodes(void **state)
{
	struct fixture *f = *state;
	unsigned int have = f->one->nodes;

	fill(f->one, 0, 0, QUOTA_NODES - have - 1);
	assert_int_equal(f->one->nodes, QUOTA_NODES);
	IS(put(f->one, 0, "one-more", ""), "!ENOSPC");
	IS(get(f->one, 0, "one-more"), "!ENOENT");
	IS(put(f->one, 0, "n/0", "changed"), "OK");
	IS(put(f->two, 0, "n/0", ""), "OK");
	IS(put(f->dom0, 0, "/local/domain/1/from-dom0", ""), "OK");
	IS(put(f->one, 0, "n/0", "still may change"), "OK");
	IS(del(f->one, 0, "n"), "OK");
	fill(f->one, 0, 0, 10);
}

static void half_made_paths_are_not_left(void **state)
{
	struct fixture *f = *state;

	fill(f->one, 0, 0, QUOTA_NODES - f->one->nodes - 3);
	IS(put(f->one, 0, "a/b/c/d", ""), "!ENOSPC");
	IS(get(f->one, 0, "a"), "!ENOENT");
	IS(put(f->one, 0, "a/b", ""), "OK");
}

static void size_of_a_value(void **state)
{
	struct fixture *f = *state;

	memset(big, 'x', QUOTA_NODE_SIZE + 1);
	IS(put(f->one, 0, "x", big), "!ENOSPC");
	IS(put(f->dom0, 0, "/x", big), "OK");
	big[QUOTA_NODE_SIZE] = '\0';
	IS(put(f->one, 0, "x", big), "OK");
}

static void bytes_in_all(void **state)
{
	struct fixture *f = *state;
	char path[24];
	unsigned int i, n;

	memset(big, 'x', QUOTA_NODE_SIZE);
	big[QUOTA_NODE_SIZE] = '\0';
	for (i = 0; f->one->bytes + QUOTA_NODE_SIZE + 8 <= QUOTA_BYTES; i++) {
		snprintf(path, sizeof(path), "b%u", i);
		IS(put(f->one, 0, path, big), "OK");
	}
	n = i;
	IS(put(f->one, 0, "b", big), "!ENOSPC");
	IS(put(f->one, 0, "b0", ""), "OK");
	IS(put(f->one, 0, "b", big), "OK");
	assert_true(n > 250 && f->one->bytes <= QUOTA_BYTES);
}

/* Names count as values do. */
static void long_names(void **state)
{
	struct fixture *f = *state;
	char name[2000];
	unsigned int i;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (i = 0; f->one->bytes + sizeof(name) <= QUOTA_BYTES; i++) {
		memcpy(name, "0123" + i % 4, 1);
		name[1] = 'a' + i / 4 % 26;
		name[2] = 'a' + i / 104;
		IS(put(f->one, 0, name, ""), "OK");
	}
	name[0] = 'x';
	IS(put(f->one, 0, name, ""), "!ENOSPC");
	assert_true(i > 250 && i < 300);
}

static void permission_entries(void **state)
{
	struct fixture *f = *state;
	char body[4 * QUOTA_PERMS + 8];
	size_t len = 2;
	unsigned int i;

	put(f->one, 0, "x", "");
	memcpy(body, "x", 2);
	for (i = 0; i < QUOTA_PERMS; i++, len += 3)
		memcpy(body + len, "n1", 3);
	IS(ask(f->one, XS_SET_PERMS, 0, body, len), "OK");
	memcpy(body + len, "n1", 3);
	IS(ask(f->one, XS_SET_PERMS, 0, body, len + 3), "!ENOSPC");
}

static void watches(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_MAX + 1];
	unsigned int i;

	for (i = 0; i < QUOTA_WATCHES; i++) {
		snprintf(token, sizeof(token), "%u", i);
		IS(ask2(f->one, XS_WATCH, 0, "x", token), "OK");
	}
	IS(ask2(f->one, XS_WATCH, 0, "x", "more"), "!E2BIG");
	IS(ask2(f->two, XS_WATCH, 0, "x", "more"), "OK");
	memset(token, 't', TOKEN_MAX);
	token[TOKEN_MAX] = '\0';
	IS(ask2(f->two, XS_WATCH, 0, "x", token), "!E2BIG");
}

static void transactions(void **state)
{
	struct fixture *f = *state;
	unsigned int i;
	uint32_t t = 0;

	for (i = 0; i < QUOTA_TXNS; i++)
		t = begin(f->one);
	IS(ask2(f->one, XS_TRANSACTION_START, 0, "", NULL), "!ENOSPC");
	IS(commit(f->one, t), "OK");
	assert_int_not_equal(begin(f->one), 0);
}

static void nodes_of_a_transaction(void **state)
{
	struct fixture *f = *state;
	uint32_t t = begin(f->one);
	char path[24];
	unsigned int i;

	fill(f->one, t, 0, QUOTA_TXN_NODES - 1);
	IS(put(f->one, t, "n/x", ""), "!ENOSPC");
	IS(commit(f->one, t), "OK");
	t = begin(f->one);
	for (i = 0; i < QUOTA_TXN_NODES; i++) {
		snprintf(path, sizeof(path), "gone/%u", i);
		IS(get(f->one, t, path), "!ENOENT");
	}
	IS(get(f->one, t, "gone/x"), "!ENOSPC");
	IS(get(f->one, t, "gone/0"), "!ENOENT");
}

static void paths_of_a_transaction(void **state)
{
	struct fixture *f = *state;
	uint32_t t = begin(f->one);
	char path[XENSTORE_REL_PATH_MAX];
	unsigned int i;

	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	for (i = 0; i < QUOTA_TXN_PATHS / sizeof(path) - 1; i++) {
		path[0] = i < 26 ? 'A' + i : 'a' + i - 26;
		IS(get(f->one, t, path), "!ENOENT");
	}
	path[0] = 'z';
	IS(get(f->one, t, path), "!ENOSPC");
	IS(get(f->one, t, "x"), "!ENOENT");
}

/* Two transactions that fit alone but not together. */
static void a_commit_is_checked_again(void **state)
{
	struct fixture *f = *state;
	uint32_t t;

	fill(f->one, 0, 0, QUOTA_NODES - f->one->nodes - 1 - 10);
	t = begin(f->one);
	fill(f->one, t, 5000, 5010);
	IS(put(f->one, 0, "/shared/a", ""), "OK");
	IS(commit(f->one, t), "!ENOSPC");
	IS(get(f->one, 0, "n/5000"), "!ENOENT");
}

int test_quota(size_t *total)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(nodes), TEST(half_made_paths_are_not_left), TEST(size_of_a_value),
		TEST(bytes_in_all), TEST(long_names), TEST(permission_entries), TEST(watches), TEST(transactions),
		TEST(nodes_of_a_transaction), TEST(paths_of_a_transaction),
		TEST(a_commit_is_checked_again),
	};

	return RUN_GROUP(tests, total);
}
