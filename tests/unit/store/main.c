/* SPDX-License-Identifier: MIT */
/* Runs all groups; the last line counts. */
#include "test.h"

int main(void)
{
	static test_group *const groups[] = {
		test_tree, test_request, test_watch, test_quota, test_txn, test_ring, test_client, test_bus,
		test_console, test_parse, test_edit, test_acpi, test_nomem,
		test_shell,
	};
	size_t total = 0, i;
	int failed = 0;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		failed += groups[i](&total);
	printf("%zu passed, %d failed\n", total - failed, failed);
	return failed != 0;
}
