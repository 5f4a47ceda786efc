/* SPDX-License-Identifier: MIT */
/* The persistent tree and paths: edits leave the old tree alone, merge and diff are exact. */
#include <errno.h>
#include "test.h"
#include "xenstore/path.h"
#include "xenstore/tree.h"

static const struct xs_permissions perm = { 0, 0 };

static struct tree_node *set(struct tree_node *root, const char *path, const char *value)
{
	struct tree_content *c = tree_content_new(&perm, 1, value, strlen(value));
	struct tree_node *new = root ? tree_set(root, path, c) : tree_new(c);

	tree_content_put(c);
	assert_non_null(new);
	return new;
}

/* Replaces *t. */
static void edit(struct tree_node **t, const char *path, const char *value)
{
	struct tree_node *old = *t;

	*t = value ? set(old, path, value) : tree_remove(old, path);
	tree_put(old);
}

static const char *value(const struct tree_node *root, const char *path)
{
	const struct tree_node *n = tree_find(root, path);

	return n ? n->content->data : "-";
}

static struct tree_node *sample(void)
{
	struct tree_node *t = set(NULL, "/", "root");

	edit(&t, "/a", "1");
	edit(&t, "/a/x", "2");
	edit(&t, "/ab", "3");
	edit(&t, "/c", "4");
	return t;
}

static void an_edit_leaves_the_old_tree(void **state)
{
	struct tree_node *t = sample(), *new = set(t, "/a/x", "changed");
	struct tree_node *less = tree_remove(new, "/a");

	(void)state;
	assert_string_equal(value(t, "/a/x"), "2");
	assert_string_equal(value(new, "/a/x"), "changed");
	assert_string_equal(value(less, "/a"), "-");
	assert_string_equal(value(less, "/ab"), "3");
	assert_string_equal(value(new, "/a"), "1");
	assert_ptr_equal(tree_find(t, "/c"), tree_find(new, "/c"));
	tree_put(t);
	tree_put(new);
	tree_put(less);
}

static void names_that_begin_alike_differ(void **state)
{
	struct tree_node *t = sample();

	(void)state;
	assert_string_equal(value(t, "/a"), "1");
	assert_string_equal(value(t, "/ab"), "3");
	assert_string_equal(value(t, "/abc"), "-");
	assert_string_equal(value(t, "/"), "root");
	assert_string_equal(value(t, "/a/x/y"), "-");
	tree_put(t);
}

/* Random edits against a plain array of paths and values. */
static void random_edits_match_a_model(void **state)
{
	char paths[40][16], values[40][16];
	struct tree_node *t = set(NULL, "/", "");
	uint64_t seed = 1;
	int i, n;

	(void)state;
	for (i = 0; i < 40; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/%c%d", 'a' + i % 7, i);
		strcpy(values[i], "-");
	}
	for (n = 0; n < 3000; n++) {
		i = test_random(&seed) % 40;
		if (test_random(&seed) % 3) {
			snprintf(values[i], sizeof(values[i]), "%d", n);
			edit(&t, paths[i], values[i]);
		} else if (strcmp(values[i], "-")) {
			strcpy(values[i], "-");
			edit(&t, paths[i], NULL);
		}
		i = test_random(&seed) % 40;
		assert_string_equal(value(t, paths[i]), values[i]);
	}
	for (i = 1; i < (int)t->nkids; i++)
		assert_true(strcmp(t->kids[i - 1]->name, t->kids[i]->name) < 0);
	tree_put(t);
}

static int merge(struct tree_node *b, struct tree_node *m, struct tree_node *t,
		 struct tree_node **out)
{
	*out = NULL;
	return tree_merge(b, m, t, out);
}

static void merge_joins_what_does_not_meet(void **state)
{
	struct tree_node *b = sample(), *m = set(b, "/a/x", "mine"), *t = set(b, "/ab", "theirs");
	struct tree_node *out;

	(void)state;
	edit(&m, "/a/new", "n");
	edit(&t, "/c", NULL);
	assert_int_equal(merge(b, m, t, &out), 0);
	assert_string_equal(value(out, "/a/x"), "mine");
	assert_string_equal(value(out, "/a/new"), "n");
	assert_string_equal(value(out, "/ab"), "theirs");
	assert_string_equal(value(out, "/c"), "-");
	assert_string_equal(value(out, "/a"), "1");
	tree_put(b);
	tree_put(m);
	tree_put(t);
	tree_put(out);
}

static void merge_refuses(const char *mine_path, const char *mine, const char *their_path,
			  const char *theirs)
{
	struct tree_node *b = sample(), *m = tree_get(b), *t = tree_get(b), *out;

	edit(&m, mine_path, mine);
	edit(&t, their_path, theirs);
	assert_int_equal(merge(b, m, t, &out), -EAGAIN);
	assert_null(out);
	tree_put(b);
	tree_put(m);
	tree_put(t);
}

static void merge_refuses_what_meets(void **state)
{
	(void)state;
	merge_refuses("/a", "m", "/a", "t");
	merge_refuses("/a", NULL, "/a/x", "t");
	merge_refuses("/a/x", "m", "/a", NULL);
	merge_refuses("/new1", "m", "/new2", "t");
	merge_refuses("/a/x/y", "m", "/a/x/y", "m");
	merge_refuses("/a", NULL, "/ab", NULL);
}

static void note(void *arg, const char *path, const struct tree_node *old,
		 const struct tree_node *new, bool below)
{
	char *text = arg;

	sprintf(text + strlen(text), "%c%s%s ", old ? new ? '~' : '-' : '+', path,
		below ? "(below)" : "");
}

static void diff_names_each_change(void **state)
{
	struct tree_node *t = sample(), *new = set(t, "/c", "5");
	char text[200] = "";

	(void)state;
	edit(&new, "/a", NULL);
	edit(&new, "/d", "6");
	tree_diff(t, new, note, text);
	assert_string_equal(text, "-/a -/a/x(below) ~/c +/d ");
	text[0] = '\0';
	tree_diff(t, t, note, text);
	assert_string_equal(text, "");
	tree_diff(NULL, t, note, text);
	assert_string_equal(text, "+/ +/a +/a/x +/ab +/c ");
	tree_put(t);
	tree_put(new);
}

static bool valid(const char *path)
{
	char out[PATH_BUF];

	return path_canon(out, path, 5);
}

static void paths_are_checked(void **state)
{
	char out[PATH_BUF], longest[XENSTORE_ABS_PATH_MAX + 2], deep[2 * PATH_DEPTH_MAX + 3];
	int i;

	(void)state;
	assert_true(valid("/"));
	assert_true(valid("/a-b_c@d/0"));
	assert_false(valid(""));
	assert_false(valid("//"));
	assert_false(valid("/a/"));
	assert_false(valid("/a//b"));
	assert_false(valid("/a b"));
	assert_false(valid("/a\xff"));
	assert_false(valid("@releaseDomain"));
	assert_true(path_canon(out, "device/vbd", 5));
	assert_string_equal(out, "/local/domain/5/device/vbd");
	assert_true(path_canon_watch(out, "@releaseDomain", 5));
	assert_string_equal(out, "@releaseDomain");
	assert_false(path_canon_watch(out, "@a/b", 5));
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[XENSTORE_ABS_PATH_MAX] = '\0';
	assert_true(valid(longest));
	longest[XENSTORE_ABS_PATH_MAX] = 'a';
	longest[XENSTORE_ABS_PATH_MAX + 1] = '\0';
	assert_false(valid(longest));
	assert_false(valid(longest + 1));
	for (i = 0; i <= PATH_DEPTH_MAX; i++)
		memcpy(deep + 2 * i, "/d", 3);
	assert_false(valid(deep));
	deep[2 * PATH_DEPTH_MAX] = '\0';
	assert_true(valid(deep));
	assert_true(path_is_below("/a/b", "/a"));
	assert_true(path_is_below("/a", "/a"));
	assert_true(path_is_below("/a", "/"));
	assert_false(path_is_below("/ab", "/a"));
	assert_false(path_is_below("/a", "/a/b"));
}

int test_tree(size_t *total)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_leaves_the_old_tree),
		cmocka_unit_test(names_that_begin_alike_differ),
		cmocka_unit_test(random_edits_match_a_model),
		cmocka_unit_test(merge_joins_what_does_not_meet),
		cmocka_unit_test(merge_refuses_what_meets),
		cmocka_unit_test(diff_names_each_change),
		cmocka_unit_test(paths_are_checked),
	};

	return RUN_GROUP(tests, total);
}
