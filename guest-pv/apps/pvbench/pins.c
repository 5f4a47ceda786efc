/* SPDX-License-Identifier: MIT */
/*
 * Pinning and unpinning of tables: an empty L1, one with 512 entries, and a tree of one table a level with 16
 * leaf entries. Pinning validates each table of the tree, unpinning takes it apart again.
 */
#include "bench.h"

static pte_t *l1, *l2, *l3, *l4;
static void *leaf;
static unsigned int pin_cmd;
static mfn_t root;

static void pin(void) { table_ext(pin_cmd, root); }
static void unpin(void) { table_ext(MMUEXT_UNPIN_TABLE, root); }

static void select(unsigned int cmd, const void *table)
{
	pin_cmd = cmd;
	root = virt_to_mfn(table);
}

/* Writes entries of a table that is none at present. */
static void fill(pte_t *table, unsigned int n, uint64_t value)
{
	must("fill", pt_protect(table, PTE_RW | PTE_NX));
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		table[i] = i < n ? value : 0;
	must("fill", pt_protect(table, PTE_RO));
}

static void bench_pair(const char *pin_name, const char *unpin_name, unsigned int samples)
{
	const struct bench pins = { pin_name, pin, unpin, samples }, unpins = { unpin_name, unpin, pin, samples };

	pin();
	bench_run(&pins, 1);
	unpin();
	bench_run(&unpins, 1);
}

void bench_pins(void)
{
	l1 = table_page();
	l2 = table_page();
	l3 = table_page();
	l4 = table_page();
	leaf = pages_alloc(1);

	select(MMUEXT_PIN_L1_TABLE, l1);
	bench_pair("pin_l1_empty", "unpin_l1_empty", 0);
	fill(l1, PT_ENTRIES, pte_make(virt_to_mfn(leaf), PTE_RW));
	bench_pair("pin_l1_full512", "unpin_l1_full512", 200);
	fill(l1, 16, pte_make(virt_to_mfn(leaf), PTE_RW));
	fill(l2, 1, pte_make(virt_to_mfn(l1), PTE_TABLE));
	fill(l3, 1, pte_make(virt_to_mfn(l2), PTE_TABLE));
	fill(l4, 1, pte_make(virt_to_mfn(l3), PTE_TABLE));
	select(MMUEXT_PIN_L4_TABLE, l4);
	bench_pair("pin_l4_tree_4321_16pte", "unpin_l4_tree_4321_16pte", 200);
	table_page_free(l4);
	table_page_free(l3);
	table_page_free(l2);
	table_page_free(l1);
	pages_free(leaf, 1);
}
