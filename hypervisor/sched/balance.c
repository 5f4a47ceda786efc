/* SPDX-License-Identifier: MIT */
/*
 * No CPU idles while a vcpu waits for one. A vcpu that wakes goes to an idle CPU if its own is busy; a CPU that runs
 * out of work takes over a vcpu that waits elsewhere; a vcpu whose slice is used up goes on to a CPU where
 * fewer wait, so that with more vcpus than CPUs all get the same.
 *
 * idle_cpus makes it certain: a CPU sets its bit first and looks at the other queues after, while who puts a
 * vcpu on a queue looks at the bits after that. One of both sees the other. Lock: the sched_lock of both CPUs for
 * a move, the lower address first (or by trylock).
 */
#include "balance.h"

static uint64_t idle_cpus __aligned(64);	/* atomic */

/* Takes an idle CPU of this set, preferably of that; -1: there is none. */
static int claim_idle(uint64_t set, uint64_t rather)
{
	uint64_t idle;

	while ((idle = __atomic_load_n(&idle_cpus, __ATOMIC_SEQ_CST) & set)) {
		unsigned cpu = __builtin_ctzll(idle & rather ? idle & rather : idle);

		if (test_and_clear_bit(cpu, &idle_cpus))
			return cpu;
	}
	return -1;
}

static struct cpu *least_loaded(uint64_t set)
{
	struct cpu *best = NULL;

	for (unsigned i = 0; i < nr_cpus; i++)
		if (set >> i & 1 && (!best || READ_ONCE(cpus[i]->nr_ready) < READ_ONCE(best->nr_ready)))
			best = cpus[i];
	return best;
}

struct cpu *balance_choose(struct cpu *c, const struct vcpu *v)
{
	uint64_t may = v->sched.affinity & cpus_online();
	int cpu;

	if (nr_cpus == 1)
		return c;
	if (may >> c->id & 1 && !c->nr_ready && c->curr == c->idle) {
		balance_busy(c);
		return c;
	}
	cpu = claim_idle(may, v->sched.soft_affinity);
	if (cpu >= 0)
		return cpus[cpu];
	return may >> c->id & 1 ? c : least_loaded(may);
}

void balance_offer(const struct cpu *c, const struct vcpu *v)
{
	int cpu;

	if (c->nr_ready < 2 || nr_cpus == 1)
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	cpu = claim_idle(v->sched.affinity & cpus_online(), ~0ULL);
	if (cpu >= 0)
		cpu_kick(cpus[cpu]);
}

static void lock_two(struct cpu *a, struct cpu *b)
{
	spin_lock(a < b ? &a->sched_lock : &b->sched_lock);
	spin_lock(a < b ? &b->sched_lock : &a->sched_lock);
}

/* One vcpu that waits at `from`; both locked. */
static bool take(struct cpu *c, struct cpu *from)
{
	struct vcpu *v = sched_policy->waiting(from, c);

	if (!v)
		return false;
	sched_policy->sleep(v);
	v->sched.cpu = c->id;
	sched_policy->wake(v, false);
	return true;
}

bool balance_pull(struct cpu *c)
{
	bool found = false;

	if (nr_cpus == 1)
		return false;
	spin_unlock(&c->sched_lock);
	set_bit(c->id, &idle_cpus);
	for (unsigned i = 1; i < nr_cpus && !found; i++) {
		struct cpu *from = cpus[(c->id + i) % nr_cpus];

		if (READ_ONCE(from->nr_ready) < 2)	/* one that is alone runs, or soon will */
			continue;
		lock_two(c, from);
		found = !c->nr_ready && take(c, from);
		spin_unlock(&from->sched_lock);
		spin_unlock(&c->sched_lock);
	}
	spin_lock(&c->sched_lock);
	if (c->nr_ready)
		clear_bit(c->id, &idle_cpus);
	return c->nr_ready != 0;
}

void balance_busy(const struct cpu *c)
{
	if (nr_cpus > 1)
		clear_bit(c->id, &idle_cpus);
}

struct vcpu *balance_push(struct cpu *c, struct vcpu *v)
{
	uint64_t may = v->sched.affinity & cpus_online();
	struct cpu *to;

	if (nr_cpus == 1 || !vcpu_runnable(v))
		return NULL;
	if (!(may >> c->id & 1))
		return v;		/* no more allowed here */
	if (!v->sched.turn_over || list_empty(&v->sched.queue))
		return NULL;
	to = least_loaded(may);
	if (READ_ONCE(to->nr_ready) >= c->nr_ready || !spin_trylock(&to->sched_lock))
		return NULL;
	sched_policy->sleep(v);
	v->sched.cpu = to->id;
	sched_policy->wake(v, false);
	spin_unlock(&to->sched_lock);
	return NULL;
}
