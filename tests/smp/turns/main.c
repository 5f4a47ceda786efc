/* SPDX-License-Identifier: MIT */
/*
 * Vcpus that take each other down and bring each other up again, all the time, as if their turns began anew: another
 * vcpu of the same CPU has its turns all the same. And if a vcpu of another CPU does so to one of this CPU, the other
 * one gets its work done: coming and going costs those who come and go.
 *
 * Needs: dom0_max_vcpus=3
 */
#include "control.h"
#include "smp.h"
#include <xen/vcpu.h>

#define RUN_MS 1000
#define SECONDS 5		/* in one of which it has its share */
#define STORM_MS 20
#define STORM_SHARE 50		/* of what it gets done beside one that stays; it should be as much or more */
#define SHARE 20		/* percent of the time that the other one has at least; it should be a third or more */

static struct xen_domctl op;
static volatile bool over;
static volatile bool storm;
static uint64_t begun, ended, ran, counted[2];	/* in peace and in the storm */

static uint64_t running_time(unsigned int vcpu)
{
	struct vcpu_runstate_info info;

	if (hypercall_vcpu_op(VCPUOP_get_runstate_info, vcpu, &info))
		os_panic("no run state");
	return info.time[RUNSTATE_running];
}

static void renew(unsigned int vcpu)
{
	hypercall_vcpu_op(VCPUOP_down, vcpu, NULL);
	hypercall_vcpu_op(VCPUOP_up, vcpu, NULL);
}

/* Counts, as long as the run goes on. The storm comes and goes, so that both meet the same machine. */
static void be_the_other(void)
{
	uint64_t ran_before = running_time(0);

	counted[0] = counted[1] = 0;
	begun = time_now_ns();
	while (smp_goes_on()) {
		counted[storm]++;
		storm = (time_now_ns() - begun) / (STORM_MS * 1000000UL) % 2;
	}
	ended = time_now_ns();
	ran = running_time(0) - ran_before;
	over = true;
}

/* All on one CPU: two renew each other's turns (never both are down, for who is down renews nobody). */
static void on_one(unsigned int vcpu)
{
	if (vcpu == 0)
		be_the_other();
	while (!over)
		if (vcpu < 3)
			renew(3 - vcpu);
}

/* One on another CPU renews the turns of one of ours, or leaves it alone. */
static void from_another(unsigned int vcpu)
{
	if (vcpu == 0)
		be_the_other();
	while (!over)
		if (vcpu == 2 && storm)
			renew(1);
}

static void run(void (*fn)(unsigned int vcpu))
{
	over = false;
	smp_run(fn);
}

void test_main(void)
{
	unsigned int seconds = 0;

	smp_run_ms = RUN_MS;
	for (unsigned int i = 0; i < smp_vcpus(); i++)
		control_pin(&op, 0, i, 0);
	do {			/* a machine that stands still may do so in the others' turns alone, once */
		run(on_one);
		say("# it ran for %lu of %lu ms\n", ran / 1000000, (ended - begun) / 1000000);
	} while (ran * 100 / (ended - begun) < SHARE && ++seconds < SECONDS);
	check("its part of one CPU", seconds < SECONDS);
	if (control_pin(&op, 0, 2, 1))
		return;
	run(from_another);
	say("# it counted to %lu, in peace to %lu\n", counted[1], counted[0]);
	check("its part of one CPU in a storm", counted[1] * 100 / counted[0] >= STORM_SHARE);
}
