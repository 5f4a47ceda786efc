/* SPDX-License-Identifier: MIT */
/*
 * Who runs: the states of vcpus, their run-state accounting, and the switch. A vcpu is runnable if no VPF_
 * flag is set and nobody has paused it; it belongs to one CPU (sched.cpu), whose policy queue holds it exactly
 * while it is runnable, and whose sched_lock guards its state. It changes its CPU, under the locks of both, only
 * while it does not run (balance.c). schedule() is called by the exit path on an empty stack; switching is
 * setting cpu->curr.
 */
#include "sched.h"
#include "balance.h"
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "mm.h"
#include "printk.h"
#include "pti.h"
#include "x86.h"

const struct sched_policy *sched_policy = &sched_rr;

bool vcpu_runnable(const struct vcpu *v)
{
	return !v->sched.flags && !v->sched.pause_count;
}

/* The CPUs' clocks agree only as far as nobody can tell, so t may lie a little before the last entry. */
static void runstate_set(struct vcpu *v, int state, s_time_t t)
{
	if (v->runstate.state == state)
		return;
	t = MAX(t, (s_time_t)v->runstate.state_entry_time);
	v->runstate.time[v->runstate.state] += t - v->runstate.state_entry_time;
	v->runstate.state_entry_time = t;
	v->runstate.state = state;
}

/* Not running: which state is it in? */
static int idle_state(const struct vcpu *v)
{
	if (vcpu_runnable(v))
		return RUNSTATE_runnable;
	return v->sched.flags & (VPF_BLOCKED | VPF_POLLING) && !v->sched.pause_count ? RUNSTATE_blocked :
	       RUNSTATE_offline;
}

static struct cpu *lock_of(const struct vcpu *v)
{
	for (;;) {
		struct cpu *c = cpus[READ_ONCE(v->sched.cpu)];

		spin_lock(&c->sched_lock);
		if (likely(v->sched.cpu == c->id))
			return c;
		spin_unlock(&c->sched_lock);
	}
}

/*
 * Brings the queues in line with the flags after a change; c is v's CPU, locked, and is unlocked on return. at_once: if
 * v can run now, that is not at its own domain's wish. Of itself a vcpu may also set a waiting flag without the lock, and
 * clear it again (sched_op.c), whoever sees it in between: then schedule() takes it off the queue, or puts it back.
 */
static void settle(struct cpu *c, struct vcpu *v, bool at_once)
{
	while (vcpu_runnable(v) && list_empty(&v->sched.queue)) {
		struct cpu *to = v->sched.running ? c : balance_choose(c, v);

		if (to != c && spin_trylock(&to->sched_lock)) {
			v->sched.cpu = to->id;
			spin_unlock(&c->sched_lock);
			c = to;
		} else if (to != c) {
			cpu_kick(to);			/* it may come and take it */
			if (!balance_allowed(v, c)) {	/* it must: let go what it may wait for */
				spin_unlock(&c->sched_lock);
				cpu_relax();
				c = lock_of(v);
				continue;
			}
		}
		sched_policy->wake(v, at_once);
		balance_offer(c, v);
	}
	if (!vcpu_runnable(v)) {
		sched_policy->sleep(v);
		if (v->sched.running)
			cpu_kick(c);
	}
	if (!v->sched.running)
		runstate_set(v, idle_state(v), now());
	spin_unlock(&c->sched_lock);
}

static void change_flags(struct vcpu *v, uint32_t set, uint32_t clear)
{
	struct cpu *c = lock_of(v);

	__atomic_and_fetch(&v->sched.flags, ~clear, __ATOMIC_SEQ_CST);
	__atomic_or_fetch(&v->sched.flags, set, __ATOMIC_SEQ_CST);
	settle(c, v, clear & (VPF_BLOCKED | VPF_POLLING));
}

void vcpu_down(struct vcpu *v) { change_flags(v, VPF_DOWN, 0); }
void vcpu_up(struct vcpu *v) { change_flags(v, 0, VPF_DOWN); }

/* The event is there to be seen before we look whether v runs, and v looks for events after it says so. */
void vcpu_unblock(struct vcpu *v)
{
	if (READ_ONCE(v->sched.flags) & (VPF_BLOCKED | VPF_POLLING))
		change_flags(v, 0, VPF_BLOCKED | VPF_POLLING);
	else if (READ_ONCE(v->sched.running))
		cpu_poke(READ_ONCE(v->sched.cpu));
}

void vcpu_yield(struct vcpu *v)
{
	struct cpu *c = lock_of(v);

	if (!list_empty(&v->sched.queue))	/* or it has been paused: it is about to leave */
		sched_policy->yield(v);
	cpu_kick(c);
	spin_unlock(&c->sched_lock);
}

void vcpu_pause_nosync(struct vcpu *v)
{
	struct cpu *c = lock_of(v);

	v->sched.pause_count++;
	settle(c, v, false);
}

void vcpu_wait_stopped(const struct vcpu *v)
{
	while (v != current && __atomic_load_n(&v->sched.running, __ATOMIC_ACQUIRE))
		cpu_relax();
}

void vcpu_pause(struct vcpu *v)
{
	vcpu_pause_nosync(v);
	vcpu_wait_stopped(v);
}

void vcpu_unpause(struct vcpu *v)
{
	struct cpu *c = lock_of(v);

	ASSERT(v->sched.pause_count > 0);
	v->sched.pause_count--;
	settle(c, v, true);
}

int sched_vcpu_init(struct vcpu *v)
{
	v->sched.flags = VPF_DOWN;
	v->sched.affinity = v->sched.soft_affinity = ~0UL;
	v->sched.cpu = (v->domain->id + v->id) % nr_cpus;
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = now();
	return sched_policy->vcpu_init(v);
}

void sched_vcpu_free(struct vcpu *v)
{
	struct cpu *c = lock_of(v);

	sched_policy->sleep(v);
	spin_unlock(&c->sched_lock);
	if (sched_policy->vcpu_free)
		sched_policy->vcpu_free(v);
}

void sched_set_affinity(struct vcpu *v, uint64_t affinity)
{
	struct cpu *c = lock_of(v);

	WRITE_ONCE(v->sched.affinity, affinity);
	if (v->sched.running)
		cpu_kick(c);		/* schedule() takes it away from there, if need be */
	else
		sched_policy->sleep(v);	/* and settle() puts it where it belongs */
	settle(c, v, false);
}

/* Run-state times up to this moment. */
void vcpu_runstate_get(const struct vcpu *v, vcpu_runstate_info_t *out)
{
	struct cpu *c = lock_of(v);

	*out = v->runstate;
	spin_unlock(&c->sched_lock);
}

s_time_t vcpu_run_time(const struct vcpu *v)
{
	vcpu_runstate_info_t r;

	vcpu_runstate_get(v, &r);
	return r.time[RUNSTATE_running] +
	       (r.state == RUNSTATE_running ? now() - (s_time_t)r.state_entry_time : 0);
}

static void switch_to(struct cpu *c, struct vcpu *v)
{
	c->curr = v;
	c->frame_top = (uint64_t)&v->regs.es;
	if (!pti_on)
		c->tss.rsp[0] = c->frame_top;
}

/* c's sched_lock is held, and let go for a moment if there is nothing to run here. */
static struct vcpu *choose(struct cpu *c, struct vcpu *prev, s_time_t t, s_time_t *slice)
{
	struct vcpu *next;

	if (prev != c->idle) {
		if (!vcpu_runnable(prev) || !balance_allowed(prev, c))
			sched_policy->sleep(prev);
		else if (unlikely(list_empty(&prev->sched.queue)))
			sched_policy->wake(prev, true);
	}
	next = sched_policy->pick(c, prev, t - c->picked_at, slice);
	c->picked_at = t;
	c->slicing = *slice != NEVER;
	if (!next && balance_pull(c)) {
		next = sched_policy->pick(c, c->idle, 0, slice);
		c->slicing = *slice != NEVER;
	}
	return next ? next : c->idle;
}

static void account(struct cpu *c, struct vcpu *prev, struct vcpu *next, s_time_t t)
{
	runstate_set(prev, prev == c->idle ? RUNSTATE_offline : idle_state(prev), t);
	runstate_set(next, RUNSTATE_running, t);
}

void schedule(void)
{
	struct cpu *c = this_cpu();
	struct vcpu *prev = c->curr, *next, *away = NULL;
	s_time_t t = now(), slice = NEVER;

	spin_lock(&c->sched_lock);
	next = choose(c, prev, t, &slice);
	if (next != prev) {
		account(c, prev, next, t);
		next->sched.runs++;
		switch_to(c, next);
		/* A sender of events reads it after the event: next looks for events after this. */
		__atomic_store_n(&next->sched.running, true, __ATOMIC_SEQ_CST);
		__atomic_store_n(&prev->sched.running, false, __ATOMIC_RELEASE);
		if (prev != c->idle)
			away = balance_push(c, prev);
		else
			balance_busy(c);
	}
	if (away)
		settle(c, away, false);
	else
		spin_unlock(&c->sched_lock);
	if (slice == NEVER)
		timer_stop(&c->slice);
	else
		timer_set(&c->slice, t + MAX(slice, MILLISECS(1)));
	if (next == c->idle)
		return;
	vcpu_load(next);
	if (next != prev) {
		if (unlikely(next->timers_cpu != c->id))
			vcpu_timers_follow(next);
		time_refresh_vcpu(next);
		runstate_update_guest(next);
	}
}

static void slice_over(void *arg) { cpu_kick(arg); }

int __init sched_cpu_init(struct cpu *c)
{
	struct vcpu *idle = hv_alloc(MAX(sizeof(*idle), PAGE_SIZE));

	if (!idle)
		return -ENOMEM;
	list_init(&idle->sched.queue);
	idle->sched.running = true;
	idle->sched.cpu = c->id;
	idle->loaded_on = LOADED_NOWHERE;
	idle->runstate.state_entry_time = now();
	c->idle = idle;
	c->softirq_pending = 1u << SOFTIRQ_SCHEDULE;	/* it looks for work first */
	switch_to(c, idle);
	list_init(&c->timers);
	list_init(&c->ready);
	timer_init(&c->slice, slice_over, c);
	c->slice.cpu = c->id;
	return 0;
}

void __init sched_init(void)
{
	if (sched_cpu_init(this_cpu()))
		panic("no memory for the scheduler");
	printk(LOG_INFO, "Scheduler: %s (%s)", sched_policy->name, sched_policy->opt);
}
