/* SPDX-License-Identifier: MIT */
/*
 * Clocks and timers.
 *
 * System time never goes back and runs with the TSC; the wall clock moves with it; a one-shot timer
 * (by vcpu_op or set_timer_op) fires once, not early, and wakes a blocked vcpu; a periodic one
 * fires while the vcpu runs, until stopped; one in the past fires at once; the run state says how
 * long the vcpu ran, and the sum of its times is the time that passed.
 *
 * How soon and how often must not depend on the machine that runs the test:
 * Clock: the instruction count
 */
#include "test.h"
#include <xen/vcpu.h>

#define MS 1000000ULL

static volatile unsigned int fired;
static volatile uint64_t fired_at;

static void on_timer(evtchn_port_t port, void *arg)
{
	(void)port;
	(void)arg;
	fired++;
	fired_at = time_now_ns();
}

static void wait_until(uint64_t deadline)
{
	while (time_now_ns() < deadline)
		__asm__ volatile("pause");
}

static void check_clocks(void)
{
	uint64_t last = time_now_ns(), now, wall, back = 0;

	for (int i = 0; i < 100000; i++, last = now) {
		now = time_now_ns();
		if (now < last)
			back++;
	}
	check_value("times system time went back", back, 0);
	wall = time_wall_ns();
	now = time_now_ns();
	wait_until(now + 5 * MS);
	wall = time_wall_ns() - wall;
	check("5 ms pass on the wall clock too", wall >= 5 * MS && wall < 6 * MS);
	check("the version is even at rest", !(vcpu_info()->time.version & 1));
}

/* Arms by either call, blocks, and sees what happened. */
static void check_oneshot(const char *name, long (*arm)(uint64_t deadline))
{
	uint64_t deadline = time_now_ns() + 5 * MS;

	fired = 0;
	say("# %s\n", name);
	check_value("arm", arm(deadline), 0);
	while (!fired) {
		hypercall_sched_op(SCHEDOP_block, NULL);
		events_disable();
	}
	check("not early", fired_at >= deadline);
	events_enable();
	wait_until(time_now_ns() + 10 * MS);
	events_disable();
	check_value("once", fired, 1);
	fired = 0;
	check_value("arm in the past", arm(time_now_ns() - 5 * MS), 0);
	events_enable();
	deadline = time_now_ns() + 1 * MS;
	while (!fired && time_now_ns() < deadline)
		__asm__ volatile("pause");
	events_disable();
	check_value("fires at once", fired, 1);
}

static long arm_singleshot(uint64_t deadline)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = deadline };

	return hypercall_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
}

static long arm_timer_op(uint64_t deadline)
{
	return hypercall_set_timer_op(deadline);
}

static void check_singleshot_extras(void)
{
	fired = 0;
	arm_singleshot(time_now_ns() + 4 * MS);
	check_value("stop it", hypercall_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	events_enable();
	wait_until(time_now_ns() + 8 * MS);
	check_value("it does not fire", fired, 0);
	arm_timer_op(time_now_ns() + 4 * MS);
	check_value("set_timer_op with 0", hypercall_set_timer_op(0), 0);
	wait_until(time_now_ns() + 8 * MS);
	events_disable();
	check_value("stops it", fired, 0);
}

static void check_periodic(void)
{
	struct vcpu_set_periodic_timer t = { .period_ns = 2 * MS };
	uint64_t start = time_now_ns();

	fired = 0;
	check_value("periodic timer", hypercall_vcpu_op(VCPUOP_set_periodic_timer, 0, &t), 0);
	events_enable();
	while (fired < 6 && time_now_ns() < start + 16 * MS)
		__asm__ volatile("pause");
	events_disable();
	check("fires again and again", fired >= 6);
	check("not faster than its period", time_now_ns() - start >= 10 * MS);
	check_value("stop it", hypercall_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
	events_enable();
	wait_until(time_now_ns() + 1 * MS);
	fired = 0;
	wait_until(time_now_ns() + 8 * MS);
	events_disable();
	check_value("then it is silent", fired, 0);
	t.period_ns = 1000;
	check_value("a period too short", hypercall_vcpu_op(VCPUOP_set_periodic_timer, 0, &t),
		    -XEN_EINVAL);
}

static void check_runstate(void)
{
	struct vcpu_runstate_info a, b;
	uint64_t t = time_now_ns(), sum = 0, before = 0;

	check_value("run state", hypercall_vcpu_op(VCPUOP_get_runstate_info, 0, &a), 0);
	check_value("is running", a.state, RUNSTATE_running);
	arm_singleshot(t + 30 * MS);
	hypercall_sched_op(SCHEDOP_block, NULL);
	events_disable();
	check_value("run state again", hypercall_vcpu_op(VCPUOP_get_runstate_info, 0, &b), 0);
	check("blocked for the time of the timer",
	      b.time[RUNSTATE_blocked] - a.time[RUNSTATE_blocked] >= 29 * MS);
	for (int i = 0; i < 4; i++) {
		sum += b.time[i];
		before += a.time[i];
	}
	check("the sum is the time that passed", sum - before >= 30 * MS);
	check_value("run state of no vcpu", hypercall_vcpu_op(VCPUOP_get_runstate_info, 99, &a),
		    -XEN_ENOENT);
}

void test_main(void)
{
	evtchn_port_t port;

	check_clocks();
	check_value("bind the timer", evtchn_bind_virq(VIRQ_TIMER, 0, &port), 0);
	evtchn_set_handler(port, on_timer, NULL);
	check_oneshot("vcpu_op", arm_singleshot);
	check_oneshot("set_timer_op", arm_timer_op);
	check_singleshot_extras();
	check_periodic();
	check_runstate();
	check_value("yield", hypercall_sched_op(SCHEDOP_yield, NULL), 0);
}
