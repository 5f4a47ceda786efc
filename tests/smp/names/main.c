/* SPDX-License-Identifier: MIT */
/*
 * A frame's name in the machine-to-phys table is given by who takes it. While one vcpu takes an extent of 512 frames,
 * another gives its last frame back and takes it again, by another name: that name stays. (Between two domains the
 * first would have named the second's frame.)
 *
 * Needs: dom0_max_vcpus=2 guest_loglvl=warning
 */
#include "smp.h"

#define ORDER 9
#define FIRST_NAME 0x100000
#define SECOND_NAME 0x200000
#define ROUNDS 1500		/* or as many as there is time for */
#define RUN_MS 8000
#define M2P ((const volatile uint64_t *)0xffff800000000000)

static volatile xen_pfn_t last;			/* frame of the extent, as it was and will probably be again */
static unsigned int round_begun, round_done, round_seen;
static volatile bool over;
static unsigned int taken, renamed;

static long reserve(unsigned int cmd, xen_pfn_t *frame, unsigned int order)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = order, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, frame);
	return hypercall_memory_op(cmd, &r);
}

static void wait_for(const unsigned int *what, unsigned int value)
{
	while (__atomic_load_n(what, __ATOMIC_SEQ_CST) < value && !over)
		smp_yield();
}

static void take_extents(void)
{
	for (unsigned int i = 1; i <= ROUNDS && smp_goes_on(); i++) {
		xen_pfn_t extent = FIRST_NAME;
		long rc;

		__atomic_store_n(&round_begun, i, __ATOMIC_SEQ_CST);
		rc = reserve(XENMEM_populate_physmap, &extent, ORDER);
		__atomic_store_n(&round_done, i, __ATOMIC_SEQ_CST);
		wait_for(&round_seen, i);
		if (rc != 1)
			continue;
		last = extent + (1 << ORDER) - 1;
		reserve(XENMEM_decrease_reservation, &extent, ORDER);
	}
	over = true;
}

static void take_last(void)
{
	for (unsigned int i = 1; !over; i++) {
		xen_pfn_t frame = last, name = SECOND_NAME;
		bool mine = false;

		wait_for(&round_begun, i);
		while (frame && !mine && !over && __atomic_load_n(&round_done, __ATOMIC_SEQ_CST) < i)
			mine = reserve(XENMEM_decrease_reservation, &frame, 0) == 1 &&
			       reserve(XENMEM_populate_physmap, &name, 0) == 1;
		wait_for(&round_done, i);
		if (mine) {
			taken++;
			renamed += M2P[name] != SECOND_NAME;
			reserve(XENMEM_decrease_reservation, &name, 0);
		}
		__atomic_store_n(&round_seen, i, __ATOMIC_SEQ_CST);
	}
}

static void take(unsigned int vcpu)
{
	if (vcpu == 0)
		take_extents();
	else
		take_last();
}

void test_main(void)
{
	smp_run_ms = RUN_MS;
	smp_run(take);
	say("# a frame was taken in the middle %u times\n", taken);
	check_value("frames with the wrong name", renamed, 0);
}
