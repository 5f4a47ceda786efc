/* SPDX-License-Identifier: MIT */
/* Runs the tests of the type system; the last line counts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "tests.h"

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pin_and_unpin),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_our_slots),
		cmocka_unit_test(test_bad_table),
		cmocka_unit_test(test_types_exclude_each_other),
		cmocka_unit_test(test_devices_only_for_the_privileged),
		cmocka_unit_test(test_grant_entries),
		cmocka_unit_test(test_full_counts),
		cmocka_unit_test(test_accessed_and_dirty),
		cmocka_unit_test(test_release_while_mapped),
		cmocka_unit_test(test_preemption),
		cmocka_unit_test(test_preempted_refusal),
		cmocka_unit_test(test_finish_partial),
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_every_state),
		cmocka_unit_test(test_two_cpus),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_absent_entries),
	};
	int total = sizeof(tests) / sizeof(tests[0]),
	    failed = cmocka_run_group_tests(tests, NULL, NULL);

	printf("%d passed, %d failed\n", total - failed, failed);
	return failed != 0;
}
