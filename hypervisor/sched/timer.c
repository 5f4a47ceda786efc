/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: a list a CPU, soonest first, and the CPU's APIC timer armed for its head. Insertion
 * walks the list; it holds a few timers a vcpu. Handlers run from the timer softirq without locks and
 * may set timers, their own too. timer_lock of the CPU guards its list.
 */
#include "cpu.h"
#include "irq.h"
#include "time.h"
#include "x86.h"

#define MAX_TICKS 0x7fffffffUL

/* Arms the APIC for the soonest timer of this CPU. */
static void rearm(struct cpu *c)
{
	s_time_t deadline = list_empty(&c->timers) ? NEVER :
			    list_first(&c->timers, struct timer, link)->expires;
	uint64_t ticks;
	s_time_t left;

	if (deadline == c->apic_deadline)
		return;
	c->apic_deadline = deadline;
	if (deadline == NEVER) {
		apic_timer_arm(0);
		return;
	}
	left = deadline - now();
	/* an early interrupt finds nothing to do and arms anew; beyond 1000 s it always does */
	ticks = left <= 0 ? 1 : left >= SECONDS(1000) ? MAX_TICKS : (uint64_t)left * apic_khz / 1000000 + 1;
	apic_timer_arm(MIN(ticks, MAX_TICKS));
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
	*t = (struct timer){ .fn = fn, .arg = arg };
	list_init(&t->link);
}

void timer_stop(struct timer *t)
{
	struct cpu *c = cpus[t->cpu];

	spin_lock(&c->timer_lock);
	if (!list_empty(&t->link))
		list_del(&t->link);
	spin_unlock(&c->timer_lock);
}

void timer_set(struct timer *t, s_time_t expires)
{
	struct cpu *c = this_cpu();
	struct list *at;

	timer_stop(t);
	spin_lock(&c->timer_lock);
	t->expires = expires;
	t->cpu = c->id;
	at = &c->timers;
	while (at->next != &c->timers && list_entry(at->next, struct timer, link)->expires <= expires)
		at = at->next;
	list_add(at, &t->link);
	rearm(c);
	spin_unlock(&c->timer_lock);
}

void timer_softirq(void)
{
	struct cpu *c = this_cpu();

	spin_lock(&c->timer_lock);
	c->apic_deadline = -1;
	while (!list_empty(&c->timers)) {
		struct timer *t = list_first(&c->timers, struct timer, link);

		if (t->expires > now())
			break;
		list_del(&t->link);
		spin_unlock(&c->timer_lock);
		t->fn(t->arg);
		spin_lock(&c->timer_lock);
	}
	rearm(c);
	spin_unlock(&c->timer_lock);
}
