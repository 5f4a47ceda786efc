/* SPDX-License-Identifier: MIT */
/*
 * Runs the groups of measurements, the calibration first. Events stay disabled all the time, but while a
 * line is written and where a group says otherwise; so what interrupts a sample is the hypervisor's own.
 * Arguments: operations to measure, all if there are none.
 */
#include "bench.h"
#include <kit/trap.h>
#include <stdio.h>
#include <string.h>

static char **wanted;			/* operations named on the command line; none: all */

static bool is_wanted(const char *name)
{
	char **w = wanted;

	for (; *w; w++)
		if (strcmp(*w, name) == 0)
			return true;
	return w == wanted;
}

static void print(const char *name, const struct stats *s)
{
	uint64_t mean = s->sum * 100 / s->n;

	hypercall_fpu_taskswitch(0);	/* whatever was measured: printing may use the FPU */
	printf("bench %s %lu %lu.%02lu %u\n", name, s->min, mean / 100, mean % 100, s->n);
	fflush(stdout);
}

/* Events that a measurement left are taken, said or not: those that wait make the next one's calls longer. */
void bench_say(const char *name, const struct stats *s)
{
	events_enable();
	if (is_wanted(name))
		print(name, s);
	events_disable();
}

void must(const char *what, long rc)
{
	if (rc < 0)
		os_panic("pvbench: %s failed: %ld", what, rc);
}

void bench_run(const struct bench *table, size_t n)
{
	for (; n; n--, table++) {
		struct stats s;

		if (!is_wanted(table->name))
			continue;
		s = bench_measure(table);
		bench_say(table->name, &s);
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	wanted = argv + 1;
	hypercall_set_timer_op(0);
	printf("pvbench: begin\n");
	fflush(stdout);
	events_disable();
	if (!bench_calibrate())
		os_panic("pvbench: the counter does not count instructions (QEMU -icount shift=0 is needed)");
	bench_run(bench_calibration, CALIBRATIONS);
	bench_calls();
	bench_events();
	bench_tables();
	bench_pins();
	bench_bases();
	bench_traps();
	bench_user();
	bench_emulation();
	bench_grants();
	bench_memory();
	bench_timers();
	bench_fork();
	if (start_info_is_dom0()) {
		bench_control();
		bench_peer();
	}
	must("trap_init", trap_init());
	events_enable();
	printf("pvbench: end\n");
	return 0;
}
