/* SPDX-License-Identifier: MIT */
/* Sets of CPUs: every form of the notation, every way to get it wrong, and back to text. */
#include "test.h"
#include "ctl/cpuset.h"

static void parses(void **state)
{
	static const struct {
		const char *text;
		uint64_t set;
	} cases[] = {
		{ "all", CPUSET_ALL }, { "0", 1 }, { "63", 1ULL << 63 }, { " 1 , 3 ", 0xa }, { "2-4", 0x1c },
		{ "0-63", CPUSET_ALL }, { "0-5,^2-3", 0x33 }, { "all,^0", CPUSET_ALL - 1 }, { "1,^1,2", 4 },
		{ "3-3", 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t set = 0;

		assert_int_equal(cpuset_parse(cases[i].text, &set), 0);
		assert_true(set == cases[i].set);
	}
}

static void refuses(void **state)
{
	static const char *const bad[] = {
		"", " ", ",", "1,", "x", "1x", "-1", "1-", "3-2", "64", "0-64", "^1", "1,^1", "all all", "1 2",
		"99999999999999999999",
	};
	uint64_t set;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(cpuset_parse(bad[i], &set), 0);
}

static void formats(void **state)
{
	char text[CPUSET_TEXT];
	uint64_t set;

	(void)state;
	cpuset_format(text, CPUSET_ALL, 4);
	assert_string_equal(text, "all");
	cpuset_format(text, 0xf0, 4);
	assert_string_equal(text, "none");
	cpuset_format(text, 0xd, 4);
	assert_string_equal(text, "0,2-3");
	cpuset_format(text, CPUSET_ALL << 1, 64);
	assert_string_equal(text, "1-63");
	cpuset_format(text, 0x5555555555555555, 64);	/* as long as it gets */
	assert_int_equal(cpuset_parse(text, &set), 0);
	assert_true(set == 0x5555555555555555);
}

int test_cpuset(size_t *total)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses), cmocka_unit_test(refuses), cmocka_unit_test(formats),
	};

	return RUN_GROUP(tests, total);
}
