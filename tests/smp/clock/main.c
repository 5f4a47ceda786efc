/* SPDX-License-Identifier: MIT */
/*
 * Time on several vcpus. System time, read on whichever vcpu, is never before a reading that is known to
 * have been made earlier on another; nor is the copy in a registered time area. Timers are each vcpu's own and never early.
 * Run-state times of a vcpu that spins beside others add up to the time that passed, and what it waited
 * for a CPU is counted as that (stolen time).
 *
 * Needs: dom0_max_vcpus=4
 */
#include "smp.h"

#define MS 1000000UL
#define TIMERS 40

static uint64_t latest;
static volatile unsigned int back[VCPU_MAX], early[VCPU_MAX], fired[VCPU_MAX];
static volatile uint64_t deadline[VCPU_MAX];
static struct vcpu_time_info area[VCPU_MAX];
static evtchn_port_t port[VCPU_MAX];
static struct vcpu_runstate_info before[VCPU_MAX], after[VCPU_MAX];

/* Somebody else's reading first, then ours: ours must not be smaller. */
static void read_on(unsigned int vcpu)
{
	while (smp_goes_on()) {
		uint64_t seen = __atomic_load_n(&latest, __ATOMIC_SEQ_CST), t = time_now_ns();

		if (t < seen)
			back[vcpu]++;
		while (seen < t && !__atomic_compare_exchange_n(&latest, &seen, t, false, __ATOMIC_SEQ_CST,
								  __ATOMIC_SEQ_CST))
			;
	}
}

static void register_area(unsigned int vcpu)
{
	struct vcpu_register_time_memory_area t = { .addr.v = &area[vcpu] };

	hypercall_vcpu_op(VCPUOP_register_vcpu_time_memory_area, (int)vcpu, &t);
}

/* Both records must tell the same time within one reading of the counter. */
static bool areas_agree(void)
{
	for (unsigned int v = 0; v < smp_vcpus(); v++) {
		const struct vcpu_time_info *own = &shared_info->vcpu_info[v].time;

		if (!area[v].tsc_to_system_mul || area[v].version & 1 ||
		    area[v].tsc_to_system_mul != own->tsc_to_system_mul || area[v].tsc_shift != own->tsc_shift)
			return false;
	}
	return true;
}

static void on_timer(evtchn_port_t p, void *arg)
{
	unsigned int vcpu = smp_self();

	(void)p;
	(void)arg;
	if (time_now_ns() < deadline[vcpu])
		early[vcpu]++;
	fired[vcpu]++;
}

static void use_timers(unsigned int vcpu)
{
	evtchn_set_handler(port[vcpu], on_timer, NULL);
	events_disable();
	for (unsigned int i = 0; i < TIMERS; i++) {
		deadline[vcpu] = time_now_ns() + (1 + smp_random(4)) * MS;
		hypercall_set_timer_op(deadline[vcpu]);
		while (fired[vcpu] == i) {
			hypercall_sched_op(SCHEDOP_block, NULL);
			events_disable();
		}
	}
	events_enable();
}

static void runstate(unsigned int vcpu, struct vcpu_runstate_info *r)
{
	hypercall_vcpu_op(VCPUOP_get_runstate_info, (int)vcpu, r);
}

static void spin_on(unsigned int vcpu)
{
	uint64_t end;

	smp_barrier();
	runstate(vcpu, &before[vcpu]);
	end = time_now_ns() + 400 * MS;
	while (time_now_ns() < end)
		;
	runstate(vcpu, &after[vcpu]);
}

static uint64_t spent(unsigned int vcpu, unsigned int state)
{
	return after[vcpu].time[state] - before[vcpu].time[state];
}

static void check_runstates(void)
{
	uint64_t running = 0, waiting = 0, least = UINT64_MAX;

	smp_run(spin_on);
	for (unsigned int v = 0; v < smp_vcpus(); v++) {
		uint64_t sum = spent(v, RUNSTATE_running) + spent(v, RUNSTATE_runnable) +
			       spent(v, RUNSTATE_blocked) + spent(v, RUNSTATE_offline);

		running += spent(v, RUNSTATE_running);
		waiting += spent(v, RUNSTATE_runnable);
		if (sum < least)
			least = sum;
	}
	say("# ran %lu ms, waited %lu ms\n", running / MS, waiting / MS);
	check("run-state times add up to the time that passed", least >= 399 * MS);
	check("with what was waited for a CPU, unless there are enough",
	      running + waiting >= smp_vcpus() * 390 * MS);
}

void test_main(void)
{
	unsigned int b = 0, e = 0, f = 0;

	smp_run(read_on);
	for (unsigned int v = 0; v < smp_vcpus(); v++)
		b += back[v];
	check_value("readings before another one's", b, 0);
	smp_run(register_area);
	check("time areas tell what vcpu_info tells", areas_agree());
	for (unsigned int v = 0; v < smp_vcpus(); v++)
		check_value("bind a timer", evtchn_bind_virq(VIRQ_TIMER, v, &port[v]), 0);
	smp_run(use_timers);
	for (unsigned int v = 0; v < smp_vcpus(); v++) {
		e += early[v];
		f += fired[v];
	}
	check_value("timers that came early", e, 0);
	check_value("each fired once", f, TIMERS * smp_vcpus());
	check_runstates();
}
