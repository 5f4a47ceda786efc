/* SPDX-License-Identifier: MIT */
/*
 * The slow part of leaving to a guest: soft interrupts, scheduling, restarted hypercalls, and what must be
 * delivered. Runs on the CPU's empty stack with interrupts off; current may be another vcpu
 * when it returns.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "hypercall.h"
#include "printk.h"
#include "pt.h"
#include "pv.h"
#include "spec.h"
#include "x86.h"

void exit_work(void);

static void softirqs(struct cpu *c)
{
	uint32_t pending = __atomic_exchange_n(&c->softirq_pending, 0, __ATOMIC_SEQ_CST);

	if (unlikely(pending & 1u << SOFTIRQ_STAND))
		stand_softirq();
	if (pending & 1u << SOFTIRQ_TIMER)
		timer_softirq();
	if (pending & 1u << SOFTIRQ_SCHEDULE)
		schedule();
}

bool preempt_needed(void)
{
	lock_check_window();
	irq_window();
	return READ_ONCE(this_cpu()->softirq_pending) != 0;
}

long hypercall_again(void)
{
	raise_softirq(SOFTIRQ_SCHEDULE);
	return -ERESTART;
}

/* Without a soft interrupt that answer is one that the guest chose (a debug register). */
static void restart_hypercall(struct vcpu *v)
{
	struct cpu_user_regs *r = &v->regs;
	long rc;

	rc = hypercall_table[index_nospec(r->rax, NR_HYPERCALLS)](r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9);
	v->cont.restarting = rc == -ERESTART && READ_ONCE(this_cpu()->softirq_pending);
	if (!v->cont.restarting)
		r->rax = rc;
}

/* The domain may be shut down already, by another vcpu; if it is resumed, v comes here again. */
static void end_crashed(struct vcpu *v)
{
	if (!READ_ONCE(v->domain->is_shut_down))
		pv_report(v);
	domain_shutdown(v->domain, SHUTDOWN_crash);
	raise_softirq(SOFTIRQ_SCHEDULE);
}

void exit_work(void)
{
	struct cpu *c = this_cpu();

	for (;;) {
		struct vcpu *v = c->curr;

		if (unlikely(v->crashed))
			end_crashed(v);
		if (READ_ONCE(c->softirq_pending)) {
			softirqs(c);
			continue;
		}
		if (v == c->idle) {
			if (unlikely(spec_at_idle))
				spec_idle();
			sti_hlt_cli();
			c->wakeups++;
		} else if (v->cont.restarting) {
			restart_hypercall(v);
			irq_window();
		} else if (unlikely(v->unfinished)) {
			pt_finish_current(v);
		} else if (v->failsafe_pending) {
			pv_deliver_failsafe(v);
		} else if (v->nmi_pending && pv_deliver_nmi(v)) {
			continue;
		} else if (v->info->evtchn_upcall_pending && !v->info->evtchn_upcall_mask &&
			   pv_deliver_event(v)) {
			continue;
		} else if (!READ_ONCE(c->softirq_pending)) {	/* there is one if what was to be delivered could not be */
			return;
		}
	}
}
