/* SPDX-License-Identifier: MIT */
/*
 * Workers: one function at a time on a vcpu other than the first, where no threads are. A vcpu is started with
 * its first function and is down between them; its stack and its place for the C library's state stay. What a
 * worker writes before it returns is seen by who has waited for it: `busy` is released and acquired.
 *
 * Lock: start_lock for beginning; the list of those who wait is the threads' (events disabled on vcpu 0).
 */
#include "sched.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <kit/trap.h>
#include <kit/vcpu.h>
#include <kit/xenbus.h>

struct worker {
	struct cpu cpu;
	struct thread self;		/* for what asks who runs; never scheduled */
	bool busy;			/* atomic */
	bool begun;			/* its vcpu has been started */
	void (*fn)(void *arg);
	void *arg;
};

static struct worker *workers[VCPU_MAX];
static struct mutex start_lock = MUTEX_INIT;
static struct waitq waiters = WAITQ_INIT;
static evtchn_port_t done_port;		/* an event to vcpu 0: some worker has returned */

static unsigned int this_vcpu(void)
{
	return cpu_self()->id;
}

static void on_done(evtchn_port_t port, void *arg)
{
	(void)port;
	(void)arg;
	waitq_wake_all(&waiters);
}

static bool is_busy(const struct worker *w)
{
	return w && __atomic_load_n(&w->busy, __ATOMIC_ACQUIRE);
}

/* The life of a vcpu. */
static void run(void *arg)
{
	struct worker *w = arg;

	if (trap_init())
		os_panic("the hypervisor refused the traps of vcpu %u", w->cpu.id);
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, (int)w->cpu.id, NULL);
	events_enable();
	for (;;) {
		w->fn(w->arg);
		__atomic_store_n(&w->busy, false, __ATOMIC_RELEASE);
		evtchn_send(done_port);
		vcpu_down_self();
	}
}

static struct worker *worker_new(unsigned int vcpu)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->self.stack = thread_stack_new();
	if (!w->self.stack) {
		free(w);
		return NULL;
	}
	snprintf(w->self.name, sizeof(w->self.name), "vcpu %u", vcpu);
	w->self.reent = &w->self.reent_space;
	_REENT_INIT_PTR(w->self.reent);
	w->cpu = (struct cpu){ .self = &w->cpu, .id = vcpu, .current = &w->self, .armed = OS_FOREVER };
	return w;
}

static int begin(struct worker *w)
{
	struct vcpu_start how = {
		.entry = run, .arg = w, .stack_end = thread_stack_end(w->self.stack),
		.gs_base = (uintptr_t)&w->cpu,
	};
	int rc;

	if (!done_port) {
		rc = evtchn_bind_ipi(0, &done_port);
		if (rc)
			return rc;
		evtchn_set_handler(done_port, on_done, NULL);
		kit_vcpu_self = this_vcpu;
	}
	rc = vcpu_start(w->cpu.id, &how);
	w->begun = !rc;
	return rc;
}

/* Its last function has returned: it is on its way down. */
static int again(const struct worker *w)
{
	while (vcpu_is_up(w->cpu.id))
		hypercall_sched_op(SCHEDOP_yield, NULL);
	return vcpu_up(w->cpu.id);
}

static bool taken_away(unsigned int vcpu)
{
	char path[32], value[16];

	snprintf(path, sizeof(path), "cpu/%u/availability", vcpu);
	return xenbus_read(XENBUS_NO_TX, path, value, sizeof(value)) >= 0 && !strcmp(value, "offline");
}

static int start_locked(unsigned int vcpu, void (*fn)(void *arg), void *arg)
{
	struct worker *w = workers[vcpu];
	int rc;

	if (is_busy(w))
		return -EBUSY;
	if (!w)
		w = workers[vcpu] = worker_new(vcpu);
	if (!w)
		return -ENOMEM;
	w->fn = fn;
	w->arg = arg;
	__atomic_store_n(&w->busy, true, __ATOMIC_RELEASE);
	rc = w->begun ? again(w) : begin(w);
	if (rc)
		__atomic_store_n(&w->busy, false, __ATOMIC_RELEASE);
	return (int)xen_result(rc);
}

int worker_start(unsigned int vcpu, void (*fn)(void *arg), void *arg)
{
	int rc;

	if (vcpu == 0 || vcpu >= vcpu_count())
		return -ENOENT;
	if (taken_away(vcpu))
		return -EPERM;
	mutex_lock(&start_lock);
	rc = start_locked(vcpu, fn, arg);
	mutex_unlock(&start_lock);
	return rc;
}

bool worker_wait(unsigned int vcpu, uint64_t deadline_ns)
{
	const struct worker *w = vcpu < VCPU_MAX ? workers[vcpu] : NULL;
	bool enabled = events_disable(), busy;

	while ((busy = is_busy(w)) && waitq_sleep(&waiters, deadline_ns))
		;
	events_restore(enabled);
	return !busy || !is_busy(w);
}
