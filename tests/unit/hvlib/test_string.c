/* SPDX-License-Identifier: MIT */
/* lib/string.c against the C library, over all small lengths and overlaps, and its own number parsers. */
#include <string.h>
#include "hvlib.h"

#define N 48

static void fill(uint8_t *p)
{
	for (unsigned i = 0; i < N; i++)
		p[i] = i * 7 + 1;
}

static void test_copy_and_set(void **state)
{
	uint8_t a[N], b[N], want[N];

	(void)state;
	for (unsigned n = 0; n <= N / 2; n++) {
		for (unsigned from = 0; from <= N / 2; from++) {
			for (unsigned to = 0; to <= N / 2; to++) {
				fill(a);
				fill(want);
				assert_ptr_equal(hv_memmove(a + to, a + from, n), a + to);
				memmove(want + to, want + from, n);
				assert_memory_equal(a, want, N);
			}
			fill(a);
			fill(b);
			fill(want);
			hv_memcpy(b + from, a, n);
			memcpy(want + from, a, n);
			assert_memory_equal(b, want, N);
			hv_memset(b + from, 0x1a5, n);
			memset(want + from, 0xa5, n);
			assert_memory_equal(b, want, N);
		}
	}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void test_compare_and_search(void **state)
{
	static const char *const w[] = { "", "a", "ab", "abc", "abd", "\xff", "b", "aab" };

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(hv_strlen(w[i]), strlen(w[i]));
		assert_int_equal(hv_strnlen(w[i], 2), strnlen(w[i], 2));
		assert_ptr_equal(hv_strchr(w[i], 'b'), strchr(w[i], 'b'));
		assert_ptr_equal(hv_strchr(w[i], 0), strchr(w[i], 0));
		for (unsigned j = 0; j < 8; j++) {
			size_t both = strlen(w[i]) < strlen(w[j]) ? strlen(w[i]) : strlen(w[j]);

			assert_int_equal(sign(hv_strcmp(w[i], w[j])), sign(strcmp(w[i], w[j])));
			assert_int_equal(sign(hv_strncmp(w[i], w[j], 2)), sign(strncmp(w[i], w[j], 2)));
			assert_int_equal(sign(hv_memcmp(w[i], w[j], both)), sign(memcmp(w[i], w[j], both)));
		}
	}
}

static void test_strlcpy(void **state)
{
	char buf[4] = "xxx";

	(void)state;
	assert_int_equal(hv_strlcpy(buf, "abcdef", sizeof(buf)), 6);
	assert_string_equal(buf, "abc");
	assert_int_equal(hv_strlcpy(buf, "z", 1), 1);
	assert_string_equal(buf, "");
	assert_int_equal(hv_strlcpy(NULL, "z", 0), 1);
}

static void test_numbers(void **state)
{
	static const struct { const char *s; uint64_t v; const char *rest; } row[] = {
		{ "0", 0, "" }, { "12x", 12, "x" }, { "0x1F,", 31, "," }, { "0xg", 0, "xg" }, { "017", 15, "" },
		{ "08", 0, "8" }, { "", 0, "" }, { "18446744073709551615", UINT64_MAX, "" },
		{ "18446744073709551616", UINT64_MAX, "" }, { "99999999999999999999999 ", UINT64_MAX, " " },
	};
	static const struct { const char *s; uint64_t v; const char *rest; } size[] = {
		{ "1K", 1024, "" }, { "128m", 128 << 20, "" }, { "2G!", 2ULL << 30, "!" }, { "1T", 1ULL << 40, "" },
		{ "5", 5, "" }, { "K", 0, "K" }, { "3X", 3, "X" }, { "16777216T", UINT64_MAX, "" },
	};
	const char *end;

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(hv_strtoull(row[i].s, &end), row[i].v);
		assert_string_equal(end, row[i].rest);
	}
	for (unsigned i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		assert_int_equal(parse_size(size[i].s, &end), size[i].v);
		assert_string_equal(end, size[i].rest);
	}
}

const struct CMUnitTest string_tests[] = {
	cmocka_unit_test(test_copy_and_set), cmocka_unit_test(test_compare_and_search),
	cmocka_unit_test(test_strlcpy), cmocka_unit_test(test_numbers), { 0 },
};
