/* SPDX-License-Identifier: MIT */
/* The tests of this program. */
#ifndef TESTS_H
#define TESTS_H

void test_pin_and_unpin(void **state);
void test_refusals(void **state);
void test_our_slots(void **state);
void test_bad_table(void **state);
void test_types_exclude_each_other(void **state);
void test_devices_only_for_the_privileged(void **state);
void test_grant_entries(void **state);
void test_full_counts(void **state);
void test_accessed_and_dirty(void **state);
void test_release_while_mapped(void **state);
void test_preemption(void **state);
void test_preempted_refusal(void **state);
void test_finish_partial(void **state);
void test_random_operations(void **state);
void test_every_state(void **state);
void test_two_cpus(void **state);
void test_stamps(void **state);
void test_absent_entries(void **state);

#endif
