/* SPDX-License-Identifier: MIT */
/*
 * The world of the network's drivers, faked: guests with pages and grants, and what the hypervisor does with these. A machine
 * address is the address here, so that a copy to nowhere is for the sanitizer to find.
 */
#ifndef TESTS_UNIT_NET_WORLD_H
#define TESTS_UNIT_NET_WORLD_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <kit/gnttab.h>
#include <kit/types.h>

#define GUESTS 4
#define REFS 1024

struct grant {
	void *page;			/* NULL: not granted */
	bool readonly;
	unsigned int maps;
};
extern struct grant grants[GUESTS][REFS];	/* by domain; domain 0 is the backends' */
extern uint64_t world_now_ns;
extern unsigned int world_sends, world_copies, world_hypercalls, world_upcalls;
extern void (*world_meanwhile)(void);		/* called with each hypercall: what guests do while it runs; may be NULL */
extern domid_t world_self;			/* whose gnttab_grant this is: the frontend under test */

void world_event(void);				/* for the port that got a handler last */
void world_reset(void);				/* nothing granted; asserts that nothing is mapped */
unsigned int world_mapped(void);		/* grants mapped by the backend */
void *world_page(void);				/* a page of a guest's, freed by world_reset */


/* Test groups. */
extern const struct CMUnitTest parse_tests[], switch_tests[], back_tests[], front_tests[], service_tests[];
extern const size_t parse_test_count, switch_test_count, back_test_count, front_test_count, service_test_count;
#define TESTS(name, ...)						\
	const struct CMUnitTest name##_tests[] = { __VA_ARGS__ };	\
	const size_t name##_test_count = sizeof(name##_tests) / sizeof(name##_tests[0])

/* Headers of a packet in p: 42 (UDP) or 54 (TCP) bytes and a payload, of len in all; checksums left blank. */
void make_packet(uint8_t *p, uint32_t len, const char *to, const char *from, uint8_t protocol, uint32_t source,
		 uint32_t target, uint16_t sport, uint16_t dport);

#endif
