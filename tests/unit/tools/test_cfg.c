/* SPDX-License-Identifier: MIT */
/* The xl.cfg language: what is read, and what each mistake is called. */
#include "test.h"
#include "pvctl/cfg.h"

static struct cfg cfg;
static struct err err;

static int parse(const char *text)
{
	cfg_free(&cfg);
	return cfg_parse(&cfg, "t.cfg", text, &err);
}

static void reads_values(void **state)
{
	const char *text;
	long long n;

	(void)state;
	assert_int_equal(parse("# a comment\nname = \"a \\\"b\\\" \\x41\\t\" # more\n"
			       "memory=64; vcpus = 0x2\n\nweight = -3\nq = 'single # no \"comment'"), 0);
	assert_int_equal(cfg_string(&cfg, "name", &text, &err), 0);
	assert_string_equal(text, "a \"b\" A\t");
	assert_int_equal(cfg_number(&cfg, "memory", 1, 100, &n, &err), 0);
	assert_int_equal(n, 64);
	assert_int_equal(cfg_number(&cfg, "vcpus", 1, 100, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(cfg_number(&cfg, "weight", -5, 100, &n, &err), 0);
	assert_int_equal(n, -3);
	assert_int_equal(cfg_string(&cfg, "q", &text, &err), 0);
	assert_string_equal(text, "single # no \"comment");
	assert_int_equal(cfg_string(&cfg, "absent", &text, &err), 1);
}

static void reads_lists(void **state)
{
	struct cfg_setting *s;

	(void)state;
	assert_int_equal(parse("disk = [ 'a,b',  # first\n \"c\", 3,\n]\nempty=[]\n"
			       "nested=[[1],[\"x\",2]]"), 0);
	s = cfg_find(&cfg, "disk");
	assert_int_equal(s->value.kind, CFG_LIST);
	assert_int_equal(s->value.nr_items, 3);
	assert_string_equal(s->value.items[0].text, "a,b");
	assert_int_equal(s->value.items[2].number, 3);
	assert_int_equal(cfg_find(&cfg, "empty")->value.nr_items, 0);
	s = cfg_find(&cfg, "nested");
	assert_string_equal(s->value.items[1].items[0].text, "x");
}

static void last_setting_wins(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(parse("name='a'\nname='b'\n"), 0);
	assert_int_equal(cfg_override(&cfg, "name=c d", &err), 0);
	assert_int_equal(cfg_override(&cfg, "cmdline=root=\"x\\y\" quiet", &err), 0);
	assert_int_equal(cfg_override(&cfg, "memory=12", &err), 0);
	cfg_string(&cfg, "name", &text, &err);
	assert_string_equal(text, "c d");
	cfg_string(&cfg, "cmdline", &text, &err);
	assert_string_equal(text, "root=\"x\\y\" quiet");
	assert_int_equal(cfg_find(&cfg, "memory")->value.kind, CFG_NUMBER);
	assert_int_not_equal(cfg_override(&cfg, "nonsense", &err), 0);
	assert_err(&err, ERR_CONFIG, "command line|key=value|nonsense");
}

static void names_the_mistake(void **state)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{ "name", "t.cfg:1:|\"=\"|end of the file" },
		{ "a = 1\nname\n= 3", "t.cfg:2:|\"=\"|end of the line" },
		{ "name = ", "a number, a quoted string or a list|end of the file" },
		{ "name = foo", "a number, a quoted string or a list|\"foo\"" },
		{ "x = 1\n\nname = \"a\nb\"", "t.cfg:3:|closing \"|end of the line" },
		{ "name = 'a", "closing '|end of the file" },
		{ "n = \"\\q\"", "escape|\\q" },
		{ "n = \"\\x4\"", "escape" },
		{ "n = \"\\x00\"", "escape" },
		{ "m = 12abc", "number|12abc" },
		{ "m = 99999999999999999999", "number that fits 64 bits" },
		{ "m = 1 2", "end of the line|\"2\"" },
		{ "d = [1 2]", "\",\" or \"]\"|\"2\"" },
		{ "d = [1,", "end of the file" },
		{ "d = [", "end of the file" },
		{ "= 1", "name of a setting|\"=\"" },
		{ "\"a\" = 1", "name of a setting|string \"a\"" },
		{ "d=[[[[[[[[[[1]]]]]]]]]]", "nested" },
		{ "\x01", "name of a setting" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_not_equal(parse(wrong[i].text), 0);
		assert_err(&err, ERR_CONFIG, wrong[i].words);
		assert_null(cfg.first);
	}
}

static void survives_garbage(void **state)
{
	static const char bytes[] = "ab=1'\"[],;\n\\#x0 -_.\t\x80";
	uint64_t seed = 1;
	char text[48];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = test_random(&seed) % (sizeof(text) - 1);

		for (size_t i = 0; i < len; i++)
			text[i] = bytes[test_random(&seed) % (sizeof(bytes) - 1)];
		text[len] = 0;
		if (parse(text))
			assert_int_equal(err.kind, ERR_CONFIG);
	}
	cfg_free(&cfg);
}

static void checks_kinds(void **state)
{
	const char *text;
	long long n;

	(void)state;
	assert_int_equal(parse("a = [1]\nb = \"12\"\nc = \"x\"\nd = 7"), 0);
	assert_true(cfg_string(&cfg, "a", &text, &err) < 0);
	assert_err(&err, ERR_CONFIG, "t.cfg:1: a:|string|list");
	assert_int_equal(cfg_number(&cfg, "b", 0, 99, &n, &err), 0);
	assert_int_equal(n, 12);
	assert_true(cfg_number(&cfg, "c", 0, 99, &n, &err) < 0);
	assert_err(&err, ERR_CONFIG, "t.cfg:3: c:|number|\"x\"");
	assert_true(cfg_number(&cfg, "d", 8, 99, &n, &err) < 0);
	assert_err(&err, ERR_CONFIG, "t.cfg:4: d:|8 to 99|7");
	assert_true(cfg_number(&cfg, "a", 8, 99, &n, &err) < 0);
	assert_err(&err, ERR_CONFIG, "list");
	cfg_free(&cfg);
}

int test_cfg(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values), cmocka_unit_test(reads_lists),
		cmocka_unit_test(last_setting_wins), cmocka_unit_test(names_the_mistake),
		cmocka_unit_test(survives_garbage), cmocka_unit_test(checks_kinds),
	};

	return RUN_GROUP(tests, total);
}
