/* SPDX-License-Identifier: MIT */
/*
 * Random operations of three vcpus on one domain's frames, each preempted at random and either gone
 * on with or overtaken by the others, checked by the auditor after every step; in the end
 * everything is torn down, and nothing may be left. The seed is fixed, so a failure repeats.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests.h"
#include "world.h"

#define STEPS 300000

static uint64_t seed;

static unsigned rnd(unsigned n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % n;
}

static pte_t random_entry(unsigned level)
{
	static const uint64_t flags[] = {
		0, PTE_RW, PTE_RW, PTE_RW | PTE_A | PTE_D, PTE_NX, PTE_US, PTE_GRANT, PTE_G
	};
	uint64_t odd = rnd(40) ? 0 : level == 1 ? 0 : PTE_PS;

	if (!rnd(4))
		return rnd(2) ? 0 : (uint64_t)rnd(1 << 30) << 1;
	return entry(rnd(50) ? 1 + rnd(NR_FRAMES - 1) : MMIO_MFN,
		     flags[rnd(ARRAY_SIZE(flags))] | odd);
}

/* Few slots, so that entries meet; the last one, and one of ours. */
static unsigned random_slot(void)
{
	static const unsigned slots[] = { 0, 0, 1, 2, 255, 260, 511 };

	return slots[rnd(ARRAY_SIZE(slots))];
}

/* To get valid trees often enough, entries mostly point to a frame of the level below: frame n is
 * by habit an L(1 + n % 4). */
static pte_t habit_entry(unsigned n)
{
	unsigned level = 1 + n % 4,
		 below = level == 1 ? rnd(NR_FRAMES) : 4 * rnd(NR_FRAMES / 4) + level - 2;

	return below && below < NR_FRAMES ? entry(below, rnd(2) ? PTE_RW : 0) : 0;
}

static int step(struct vcpu *v)
{
	unsigned n = 1 + rnd(NR_FRAMES - 1), level = 1 + n % 4;

	preempt_after = rnd(3) ? -1 : (int)rnd(4);
	switch (rnd(10)) {
	case 0:
		return guest_pin(n, rnd(8) ? level : 1 + rnd(4));
	case 1:
		return guest_unpin(v, n);
	case 2:
		return guest_hold(rnd(NR_HOLDERS), n,
				  rnd(4) ? FT_L1 + level - 1 : FT_SEGDESC + rnd(2));
	case 3:
		return guest_drop(v, rnd(NR_HOLDERS));
	case 4:
		return rnd(20) ? 0 : guest_release(n);
	case 5:
		return rnd(20) ? 0 : (int)world_alloc(rnd(5) ? &dom_a : &dom_b);
	case 6:
		return guest_update(v, rnd(5) ? &dom_a : &dom_b, n, random_slot(),
				    random_entry(level));
	default:
		return guest_update(v, &dom_a, n, random_slot(), habit_entry(n));
	}
}

static void tear_down(void)
{
	preempt_after = -1;
	for (unsigned i = 0; i < NR_VCPUS; i++)
		assert_int_equal(pt_finish(&world_vcpu[i], &dom_a), 0);
	for (unsigned h = 0; h < NR_HOLDERS; h++)
		guest_drop(&world_vcpu[0], h);
	for (unsigned n = 1; n < NR_FRAMES; n++)
		guest_unpin(&world_vcpu[0], n);
	for (unsigned n = 1; n < NR_FRAMES; n++)
		assert_int_equal(frame_finish(fr(n), false), 0);
	for (unsigned n = 1; n < NR_FRAMES; n++) {
		uint64_t s = fr(n)->state;

		assert_int_equal(frame_tcount(s), 0);
		assert_int_equal(frame_refs(s), s & FRAME_ALLOCATED ? 1 : 0);
	}
}

void test_random_operations(void **state)
{
	unsigned done = 0, preempted = 0;

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		seed = round * 7919 + 17;
		world_reset();
		while (world_alloc(rnd(8) ? &dom_a : &dom_b))
			;
		for (unsigned i = 0; i < STEPS / 30; i++) {
			int rc = step(&world_vcpu[rnd(NR_VCPUS)]);
			const char *wrong = audit();

			done += rc == 0;
			preempted += rc == -ERESTART || world_vcpu[0].unfinished;
			if (wrong)
				fail_msg("round %u, step %u: %s", round, i, wrong);
		}
		tear_down();
	}
	assert_true(done > STEPS / 10);
	assert_true(preempted > 100);
}
