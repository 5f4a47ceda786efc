/* SPDX-License-Identifier: MIT */
/* Runs every test file's tests; the last line counts them. */
#include <stdio.h>
#include "hvlib.h"

#define MAX_TESTS 64

int main(void)
{
	static const struct CMUnitTest *const files[] = {
		string_tests, format_tests, cmdline_tests, elf_tests, acpi_tests, console_tests,
	};
	struct CMUnitTest tests[MAX_TESTS];
	unsigned n = 0;
	int failed;

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (const struct CMUnitTest *t = files[i]; t->name && n < MAX_TESTS; t++)
			tests[n++] = *t;
	failed = _cmocka_run_group_tests("hvlib", tests, n, NULL, NULL);
	memory_reset();
	printf("%u passed, %d failed\n", n - failed, failed);
	return failed != 0;
}
