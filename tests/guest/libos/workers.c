/* SPDX-License-Identifier: MIT */
/*
 * Workers: functions on vcpus of their own. They run beside the threads, see the same memory, the clock and
 * events of their vcpu, one at a time on each vcpu, again and again.
 */
#include <errno.h>
#include <libos.h>
#include "check.h"

#define ROUNDS 200

static volatile bool go;
static volatile unsigned int seen_vcpu, events;
static uint64_t sums[3];
static evtchn_port_t port;

static void add_up(void *arg)
{
	uint64_t n = (uintptr_t)arg;

	for (uint64_t i = 1; i <= 1000; i++)
		sums[n] += i;
}

static void hold(void *arg)
{
	(void)arg;
	seen_vcpu = kit_vcpu_self();
	while (!go)
		hypercall_sched_op(SCHEDOP_yield, NULL);
}

static void on_event(evtchn_port_t p, void *arg)
{
	(void)p;
	(void)arg;
	events += kit_vcpu_self();
}

/* Sleeps on its vcpu until the event's handler has run there. */
static void await_event(void *arg)
{
	(void)arg;
	evtchn_set_handler(port, on_event, NULL);
	go = true;
	while (!events) {
		events_disable();
		if (!events)
			events_block();
		else
			events_enable();
	}
}

static void measure_time(void *arg)
{
	uint64_t last = time_now_ns();

	*(bool *)arg = true;
	for (int i = 0; i < 1000; i++) {
		uint64_t now = time_now_ns();

		if (now < last)
			*(bool *)arg = false;
		last = now;
	}
}

static void check_rules(void)
{
	check("vcpus are counted", vcpu_count() == 3);
	check("vcpu 0 is the threads'", worker_start(0, hold, NULL) == -ENOENT);
	check("there is no fourth", worker_start(3, hold, NULL) == -ENOENT);
	check("nothing to wait for", worker_wait(1, OS_FOREVER));
	check("start a worker", worker_start(1, hold, NULL) == 0);
	check("one at a time", worker_start(1, hold, NULL) == -EBUSY);
	check("a wait ends at its deadline", !worker_wait(1, time_now_ns() + 20 * MS));
	go = true;
	check("it returns", worker_wait(1, OS_FOREVER));
	check("it knows its vcpu", seen_vcpu == 1);
}

static void check_rounds(void)
{
	bool ok = true;

	for (uintptr_t i = 0; i < ROUNDS; i++) {
		ok &= worker_start(1, add_up, (void *)1) == 0;
		ok &= worker_start(2, add_up, (void *)2) == 0;
		ok &= worker_wait(1, OS_FOREVER) && worker_wait(2, OS_FOREVER);
	}
	check("two vcpus, started again and again", ok);
	check("what they wrote is seen", sums[1] == ROUNDS * 500500UL && sums[2] == sums[1]);
	for (unsigned int i = 1; i < 3; i++)
		while (vcpu_is_up(i))
			hypercall_sched_op(SCHEDOP_yield, NULL);
	check("between functions a vcpu is down", !vcpu_is_up(1) && !vcpu_is_up(2));
}

static void check_own_events(void)
{
	bool forward;

	go = false;
	check("a port for vcpu 2", evtchn_bind_ipi(2, &port) == 0);
	check("whose worker sleeps", worker_start(2, await_event, NULL) == 0);
	while (!go)
		thread_yield();
	thread_sleep_ns(20 * MS);
	check("until its event", !events && evtchn_send(port) == 0);
	check("comes to its vcpu", worker_wait(2, time_now_ns() + 10000 * MS) && events == 2);
	evtchn_close(port);
	check("the clock there", worker_start(1, measure_time, &forward) == 0 &&
	      worker_wait(1, OS_FOREVER) && forward);
}

void check_workers(void)
{
	check_rules();
	check_rounds();
	check_own_events();
}
