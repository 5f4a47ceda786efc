/* SPDX-License-Identifier: MIT */
/*
 * Scheduling: the core (sched/core.c) keeps vcpu states and accounts time; a policy decides who runs
 * where. The exit path calls schedule() on an empty stack, so switching is a change of pointers.
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include "list.h"
#include "lock.h"
#include "time.h"

struct cpu;
struct vcpu;
struct vcpu_runstate_info;

/* Reasons not to run; runnable when none is set and pause_count is 0. */
#define VPF_BLOCKED	1u		/* SCHEDOP_block, until an event is pending */
#define VPF_DOWN	2u		/* vcpu not brought up */
#define VPF_POLLING	4u		/* SCHEDOP_poll */

struct sched_vcpu {
	uint32_t flags;			/* VPF_*, sched lock */
	uint32_t pause_count;		/* sched lock */
	bool running;			/* some CPU executes it */
	uint64_t runs;			/* times it was given a CPU */
	unsigned cpu;
	bool turn_over;			/* policy: it has used up its slice */
	struct list queue;		/* the policy's run queue */
	uint64_t affinity;		/* CPUs it may run on, bit mask */
	uint64_t soft_affinity;		/* and those it had better run on */
	s_time_t slice_left;		/* round robin */
};

struct sched_policy {
	const char *name, *opt;
	unsigned id;			/* XEN_SCHEDULER_* */
	int (*vcpu_init)(struct vcpu *v);
	void (*vcpu_free)(struct vcpu *v);
	/* Became runnable: enqueue, tickle a CPU. at_once: not at its domain's own wish. */
	void (*wake)(struct vcpu *v, bool at_once);
	void (*sleep)(struct vcpu *v);		/* no longer runnable: dequeue */
	void (*yield)(struct vcpu *v);
	struct vcpu *(*waiting)(struct cpu *from, const struct cpu *to);	/* one there that may run here, or NULL */
	/* The next vcpu for this CPU (prev, which ran for `ran` ns, stays eligible if runnable), or NULL for
	 * idle; *slice: how long until pick wants to be called again, NEVER if not. */
	struct vcpu *(*pick)(struct cpu *c, struct vcpu *prev, s_time_t ran, s_time_t *slice);
};

extern const struct sched_policy sched_rr, *sched_policy;

void sched_init(void);
int sched_cpu_init(struct cpu *c);	/* its idle vcpu, which it runs at first; -ENOMEM */
int sched_vcpu_init(struct vcpu *v);
void sched_vcpu_free(struct vcpu *v);
void schedule(void);			/* from the exit path only */
void vcpu_unblock(struct vcpu *v);	/* event pending: ends block (and poll); if v runs elsewhere, it looks */
void vcpu_pause(struct vcpu *v);	/* counts; when it returns, v does not run (unless v is current) */
void vcpu_pause_nosync(struct vcpu *v);	/* counts; v stops soon */
void vcpu_wait_stopped(const struct vcpu *v);	/* no lock held that v might wait for */
void sched_set_affinity(struct vcpu *v, uint64_t affinity);	/* at least one CPU online; v obeys soon */
void vcpu_unpause(struct vcpu *v);
void vcpu_down(struct vcpu *v);
void vcpu_up(struct vcpu *v);
void vcpu_yield(struct vcpu *v);
bool vcpu_runnable(const struct vcpu *v);
s_time_t vcpu_run_time(const struct vcpu *v);	/* ns it has run */
void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out);

/* x86/switch.c: load v's address space, descriptor tables, FPU, segments. */
void vcpu_load(struct vcpu *v);
/* Make sure no CPU has v's state in its registers (v is paused or being destroyed). */
void vcpu_unload(struct vcpu *v);
/* Segment registers and bases of a vcpu into struct vcpu, for a reader of its context. */
void vcpu_sync(struct vcpu *v);
/* v's LDT or CR4 changed: take it over if v is loaded. */
void vcpu_reload_ldt(struct vcpu *v);
void vcpu_load_cr4(const struct vcpu *v);
void vcpu_load_tsc_aux(const struct vcpu *v);
void fpu_reset(struct vcpu *v);

#endif
