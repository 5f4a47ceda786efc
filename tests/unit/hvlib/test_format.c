/* SPDX-License-Identifier: MIT */
/* lib/vsnprintf.c against the C library's, conversion by conversion, and its behaviour at the buffer's end. */
#include <stdio.h>
#include "hvlib.h"

#define SAME(...) do { \
	char ours_[128], theirs_[128]; \
	int n_ = hv_snprintf(ours_, sizeof(ours_), __VA_ARGS__); \
	assert_int_equal(n_, snprintf(theirs_, sizeof(theirs_), __VA_ARGS__)); \
	assert_string_equal(ours_, theirs_); \
} while (0)

static void test_numbers(void **state)
{
	static const long values[] = { 0, 1, -1, 42, -12345, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN };

	(void)state;
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		long v = values[i];

		SAME("%d|%5d|%-5d|%05d|%.3d", (int)v, (int)v, (int)v, (int)v, (int)v);
		SAME("%u|%x|%X|%08x|%2x", (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v);
		SAME("%ld|%lu|%lx|%llx|%zu|%20ld|%-20ld|%020ld", v, (unsigned long)v, (unsigned long)v,
		     (unsigned long long)v, (size_t)v, v, v, v);
		SAME("%*d|%-*d|%.*lx", 7, (int)v, 7, (int)v, 4, (unsigned long)v);
	}
	SAME("%02x%02x", 0, 255);
}

static void test_text(void **state)
{
	(void)state;
	SAME("%s|%10s|%-10s|%.2s|%.*s|%5.1s", "abc", "abc", "abc", "abc", 1, "abc", "abc");
	SAME("%c|%3c|%-3c|%%", 'x', 'y', 'z');
	SAME("plain");
	/* text without a terminator behind the precision must not be read further */
	SAME("%.4s", (char[4]){ 'a', 'b', 'c', 'd' });
}

static void test_own_ways(void **state)
{
	char buf[64];
	const char *volatile none = NULL, *volatile lone = "50%";

	(void)state;
	hv_snprintf(buf, sizeof(buf), "%s", none);
	assert_string_equal(buf, "(null)");
	hv_snprintf(buf, sizeof(buf), "%p", (void *)0xabc);
	assert_string_equal(buf, "0000000000000abc");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	hv_snprintf(buf, sizeof(buf), lone);
#pragma GCC diagnostic pop
	assert_string_equal(buf, "50");
}

static void test_end_of_buffer(void **state)
{
	(void)state;
	for (size_t size = 0; size < 16; size++) {
		char ours[16], theirs[16];

		for (unsigned i = 0; i < 16; i++)
			ours[i] = theirs[i] = '#';
		assert_int_equal(hv_snprintf(ours, size, "ab%dcd%s", 1234, "xyz"), 11);
		snprintf(theirs, size, "ab%dcd%s", 1234, "xyz");
		for (size_t i = size; i < 16; i++)
			assert_int_equal(ours[i], '#');
		if (size)
			assert_string_equal(ours, theirs);
	}
}

const struct CMUnitTest format_tests[] = {
	cmocka_unit_test(test_numbers), cmocka_unit_test(test_text), cmocka_unit_test(test_own_ways),
	cmocka_unit_test(test_end_of_buffer), { 0 },
};
