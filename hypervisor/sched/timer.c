/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: a list a CPU, soonest first, and the CPU's APIC timer armed for its head, or a little later (slack)
 * if others follow that closely. A timer is set on the CPU that sets it, and fires there. Insertion walks the list; it
 * holds a few timers a vcpu. Handlers run from the timer softirq without locks and may set timers, their own too.
 *
 * The timer_lock of cpus[t->cpu] guards t, armed or not; t->cpu changes only under the locks of both CPUs, of
 * which the one at the lower address is taken first.
 */
#include "boot.h"
#include "cpu.h"
#include "irq.h"
#include "time.h"
#include "x86.h"

#define MAX_TICKS 0x7fffffffUL

/* When the soonest timer of this CPU expires, or up to timer_slop later, if one interrupt then does for others too. */
static s_time_t due(const struct cpu *c)
{
	s_time_t first, last;

	if (list_empty(&c->timers))
		return NEVER;
	first = last = list_first(&c->timers, struct timer, link)->expires;
	for (const struct list *p = c->timers.next->next; p != &c->timers; p = p->next) {
		const struct timer *t = list_entry(p, const struct timer, link);

		if (t->expires - first > opt.timer_slop)
			break;
		last = t->expires;
	}
	return last;
}

/* Arms the APIC for what is due next. */
static void rearm(struct cpu *c)
{
	s_time_t deadline = due(c);
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

static void disarm(struct timer *t)
{
	if (!list_empty(&t->link))
		list_del(&t->link);
}

void timer_stop(struct timer *t)
{
	struct cpu *c;

	for (;;) {
		c = cpus[READ_ONCE(t->cpu)];
		spin_lock(&c->timer_lock);
		if (likely(t->cpu == c->id))
			break;
		spin_unlock(&c->timer_lock);
	}
	disarm(t);
	spin_unlock(&c->timer_lock);
}

static bool handler_runs_elsewhere(const struct timer *t)
{
	for (unsigned i = 0; i < nr_cpus; i++)
		if (cpus[i] != this_cpu() && __atomic_load_n(&cpus[i]->timer_firing, __ATOMIC_ACQUIRE) == t)
			return true;
	return false;
}

void timer_stop_sync(struct timer *t)
{
	do {
		timer_stop(t);
		while (handler_runs_elsewhere(t))
			cpu_relax();
	} while (!list_empty(&t->link));	/* it armed itself again */
}

/* c is locked. Elsewhere's timer comes here, disarmed. */
static void take_over(struct timer *t, struct cpu *c)
{
	while (t->cpu != c->id) {
		struct cpu *old = cpus[READ_ONCE(t->cpu)];

		if (old < c)
			spin_unlock(&c->timer_lock);
		spin_lock(&old->timer_lock);
		if (old < c)
			spin_lock(&c->timer_lock);
		if (t->cpu == old->id) {
			disarm(t);
			t->cpu = c->id;
		}
		spin_unlock(&old->timer_lock);
	}
}

void timer_set(struct timer *t, s_time_t expires)
{
	struct cpu *c = this_cpu();
	struct list *at = &c->timers;

	spin_lock(&c->timer_lock);
	if (unlikely(t->cpu != c->id))
		take_over(t, c);
	disarm(t);
	t->expires = expires;
	while (at->next != &c->timers && list_entry(at->next, struct timer, link)->expires <= expires)
		at = at->next;
	list_add(at, &t->link);
	rearm(c);
	spin_unlock(&c->timer_lock);
}

void timer_follow(struct timer *t)
{
	struct cpu *old = cpus[READ_ONCE(t->cpu)];
	s_time_t expires;
	bool armed;

	if (likely(old == this_cpu()))
		return;
	spin_lock(&old->timer_lock);
	armed = t->cpu == old->id && !list_empty(&t->link);
	expires = t->expires;
	if (armed)
		disarm(t);
	spin_unlock(&old->timer_lock);
	if (armed)
		timer_set(t, expires);
}

void timer_softirq(void)
{
	struct cpu *c = this_cpu();

	spin_lock(&c->timer_lock);
	c->apic_deadline = -1;
	while (!list_empty(&c->timers)) {
		struct timer *t = list_first(&c->timers, struct timer, link);
		void (*fn)(void *) = t->fn;
		void *arg = t->arg;

		if (t->expires > now())
			break;
		list_del(&t->link);
		c->timer_firing = t;
		spin_unlock(&c->timer_lock);
		fn(arg);
		__atomic_store_n(&c->timer_firing, NULL, __ATOMIC_RELEASE);
		spin_lock(&c->timer_lock);
	}
	rearm(c);
	spin_unlock(&c->timer_lock);
}
