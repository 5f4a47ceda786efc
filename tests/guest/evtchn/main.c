/* SPDX-License-Identifier: MIT */
/*
 * Event channels, seen from one domain that talks to itself.
 *
 * A port that was opened for a domain can be bound by it, and by nobody else; events go to the
 * other end, wait while masked, coalesce, and interrupt once unmasked; closing one end leaves the
 * other unbound. VIRQs and IPIs bind once. status tells what each port is. Ports run out with
 * ENOSPC at the limit, and all come back. poll and block wake for events. Wrong ports, domains and
 * vcpus are refused.
 */
#include "test.h"

static volatile unsigned int events;
static volatile evtchn_port_t event_port;

static void note(evtchn_port_t port, void *arg)
{
	(void)arg;
	events++;
	event_port = port;
}

static long op(int cmd, void *arg)
{
	return hypercall_event_channel_op(cmd, arg);
}

static struct evtchn_status status_of(evtchn_port_t port)
{
	struct evtchn_status s = { .dom = DOMID_SELF, .port = port };

	s.status = op(EVTCHNOP_status, &s) ? 0xffff : s.status;
	return s;
}

static void check_interdomain(void)
{
	evtchn_port_t a, b, c;

	check_value("open a port for ourselves", evtchn_alloc_unbound(DOMID_SELF, &a), 0);
	check("it is not port 0", a != 0);
	check_value("status: unbound", status_of(a).status, EVTCHNSTAT_unbound);
	check_value("for us", status_of(a).u.unbound.dom, 0);
	check_value("a send to an unbound port is lost", evtchn_send(a), 0);
	check("nothing is pending", !evtchn_pending(a));
	check_value("bind it", evtchn_bind_interdomain(0, a, &b), 0);
	check_value("status: interdomain", status_of(b).status, EVTCHNSTAT_interdomain);
	check_value("to the first port", status_of(b).u.interdomain.port, a);
	check_value("and back", status_of(a).u.interdomain.port, b);
	check("binding raises an event at the new port", evtchn_pending(b));
	check_value("bind it again", evtchn_bind_interdomain(0, a, &c), -XEN_EINVAL);
	evtchn_clear(b);
	check_value("send", evtchn_send(b), 0);
	check("the other end has it", evtchn_pending(a));
	check("ours has not", !evtchn_pending(b));

	evtchn_set_handler(a, note, NULL);
	events_enable();
	check_value("a masked event is delivered when unmasked", events, 1);
	check_value("to its port", event_port, a);
	evtchn_send(b);
	check_value("the next at once", events, 2);
	evtchn_mask(a);
	evtchn_send(b);
	evtchn_send(b);
	check_value("none while masked", events, 2);
	evtchn_unmask(a);
	check_value("two sends coalesce", events, 3);
	events_disable();
	evtchn_send(b);
	check_value("none while the vcpu masks them", events, 3);
	events_enable();
	check_value("one after", events, 4);
	events_disable();

	check_value("close one end", evtchn_close(b), 0);
	check_value("it is free", status_of(b).status, EVTCHNSTAT_closed);
	check_value("the other is unbound", status_of(a).status, EVTCHNSTAT_unbound);
	check_value("close the other", evtchn_close(a), 0);
	check_value("send to a closed port", evtchn_send(a), -XEN_EINVAL);
	check_value("close a closed port", evtchn_close(a), -XEN_EINVAL);
}

static void check_virq_ipi(void)
{
	evtchn_port_t timer, ipi, p;
	struct evtchn_bind_vcpu move = { .vcpu = 0 };

	check_value("bind the timer", evtchn_bind_virq(VIRQ_TIMER, 0, &timer), 0);
	check_value("status: virq", status_of(timer).status, EVTCHNSTAT_virq);
	check_value("which", status_of(timer).u.virq, VIRQ_TIMER);
	check_value("bind it twice", evtchn_bind_virq(VIRQ_TIMER, 0, &p), -XEN_EEXIST);
	check_value("no such virq", evtchn_bind_virq(NR_VIRQS, 0, &p), -XEN_EINVAL);
	check_value("a virq of no vcpu", evtchn_bind_virq(VIRQ_DEBUG, 99, &p), -XEN_ENOENT);
	check_value("global virqs belong to vcpu 0", evtchn_bind_virq(VIRQ_CONSOLE, 1, &p), -XEN_EINVAL);
	check_value("bind an ipi", evtchn_bind_ipi(0, &ipi), 0);
	check_value("status: ipi", status_of(ipi).status, EVTCHNSTAT_ipi);
	check_value("send it", evtchn_send(ipi), 0);
	check("it is pending here", evtchn_pending(ipi));
	check_value("ipi of no vcpu", evtchn_bind_ipi(99, &p), -XEN_ENOENT);
	check_value("send to a virq port", evtchn_send(timer), -XEN_EINVAL);
	move.port = timer;
	check_value("a virq of one vcpu does not move", op(EVTCHNOP_bind_vcpu, &move), -XEN_EINVAL);
	move.vcpu = 99;
	check_value("nothing moves to no vcpu", op(EVTCHNOP_bind_vcpu, &move), -XEN_ENOENT);
	evtchn_clear(ipi);
	check_value("close the ipi", evtchn_close(ipi), 0);
	check_value("close the timer", evtchn_close(timer), 0);
	check_value("the timer can be bound again", evtchn_bind_virq(VIRQ_TIMER, 0, &timer), 0);
	evtchn_close(timer);
}

static void check_waiting(void)
{
	evtchn_port_t a, b;
	struct sched_poll poll = { .nr_ports = 1 };
	uint64_t start = time_now_ns();

	evtchn_alloc_unbound(DOMID_SELF, &a);
	evtchn_bind_interdomain(0, a, &b);
	evtchn_clear(b);
	set_xen_guest_handle(poll.ports, &a);
	evtchn_send(b);
	check_value("poll of a pending port", hypercall_sched_op(SCHEDOP_poll, &poll), 0);
	evtchn_clear(a);
	poll.timeout = start + 50000000;
	check_value("poll with a deadline", hypercall_sched_op(SCHEDOP_poll, &poll), 0);
	check("waits for it", time_now_ns() >= start + 50000000);
	poll.timeout = 1;
	check_value("a deadline that has passed", hypercall_sched_op(SCHEDOP_poll, &poll), 0);
	poll.nr_ports = 129;
	check_value("poll of too many ports", hypercall_sched_op(SCHEDOP_poll, &poll), -XEN_EINVAL);
	poll.nr_ports = 1;
	set_xen_guest_handle(poll.ports, (evtchn_port_t *)0x7ffffffff000);
	check_value("ports from nowhere", hypercall_sched_op(SCHEDOP_poll, &poll), -XEN_EFAULT);
	evtchn_set_handler(a, note, NULL);
	evtchn_send(b);
	events = 0;
	check_value("block with an event pending", hypercall_sched_op(SCHEDOP_block, NULL), 0);
	check_value("delivers it", events, 1);
	check("and leaves events enabled", events_enabled());
	events_disable();
	evtchn_close(a);
	evtchn_close(b);
}

static void check_limit(void)
{
	static evtchn_port_t ports[4200];
	unsigned int n = 0, i, bad = 0;
	long rc;

	while (n < 4200 && (rc = evtchn_alloc_unbound(DOMID_SELF, &ports[n])) == 0)
		n++;
	check_value("ports run out with", rc, -XEN_ENOSPC);
	check("not before 4000 of them", n >= 4000 && n < 4096);
	for (i = 0; i < n; i++)
		if (evtchn_close(ports[i]))
			bad++;
	check_value("ports that would not close", bad, 0);
	check_value("then there are some again", evtchn_alloc_unbound(DOMID_SELF, &ports[0]), 0);
	evtchn_close(ports[0]);
}

static void check_bad(void)
{
	struct evtchn_status s = { .dom = 77, .port = 1 };
	struct evtchn_unmask u = { .port = 5000 };
	evtchn_port_t p;

	check_value("open for a domain that is not", evtchn_alloc_unbound_for(77, 0, &p), -XEN_ESRCH);
	check_value("bind to a domain that is not", evtchn_bind_interdomain(77, 1, &p), -XEN_ESRCH);
	check_value("bind to port 0", evtchn_bind_interdomain(0, 0, &p), -XEN_EINVAL);
	check_value("bind to a port beyond all", evtchn_bind_interdomain(0, 1u << 20, &p), -XEN_EINVAL);
	check_value("send to port 0", evtchn_send(0), -XEN_EINVAL);
	check_value("send beyond all", evtchn_send(~0u), -XEN_EINVAL);
	check_value("unmask beyond all", op(EVTCHNOP_unmask, &u), -XEN_EINVAL);
	check_value("status of a domain that is not", op(EVTCHNOP_status, &s), -XEN_ESRCH);
	s.dom = DOMID_SELF;
	s.port = ~0u;
	check_value("status beyond all", op(EVTCHNOP_status, &s), -XEN_EINVAL);
	check_value("argument from nowhere", op(EVTCHNOP_send, (void *)0x7ffffffff000), -XEN_EFAULT);
	check_value("no such operation", op(99, &s), -XEN_ENOSYS);
}

void test_main(void)
{
	check_interdomain();
	check_virq_ipi();
	check_waiting();
	check_limit();
	check_bad();
}
