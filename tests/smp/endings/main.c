/* SPDX-License-Identifier: MIT */
/*
 * Domains that end while others still act on them: one vcpu creates and destroys a domain, which takes several steps, the
 * others give it vcpus and contexts, shut it down, resume, pause, unpause and look at it meanwhile. Whatever the order, no
 * call has an answer that it should not have, and nothing of the domain stays behind.
 *
 * Not on the peer: such a domain may keep pages there, or its number for ever
 * Needs: dom0_max_vcpus=3 guest_loglvl=none
 */
#include "control.h"
#include "smp.h"

#define VICTIM 77
#define BLOCKS 8		/* of memory, large enough for giving it up to be interrupted */
#define ORDER 9
#define MOST 64			/* vcpus of this guest */
#define ROUNDS 6		/* at least, however slow the machine */

static struct xen_domctl ops[MOST];
static vcpu_guest_context_t contexts[MOST];
static xen_pfn_t mfns[BLOCKS];
static unsigned int rounds, acts, went_well, odd;
static long first_odd;
static volatile bool over;

static long domctl(struct xen_domctl *op, unsigned int cmd) { return domctl_on(op, cmd, VICTIM); }

/* An empty top-level table is a table; the vcpu stays down. */
static long set_context(struct xen_domctl *op, vcpu_guest_context_t *c)
{
	__builtin_memset(c, 0, sizeof(*c));
	c->flags = VGCF_in_kernel;
	c->ctrlreg[3] = xen_pfn_to_cr3(mfns[smp_random(BLOCKS)]);
	op->u.vcpucontext.vcpu = smp_random(2);
	set_xen_guest_handle(op->u.vcpucontext.ctxt, c);
	return domctl(op, XEN_DOMCTL_setvcpucontext);
}

static long act(struct xen_domctl *op, vcpu_guest_context_t *c)
{
	struct sched_remote_shutdown end = { .domain_id = VICTIM, .reason = SHUTDOWN_poweroff };
	domid_t victim = VICTIM;

	switch (smp_random(7)) {
	case 0:
		op->u.max_vcpus.max = 2;
		return domctl(op, XEN_DOMCTL_max_vcpus);
	case 1:
		return hypercall_sched_op(SCHEDOP_remote_shutdown, &end);
	case 2:
		return domctl(op, XEN_DOMCTL_resumedomain);
	case 3:
		return domctl(op, XEN_DOMCTL_pausedomain);
	case 4:
		return domctl(op, XEN_DOMCTL_unpausedomain);
	case 5:		/* finds it without any lock */
		for (int i = 0; i < 100; i++)
			hypercall_memory_op(XENMEM_current_reservation, &victim);
		return hypercall_memory_op(XENMEM_maximum_reservation, &victim) < 0 ? -XEN_ESRCH : 0;
	}
	return set_context(op, c);
}

static bool expected(long rc)
{
	return rc == 0 || rc == -XEN_ESRCH || rc == -XEN_EINVAL || rc == -XEN_ENOMEM || rc == -XEN_EBUSY ||
	       rc == -XEN_EOPNOTSUPP;
}

static void end_and_act(unsigned int vcpu)
{
	struct xen_domctl *op = &ops[vcpu];

	for (; vcpu == 0 && (smp_goes_on() || rounds < ROUNDS); rounds++) {
		control_create(op, VICTIM, 2, mfns, BLOCKS, ORDER);
		for (unsigned int i = smp_random(10); i; i--)
			smp_yield();
		if (domctl(op, XEN_DOMCTL_destroydomain))
			os_panic("a domain that cannot be destroyed");
	}
	if (vcpu == 0)
		over = true;
	while (!over) {
		long rc = act(op, &contexts[vcpu]);

		__atomic_add_fetch(rc ? &acts : &went_well, 1, __ATOMIC_RELAXED);
		if (!expected(rc) && !__atomic_fetch_add(&odd, 1, __ATOMIC_RELAXED))
			first_odd = rc;
	}
}

static void nothing(unsigned int vcpu)
{
	(void)vcpu;
}

/* Not counting what the hypervisor allocates once and keeps. */
void test_main(void)
{
	long before;

	smp_run(nothing);
	smp_run_ms = 1000;
	smp_run(end_and_act);
	before = free_pages();
	rounds = acts = went_well = 0;
	over = false;
	smp_run_ms = 4000;
	smp_run(end_and_act);
	say("# %u domains, %u calls answered well, %u with an error\n", rounds, went_well, acts);
	check("domains ended", rounds >= ROUNDS);
	check("and were acted on", went_well > 20);
	check_value("an answer that should not be", first_odd, 0);
	check("each left its pages", free_pages() >= before - 8);
	smp_audit();
}
