/* SPDX-License-Identifier: MIT */
/*
 * The rules of frame types and page-table validation, one by one, and the same after every possible
 * preemption. After each step the auditor must agree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests.h"
#include "world.h"

#define V (&world_vcpu[0])

static void sound(void)
{
	const char *wrong = audit();

	if (wrong)
		fail_msg("%s", wrong);
}

static void refused(int rc, int want, const char *words)
{
	assert_int_equal(rc, want);
	if (!strstr(last_log, words))
		fail_msg("\"%s\" does not say \"%s\"", last_log, words);
	sound();
}

/* An L4-L1 chain in slot 0, and a data frame mapped by slot 0 of the L1. */
static struct { unsigned l4, l3, l2, l1, data; } t;

static void make_chain(void)
{
	world_reset();
	t.l4 = world_alloc(&dom_a);
	t.l3 = world_alloc(&dom_a);
	t.l2 = world_alloc(&dom_a);
	t.l1 = world_alloc(&dom_a);
	t.data = world_alloc(&dom_a);
	table(t.l4)[0] = entry(t.l3, PTE_RW);
	table(t.l3)[0] = entry(t.l2, PTE_RW);
	table(t.l2)[0] = entry(t.l1, PTE_RW);
	table(t.l1)[0] = entry(t.data, PTE_RW | PTE_G);
}

void test_pin_and_unpin(void **state)
{
	(void)state;
	make_chain();
	table(t.l4)[300] = ~0ULL & ~PTE_P;
	table(t.l4)[260] = entry(t.data, PTE_RW);
	assert_int_equal(guest_pin(t.l4, 4), 0);
	sound();
	assert_int_equal(table(t.l1)[0], entry(t.data, PTE_RW | PTE_US));
	assert_int_equal(table(t.l2)[0], entry(t.l1, PTE_RW | PTE_US));
	assert_int_equal(frame_tcount(fr(t.data)->state), 1);
	assert_int_equal(frame_refs(fr(t.l4)->state), 2);
	refused(guest_pin(t.l4, 4), -EINVAL, "");
	assert_int_equal(guest_unpin(V, t.l4), 0);
	sound();
	for (unsigned n = 1; n < NR_FRAMES; n++)
		assert_int_equal(frame_tcount(fr(n)->state), 0);
	assert_int_equal(guest_unpin(V, t.l4), -EINVAL);
}

void test_refusals(void **state)
{
	unsigned other;

	(void)state;
	make_chain();
	other = world_alloc(&dom_b);
	assert_int_equal(guest_pin(t.l4, 4), 0);
	refused(guest_update(V, &dom_a, t.l1, 1, entry(t.l2, PTE_RW)), -EBUSY,
		"is an L2 page table, no writable");
	refused(guest_update(V, &dom_a, t.l1, 1, entry(other, 0)), -EBUSY, "does not belong to d1");
	refused(guest_update(V, &dom_b, t.l1, 1, entry(t.data, 0)), -EBUSY,
		"does not belong to d2");
	refused(guest_update(V, &dom_a, t.l1, 1, entry(NR_FRAMES - 1, 0)), -EBUSY,
		"free or the hypervisor's");
	refused(guest_update(V, &dom_a, t.l1, 1, entry(MMIO_MFN, 0)), -EPERM,
		"no RAM and no device");
	refused(guest_update(V, &dom_a, t.l2, 1, entry(t.l1, PTE_PS)), -EINVAL, "no superpages");
	refused(guest_update(V, &dom_a, t.l2, 1, entry(t.l1, PTE_G)), -EINVAL,
		"bits 0x100 are not allowed");
	refused(guest_update(V, &dom_a, t.l2, 1, entry(t.l2, 0)), -EINVAL, "linear page tables");
	refused(guest_update(V, &dom_a, t.l3, 1, entry(t.l1, 0)), -EINVAL,
		"is an L1 page table, not an L2");
	refused(guest_update(V, &dom_a, t.l3, 1, entry(other, 0)), -EINVAL, "none of the domain's");
	refused(guest_update(V, &dom_a, t.l2, 1, entry(t.data, 0)), -EINVAL,
		"is writable, not an L1");
	refused(guest_update(V, &dom_a, t.l4, 260, entry(t.l3, 0)), -EINVAL,
		"slot 260 is the hypervisor's");
	refused(guest_pin(t.data, 1), -EINVAL, "");
	refused(frame_get_both(mfn(t.l1), &dom_a, FT_WRITABLE, NULL), -EINVAL, "");
	assert_int_equal(guest_update(V, &dom_b, t.l1, 1, entry(other, PTE_RW)), 0);
	assert_int_equal(guest_update(V, &dom_a, t.l1, 2, entry(t.l2, PTE_NX)), 0);
	assert_int_equal(guest_update(V, &dom_a, t.l1, 3, ~PTE_P), 0);
	sound();
	assert_int_equal(guest_unpin(V, t.l4), 0);
	sound();
}

/* Whatever a guest leaves in our slots holds nothing, before, while and after the table is an L4. */
void test_our_slots(void **state)
{
	(void)state;
	for (unsigned slot = HV_L4_FIRST; slot <= HV_L4_LAST; slot++) {
		make_chain();
		table(t.l4)[slot] = entry(t.l3, PTE_RW);
		assert_int_equal(guest_pin(t.l4, 4), 0);
		sound();
		assert_int_equal(frame_tcount(fr(t.l3)->state), 1);
		refused(guest_update(V, &dom_a, t.l4, slot, 0), -EINVAL, "is the hypervisor's");
		refused(guest_update(V, &dom_a, t.l4, slot, entry(t.l3, 0)), -EINVAL, "is the hypervisor's");
		assert_int_equal(guest_unpin(V, t.l4), 0);
		sound();
	}
	make_chain();
	assert_int_equal(guest_pin(t.l4, 4), 0);
	for (unsigned slot = HV_L4_FIRST - 1; slot <= HV_L4_LAST + 1; slot += HV_L4_LAST - HV_L4_FIRST + 2)
		assert_int_equal(guest_update(V, &dom_a, t.l4, slot, entry(t.l3, 0)), 0);
	sound();
	assert_int_equal(frame_tcount(fr(t.l3)->state), 3);
}

/* A table with one bad entry is refused whole, and what it had taken is given back. */
void test_bad_table(void **state)
{
	unsigned bad;

	(void)state;
	make_chain();
	bad = world_alloc(&dom_a);
	table(bad)[0] = entry(t.data, PTE_RW);
	table(bad)[511] = entry(t.l1, PTE_RW);
	assert_int_equal(guest_pin(t.l4, 4), 0);
	refused(guest_update(V, &dom_a, t.l2, 1, entry(bad, 0)), -EBUSY, "is no valid L1");
	refused(guest_pin(bad, 1), -EBUSY, "is an L1 page table, no writable");
	/* A linear table, before anything is typed. */
	make_chain();
	table(t.l4)[1] = entry(t.l4, 0);
	refused(guest_pin(t.l4, 4), -EINVAL, "linear page tables");
}

void test_types_exclude_each_other(void **state)
{
	(void)state;
	make_chain();
	assert_int_equal(guest_hold(0, t.data, FT_SEGDESC), 0);
	refused(guest_pin(t.l4, 4), -EBUSY, "");
	assert_int_equal(guest_drop(V, 0), 0);
	assert_int_equal(guest_pin(t.l4, 4), 0);
	assert_int_equal(guest_hold(0, t.data, FT_SEGDESC), -EINVAL);
	assert_int_equal(guest_update(V, &dom_a, t.l1, 0, entry(t.data, 0)), 0);
	table(t.data)[7] = 0xbad;
	refused(guest_hold(0, t.data, FT_SEGDESC), -EINVAL, "entry 7");
	table(t.data)[7] = 0;
	nr_filtered = 0;
	assert_int_equal(guest_hold(0, t.data, FT_SEGDESC), 0);
	assert_int_equal(nr_filtered, 0); /* it was a descriptor table, in vain, just before */
	sound();
	refused(guest_update(V, &dom_a, t.l1, 0, entry(t.data, PTE_RW)), -EBUSY,
		"a descriptor table");
	assert_int_equal(guest_drop(V, 0), 0);
	assert_int_equal(guest_update(V, &dom_a, t.l1, 0, entry(t.data, PTE_RW)), 0);
	assert_true(nr_filtered > 0);		/* the type changed: stale translations go first */
	sound();
}

void test_devices_only_for_the_privileged(void **state)
{
	(void)state;
	world_reset();
	assert_int_equal(
		pt_entry_get(&dom_priv, &dom_priv, 1, entry(MMIO_MFN, PTE_RW | PTE_US), false), 0);
	assert_int_equal(pt_entry_get(&dom_priv, NULL, 1, entry(MMIO_MFN, PTE_RW | PTE_US), false),
			 0);
	assert_int_equal(
		pt_entry_get(&dom_priv, &dom_a, 1, entry(MMIO_MFN, PTE_RW | PTE_US), false),
		-EPERM);
	assert_int_equal(pt_entry_get(&dom_a, NULL, 1, entry(MMIO_MFN, PTE_RW | PTE_US), false),
			 -EPERM);
	assert_int_equal(pt_entry_put(1, entry(MMIO_MFN, PTE_RW | PTE_US), false), 0);
}

/* Grant entries hold no references of their own, and no guest can make one. */
void test_grant_entries(void **state)
{
	(void)state;
	make_chain();
	table(t.l1)[0] |= PTE_GRANT;
	assert_int_equal(guest_pin(t.l4, 4), 0);
	assert_int_equal(table(t.l1)[0] & PTE_GRANT, 0);
	assert_int_equal(guest_update(V, &dom_a, t.l1, 1, entry(t.data, PTE_RW | PTE_GRANT)), 0);
	assert_int_equal(table(t.l1)[1] & PTE_GRANT, 0);
	sound();
	table(t.l1)[2] = entry(t.data, PTE_RW | PTE_US | PTE_GRANT);
	sound();
	assert_int_equal(guest_update(V, &dom_a, t.l1, 2, entry(t.data, PTE_RW | PTE_A)), 0);
	assert_int_equal(table(t.l1)[2], entry(t.data, PTE_RW | PTE_US | PTE_A | PTE_GRANT));
	assert_int_equal(guest_update(V, &dom_a, t.l1, 2, 0), 0);
	sound();
}

void test_full_counts(void **state)
{
	(void)state;
	make_chain();
	assert_int_equal(guest_pin(t.l4, 4), 0);
	fr(t.data)->state |= FRAME_TCOUNT_MASK;
	assert_int_equal(guest_update(V, &dom_a, t.l1, 1, entry(t.data, PTE_RW)), -EBUSY);
	fr(t.data)->state = (fr(t.data)->state & ~FRAME_TCOUNT_MASK) | 1ULL << FRAME_TCOUNT_SHIFT;
	fr(t.data)->state |= FRAME_REF_MASK;
	assert_int_equal(guest_update(V, &dom_a, t.l1, 1, entry(t.data, 0)), -EBUSY);
	assert_false(frame_get(fr(t.data), &dom_a));
	fr(t.data)->state = (fr(t.data)->state & ~FRAME_REF_MASK) | 2;
	fr(t.l1)->state |= FRAME_TCOUNT_MASK;
	assert_int_equal(guest_update(V, &dom_a, t.l2, 1, entry(t.l1, 0)), -EBUSY);
	fr(t.l1)->state = (fr(t.l1)->state & ~FRAME_TCOUNT_MASK) | 1ULL << FRAME_TCOUNT_SHIFT;
	sound();
}

void test_accessed_and_dirty(void **state)
{
	pte_t *e;

	(void)state;
	make_chain();
	e = &table(t.l1)[0];
	assert_int_equal(guest_pin(t.l4, 4), 0);
	*e |= PTE_A | PTE_D;
	assert_int_equal(pt_update_entry(V, &dom_a, &dom_a, fr(t.l1), e, entry(t.data, 0), true),
			 0);
	assert_int_equal(*e, entry(t.data, PTE_US | PTE_A | PTE_D));
	assert_int_equal(
		pt_update_entry(V, &dom_a, &dom_a, fr(t.l1), e, entry(t.data, PTE_NX), false), 0);
	assert_int_equal(*e, entry(t.data, PTE_US | PTE_NX));
	sound();
}

/* Freed while referenced: the frame stays until the last mapping goes, and nobody gets a new
 * one. */
void test_release_while_mapped(void **state)
{
	(void)state;
	make_chain();
	assert_int_equal(guest_pin(t.l4, 4), 0);
	assert_int_equal(guest_release(t.data), 0);
	assert_int_equal(nr_freed, 0);
	sound();
	assert_int_equal(guest_release(t.data), -EINVAL);
	assert_int_equal(guest_update(V, &dom_a, t.l1, 1, entry(t.data, 0)), -EBUSY);
	assert_int_equal(guest_update(V, &dom_a, t.l1, 0, 0), 0);
	assert_int_equal(nr_freed, 1);
	sound();
}

/* --- preemption at every possible point --- */

/* Two L3s with two L2s with two L1s each: 7 tables with 13 places to stop. */
static unsigned make_tree(void)
{
	unsigned l4, n3, n2, n1;

	world_reset();
	l4 = world_alloc(&dom_a);
	for (unsigned i = 0; i < 2; i++) {
		table(l4)[i * 500] = entry(n3 = world_alloc(&dom_a), 0);
		for (unsigned j = 0; j < 2; j++) {
			table(n3)[j * 3] = entry(n2 = world_alloc(&dom_a), 0);
			for (unsigned k = 0; k < 2; k++) {
				table(n2)[k * 511] = entry(n1 = world_alloc(&dom_a), 0);
				table(n1)[5] = entry(l4, 0);
			}
		}
	}
	return l4;
}

static unsigned nothing_typed(void)
{
	unsigned typed = 0;

	for (unsigned n = 1; n < NR_FRAMES; n++)
		typed += frame_tcount(fr(n)->state) || frame_refs(fr(n)->state) > 1;
	return !typed;
}

/* Again and again with a stop after `step` more entries, until it is done. */
static int pin_in_steps(unsigned l4, int first, int step, unsigned *stops)
{
	int rc;

	preempt_after = first;
	while ((rc = guest_pin(l4, 4)) == -ERESTART) {
		++*stops;
		sound();
		preempt_after = step;
	}
	preempt_after = -1;
	sound();
	return rc;
}

static void unpin_in_steps(unsigned l4, int first, int step, unsigned *stops)
{
	preempt_after = first;
	assert_int_equal(guest_unpin(V, l4), 0);
	while (V->unfinished) {
		++*stops;
		sound();
		preempt_after = step;
		(void)pt_finish(V, &dom_a);
	}
	preempt_after = -1;
	sound();
}

void test_preemption(void **state)
{
	unsigned stops = 0;

	(void)state;
	for (int first = 0; first < 16; first++)
		for (int step = 0; step < 4; step++) {
			unsigned l4 = make_tree();

			assert_int_equal(pin_in_steps(l4, first, step, &stops), 0);
			unpin_in_steps(l4, first, step, &stops);
			assert_true(nothing_typed());
		}
	assert_true(stops > 150);
}

/* The very last entry is bad: all of the tree is undone, in steps too. */
void test_preempted_refusal(void **state)
{
	unsigned stops = 0;

	(void)state;
	for (int first = 0; first < 40; first++)
		for (int step = 0; step < 4; step++) {
			unsigned l4 = make_tree();

			table(l4)[511] = entry(l4, 0);
			assert_int_equal(pin_in_steps(l4, first, step, &stops), -EINVAL);
			assert_true(nothing_typed());
		}
	assert_true(stops > 150);
}

/* A domain that dies in the middle: what is left can be finished in steps, in any order of
 * frames. */
void test_finish_partial(void **state)
{
	(void)state;
	for (int first = 0; first < 13; first++)
		for (int upward = 0; upward < 2; upward++) {
			unsigned l4 = make_tree();

			preempt_after = first;
			if (guest_pin(l4, 4) != -ERESTART)
				continue;
			for (unsigned i = 1; i < NR_FRAMES; i++) {
				do
					preempt_after = first % 3;
				while (frame_finish(fr(upward ? i : NR_FRAMES - i), true));
				sound();
			}
			assert_true(nothing_typed());
		}
}
