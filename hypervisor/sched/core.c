/* SPDX-License-Identifier: MIT */
/*
 * Who runs: the states of vcpus, their run-state accounting, and the switch. A vcpu is runnable if no VPF_
 * flag is set and nobody has paused it; the policy's queues hold exactly the runnable ones.
 * sched_lock guards all of it. schedule() is called by the exit path on an empty stack; switching is setting
 * cpu->current.
 */
#include "sched.h"
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "mm.h"
#include "printk.h"
#include "x86.h"

const struct sched_policy *sched_policy = &sched_rr;
static spinlock_t sched_lock;

/* Have the CPU look at its queue soon. */
void cpu_kick(struct cpu *c)
{
	__atomic_or_fetch(&c->softirq_pending, 1u << SOFTIRQ_SCHEDULE, __ATOMIC_RELAXED);
}

bool vcpu_runnable(const struct vcpu *v)
{
	return !v->sched.flags && !v->sched.pause_count;
}

static void runstate_set(struct vcpu *v, int state, s_time_t t)
{
	if (v->runstate.state == state)
		return;
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

/* Brings the queue in line with the flags after a change. sched_lock held. Of itself a vcpu may also set a
 * waiting flag without the lock (sched_op.c); then schedule() takes it off the queue. */
static void reconsider(struct vcpu *v)
{
	if (vcpu_runnable(v)) {
		sched_policy->wake(v);
	} else {
		sched_policy->sleep(v);
		if (v->sched.running)
			cpu_kick(cpus[v->sched.cpu]);
	}
	if (!v->sched.running)
		runstate_set(v, idle_state(v), now());
}

static void change_flags(struct vcpu *v, uint32_t set, uint32_t clear)
{
	spin_lock(&sched_lock);
	__atomic_and_fetch(&v->sched.flags, ~clear, __ATOMIC_SEQ_CST);
	__atomic_or_fetch(&v->sched.flags, set, __ATOMIC_SEQ_CST);
	reconsider(v);
	spin_unlock(&sched_lock);
}

void vcpu_down(struct vcpu *v) { change_flags(v, VPF_DOWN, 0); }
void vcpu_up(struct vcpu *v) { change_flags(v, 0, VPF_DOWN); }

void vcpu_unblock(struct vcpu *v)
{
	if (READ_ONCE(v->sched.flags) & (VPF_BLOCKED | VPF_POLLING))
		change_flags(v, 0, VPF_BLOCKED | VPF_POLLING);
}

void vcpu_yield(struct vcpu *v)
{
	spin_lock(&sched_lock);
	if (vcpu_runnable(v))
		sched_policy->yield(v);
	cpu_kick(cpus[v->sched.cpu]);
	spin_unlock(&sched_lock);
}

void vcpu_pause(struct vcpu *v)
{
	spin_lock(&sched_lock);
	v->sched.pause_count++;
	reconsider(v);
	spin_unlock(&sched_lock);
}

void vcpu_unpause(struct vcpu *v)
{
	spin_lock(&sched_lock);
	ASSERT(v->sched.pause_count > 0);
	v->sched.pause_count--;
	reconsider(v);
	spin_unlock(&sched_lock);
}

int sched_vcpu_init(struct vcpu *v)
{
	v->sched.flags = VPF_DOWN;
	v->sched.affinity = v->sched.soft_affinity = ~0UL;
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = now();
	return sched_policy->vcpu_init(v);
}

void sched_vcpu_free(struct vcpu *v)
{
	spin_lock(&sched_lock);
	sched_policy->sleep(v);
	spin_unlock(&sched_lock);
	if (sched_policy->vcpu_free)
		sched_policy->vcpu_free(v);
}

/* Run-state times up to this moment. */
void vcpu_runstate_get(const struct vcpu *v, vcpu_runstate_info_t *out)
{
	spin_lock(&sched_lock);
	*out = v->runstate;
	spin_unlock(&sched_lock);
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
	c->tss.rsp[0] = c->frame_top;
}

void schedule(void)
{
	struct cpu *c = this_cpu();
	struct vcpu *prev = c->curr, *next;
	s_time_t t = now(), slice = NEVER;

	spin_lock(&sched_lock);
	if (!vcpu_runnable(prev))
		sched_policy->sleep(prev);
	next = sched_policy->pick(c, prev, t - c->picked_at, &slice);
	c->picked_at = t;
	if (!next)
		next = c->idle;
	if (next != prev) {
		prev->sched.running = false;
		if (prev != c->idle)
			runstate_set(prev, idle_state(prev), t);
		next->sched.running = true;
		next->sched.cpu = c->id;
		next->sched.runs++;
		if (next != c->idle)
			runstate_set(next, RUNSTATE_running, t);
		switch_to(c, next);
	}
	spin_unlock(&sched_lock);
	if (slice == NEVER)
		timer_stop(&c->slice);
	else
		timer_set(&c->slice, t + MAX(slice, MILLISECS(1)));
	if (next == c->idle)
		return;
	vcpu_load(next);
	if (next != prev) {
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
	c->idle = idle;
	switch_to(c, idle);
	list_init(&c->timers);
	timer_init(&c->slice, slice_over, c);
	return 0;
}

void __init sched_init(void)
{
	if (sched_cpu_init(this_cpu()))
		panic("no memory for the scheduler");
	printk(LOG_INFO, "Scheduler: %s (%s)", sched_policy->name, sched_policy->opt);
}
