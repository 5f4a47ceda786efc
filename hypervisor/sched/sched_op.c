/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sched_op and set_timer_op: a guest waits, gives up the CPU, or ends. Waiting is a flag of the vcpu
 * and a request to schedule on the way out. The flag goes up first and events are looked for
 * after, while senders raise the event first and look at the flag after: one of both always sees the other.
 */
#include <xen/sched.h>
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "hypercall.h"
#include "lib.h"
#include "pv.h"
#include "uaccess.h"

#define POLL_PORTS_MAX 128

static void wait_begin(struct vcpu *v, uint32_t flag)
{
	__atomic_or_fetch(&v->sched.flags, flag, __ATOMIC_SEQ_CST);
}

static void wait_cancel(struct vcpu *v, uint32_t flag)
{
	__atomic_and_fetch(&v->sched.flags, ~flag, __ATOMIC_SEQ_CST);
}

static long sched_yield(void)
{
	vcpu_yield(current);
	return 0;
}

static long sched_block(void)
{
	struct vcpu *v = current;

	v->info->evtchn_upcall_mask = 0;
	wait_begin(v, VPF_BLOCKED);
	if (evtchn_upcall_due(v) || unlikely(pv_nmi_due(v)))
		wait_cancel(v, VPF_BLOCKED);
	else
		raise_softirq(SOFTIRQ_SCHEDULE);
	return 0;
}

static long op_shutdown(void *arg)
{
	domain_shutdown(current->domain, ((sched_shutdown_t *)arg)->reason);
	return 0;
}

/* 1: a port is pending, 0: none, or -errno. The last port read is left in *port. */
static long any_pending(const sched_poll_t *p, evtchn_port_t *port)
{
	for (unsigned i = 0; i < p->nr_ports; i++) {
		int r;

		if (copy_from_guest_off(port, p->ports, i, 1))
			return -EFAULT;
		r = evtchn_port_poll(current->domain, *port);
		if (r)
			return r;
	}
	return 0;
}

static long op_poll(void *arg)
{
	const sched_poll_t *p = arg;
	struct vcpu *v = current;
	evtchn_port_t port = 0;
	long ret;

	if (p->nr_ports > POLL_PORTS_MAX)
		return -EINVAL;
	if (!guest_range_ok(p->ports.p, p->nr_ports * sizeof(evtchn_port_t)))
		return -EFAULT;
	wait_begin(v, VPF_POLLING);
	evtchn_poll_begin(v, 0);
	ret = evtchn_upcall_due(v) || unlikely(pv_nmi_due(v)) ? 1 : any_pending(p, &port);
	if (ret) {
		evtchn_poll_end(v);
		wait_cancel(v, VPF_POLLING);
		return ret > 0 ? 0 : ret;
	}
	if (p->nr_ports == 1)
		evtchn_poll_begin(v, port);
	if (p->timeout)
		timer_set(&v->poll, MIN(p->timeout, (uint64_t)NEVER));
	else
		timer_stop(&v->poll);
	raise_softirq(SOFTIRQ_SCHEDULE);
	return 0;
}

static long op_remote_shutdown(void *arg)
{
	const sched_remote_shutdown_t *a = arg;
	struct domain *d = a->domain_id == DOMID_SELF ? NULL : domain_get(a->domain_id);

	if (!d)
		return -ESRCH;
	if (!current->domain->privileged) {
		domain_put(d);
		return -EPERM;
	}
	domain_shutdown(d, a->reason);
	domain_put(d);
	return 0;
}

static long op_shutdown_code(void *arg)
{
	struct domain *d = current->domain;

	spin_lock(&d->shutdown_lock);
	if (d->shutdown_code == SHUTDOWN_CODE_NONE)
		d->shutdown_code = ((sched_shutdown_t *)arg)->reason;
	spin_unlock(&d->shutdown_lock);
	return 0;
}

static long op_watchdog(void *arg)
{
	const sched_watchdog_t *a = arg;

	return watchdog_set(current->domain, a->id, a->timeout);
}

static const struct subop ops[] = {
	[SCHEDOP_shutdown] = { op_shutdown, sizeof(sched_shutdown_t), false, false },
	[SCHEDOP_poll] = { op_poll, sizeof(sched_poll_t), false, false },
	[SCHEDOP_remote_shutdown] = { op_remote_shutdown, sizeof(sched_remote_shutdown_t), false, false },
	[SCHEDOP_shutdown_code] = { op_shutdown_code, sizeof(sched_shutdown_t), false, false },
	[SCHEDOP_watchdog] = { op_watchdog, sizeof(sched_watchdog_t), false, false },
};

long do_sched_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a3, (void)a4, (void)a5, (void)a6;
	switch ((uint32_t)cmd) {
	case SCHEDOP_yield:
		return sched_yield();
	case SCHEDOP_block:
		return sched_block();
	}
	return subop_dispatch(ops, ARRAY_SIZE(ops), cmd, (void *)arg);
}

long do_sched_op_compat(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a3, (void)a4, (void)a5, (void)a6;
	switch ((uint32_t)cmd) {
	case SCHEDOP_yield:
		return sched_yield();
	case SCHEDOP_block:
		return sched_block();
	case SCHEDOP_shutdown:
		domain_shutdown(current->domain, arg);
		return 0;
	}
	return -ENOSYS;
}

/* Absolute system time; 0 stops. */
long do_set_timer_op(uint64_t timeout, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	struct vcpu *v = current;
	s_time_t t = now();

	(void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	if (timeout == 0) {
		timer_stop(&v->singleshot);
		return 0;
	}
	/*
	 * A time before the beginning or further than 13 days away is what arithmetic in a guest makes of "now"
	 * or of "never", and it cannot be told which: a wake-up soon does for both.
	 */
	if ((s_time_t)timeout < 0 || (s_time_t)timeout - t > (1LL << 50))
		timeout = t + MILLISECS(100);
	timer_set(&v->singleshot, timeout);
	return 0;
}
