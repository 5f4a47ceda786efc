/* SPDX-License-Identifier: MIT */
/*
 * The allocator of frames and addresses against a plain array: it finds room exactly when there is
 * some, never gives a thing twice, and notices one given back twice.
 */
#include "fake.h"
#include "vm.h"
#include <stdlib.h>
#include <string.h>

#define COUNT 300		/* not a multiple of the word */

static uint64_t bits[(COUNT + 63) / 64];
static struct rangemap map;
static bool used[COUNT];

static size_t first_fit(size_t n)
{
	size_t run = 0;

	for (size_t i = 0; i < COUNT; i++) {
		run = used[i] ? 0 : run + 1;
		if (run == n)
			return i + 1 - n;
	}
	return SIZE_MAX;
}

static void set(size_t first, size_t n, bool value)
{
	for (size_t i = first; i < first + n; i++) {
		assert_int_equal(used[i], !value);
		used[i] = value;
	}
}

static void against_model(void **state)
{
	struct { size_t first, n; } held[100];
	size_t nr_held = 0, k, got;

	(void)state;
	srand(7);
	memset(used, 0, sizeof(used));
	rangemap_init(&map, bits, COUNT);
	assert_int_equal(rangemap_take(&map, 1), SIZE_MAX);
	rangemap_give(&map, 0, COUNT);
	for (int round = 0; round < 50000; round++) {
		if (nr_held < 100 && rand() % 2) {
			size_t n = 1 + rand() % (rand() % 8 ? 5 : 90);

			got = rangemap_take(&map, n);
			assert_int_equal(got, first_fit(n));
			if (got == SIZE_MAX)
				continue;
			set(got, n, true);
			held[nr_held].first = got;
			held[nr_held++].n = n;
		} else if (nr_held) {
			k = rand() % nr_held;
			rangemap_give(&map, held[k].first, held[k].n);
			set(held[k].first, held[k].n, false);
			held[k] = held[--nr_held];
		}
	}
}

static void nothing_and_too_much(void **state)
{
	(void)state;
	rangemap_init(&map, bits, COUNT);
	rangemap_give(&map, 0, COUNT);
	assert_int_equal(rangemap_take(&map, 0), SIZE_MAX);
	assert_int_equal(rangemap_take(&map, COUNT + 1), SIZE_MAX);
	assert_int_equal(rangemap_take(&map, SIZE_MAX), SIZE_MAX);
	assert_int_equal(rangemap_take(&map, COUNT), 0);
}

static void given_twice(void **state)
{
	(void)state;
	rangemap_init(&map, bits, COUNT);
	rangemap_give(&map, 3, 2);
	assert_true(PANICS(rangemap_give(&map, 4, 1)));
}

TESTS(rangemap, cmocka_unit_test(against_model), cmocka_unit_test(nothing_and_too_much),
      cmocka_unit_test(given_twice));
