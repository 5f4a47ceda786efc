/* SPDX-License-Identifier: MIT */
/*
 * One system time for all CPUs. A CPU that starts answers the boot CPU some times with its TSC. If each answer
 * lies between the question and its receipt, nobody can ever see the two clocks disagree, and they count as
 * one; else the exchange that took least tells how far they are apart, and the CPU's tsc_boot makes up for it.
 */
#include "cpu.h"
#include "printk.h"
#include "time.h"
#include "x86.h"

#define ROUNDS 16u
#define ENOUGH MILLISECS(5)		/* a machine that is itself a guest may be slow to answer */
#define LAST (~0u)

static uint32_t asked, answered;	/* number of the round, 0: none yet */
static uint64_t answer;

static uint64_t rdtsc_in_order(void)
{
	__asm__ volatile("lfence" ::: "memory");
	return rdtsc();
}

static uint32_t wait_change(const uint32_t *word, uint32_t from)
{
	uint32_t v;

	while ((v = __atomic_load_n(word, __ATOMIC_ACQUIRE)) == from)
		__builtin_ia32_pause();
	return v;
}

void tsc_sync_follow(void)
{
	for (uint32_t round = 0; (round = wait_change(&asked, round)) != LAST; ) {
		answer = rdtsc_in_order();
		__atomic_store_n(&answered, round, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&answered, LAST, __ATOMIC_RELEASE);
}

/* One question; false: the answer is not from between. *off: by how much, if the way there and back are alike. */
static bool __init ask(uint32_t round, int64_t *off, uint64_t *took)
{
	uint64_t before = rdtsc_in_order(), after;

	__atomic_store_n(&asked, round, __ATOMIC_SEQ_CST);
	wait_change(&answered, round - 1);
	after = rdtsc_in_order();
	*took = after - before;
	*off = answer - (before + *took / 2);
	return (int64_t)(answer - before) >= 0 && (int64_t)(after - answer) >= 0;
}

void __init tsc_sync_lead(struct cpu *c)
{
	s_time_t end = now() + ENOUGH;
	uint64_t shortest = ~0UL, took;
	int64_t off = 0, o;
	bool alike = true;

	for (uint32_t round = 1; round <= ROUNDS && now() < end; round++) {
		alike &= ask(round, &o, &took);
		if (took < shortest) {
			shortest = took;
			off = o;
		}
	}
	c->tsc_boot = this_cpu()->tsc_boot + (alike ? 0 : off);
	__atomic_store_n(&asked, LAST, __ATOMIC_RELEASE);
	while (__atomic_load_n(&answered, __ATOMIC_ACQUIRE) != LAST)
		__builtin_ia32_pause();
	asked = answered = 0;		/* for the next one */
	if (!alike)
		printk(LOG_WARN, "CPU %u: its TSC is %ld ticks off, made up for", c->id, off);
}
