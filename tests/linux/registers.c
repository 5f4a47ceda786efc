/* SPDX-License-Identifier: MIT */
/*
 * Registers that must survive signals and changes of context: vector registers, segment bases, a
 * segment of the local descriptor table; and clocks, which must not run backwards.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "stress.h"

#define CHILDREN 3

static volatile long ticks;
static bool avx;

static void load(const uint64_t *value)
{
	if (avx)
		__asm__ volatile("vmovdqu (%0), %%ymm7" :: "r"(value) : "xmm7");
	else
		__asm__ volatile("movdqu (%0), %%xmm7" :: "r"(value) : "xmm7");
	__asm__ volatile("fildq (%0)" :: "r"(value));
}

static void store(uint64_t *value, uint64_t *x87)
{
	if (avx)
		__asm__ volatile("vmovdqu %%ymm7, (%0)" :: "r"(value) : "memory");
	else
		__asm__ volatile("movdqu %%xmm7, (%0)" :: "r"(value) : "memory");
	__asm__ volatile("fistpq (%0)" :: "r"(x87) : "memory");
}

static void tick(int signal)
{
	static const uint64_t garbage[4] = { 1, 2, 3, 4 };
	uint64_t out[4], x87;

	(void)signal;
	load(garbage);
	store(out, &x87);
	ticks++;
}

/* Holds a value in the vector and x87 registers while signals and other processes use them. */
static void hold(uint64_t seed)
{
	uint64_t in[4] = { seed, seed * 3, seed * 5, seed * 7 }, out[4] = { 0 }, x87;
	size_t size = avx ? 32 : 16;

	load(in);
	for (volatile int i = 0; i < 20000; i++)
		;
	store(out, &x87);
	if (memcmp(in, out, size) || x87 != seed)
		fail("a vector register changed: %lx %lx %lx %lx, x87 %lx, seed %lx", out[0], out[1],
		     out[2], out[3], x87, seed);
}

/* In children, so that there is somebody to change context with, each interrupted by a timer. */
static long in_children(void (*once)(uint64_t))
{
	int child[CHILDREN];
	long n = 0;

	for (int i = 0; i < CHILDREN; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		signal(SIGALRM, tick);
		setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 3000 }, { 0, 3000 } }, NULL);
		for (n = 1; !ends() || !ticks; n++)
			once((uint64_t)(n * CHILDREN + i));
		_exit(0);
	}
	for (int i = 0; i < CHILDREN; i++)
		reap(child[i]);
	return CHILDREN;
}

long vectors(void)
{
	avx = __builtin_cpu_supports("avx");
	return in_children(hold);
}

/* What the processor finds in the descriptor tables; -1: no such segment. */
static long limit_of(uint16_t selector)
{
	uint64_t limit = 0;
	bool found;

	__asm__ volatile("lsl %2, %0" : "=r"(limit), "=@ccz"(found) : "r"((uint64_t)selector));
	return found ? (long)limit : -1;
}

/*
 * The local descriptor table changes with the context. A selector held in ES is not looked at later: a
 * kernel that is interrupted between changing tables and saving ES finds it cleared, on any hypervisor.
 */
static void hold_bases(uint64_t seed)
{
	struct user_desc d = {
		.entry_number = 1 + (unsigned int)seed % 500, .limit = seed & 0xfffff, .seg_32bit = 1,
		.useable = 1, .base_addr = 0,
	};
	uint64_t base = seed << 20 & 0x7ffffff00000, read;
	uint16_t es = (uint16_t)(d.entry_number << 3 | 7);

	if (syscall(SYS_modify_ldt, 1, &d, sizeof(d)))
		fail("modify_ldt");
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, base))
		fail("arch_prctl");
	__asm__ volatile("mov %0, %%es" :: "r"(es));
	usleep(seed % 4 ? 0 : 100);
	for (volatile int i = 0; i < 2000; i++)
		;
	syscall(SYS_arch_prctl, ARCH_GET_GS, &read);
	if (limit_of(es) != (long)d.limit || read != base)
		fail("limit of %x %lx, expected %x; base of GS %lx, expected %lx", es, limit_of(es), d.limit,
		     read, base);
}

long segments(void)
{
	return in_children(hold_bases);
}

long clocks(void)
{
	static const clockid_t ids[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME };
	struct timespec last[3] = { { 0, 0 } }, t;
	long n;

	for (n = 0; !ends(); n++)
		for (int i = 0; i < 3; i++) {
			clock_gettime(ids[i], &t);
			if (t.tv_sec < last[i].tv_sec ||
			    (t.tv_sec == last[i].tv_sec && t.tv_nsec < last[i].tv_nsec))
				fail("clock %d went back from %ld.%09ld to %ld.%09ld", ids[i],
				     last[i].tv_sec, last[i].tv_nsec, t.tv_sec, t.tv_nsec);
			last[i] = t;
		}
	return n;
}
