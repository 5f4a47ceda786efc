/* SPDX-License-Identifier: MIT */
/* Runs all groups; the last line counts. */
#include "test.h"
#include "ctl/life.h"

int main(void)
{
	static test_group *const groups[] = {
		test_cfg, test_domain_cfg, test_elf, test_notes, test_image, test_expand, test_layout,
		test_format, test_cpuset, test_logscan, test_records, test_life,
	};
	size_t total = 0;
	int failed = 0;

	if (life_start())
		return 2;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		failed += groups[i](&total);
	printf("%zu passed, %d failed\n", total - (size_t)failed, failed);
	return failed != 0;
}
