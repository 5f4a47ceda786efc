/* SPDX-License-Identifier: MIT */
/* System time (ns since boot) from the TSC, wall clock, one-shot timers on a per-CPU list. */
#ifndef HV_TIME_H
#define HV_TIME_H

#include "list.h"
#include "types.h"

struct cpu;
struct domain;
struct vcpu;
struct vcpu_time_info;

#define SECONDS(n) ((s_time_t)(n) * 1000000000LL)
#define MILLISECS(n) ((s_time_t)(n) * 1000000LL)
#define NEVER INT64_MAX

extern uint64_t tsc_khz;

s_time_t now(void);

struct timer {
	s_time_t expires;
	void (*fn)(void *arg);			/* in softirq context: interrupts off, no locks held */
	void *arg;
	struct list link;			/* in cpus[cpu]->timers while armed */
	unsigned cpu;				/* where it was set last */
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg);
void timer_set(struct timer *t, s_time_t expires);	/* re-arms an armed timer */
void timer_stop(struct timer *t);			/* its handler may still run on another CPU */
void timer_stop_sync(struct timer *t);			/* nor that, if nobody else sets it; takes no lock the handler takes */
void timer_follow(struct timer *t);			/* if it is armed on another CPU: fire here instead */

void time_init(void);				/* boot: calibrate TSC and LAPIC */
void time_calibrate(uint64_t *tsc_hz, uint64_t *apic_hz);	/* calibrate.c: boot; some 10 ms */
/* tsc_sync.c: finds how far the TSC of a CPU that starts is off the boot CPU's; each calls its half. */
void tsc_sync_lead(struct cpu *c);
void tsc_sync_follow(void);
void time_init_domain(struct domain *d);	/* wall clock into shared_info */
void time_fill(struct vcpu_time_info *t);	/* by the version protocol */
void time_update_vcpu(struct vcpu *v);		/* vcpu_time_info by the version protocol */
void time_refresh_vcpu(struct vcpu *v);		/* v starts to run: the same, if it got lost */
int time_set_wallclock(uint64_t secs, uint32_t ns, s_time_t system_time);	/* dom0: settime */

#endif
