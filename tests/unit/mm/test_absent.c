/* SPDX-License-Identifier: MIT */
/* mm/l1tf.c: where absent entries are checked, one that names memory is refused at each level, alone and in tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests.h"
#include "world.h"

#define V (&world_vcpu[0])
#define BITS 36
#define HALF BIT(BITS - 1)
#define SOFTWARE (BIT(58) | 0xffe)

static const pte_t bad[] = { PAGE_SIZE, HALF - PAGE_SIZE, PAGE_SIZE | SOFTWARE, PAGE_SIZE | BIT(BITS), BIT(51) | PAGE_SIZE };
static const pte_t fine[] = { SOFTWARE, HALF, PTE_MFN_MASK, BIT(BITS), BIT(51), ~PAGE_SIZE & PTE_MFN_MASK, 0 };

/* A table of its own at each level, pinned with this in it and nothing else. */
static int pinned_with(unsigned level, unsigned slot, pte_t e)
{
	unsigned n;
	int rc;

	world_reset();
	n = world_alloc(&dom_a);
	table(n)[slot] = e;
	rc = guest_pin(n, level);
	assert_null(audit());
	return rc;
}

static int updated_to(unsigned level, pte_t e)
{
	unsigned n;
	int rc;

	world_reset();
	n = world_alloc(&dom_a);
	assert_int_equal(guest_pin(n, level), 0);
	rc = guest_update(V, &dom_a, n, 7, e);
	assert_int_equal(table(n)[7], rc ? 0 : e);
	assert_null(audit());
	return rc;
}

static int exchanged_to(pte_t e)
{
	unsigned n;
	int rc;

	world_reset();
	n = world_alloc(&dom_a);
	assert_int_equal(guest_pin(n, 1), 0);
	assert_true(pt_cmpxchg_l1(&dom_a, &table(n)[7], 0, e, &rc));
	assert_int_equal(table(n)[7], rc ? 0 : e);
	return rc;
}

void test_absent_entries(void **state)
{
	(void)state;
	for (unsigned on = 0; on < 2; on++) {
		int want = on ? -EINVAL : 0;

		l1tf_init(!on, on, BITS);	/* dom_a is no control domain */
		for (unsigned level = 1; level <= 4; level++) {
			for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
				assert_int_equal(pinned_with(level, 511, bad[i]), want);
				assert_int_equal(pinned_with(level, 0, bad[i]), want);
				assert_int_equal(updated_to(level, bad[i]), want);
				assert_int_equal(exchanged_to(bad[i]), want);
			}
			for (unsigned i = 0; i < ARRAY_SIZE(fine); i++) {
				assert_int_equal(pinned_with(level, 511, fine[i]), 0);
				assert_int_equal(updated_to(level, fine[i]), 0);
				assert_int_equal(exchanged_to(fine[i]), 0);
			}
		}
		assert_int_equal(pinned_with(4, HV_L4_LAST, bad[0]), 0);
		assert_int_equal(pinned_with(4, HV_L4_LAST + 1, bad[0]), want);
	}
	l1tf_init(false, false, BITS);
}
