/* SPDX-License-Identifier: MIT */
/*
 * Frames on their way to a domain and from it, while another vcpu asks for some too.
 *
 * A frame's name in the machine-to-phys table is given by who takes it. While one vcpu takes an extent of 512 frames,
 * another gives its last frame back and takes it again, by another name: that name stays. (Between two domains the
 * first would have named the second's frame.) What a domain may not have for its limit it does not have for a moment
 * either: the machine's free memory stays as it is while one vcpu asks for more again and again. And an exchange that
 * fails gives back what it took: nobody else gets the room of it meanwhile.
 *
 * Needs: dom0_max_vcpus=2 guest_loglvl=warning
 */
#include "control.h"
#include "smp.h"

#define ORDER 9
#define FIRST_NAME 0x100000
#define SECOND_NAME 0x200000
#define ROUNDS 1500		/* or as many as there is time for */
#define RUN_MS 8000
#define LIMIT_MS 1000
#define VICTIM 77
#define NOWHERE 0x7ffffffff000UL
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

static struct xen_domctl op;
static xen_pfn_t frames[1 << ORDER];
static long most_free, least_free;
static unsigned int got;
static volatile bool asked_enough;

static long populate_victim(unsigned int order)
{
	xen_pfn_t extent = 0;
	struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = order, .domid = VICTIM };

	set_xen_guest_handle(r.extent_start, &extent);
	return hypercall_memory_op(XENMEM_populate_physmap, &r);
}

/* vcpu 0 asks for an extent that is over the victim's limit, the other looks what is free meanwhile. */
static void ask_too_much(unsigned int vcpu)
{
	while (vcpu == 0 && smp_goes_on())
		got += populate_victim(ORDER) != 0;
	if (vcpu == 0)
		asked_enough = true;
	while (!asked_enough) {
		long now = free_pages();

		least_free = now < least_free ? now : least_free;
		most_free = now > most_free ? now : most_free;
	}
}

/* All of the victim's frames for one extent, the number of which can't be told. */
static long exchange_in_vain(void)
{
	struct xen_memory_exchange x = {
		.in = { .nr_extents = 1 << ORDER, .domid = VICTIM },
		.out = { .nr_extents = 1, .extent_order = ORDER, .domid = VICTIM },
	};

	set_xen_guest_handle(x.in.extent_start, frames);
	set_xen_guest_handle(x.out.extent_start, (xen_pfn_t *)NOWHERE);
	return hypercall_memory_op(XENMEM_exchange, &x);
}

/* vcpu 0 exchanges in vain, the other asks for a page that is over the victim's limit. */
static void exchange_and_ask(unsigned int vcpu)
{
	while (vcpu == 0 && smp_goes_on())
		got += exchange_in_vain() >= 0;
	if (vcpu == 0)
		asked_enough = true;
	while (!asked_enough)
		got += populate_victim(0) != 0;
}

static void check_limit(const char *what, unsigned int nr, unsigned int order, void (*fn)(unsigned int vcpu))
{
	domid_t victim = VICTIM;

	control_create(&op, VICTIM, 1, frames, nr, order);
	most_free = least_free = free_pages();
	got = 0;
	asked_enough = false;
	smp_run_ms = LIMIT_MS;
	smp_run(fn);
	check_value(what, got, 0);
	check_value("its pages", hypercall_memory_op(XENMEM_current_reservation, &victim), nr << order);
	smp_audit();
	check_value("it ends", domctl_on(&op, XEN_DOMCTL_destroydomain, VICTIM), 0);
}

void test_main(void)
{
	smp_run_ms = RUN_MS;
	smp_run(take);
	say("# a frame was taken in the middle %u times\n", taken);
	check_value("frames with the wrong name", renamed, 0);
	check_limit("extents over its limit", 1, 0, ask_too_much);
	if (on_parvus())
		check_value("pages taken for a moment", most_free - least_free, 0);
	check_limit("pages got while others are exchanged", 1 << ORDER, 0, exchange_and_ask);
}
