/* SPDX-License-Identifier: MIT */
/* The line editor: keys against the line they make, and the screen against the line. */
#include "shell/edit.h"
#include "test.h"

/* A one-line terminal: what the operator sees, and where the cursor stands. */
static char screen[4096];
static size_t column;
static unsigned int bells;

static void scan(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] == '\r') {
			column = 0;
		} else if (s[i] == '\n') {
			memset(screen, 0, sizeof(screen));
			column = 0;
		} else if (s[i] == '\b') {
			column -= column > 0;
		} else if (s[i] == '\a') {
			bells++;
		} else if (s[i] == 0x1b && !strncmp(s + i, "\x1b[K", 3)) {
			memset(screen + column, 0, sizeof(screen) - column);
			i += 2;
		} else if (s[i] == 0x1b && !strncmp(s + i, "\x1b[H\x1b[2J", 7)) {
			memset(screen, 0, sizeof(screen));
			column = 0;
			i += 6;
		} else {
			assert_true(s[i] >= ' ');
			screen[column++] = s[i];
		}
	}
}

static void complete(const char *line, size_t cursor, struct edit_choices *out)
{
	static const char *const words[] = { "pause", "poweroff", "pvctl", "dir/", "unpause" };
	size_t i;

	for (out->start = cursor; out->start && line[out->start - 1] != ' '; out->start--)
		;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(words[i], line + out->start, cursor - out->start))
			strcpy(out->text[out->n++], words[i]);
}

static struct edit e;

static int setup(void **state)
{
	(void)state;
	memset(screen, 0, sizeof(screen));
	column = bells = 0;
	memset(&e, 0, sizeof(e));
	e.print = scan;
	e.complete = complete;
	e.prompt = "$ ";
	edit_begin(&e);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	edit_free(&e);
	return 0;
}

/* Types the keys; true if the last one ended the line. */
static bool type(const char *keys)
{
	bool done = false;

	while (*keys) {
		assert_false(done);
		done = edit_key(&e, *keys++);
	}
	return done;
}

/* Types, then the screen and the line must both be `line` with the cursor at `cursor`. */
static void gives(const char *keys, const char *line, size_t cursor)
{
	assert_false(type(keys));
	assert_int_equal(e.len, strlen(line));
	assert_memory_equal(e.line, line, e.len);
	assert_int_equal(e.cursor, cursor);
	assert_memory_equal(screen, "$ ", 2);
	assert_string_equal(screen + 2, line);
	assert_int_equal(column, 2 + cursor);
}

static void enter(const char *keys)
{
	assert_true(type(keys));
	edit_begin(&e);
}

#define CTRL(c) ((char[]){ (c) & 0x1f, 0 })

static void inserting_and_moving(void **state)
{
	(void)state;
	gives("hello", "hello", 5);
	gives("\x1b[D\x1b[D", "hello", 3);
	gives("XY", "helXYlo", 5);
	gives(CTRL('A'), "helXYlo", 0);
	gives("\x1b[D", "helXYlo", 0);
	gives(">", ">helXYlo", 1);
	gives(CTRL('E'), ">helXYlo", 8);
	gives("\x1b[C", ">helXYlo", 8);
	gives("\x1b[H", ">helXYlo", 0);
	gives("\x1b[4~", ">helXYlo", 8);
	gives("\x1bOH", ">helXYlo", 0);
	gives("\x1b[1;5C", ">helXYlo", 0);
}

static void deleting(void **state)
{
	(void)state;
	gives("hello world", "hello world", 11);
	gives("\x7f", "hello worl", 10);
	gives("\b", "hello wor", 9);
	gives(CTRL('W'), "hello ", 6);
	gives(CTRL('Y'), "hello wor", 9);
	gives("\x1b[D\x1b[D\x1b[D\x1b[3~", "hello or", 6);
	gives(CTRL('K'), "hello ", 6);
	gives("abc\x1b[D", "hello abc", 8);
	gives(CTRL('U'), "c", 0);
	gives("\x7f", "c", 0);
	gives(CTRL('D'), "", 0);
	gives(CTRL('D'), "", 0);
	gives(CTRL('W'), "", 0);
}

static void lines_end(void **state)
{
	(void)state;
	assert_true(type("one\r"));
	assert_string_equal(e.line, "one");
	edit_begin(&e);
	gives("\n", "", 0);
	assert_true(type("two\n"));
	assert_string_equal(e.line, "two");
	edit_begin(&e);
	assert_true(type("three\x1b[D\x1b[D\r"));
	assert_string_equal(e.line, "three");
	edit_begin(&e);
	assert_true(type("dropped\x03"));
	assert_string_equal(e.line, "");
}

static void history(void **state)
{
	(void)state;
	enter("one\r");
	enter("two\r");
	enter("two\r");
	enter("  \r");
	assert_int_equal(e.nhistory, 2);
	gives("draft", "draft", 5);
	gives("\x1b[A", "two", 3);
	gives("\x1b[A", "one", 3);
	gives("\x1b[A", "one", 3);
	gives("\x1b[B", "two", 3);
	gives("\x1b[B", "draft", 5);
	gives("\x1b[B", "draft", 5);
	gives(CTRL('P'), "two", 3);
	gives("!", "two!", 4);
	assert_true(type("\r"));
	assert_string_equal(e.line, "two!");
	edit_begin(&e);
	gives("\x1b[A", "two!", 4);
	gives("\x1b[A", "two", 3);
}

static void history_is_bounded(void **state)
{
	char line[16];
	int i;

	(void)state;
	for (i = 0; i < 3 * EDIT_HISTORY; i++) {
		snprintf(line, sizeof(line), "%d\r", i);
		enter(line);
	}
	assert_int_equal(e.nhistory, EDIT_HISTORY);
	assert_string_equal(e.history[0], "128");
}

static void completing(void **state)
{
	(void)state;
	gives("pv\t", "pvctl ", 6);
	gives("un\t", "pvctl unpause ", 14);
	gives("d\t", "pvctl unpause dir/", 18);
	gives("nothing\t", "pvctl unpause dir/nothing", 25);
	assert_int_equal(bells, 1);
	gives(CTRL('U'), "", 0);
	gives("p\t", "p", 1);
	gives("a\t", "pause ", 6);
}

static void too_long_lines_ring_the_bell(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < EDIT_LINE + 10; i++)
		assert_false(edit_key(&e, 'x'));
	assert_int_equal(e.len, EDIT_LINE - 1);
	assert_int_equal(bells, 11);
	assert_true(type("\r"));
	assert_int_equal(strlen(e.line), EDIT_LINE - 1);
}

/* Whatever is typed, the screen shows the line with its cursor. */
static void random_keys(void **state)
{
	static const char *const keys[] = {
		"a", "b", " ", "p", "\x1b[D", "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B", "\x1b[3~",
		"\x01", "\x05", "\x0b", "\x15", "\x17", "\x19", "\x7f", "\t", "\x1b", "[", "\x0c", "\r",
	};
	uint64_t seed = 9;
	int n;

	(void)state;
	for (n = 0; n < 100000; n++) {
		const char *k = keys[test_random(&seed) % (sizeof(keys) / sizeof(keys[0]))];
		bool done = false;

		while (*k)
			done = edit_key(&e, *k++);
		if (done || e.len > 500) {
			if (!done)
				type("\r");
			edit_begin(&e);
		}
		assert_true(e.cursor <= e.len);
		assert_int_equal(column, 2 + e.cursor);
		assert_int_equal(strlen(screen), 2 + e.len);
		assert_memory_equal(screen + 2, e.line, e.len);
	}
}

int test_edit(size_t *total)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(inserting_and_moving), TEST(deleting), TEST(lines_end), TEST(history),
		TEST(history_is_bounded), TEST(completing), TEST(too_long_lines_ring_the_bell),
		TEST(random_keys),
	};

	return RUN_GROUP(tests, total);
}
