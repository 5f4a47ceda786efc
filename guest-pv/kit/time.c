/* SPDX-License-Identifier: MIT */
/*
 * Reading the clocks. The hypervisor updates each record between two increments of its version: an
 * odd version, or one that changed while we read, means to read again.
 */
#include <kit/time.h>
#include <kit/start_info.h>

static inline uint64_t rdtsc_ordered(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline uint64_t scale(uint64_t ticks, uint32_t mul, int shift)
{
	ticks = shift >= 0 ? ticks << shift : ticks >> -shift;
	return (unsigned __int128)ticks * mul >> 32;
}

uint64_t time_now_ns(void)
{
	const volatile struct vcpu_time_info *t = &vcpu_info()->time;
	uint32_t version;
	uint64_t now;

	do {
		version = t->version;
		__asm__ volatile("" : : : "memory");
		now = t->system_time + scale(rdtsc_ordered() - t->tsc_timestamp,
					     t->tsc_to_system_mul, t->tsc_shift);
		__asm__ volatile("" : : : "memory");
	} while ((version & 1) || version != t->version);
	return now;
}

uint64_t time_wall_ns(void)
{
	const volatile struct shared_info *s = shared_info;
	uint32_t version;
	uint64_t boot;

	do {
		version = s->wc_version;
		__asm__ volatile("" : : : "memory");
		boot = ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec) * 1000000000ULL + s->wc_nsec;
		__asm__ volatile("" : : : "memory");
	} while ((version & 1) || version != s->wc_version);
	return boot + time_now_ns();
}
