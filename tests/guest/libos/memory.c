/* SPDX-License-Identifier: MIT */
/*
 * malloc grows, serves threads at once and gives back; pages are adjacent and zeroed; frames map and unmap, whatever
 * the page tables that threads make at once.
 */
#include <errno.h>
#include <libos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

static unsigned int spoiled;

static void churn(void *arg)
{
	unsigned int seed = (long)arg;
	char *block[32] = { NULL };

	for (int i = 0; i < 3000; i++) {
		unsigned int k = rand_r(&seed) % 32, size = 1 + rand_r(&seed) % 3000;

		if (block[k] && block[k][0] != (char)k)
			__atomic_fetch_add(&spoiled, 1, __ATOMIC_RELAXED);
		free(block[k]);
		block[k] = malloc(size);
		if (block[k])
			memset(block[k], k, size);
	}
	for (int k = 0; k < 32; k++)
		free(block[k]);
}

static void check_malloc(void)
{
	struct thread *t[3];
	size_t before = pages_available();
	char *big, *pages;
	long i;

	for (i = 0; i < 3; i++)
		t[i] = thread_create("churn", churn, (void *)(i + 1));
	for (i = 0; i < 3; i++)
		thread_join(t[i]);
	check("malloc serves threads at once", spoiled == 0);
	big = malloc(8 << 20);
	check("8 MB", big != NULL);
	memset(big, 1, 8 << 20);
	check("took frames", pages_available() + (7 << 8) < before);
	free(big);
	errno = 0;
	check("more than there is: NULL", malloc(1UL << 34) == NULL && errno == ENOMEM);
	pages = pages_alloc(3);
	check("adjacent zeroed pages", pages && pages[0] == 0 && pages[3 * PAGE_SIZE - 1] == 0);
	pages_free(pages, 3);
	check("too many pages: NULL", pages_alloc(1UL << 30) == NULL);
}

static void check_frames(void)
{
	char *page = pages_alloc(2), *view;
	xen_pfn_t mfns[2] = { virt_to_mfn(page), virt_to_mfn(page + PAGE_SIZE) };

	strcpy(page + PAGE_SIZE, "seen");
	view = frames_map(mfns, 2, PTE_RO, DOMID_SELF);
	check("own frames map", view && strcmp(view + PAGE_SIZE, "seen") == 0);
	frames_unmap(view, 2);
	mfns[1] = pte_mfn(pt_root()[pt_index(MACH2PHYS_VIRT_START, PT_LEVELS)]);
	errno = 0;
	check("one frame of the hypervisor: none mapped",
	      !frames_map(mfns, 2, PTE_RW, DOMID_SELF) && errno);
	pages_free(page, 2);
}

/* Ranges of several threads meet in the same page tables, which are made when the first of them is. Threads that are
 * interrupted all the time take ranges that are new, and none loses what it mapped. */
#define TAKERS 3
#define RANGES 300
#define RANGE_PAGES 500

static char *range[TAKERS][RANGES];

static void take_ranges(void *arg)
{
	char **mine = arg;
	mfn_t mfn = virt_to_mfn(pt_root());

	for (int i = 0; i < RANGES; i++) {
		mine[i] = os_va_alloc(RANGE_PAGES);
		if (mine[i] && pt_map(mine[i], &mfn, 1, PTE_RO | PTE_NX, DOMID_SELF)) {
			os_va_free(mine[i], RANGE_PAGES);
			mine[i] = NULL;
		}
	}
}

static volatile bool stop;

static void interrupt(void *arg)
{
	(void)arg;
	while (!stop)
		thread_sleep_ns(3000);
}

static unsigned int give_back(char **mine)
{
	unsigned int lost = 0;

	for (int i = 0; i < RANGES; i++) {
		if (!mine[i] || !(*pt_entry(mine[i], 1) & PTE_PRESENT))
			lost++;
		if (mine[i] && !pt_unmap(mine[i], 1))
			os_va_free(mine[i], RANGE_PAGES);
	}
	return lost;
}

static void check_tables(void)
{
	struct thread *taker[TAKERS], *clock;
	unsigned int lost = 0;

	clock = thread_create("interrupt", interrupt, NULL);
	for (int i = 0; i < TAKERS; i++)
		taker[i] = thread_create("taker", take_ranges, range[i]);
	for (int i = 0; i < TAKERS; i++)
		thread_join(taker[i]);
	stop = true;
	thread_join(clock);
	for (int i = 0; i < TAKERS; i++)
		lost += give_back(range[i]);
	check("threads that take addresses at once keep their mappings", lost == 0);
	if (lost)
		printf("# %u lost\n", lost);
}

void check_memory(void)
{
	check_malloc();
	check_frames();
	check_tables();
}
