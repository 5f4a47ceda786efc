/* SPDX-License-Identifier: MIT */
/* Runs the groups and closes with their sum. */
#include "world.h"
#include <stdio.h>
#include "net/switch.h"

static struct CMUnitTest all[96];
static size_t count;

static void add(const struct CMUnitTest *tests, size_t n)
{
	assert_true(count + n <= sizeof(all) / sizeof(all[0]));
	memcpy(all + count, tests, n * sizeof(*tests));
	count += n;
}

int main(void)
{
	int failed;

	net_switch_start();
	add(parse_tests, parse_test_count);
	add(switch_tests, switch_test_count);
	add(back_tests, back_test_count);
	add(front_tests, front_test_count);
	add(service_tests, service_test_count);
	failed = _cmocka_run_group_tests("net", all, count, NULL, NULL);
	printf("%zu passed, %d failed\n", count - (size_t)failed, failed);
	return failed != 0;
}
