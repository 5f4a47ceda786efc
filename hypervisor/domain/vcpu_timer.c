/* SPDX-License-Identifier: MIT */
/*
 * The three timers of a vcpu, and what is due when it starts to run. Single-shot and periodic timers end in
 * VIRQ_TIMER; the periodic tick neither wakes a vcpu that waits nor fires while it does. Timers are armed by the
 * vcpu itself (the tick also by siblings), so their fields need no lock beyond the timer lock.
 */
#include <xen/vcpu.h>
#include "cpu.h"
#include "domain.h"
#include "lib.h"
#include "page.h"
#include "pti.h"
#include "uaccess.h"
#include "x86.h"

static void singleshot_due(void *arg)
{
	evtchn_send_virq(arg, VIRQ_TIMER);
}

static void tick_due(void *arg)
{
	struct vcpu *v = arg;

	/* Not running: the tick resumes with the vcpu. */
	if (!v->sched.running)
		return;
	evtchn_send_virq(v, VIRQ_TIMER);
	if (v->periodic_period)
		timer_set(&v->periodic, v->periodic.expires + v->periodic_period);
}

static void poll_due(void *arg)
{
	struct vcpu *v = arg;

	/* The poll this was armed for may have ended by an event. */
	if (READ_ONCE(v->sched.flags) & VPF_POLLING)
		vcpu_unblock(v);
}

void vcpu_timers_init(struct vcpu *v)
{
	timer_init(&v->singleshot, singleshot_due, v);
	timer_init(&v->periodic, tick_due, v);
	timer_init(&v->poll, poll_due, v);
	v->periodic_period = MILLISECS(10);
}

void vcpu_timers_stop(struct vcpu *v)
{
	timer_stop_sync(&v->singleshot);
	timer_stop_sync(&v->periodic);
	timer_stop_sync(&v->poll);
}

void vcpu_timers_follow(struct vcpu *v)
{
	v->timers_cpu = this_cpu()->id;
	timer_follow(&v->singleshot);
	timer_follow(&v->periodic);
}

static void tick_resume(struct vcpu *v)
{
	s_time_t t = now();

	if (!v->periodic_period || v->periodic.expires > t)
		return;
	timer_set(&v->periodic, MAX(v->periodic.expires + v->periodic_period, t));
}

/* A guest that gave a bad address learns nothing from us; it only misses its update. */
static void copy_runstate(struct vcpu *v)
{
	vcpu_runstate_info_t rs = v->runstate;
	uint64_t *entry_time = &v->runstate_guest.p->state_entry_time;
	bool flagged = v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag);

	if (flagged) {
		rs.state_entry_time |= XEN_RUNSTATE_UPDATE;
		if (copy_to_guest_bytes(entry_time, &rs.state_entry_time, sizeof(*entry_time)))
			return;
		barrier();
	}
	if (copy_to_guest(v->runstate_guest, &rs, 1) || !flagged)
		return;
	barrier();
	rs.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
	if (copy_to_guest_bytes(entry_time, &rs.state_entry_time, sizeof(*entry_time)))
		return;
}

/* The copy of vcpu_time_info that a guest shows to its user space, when this CPU's TSC is another than it says. */
static void copy_time(struct vcpu *v)
{
	vcpu_time_info_t t = { .version = v->time_area_version };

	time_fill(&t);
	v->time_area_version = t.version;
	v->time_area_tsc = this_cpu()->tsc_boot;
	(void)!copy_to_guest(v->time_guest, &t, 1);
}

static void copy_areas(struct vcpu *v)
{
	if (!guest_handle_is_null(v->runstate_guest))
		copy_runstate(v);
	if (!guest_handle_is_null(v->time_guest) && v->time_area_tsc != this_cpu()->tsc_boot)
		copy_time(v);
}

void runstate_update_guest(struct vcpu *v)
{
	evtchn_poll_end(v);
	if (v->periodic_period)
		tick_resume(v);
	if (guest_handle_is_null(v->runstate_guest) && guest_handle_is_null(v->time_guest))
		return;
	/* The address is one of the guest kernel's, which its user tables need not map. */
	if (v->pv.kernel_mode) {
		copy_areas(v);
	} else {
		maddr_t user = root_read();

		root_load(mfn_to_maddr(v->pv.base_kernel));
		copy_areas(v);
		root_load(user);
	}
}
