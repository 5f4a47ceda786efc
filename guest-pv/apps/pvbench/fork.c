/* SPDX-License-Identifier: MIT */
/*
 * An address space built and taken down as fork and exit do: 1,000 pages mapped read-only in two L1s, with an L2,
 * an L3 and an L4 above them. Building fills the tables, makes them read-only and pins the root; taking down
 * unpins it and makes the tables plain memory again.
 */
#include "bench.h"

#define PAGES 1000
#define TABLES 5
#define SAMPLES_FORK 50

static pte_t *table[TABLES];		/* two L1s, L2, L3, L4 */
static void *page;
static bool built;

static void protect(uint64_t bits)
{
	for (int i = 0; i < TABLES; i++)
		hypercall_update_va_mapping(table[i], pte_make(virt_to_mfn(table[i]), bits), UVMF_INVLPG);
}

static void build(void)
{
	uint64_t leaf = pte_make(virt_to_mfn(page), PTE_RO);

	for (unsigned int i = 0; i < PAGES; i++)
		table[i / PT_ENTRIES][i % PT_ENTRIES] = leaf;
	for (int i = 0; i < 2; i++)
		table[2][i] = pte_make(virt_to_mfn(table[i]), PTE_TABLE);
	for (int i = 3; i < TABLES; i++)
		table[i][0] = pte_make(virt_to_mfn(table[i - 1]), PTE_TABLE);
	protect(PTE_RO);
	table_ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(table[TABLES - 1]));
	built = true;
}

static void tear_down(void)
{
	table_ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(table[TABLES - 1]));
	protect(PTE_RW | PTE_NX);
	built = false;
}

static void not_built(void)
{
	if (built)
		tear_down();
}

void bench_fork(void)
{
	static const struct bench builds = { "fork_build_1000", build, not_built, SAMPLES_FORK };
	static const struct bench ends = { "fork_teardown_1000", tear_down, build, SAMPLES_FORK };

	page = pages_alloc(1);
	for (int i = 0; i < TABLES; i++)
		table[i] = pages_alloc(1);
	bench_run(&builds, 1);
	tear_down();
	bench_run(&ends, 1);
	for (int i = 0; i < TABLES; i++)
		pages_free(table[i], 1);
	pages_free(page, 1);
}
