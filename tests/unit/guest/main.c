/* SPDX-License-Identifier: MIT */
/* Runs the groups and closes with their sum. */
#include "fake.h"
#include <string.h>

static struct CMUnitTest all[64];
static size_t count;

static void add(const struct CMUnitTest *tests, size_t n)
{
	assert_true(count + n <= sizeof(all) / sizeof(all[0]));
	memcpy(all + count, tests, n * sizeof(*tests));
	count += n;
}

int main(void)
{
	add(ring_tests, ring_test_count);
	add(rangemap_tests, rangemap_test_count);
	add(files_tests, files_test_count);
	add(xenbus_tests, xenbus_test_count);
	add(evtchn_tests, evtchn_test_count);
	return _cmocka_run_group_tests("guest", all, count, NULL, NULL);
}
