/* SPDX-License-Identifier: MIT */
/*
 * The system under the kit, faked: waiting runs the test's peer instead, and a panic is a value.
 */
#ifndef TESTS_UNIT_GUEST_FAKE_H
#define TESTS_UNIT_GUEST_FAKE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <kit/evtchn.h>

/* Called whenever the code under test waits; false: the peer has nothing more to do, which is a
 * time-out for a wait with a deadline and a failed test for one without. */
extern bool (*fake_peer)(void);

void fake_handler_set(evtchn_port_t port, evtchn_handler_t fn, void *arg);	/* test_evtchn.c */

/* Runs code that should panic: true if it did. */
extern jmp_buf fake_panic_jump;
extern bool fake_panic_expected;
#define PANICS(statement) ({						\
	bool panicked = false;						\
	fake_panic_expected = true;					\
	if (setjmp(fake_panic_jump) == 0) { statement; } else { panicked = true; } \
	fake_panic_expected = false;					\
	panicked; })

extern const struct CMUnitTest ring_tests[], rangemap_tests[], files_tests[], xenbus_tests[], evtchn_tests[];
extern const size_t ring_test_count, rangemap_test_count, files_test_count, xenbus_test_count, evtchn_test_count;

#define TESTS(name, ...)						\
	const struct CMUnitTest name##_tests[] = { __VA_ARGS__ };	\
	const size_t name##_test_count = sizeof(name##_tests) / sizeof(name##_tests[0])

#endif
