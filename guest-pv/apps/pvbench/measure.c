/* SPDX-License-Identifier: MIT */
/*
 * The measuring loop and its calibration: nothing, 10 and 1,000 instructions must be counted as 0, 10 and 1,000.
 */
#include "measure.h"

static uint64_t overhead;		/* of bench_sample, found by calibration */

void stats_add(struct stats *s, uint64_t value)
{
	s->sum += value;
	if (value < s->min)
		s->min = value;
	s->n++;
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
		count = bench_sample(b->run) - overhead;
		if (i >= warm_up)
			stats_add(&s, count);
	}
	return s;
}

static void nops_10(void)
{
	__asm__ volatile(".rept 10\n\tnop\n\t.endr");
}

static void nops_1000(void)
{
	__asm__ volatile(".rept 1000\n\tnop\n\t.endr");
}

const struct bench bench_calibration[CALIBRATIONS] = {
	{ "nothing", bench_nothing, NULL, 0 },
	{ "nops_10", nops_10, NULL, 0 },
	{ "nops_1000", nops_1000, NULL, 0 },
};

bool bench_calibrate(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < WARM_UP; i++) {
		uint64_t count = bench_sample(bench_nothing);

		if (count < least)
			least = count;
	}
	overhead = least;
	return bench_sample(nops_10) - least == 10 && bench_sample(nops_1000) - least == 1000;
}
