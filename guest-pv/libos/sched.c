/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: round-robin with time slices, sleepers by deadline, no periodic tick. The timer is
 * set to the nearer of the first sleeper's deadline and, if others want to run, the slice's end.
 *
 * Lock: everything here runs with events disabled. A thread that is switched to finds them
 * disabled, and restores what it had itself.
 */
#include "sched.h"
#include <string.h>

#define SLICE_NS 10000000ULL

extern void thread_switch(uint64_t *save_rsp, uint64_t load_rsp);

static struct cpu cpu0;
static struct thread boot_thread;
static struct waitq ready;
static struct thread *sleepers;

static void append(struct waitq *q, struct thread *t)
{
	t->next = NULL;
	if (q->tail)
		q->tail->next = t;
	else
		q->head = t;
	q->tail = t;
}

static struct thread *pop(struct waitq *q)
{
	struct thread *t = q->head;

	if (t) {
		q->head = t->next;
		if (!q->head)
			q->tail = NULL;
	}
	return t;
}

static void remove(struct waitq *q, struct thread *t)
{
	struct thread **link = &q->head, *prev = NULL;

	while (*link && *link != t) {
		prev = *link;
		link = &prev->next;
	}
	if (!*link)
		return;
	*link = t->next;
	if (q->tail == t)
		q->tail = prev;
}

static void timer_want(uint64_t deadline)
{
	struct cpu *cpu = cpu_self();

	if (deadline < cpu->armed) {
		cpu->armed = deadline;
		hypercall_set_timer_op(deadline);
	}
}

static void sleeper_add(struct thread *t)
{
	struct thread **link = &sleepers;

	while (*link && (*link)->deadline <= t->deadline)
		link = &(*link)->sleep_next;
	t->sleep_next = *link;
	*link = t;
}

static void sleeper_remove(struct thread *t)
{
	struct thread **link = &sleepers;

	while (*link && *link != t)
		link = &(*link)->sleep_next;
	if (*link)
		*link = t->sleep_next;
}

void sched_wake(struct thread *t)
{
	sched_must_be_here("a wake-up");
	if (t->queue)
		remove(t->queue, t);
	t->queue = NULL;
	if (t->deadline != OS_FOREVER)
		sleeper_remove(t);
	t->deadline = OS_FOREVER;
	append(&ready, t);
	cpu_self()->resched = true;
	/* Whoever runs now may have been alone, without an end to its slice. */
	timer_want(time_now_ns() + SLICE_NS);
}

static void wake_sleepers(void)
{
	uint64_t now;

	if (!sleepers)
		return;
	now = time_now_ns();
	while (sleepers && sleepers->deadline <= now) {
		sleepers->timed_out = true;
		sched_wake(sleepers);
	}
}

static void on_timer(evtchn_port_t port, void *arg)
{
	struct cpu *cpu = cpu_self();

	(void)port;
	(void)arg;
	cpu->armed = OS_FOREVER;
	cpu->resched = true;
	wake_sleepers();
}

/* Runs the next ready thread; waits for one with the vcpu asleep. The caller has put the current
 * thread on a queue, or ended it. */
static void schedule(void)
{
	struct cpu *cpu = cpu_self();
	struct thread *prev = cpu->current, *next;

	cpu->resched = false;
	wake_sleepers();
	while (!(next = pop(&ready))) {
		if (sleepers)
			timer_want(sleepers->deadline);
		cpu->idle = true;
		events_block();
		events_disable();
		cpu->idle = false;
	}
	if (ready.head)
		timer_want(time_now_ns() + SLICE_NS);
	if (sleepers)
		timer_want(sleepers->deadline);
	if (next != prev) {
		cpu->current = next;
		thread_switch(&prev->rsp, next->rsp);
	}
}

void sched_after_event(void)
{
	struct cpu *cpu = cpu_self();

	if (cpu->idle || !cpu->resched)
		return;
	append(&ready, cpu->current);
	schedule();
}

bool waitq_sleep(struct waitq *q, uint64_t deadline_ns)
{
	struct thread *t = cpu_self()->current;

	sched_must_be_here("a wait");
	t->timed_out = false;
	t->queue = q;
	if (q)
		append(q, t);
	t->deadline = deadline_ns;
	if (deadline_ns != OS_FOREVER)
		sleeper_add(t);
	schedule();
	return !t->timed_out;
}

void waitq_wake_one(struct waitq *q)
{
	bool enabled = events_disable();

	if (q->head)
		sched_wake(q->head);
	events_restore(enabled);
}

void waitq_wake_all(struct waitq *q)
{
	bool enabled = events_disable();

	while (q->head)
		sched_wake(q->head);
	events_restore(enabled);
}

void thread_yield(void)
{
	bool enabled = events_disable();

	append(&ready, cpu_self()->current);
	schedule();
	events_restore(enabled);
}

void thread_sleep_until(uint64_t deadline_ns)
{
	bool enabled = events_disable();

	waitq_sleep(NULL, deadline_ns);
	events_restore(enabled);
}

void thread_sleep_ns(uint64_t ns)
{
	thread_sleep_until(time_now_ns() + ns);
}

struct thread *thread_self(void)
{
	return cpu_self()->current;
}

void sched_init_early(void)
{
	struct thread *t = &boot_thread;

	cpu0.self = &cpu0;
	cpu0.current = t;
	cpu0.armed = OS_FOREVER;
	t->deadline = OS_FOREVER;
	t->reent = _impure_ptr;
	strcpy(t->name, "main");
	if (hypercall_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&cpu0))
		os_panic("the hypervisor refused the gs base");
}

void sched_init(void)
{
	evtchn_port_t port;

	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	if (evtchn_bind_virq(VIRQ_TIMER, 0, &port))
		os_panic("cannot bind the timer");
	evtchn_set_handler(port, on_timer, NULL);
}
