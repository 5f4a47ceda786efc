/* SPDX-License-Identifier: MIT */
/* Memory: mappings made, protected, moved and undone; pages shared by processes and copied on write. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "stress.h"

#define PAGE 4096
#define PAGES 600               /* more than one page table's worth */

static uint64_t *map(int flags)
{
	uint64_t *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

static void mark(uint64_t *p, uint64_t value)
{
	for (int i = 0; i < PAGES; i++)
		p[i * PAGE / 8] = value + (uint64_t)i;
}

static void check(const uint64_t *p, uint64_t value, int from, int to)
{
	for (int i = from; i < to; i++)
		if (p[i * PAGE / 8] != value + (uint64_t)i)
			fail("page %d reads %lx, not %lx", i, p[i * PAGE / 8], value + (uint64_t)i);
}

static void protect(uint64_t *p, int from, int to, int prot)
{
	if (mprotect(p + from * PAGE / 8, (size_t)(to - from) * PAGE, prot))
		fail("mprotect");
}

long maps(void)
{
	long n;

	for (n = 0; !ends(); n++) {
		uint64_t *p = map(MAP_PRIVATE), *q;
		int a = rand() % (PAGES / 2), b = PAGES / 2 + rand() % (PAGES / 2);

		mark(p, (uint64_t)n);
		protect(p, a, b, PROT_READ);
		check(p, (uint64_t)n, 0, PAGES);
		protect(p, a, b, PROT_NONE);
		protect(p, a, b, PROT_READ | PROT_WRITE);
		mark(p, (uint64_t)n + 1);
		q = mremap(p, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE);
		if (q == MAP_FAILED)
			fail("mremap");
		check(q, (uint64_t)n + 1, 0, PAGES);
		if (madvise(q + a * PAGE / 8, PAGE, MADV_DONTNEED) || q[a * PAGE / 8])
			fail("a page that was given back is not zero");
		if (munmap(q, 2 * PAGES * PAGE))
			fail("munmap");
	}
	return n;
}

long shares(void)
{
	uint64_t *common = map(MAP_SHARED);
	long n;

	for (n = 0; !ends(); n++) {
		uint64_t *own = map(MAP_PRIVATE);
		int pid;

		mark(own, (uint64_t)n);
		pid = fork();
		if (!pid) {
			mark(own, (uint64_t)n + 7);
			mark(common, (uint64_t)n + 9);
			check(own, (uint64_t)n + 7, 0, PAGES);
			_exit(0);
		}
		own[0]++;
		check(own, (uint64_t)n, 1, PAGES);
		reap(pid);
		check(own, (uint64_t)n, 1, PAGES);
		check(common, (uint64_t)n + 9, 0, PAGES);
		munmap(own, PAGES * PAGE);
	}
	munmap(common, PAGES * PAGE);
	return n;
}
