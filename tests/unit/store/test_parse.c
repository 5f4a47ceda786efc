/* SPDX-License-Identifier: MIT */
/* The shell's parser: words, quotes, separators, $?, and lines that are no commands. */
#include "shell/parse.h"
#include "test.h"

static struct parse p;

/* The commands of a line as "[word][word] | [word]", or the error. */
static const char *shown(const char *line)
{
	static char text[4096];
	int i, got;

	text[0] = '\0';
	while ((got = parse_command(&p, &line, 42)) > 0) {
		for (i = 0; i < p.argc; i++)
			sprintf(text + strlen(text), "[%s]", p.argv[i]);
		assert_null(p.argv[p.argc]);
		if (*line)
			strcat(text, "|");
	}
	return got ? p.error : text;
}

static void words(void **state)
{
	(void)state;
	assert_string_equal(shown("pvctl  create\thello.cfg "), "[pvctl][create][hello.cfg]");
	assert_string_equal(shown(""), "");
	assert_string_equal(shown("   "), "");
	assert_string_equal(shown("a; b ;c"), "[a]|[b]|[c]");
	assert_string_equal(shown(";;a;"), "||[a]");
	assert_string_equal(shown("a # b; c"), "[a]");
	assert_string_equal(shown("a#b"), "[a#b]");
	assert_string_equal(shown("# all of it"), "");
}

static void quotes(void **state)
{
	(void)state;
	assert_string_equal(shown("a 'b c' \"d;e\""), "[a][b c][d;e]");
	assert_string_equal(shown("x='a b'c"), "[x=a bc]");
	assert_string_equal(shown("'$?' \"$?\" $? $x \\$?"), "[$?][42][42][$x][$?]");
	assert_string_equal(shown("\"a\\\"b\\\\c\\d\""), "[a\"b\\c\\d]");
	assert_string_equal(shown("a\\ b \\; \\#"), "[a b][;][#]");
	assert_string_equal(shown("''"), "[]");
	assert_string_equal(shown("a\\"), "[a\\]");
	assert_string_equal(shown("'a \"b\" c'"), "[a \"b\" c]");
}

static void what_is_no_command(void **state)
{
	char line[5000];
	int i;

	(void)state;
	assert_string_equal(shown("a 'b"), "a quote is not closed");
	assert_string_equal(shown("a \"b\\\""), "a quote is not closed");
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_string_equal(shown(line), "the command is too long");
	for (i = 0; i < 64; i++)
		memcpy(line + 2 * i, "a ", 3);
	assert_string_equal(shown(line), "too many words");
	line[2 * 63] = '\0';
	assert_int_equal(strlen(shown(line)), 3 * 63);
}

/* The parser must end, stay inside its buffers, and hand out words inside its own text. */
static void random_lines(void **state)
{
	static const char letters[] = "ab '\"\\;#$? \t$?";
	uint64_t seed = 3;
	int n, i;

	(void)state;
	for (n = 0; n < 50000; n++) {
		size_t len = test_random(&seed) % 60;
		char *line = malloc(len + 1);
		const char *at = line;

		for (i = 0; i < (int)len; i++)
			line[i] = letters[test_random(&seed) % (sizeof(letters) - 1)];
		line[len] = '\0';
		while (parse_command(&p, &at, -1) > 0)
			for (i = 0; i < p.argc; i++)
				assert_true(p.argv[i] + strlen(p.argv[i]) < p.text + PARSE_TEXT);
		assert_true(at <= line + len);
		free(line);
	}
}

int test_parse(size_t *total)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words), cmocka_unit_test(quotes),
		cmocka_unit_test(what_is_no_command), cmocka_unit_test(random_lines),
	};

	return RUN_GROUP(tests, total);
}
