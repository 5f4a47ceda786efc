/* SPDX-License-Identifier: MIT */
/*
 * One address space changed by several threads at once: each has every fourth page of a common mapping, which it
 * writes, protects, gives back and moves; besides, mappings of its own come and go. On several CPUs each
 * change has to reach the others' translations.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "stress.h"

#define THREADS 4
#define PAGE 4096
#define PAGES 256
#define OWN 64

static volatile uint64_t *common;
static long rounds[THREADS];

static volatile uint64_t *word(int page)
{
	return common + page * (PAGE / 8);
}

static void protect(int page, int prot)
{
	if (mprotect((void *)word(page), PAGE, prot))
		fail("mprotect of a common page");
}

static void expect(int page, uint64_t value)
{
	if (*word(page) != value)
		fail("common page %d reads %lx, not %lx", page, *word(page), value);
}

static void change_common(int page, unsigned int *seed)
{
	uint64_t value = (uint64_t)rand_r(seed) + 1;

	*word(page) = value;
	protect(page, PROT_READ);
	expect(page, value);
	protect(page, PROT_READ | PROT_WRITE);
	*word(page) = value + 1;
	if (rand_r(seed) & 1) {
		expect(page, value + 1);
		return;
	}
	if (madvise((void *)word(page), PAGE, MADV_DONTNEED))
		fail("madvise");
	expect(page, 0);
}

static void change_own(uint64_t value)
{
	uint64_t *p = mmap(NULL, OWN * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *q;

	if (p == MAP_FAILED)
		fail("mmap");
	for (int i = 0; i < OWN; i++)
		p[i * PAGE / 8] = value + (uint64_t)i;
	q = mremap(p, OWN * PAGE, 2 * OWN * PAGE, MREMAP_MAYMOVE);
	if (q == MAP_FAILED)
		fail("mremap");
	for (int i = 0; i < OWN; i++)
		if (q[i * PAGE / 8] != value + (uint64_t)i)
			fail("a page that was moved reads %lx, not %lx", q[i * PAGE / 8], value + (uint64_t)i);
	munmap(q, 2 * OWN * PAGE);
}

static void *work(void *arg)
{
	long me = (long)arg;
	unsigned int seed = (unsigned int)me + 1;

	for (; !ends(); rounds[me]++) {
		for (int i = 0; i < 8; i++)
			change_common(rand_r(&seed) % (PAGES / THREADS) * THREADS + (int)me, &seed);
		change_own((uint64_t)rounds[me] << 8 | (uint64_t)me);
	}
	return NULL;
}

long churn(void)
{
	pthread_t id[THREADS];
	long n = 0;

	common = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (common == MAP_FAILED)
		fail("mmap");
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&id[i], NULL, work, (void *)i))
			fail("pthread_create");
	for (int i = 0; i < THREADS; i++) {
		pthread_join(id[i], NULL);
		n += rounds[i];
	}
	munmap((void *)common, PAGES * PAGE);
	return n;
}
