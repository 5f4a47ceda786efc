/* SPDX-License-Identifier: MIT */
/* Between the files of this test program. */
#ifndef TESTS_STORE_TEST_H
#define TESTS_STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Each file's tests; returns the number of those that failed and adds their number to *total. */
typedef int test_group(size_t *total);
test_group test_tree, test_request, test_watch, test_quota, test_txn, test_ring, test_client, test_bus,
	   test_console, test_parse, test_edit, test_acpi,
	   test_nomem, test_shell;

#define RUN_GROUP(tests, total) \
	(*(total) += sizeof(tests) / sizeof((tests)[0]), cmocka_run_group_tests(tests, NULL, NULL))

/* A repeatable sequence of numbers. */
static inline uint32_t test_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

#endif
