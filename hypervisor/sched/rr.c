/* SPDX-License-Identifier: MIT */
/*
 * Round robin: a queue a CPU. A vcpu that wakes goes to the front and takes the CPU at once; it runs for
 * what it had left of its slice, so waking often gains nothing. A vcpu whose slice is used up gets a
 * new one and goes to the back. The core's sched lock is held in every call.
 */
#include "cpu.h"
#include "domain.h"
#include "sched.h"

#define SLICE MILLISECS(10)

static struct list queues[MAX_CPUS];

static struct list *queue_of(const struct vcpu *v)
{
	struct list *q = &queues[v->sched.cpu];

	if (!q->next)
		list_init(q);
	return q;
}

static int rr_vcpu_init(struct vcpu *v)
{
	list_init(&v->sched.queue);
	v->sched.slice_left = SLICE;
	return 0;
}

static void rr_sleep(struct vcpu *v)
{
	list_del(&v->sched.queue);
}

static void rr_wake(struct vcpu *v)
{
	if (!list_empty(&v->sched.queue))
		return;
	if (v->sched.slice_left > 0) {
		list_add(queue_of(v), &v->sched.queue);
	} else {
		v->sched.slice_left = SLICE;
		list_add_tail(queue_of(v), &v->sched.queue);
	}
	cpu_kick(cpus[v->sched.cpu]);
}

static void rr_yield(struct vcpu *v)
{
	list_del(&v->sched.queue);
	list_add_tail(queue_of(v), &v->sched.queue);
}

/* The running vcpu stays in the queue; what it ran comes off its slice. */
static struct vcpu *rr_pick(struct cpu *c, struct vcpu *prev, s_time_t ran, s_time_t *slice)
{
	struct list *q = queue_of(prev);
	struct vcpu *v;

	if (prev != c->idle) {
		prev->sched.slice_left -= ran;
		if (prev->sched.slice_left <= 0 && !list_empty(&prev->sched.queue)) {
			prev->sched.slice_left = SLICE;
			rr_yield(prev);
		}
	}
	if (list_empty(q))
		return NULL;
	v = list_first(q, struct vcpu, sched.queue);
	*slice = q->next->next == q ? NEVER : v->sched.slice_left;
	return v;
}

/* The tools have no number for round robin. It is credit with the weights and caps all alike, and that is
 * what they see. */
const struct sched_policy sched_rr = {
	.name = "Round Robin", .opt = "rr", .id = XEN_SCHEDULER_CREDIT,
	.vcpu_init = rr_vcpu_init, .wake = rr_wake, .sleep = rr_sleep, .yield = rr_yield, .pick = rr_pick,
};
