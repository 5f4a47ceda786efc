/* SPDX-License-Identifier: MIT */
/* Which CPU a vcpu runs on: between sched/core.c and sched/balance.c. */
#ifndef HV_BALANCE_H
#define HV_BALANCE_H

#include "cpu.h"
#include "domain.h"

static inline bool balance_allowed(const struct vcpu *v, const struct cpu *c)
{
	return READ_ONCE(v->sched.affinity) >> c->id & 1;
}

/* Where v, which is about to wait for a CPU, should do so. c: its CPU, locked. An idle CPU that is chosen
 * counts as busy from then on. */
struct cpu *balance_choose(struct cpu *c, const struct vcpu *v);
/* v waits at c, which is locked: is there an idle CPU that would take it? */
void balance_offer(const struct cpu *c, const struct vcpu *v);
/* c has nothing to run: fetches a vcpu that waits elsewhere. true: look again. c is locked, and is let go in between;
 * on false it counts as idle. */
bool balance_pull(struct cpu *c);
void balance_busy(const struct cpu *c);		/* c is idle no more */
/* v has just stopped running on c, which is locked. If it should wait elsewhere it is taken off the queue and
 * returned, else NULL. */
struct vcpu *balance_push(struct cpu *c, struct vcpu *v);

#endif
