/* SPDX-License-Identifier: MIT */
/*
 * Instructions that one call of a function costs, on a machine whose time-stamp counter counts them (QEMU
 * -icount shift=0). One sample is the difference of two readings around the call, less that of a function that only
 * returns. Without a system of its own: the guest and the bare machine's image (tests/bench/native) measure with this.
 */
#ifndef PVBENCH_MEASURE_H
#define PVBENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench {
	const char *name;
	void (*run)(void);		/* counted */
	void (*before)(void);		/* once before each sample; may be NULL */
	unsigned int samples;		/* 0: SAMPLES */
};
#define SAMPLES 1000
#define WARM_UP 20

struct stats { uint64_t sum, min; unsigned int n; };
#define STATS_INIT { 0, UINT64_MAX, 0 }

void stats_add(struct stats *s, uint64_t value);
struct stats bench_measure(const struct bench *b);

/* Finds what two readings count. False if 10 and 1,000 instructions are not counted as such. */
bool bench_calibrate(void);
#define CALIBRATIONS 3
extern const struct bench bench_calibration[CALIBRATIONS];	/* nothing, 10 and 1,000 NOPs */

/* sample.asm: counter after one call of run less counter before it; the counter; a function that only returns */
uint64_t bench_sample(void (*run)(void));
uint64_t bench_count(void);
void bench_nothing(void);
void cpuid_native(void);

#endif
