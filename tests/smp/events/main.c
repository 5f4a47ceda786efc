/* SPDX-License-Identifier: MIT */
/*
 * Event channels of several vcpus at once: ports are sent to by all while they move from vcpu to vcpu; others are
 * allocated, bound, sent to and closed by whoever comes.
 *
 * An event that was sent is handled after it was sent, on whatever vcpu; each answer is one the ABI has.
 *
 * Needs: dom0_max_vcpus=4 guest_loglvl=none
 */
#include "smp.h"

#define PORTS 6				/* that move */
#define RANGE 64			/* port numbers tried at random */
#define SETTLE 5000000000UL		/* ns in which what was sent must be handled */

static evtchn_port_t port[PORTS], peer[PORTS];
static unsigned long sent[PORTS], handled[PORTS];	/* numbers of sends begun */
static unsigned int moving[PORTS], moves, sends, churn;
static bool is_mine[RANGE];
static long odd;

/* What had been sent by now is handled by this. */
static void note(evtchn_port_t p, void *arg)
{
	unsigned long i = (uintptr_t)arg, n = __atomic_load_n(&sent[i], __ATOMIC_SEQ_CST);
	unsigned long seen = __atomic_load_n(&handled[i], __ATOMIC_SEQ_CST);

	(void)p;
	while (seen < n && !__atomic_compare_exchange_n(&handled[i], &seen, n, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static void move(unsigned int i)
{
	if (__atomic_exchange_n(&moving[i], 1, __ATOMIC_SEQ_CST))
		return;
	if (evtchn_bind_vcpu(port[i], smp_random(smp_vcpus())))
		odd = -1;
	__atomic_add_fetch(&moves, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&moving[i], 0, __ATOMIC_SEQ_CST);
}

static void send(unsigned int i)
{
	__atomic_add_fetch(&sent[i], 1, __ATOMIC_SEQ_CST);
	if (evtchn_send(peer[i]))
		odd = -2;
	__atomic_add_fetch(&sends, 1, __ATOMIC_SEQ_CST);
}

/* By number: it may be anybody's, but those that the rest depends on. */
static void churn_ports(void)
{
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF, .remote_port = smp_random(RANGE) };
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_close c = { .port = smp_random(RANGE) };
	struct evtchn_send s = { .port = smp_random(RANGE) };
	struct evtchn_bind_ipi ipi = { .vcpu = smp_random(smp_vcpus()) };
	long rc = 0;

	switch (smp_random(6)) {
	case 0:
		rc = hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &a);
		break;
	case 1:
		rc = hypercall_event_channel_op(EVTCHNOP_bind_interdomain, &b);
		break;
	case 2: case 3:
		if (!is_mine[c.port])
			rc = hypercall_event_channel_op(EVTCHNOP_close, &c);
		break;
	case 4:
		if (!is_mine[s.port])
			rc = hypercall_event_channel_op(EVTCHNOP_send, &s);
		break;
	default:
		rc = hypercall_event_channel_op(EVTCHNOP_bind_ipi, &ipi);
	}
	if (rc && rc != -XEN_EINVAL && rc != -XEN_ENOSPC)
		odd = rc;
	__atomic_add_fetch(&churn, 1, __ATOMIC_SEQ_CST);
}

static void storm(unsigned int vcpu)
{
	(void)vcpu;
	events_enable();
	while (smp_goes_on()) {
		switch (smp_random(8)) {
		case 0: move(smp_random(PORTS)); break;
		case 1: churn_ports(); break;
		case 2: smp_yield(); break;
		default: send(smp_random(PORTS)); break;
		}
	}
}

static bool all_handled(void)
{
	for (unsigned int i = 0; i < PORTS; i++)
		if (__atomic_load_n(&handled[i], __ATOMIC_SEQ_CST) != sent[i])
			return false;
	return true;
}

/* Nobody sends any more: what is under way arrives. */
static void settle(unsigned int vcpu)
{
	uint64_t end = time_now_ns() + SETTLE;

	(void)vcpu;
	events_enable();
	while (!all_handled() && time_now_ns() < end)
		smp_yield();
}

static void nothing(unsigned int vcpu)
{
	(void)vcpu;
}

static void make(unsigned int i)
{
	if (evtchn_alloc_unbound(DOMID_SELF, &port[i]) ||
	    (evtchn_bind_interdomain(DOMID_SELF, port[i], &peer[i]) &&
	     evtchn_bind_interdomain(start_info_domid(), port[i], &peer[i])))
		os_panic("no ports");
	if (port[i] >= RANGE || peer[i] >= RANGE)
		os_panic("ports %u and %u", port[i], peer[i]);
	is_mine[port[i]] = is_mine[peer[i]] = true;
	evtchn_set_handler(port[i], note, (void *)(uintptr_t)i);
}

void test_main(void)
{
	smp_run(nothing);		/* from here on ports belong to vcpus */
	for (unsigned int i = 0; i < PORTS; i++)
		make(i);
	smp_run_ms = 3000;
	smp_run(storm);
	smp_run(settle);
	say("# %u sends, %u moves, %u others\n", sends, moves, churn);
	check("it was a storm", sends > 20 && moves > 5 && churn > 5);
	check("what was sent was handled", all_handled());
	for (unsigned int i = 0; i < PORTS && !all_handled(); i++)
		say("# port %u: %lu of %lu, pending %d\n", port[i], handled[i], sent[i], evtchn_pending(port[i]));
	check_value("an answer that the ABI has not", odd, 0);
}
