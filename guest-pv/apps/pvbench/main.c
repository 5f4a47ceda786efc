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

uint64_t bench_overhead;
static char **wanted;			/* operations named on the command line; none: all */

static bool is_wanted(const char *name)
{
	char **w = wanted;

	for (; *w; w++)
		if (strcmp(*w, name) == 0)
			return true;
	return w == wanted;
}

void stats_add(struct stats *s, uint64_t value)
{
	s->sum += value;
	if (value < s->min)
		s->min = value;
	s->n++;
}

void bench_say(const char *name, const struct stats *s)
{
	uint64_t mean = s->sum * 100 / s->n;

	if (!is_wanted(name))
		return;
	events_enable();
	printf("bench %s %lu %lu.%02lu %u\n", name, s->min, mean / 100, mean % 100, s->n);
	fflush(stdout);
	events_disable();
}

void must(const char *what, long rc)
{
	if (rc < 0)
		os_panic("pvbench: %s failed: %ld", what, rc);
}

struct stats bench_measure(const struct bench *b)
{
	unsigned int samples = b->samples ? b->samples : SAMPLES;
	unsigned int warm_up = samples < WARM_UP ? 1 : WARM_UP;
	struct stats s = STATS_INIT;

	for (unsigned int i = 0; i < warm_up + samples; i++) {
		uint64_t count;

		if (b->before)
			b->before();
		count = bench_sample(b->run) - bench_overhead;
		if (i >= warm_up)
			stats_add(&s, count);
	}
	return s;
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

static void nops_10(void)
{
	__asm__ volatile(".rept 10\n\tnop\n\t.endr");
}

static void nops_1000(void)
{
	__asm__ volatile(".rept 1000\n\tnop\n\t.endr");
}

/* Nothing, 10 and 1,000 instructions must be counted as 0, 10 and 1,000. */
static void calibrate(void)
{
	static const struct bench table[] = {
		{ "nothing", bench_nothing, NULL, 0 },
		{ "nops_10", nops_10, NULL, 0 },
		{ "nops_1000", nops_1000, NULL, 0 },
	};
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < WARM_UP; i++) {
		uint64_t count = bench_sample(bench_nothing);

		if (count < least)
			least = count;
	}
	bench_overhead = least;
	if (bench_sample(nops_10) - least != 10 || bench_sample(nops_1000) - least != 1000)
		os_panic("pvbench: the counter does not count instructions (QEMU -icount shift=0 is needed)");
	BENCH_RUN(table);
}

int main(int argc, char **argv)
{
	(void)argc;
	wanted = argv + 1;
	events_disable();
	hypercall_set_timer_op(0);
	printf("pvbench: begin\n");
	calibrate();
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
