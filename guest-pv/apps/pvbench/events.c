/* SPDX-License-Identifier: MIT */
/*
 * Event channels, on a port bound to another of the same domain: a send whose port is masked, whose upcall is
 * masked, or that is pending already; a send that interrupts the sender, to the handler and back; blocking
 * and polling when the event is there already; status; a port's allocation and end.
 */
#include "bench.h"
#include <kit/trap.h>
#include <xen/sched.h>

extern void trap_failsafe_entry(void), trap_syscall_entry(void), trap_event_entry(void);

volatile uint8_t *event_flags;		/* harness.asm: the flag that says an upcall waits */
static evtchn_port_t port, peer;	/* peer sends, port gets it */
static struct evtchn_send send_op;
static struct evtchn_status status_op;
static struct sched_poll poll_op;

/* No event of the port, nor any sign of one. */
static void clear(void)
{
	struct vcpu_info *v = vcpu_info();

	evtchn_clear(port);
	v->evtchn_pending_sel = 0;
	*(volatile uint8_t *)&v->evtchn_upcall_pending = 0;
}

static void unmask(void)
{
	evtchn_clear(port);
	evtchn_unmask(port);
	clear();
}

static void masked_port(void)
{
	clear();
	evtchn_mask(port);
}

static void pending(void)
{
	events_disable();
	unmask();
	hypercall_event_channel_op(EVTCHNOP_send, &send_op);
}

static void unmasked_upcall(void)
{
	unmask();
	*(volatile uint8_t *)&vcpu_info()->evtchn_upcall_mask = 0;
}

/* What other ports got while their selector bits were cleared must not be lost. */
static void look_again(void)
{
	masked_port();
	vcpu_info()->evtchn_pending_sel = ~0UL;
	*(volatile uint8_t *)&vcpu_info()->evtchn_upcall_pending = 1;
}

static void send(void) { hypercall_event_channel_op(EVTCHNOP_send, &send_op); }
static void block(void) { hypercall_sched_op(SCHEDOP_block, NULL); }
static void poll(void) { hypercall_sched_op(SCHEDOP_poll, &poll_op); }
static void status(void) { hypercall_event_channel_op(EVTCHNOP_status, &status_op); }

static void alloc_close(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF };
	struct evtchn_close c;

	hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &a);
	c.port = a.port;
	hypercall_event_channel_op(EVTCHNOP_close, &c);
}

static void setup(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };

	must("alloc_unbound", hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &a));
	b.remote_port = port = a.port;
	must("bind_interdomain", hypercall_event_channel_op(EVTCHNOP_bind_interdomain, &b));
	peer = b.local_port;
	send_op.port = peer;
	status_op = (struct evtchn_status){ .dom = DOMID_SELF, .port = port };
	poll_op.nr_ports = 1;
	set_xen_guest_handle(poll_op.ports, &port);
	event_flags = (volatile uint8_t *)&vcpu_info()->evtchn_upcall_pending;
}

void bench_events(void)
{
	static const struct bench quiet[] = {
		{ "evtchn_send_portmasked", send, masked_port, 0 },
		{ "evtchn_send_upcallmasked", send, unmask, 0 },
		{ "evtchn_send_alreadypending", send, pending, 0 },
		{ "sched_poll_pending", poll, pending, 0 },
		{ "evtchn_status", status, NULL, 0 },
		{ "evtchn_alloc+close", alloc_close, NULL, 0 },
	};
	static const struct bench upcalls[] = {
		{ "evtchn_send_upcall_iret", send, unmasked_upcall, 0 },
		{ "sched_block_pending", block, pending, 0 },
	};

	setup();
	BENCH_RUN(quiet);
	for (size_t i = 0; i < sizeof(upcalls) / sizeof(upcalls[0]); i++) {
		struct stats s;

		hypercall_set_callbacks(event_back, trap_failsafe_entry, trap_syscall_entry);
		s = bench_measure(&upcalls[i]);
		events_disable();
		hypercall_set_callbacks(trap_event_entry, trap_failsafe_entry, trap_syscall_entry);
		look_again();
		bench_say(upcalls[i].name, &s);
	}
	evtchn_close(peer);
	evtchn_close(port);
}
