/* SPDX-License-Identifier: MIT */
/*
 * Time: arming and disarming the vcpu's timer; what its interrupt takes from a running kernel that has masked
 * upcalls, or gets one; and how long after a deadline a blocked kernel runs again.
 */
#include "bench.h"
#include <kit/trap.h>

#define US 1000UL
#define LOOPS 30000			/* of two instructions: longer than the timer's 20 us */
#define SAMPLES_BLOCK 200

extern volatile uint8_t *event_flags;
extern void trap_event_entry(void), trap_failsafe_entry(void), trap_syscall_entry(void);

static evtchn_port_t port;		/* the timer's, bound by the library OS */
static uint64_t deadline;

static void find_port(void)
{
	struct evtchn_status s = { .dom = DOMID_SELF };

	for (s.port = 1; hypercall_event_channel_op(EVTCHNOP_status, &s) == 0; s.port++)
		if (s.status == EVTCHNSTAT_virq && s.u.virq == VIRQ_TIMER)
			break;
	if (s.status != EVTCHNSTAT_virq)
		os_panic("pvbench: nobody has bound the timer");
	port = s.port;
}

static void set(void) { hypercall_set_timer_op(deadline); }
static void disarm(void) { hypercall_set_timer_op(0); }
static void in_10ms(void) { deadline = time_now_ns() + 10000 * US; }
static void in_1ms(void) { deadline = time_now_ns() + 1000 * US; }

static void clear(void)
{
	struct vcpu_info *v = vcpu_info();

	events_disable();
	evtchn_clear(port);
	evtchn_unmask(port);
	evtchn_clear(port);
	v->evtchn_pending_sel = 0;
	*(volatile uint8_t *)&v->evtchn_upcall_pending = 0;
}

static void spin(void)
{
	unsigned int n = LOOPS;

	__asm__ volatile("1: decl %0; jnz 1b" : "+r" (n) : : "cc");
}

static void soon(void)
{
	clear();
	hypercall_set_timer_op(time_now_ns() + 20 * US);
}

static void soon_with_upcall(void)
{
	soon();
	*(volatile uint8_t *)&vcpu_info()->evtchn_upcall_mask = 0;
}

static void back_to_normal(void)
{
	events_disable();
	hypercall_set_callbacks(trap_event_entry, trap_failsafe_entry, trap_syscall_entry);
	vcpu_info()->evtchn_pending_sel = ~0UL;
	*(volatile uint8_t *)&vcpu_info()->evtchn_upcall_pending = 1;
}

static void say_stolen(const char *name, void (*before)(void), uint64_t base)
{
	const struct bench b = { name, spin, before, 0 };
	struct stats s = bench_measure(&b);

	s.sum -= base * s.n;
	s.min -= base;
	back_to_normal();
	bench_say(name, &s);
}

static void bench_stolen(void)
{
	const struct bench quiet = { "", spin, NULL, 0 };
	uint64_t base = bench_measure(&quiet).min;

	say_stolen("timer_irq_stolen_masked", soon, base);
	hypercall_set_callbacks(event_back, trap_failsafe_entry, trap_syscall_entry);
	say_stolen("timer_irq_stolen_upcall", soon_with_upcall, base);
}

static void bench_block(void)
{
	struct stats latency = STATS_INIT, total = STATS_INIT;

	hypercall_set_callbacks(event_back, trap_failsafe_entry, trap_syscall_entry);
	for (int i = 0; i < SAMPLES_BLOCK; i++) {
		uint64_t begun, ended;

		clear();
		deadline = time_now_ns() + 500 * US;
		begun = bench_count();
		set();
		hypercall_sched_op(SCHEDOP_block, NULL);
		ended = time_now_ns();
		stats_add(&total, bench_count() - begun);
		stats_add(&latency, ended - deadline);
	}
	back_to_normal();
	bench_say("block_wake_latency_ns", &latency);
	bench_say("set_timer500us+block_total", &total);
}

void bench_timers(void)
{
	static const struct bench table[] = {
		{ "set_timer_op_+10ms", set, in_10ms, 0 },
		{ "set_timer_op_+1ms", set, in_1ms, 0 },
		{ "set_timer_op_disarm", disarm, NULL, 0 },
	};

	find_port();
	BENCH_RUN(table);
	event_flags = (volatile uint8_t *)&vcpu_info()->evtchn_upcall_pending;
	bench_stolen();
	bench_block();
}
