/* SPDX-License-Identifier: MIT */
/*
 * Round robin: a queue a CPU. A vcpu whose wait has ended goes to the front and takes the CPU at once; it runs for
 * what it had left of its slice, so waking often gains nothing. A vcpu whose slice is used up goes to the back, and gets
 * a new one when its turn comes, not before, for it can be taken off the queue and come back as often as its domain
 * likes: then it goes to the back too, and disturbs nobody whose turn has an end anyhow. The sched_lock of the CPU is
 * held in every call.
 */
#include "cpu.h"
#include "domain.h"
#include "sched.h"

#define SLICE MILLISECS(10)

static int rr_vcpu_init(struct vcpu *v)
{
	list_init(&v->sched.queue);
	v->sched.slice_left = SLICE;
	return 0;
}

static void rr_sleep(struct vcpu *v)
{
	if (list_empty(&v->sched.queue))
		return;
	list_del(&v->sched.queue);
	cpus[v->sched.cpu]->nr_ready--;
}

static void rr_wake(struct vcpu *v, bool at_once)
{
	struct cpu *c = cpus[v->sched.cpu];

	if (!list_empty(&v->sched.queue))
		return;
	c->nr_ready++;
	at_once &= v->sched.slice_left > 0;
	if (at_once)
		list_add(&c->ready, &v->sched.queue);
	else
		list_add_tail(&c->ready, &v->sched.queue);
	if (at_once || !c->slicing)
		cpu_kick(c);
}

static void rr_yield(struct vcpu *v)
{
	list_del(&v->sched.queue);
	list_add_tail(&cpus[v->sched.cpu]->ready, &v->sched.queue);
}

static struct vcpu *rr_waiting(struct cpu *from, const struct cpu *to)
{
	list_for_each(p, &from->ready) {
		struct vcpu *v = list_entry(p, struct vcpu, sched.queue);

		if (!v->sched.running && v->sched.affinity >> to->id & 1)
			return v;
	}
	return NULL;
}

/* The running vcpu stays in the queue; what it ran comes off its slice. */
static struct vcpu *rr_pick(struct cpu *c, struct vcpu *prev, s_time_t ran, s_time_t *slice)
{
	struct vcpu *v;

	if (prev != c->idle) {
		prev->sched.slice_left -= ran;
		prev->sched.turn_over = prev->sched.slice_left <= 0 && !list_empty(&prev->sched.queue);
		if (prev->sched.turn_over)
			rr_yield(prev);
	}
	if (list_empty(&c->ready))
		return NULL;
	v = list_first(&c->ready, struct vcpu, sched.queue);
	if (v->sched.slice_left <= 0)
		v->sched.slice_left = SLICE;
	*slice = c->nr_ready == 1 ? NEVER : v->sched.slice_left;
	return v;
}

/* The tools have no number for round robin. It is credit with the weights and caps all alike, and that is
 * what they see. */
const struct sched_policy sched_rr = {
	.name = "Round Robin", .opt = "rr", .id = XEN_SCHEDULER_CREDIT,
	.vcpu_init = rr_vcpu_init, .wake = rr_wake, .sleep = rr_sleep, .yield = rr_yield,
	.waiting = rr_waiting, .pick = rr_pick,
};
