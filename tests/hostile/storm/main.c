/* SPDX-License-Identifier: MIT */
/*
 * Attack: the others' time. For as many seconds as its argument says the guest sends events to the
 * control domain, arms timers in the past, has 1000 of them a second, and asks for the longest
 * hypercalls it can make: pinning and unpinning a tree of tables that are full of entries, by the
 * hundred in one call.
 *
 * Expected: the control domain goes on answering; the runner measures how fast.
 */
#include "test.h"

#define TABLES 400
#define OPS 400

static char *l1[TABLES];
static struct mmuext_op ops[OPS];

static void make_tables(void)
{
	mfn_t target = virt_to_mfn(os_pages_alloc(1));

	for (unsigned int i = 0; i < TABLES; i++) {
		l1[i] = os_pages_alloc(1);
		for (unsigned int e = 0; e < PT_ENTRIES; e++)
			((pte_t *)l1[i])[e] = pte_make(target, PTE_RW);
		if (pt_protect(l1[i], PTE_RO))
			check("protect", false);
	}
}

static void pins(void)
{
	for (unsigned int i = 0; i < OPS; i++)
		ops[i] =
			(struct mmuext_op){ .cmd = i % 2 ? MMUEXT_UNPIN_TABLE : MMUEXT_PIN_L1_TABLE,
					    .arg1.mfn = virt_to_mfn(l1[i / 2]) };
	if (hypercall_mmuext_op(ops, OPS, NULL, DOMID_SELF))
		check("pins", false);
}

void test_main(void)
{
	struct vcpu_set_periodic_timer period = { .period_ns = 1000000 };
	uint64_t end =
		time_now_ns() + (((const char *)start_info->cmd_line)[0] - '0') * 1000000000UL;
	unsigned long rounds = 0;

	make_tables();
	hypercall_vcpu_op(VCPUOP_set_periodic_timer, 0, &period);
	for (; time_now_ns() < end; rounds++) {
		pins();
		for (unsigned int i = 0; i < 200; i++) {
			evtchn_send(start_info->console.domU.evtchn);
			evtchn_send(start_info->store_evtchn);
			hypercall_set_timer_op(time_now_ns() - 1);
		}
	}
	say("# %lu rounds\n", rounds);
	check("the storm blew", rounds > 3);
}
