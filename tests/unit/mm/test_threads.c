/* SPDX-License-Identifier: MIT */
/*
 * Plain types need no lock: two threads map and unmap the same frame, writable and not, and take it
 * as shared in between. No count may get lost, and a frame is never writable and shared at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <cmocka.h>
#include "tests.h"
#include "world.h"

#define ROUNDS 200000

static unsigned n;
static unsigned shared_holders, violations;

static void *hammer(void *arg)
{
	uint64_t odd = (uint64_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct frame *f;

		if (frame_map(fr(n), &dom_a, true) == 0) {
			if (__atomic_load_n(&shared_holders, __ATOMIC_SEQ_CST))
				__atomic_add_fetch(&violations, 1, __ATOMIC_SEQ_CST);
			frame_unmap(fr(n), true);
		}
		if (i % 2 == odd && frame_get_both(mfn(n), &dom_a, FT_SHARED, &f) == 0) {
			__atomic_add_fetch(&shared_holders, 1, __ATOMIC_SEQ_CST);
			if (frame_type(f->state) != FT_SHARED)
				__atomic_add_fetch(&violations, 1, __ATOMIC_SEQ_CST);
			__atomic_sub_fetch(&shared_holders, 1, __ATOMIC_SEQ_CST);
			frame_put_both(f);
		}
	}
	return NULL;
}

void test_two_cpus(void **state)
{
	pthread_t other;

	(void)state;
	world_reset();
	n = world_alloc(&dom_a);
	assert_int_equal(pthread_create(&other, NULL, hammer, (void *)1), 0);
	hammer((void *)0);
	pthread_join(other, NULL);
	assert_int_equal(violations, 0);
	assert_int_equal(frame_refs(fr(n)->state), 1);
	assert_int_equal(frame_tcount(fr(n)->state), 0);
}

/* A frame's stamp is never older than what any CPU has put there: else one that still knows a mapping would be
 * taken for clean. */
static void *stamp(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t t = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_SEQ_CST);

		tlb_stamp(fr(n));
		if ((int32_t)(READ_ONCE(fr(n)->tlb_stamp) - t) < 0)
			__atomic_add_fetch(&violations, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

void test_stamps(void **state)
{
	pthread_t other;

	(void)state;
	world_reset();
	n = world_alloc(&dom_a);
	violations = 0;
	assert_int_equal(pthread_create(&other, NULL, stamp, NULL), 0);
	stamp(NULL);
	pthread_join(other, NULL);
	assert_int_equal(violations, 0);
}
