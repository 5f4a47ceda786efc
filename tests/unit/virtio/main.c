/* SPDX-License-Identifier: MIT */
/* Runs all groups; the last line counts. */
#include "fake.h"

int main(void)
{
	static test_group *const groups[] = { test_queue, test_blk, test_net };
	size_t total = 0;
	int failed = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		failed += groups[i](&total);
	printf("%zu passed, %d failed\n", total - (size_t)failed, failed);
	return failed != 0;
}
