/* SPDX-License-Identifier: MIT */
/*
 * Page tables and pages: entries written, with what flush the row's name says; address spaces loaded, built and
 * emptied; pages copied and cleared. Here an entry's write is a store, whatever was there before.
 */
#include "native.h"

#define BATCH_MAX 128
#define PAGES 1000

#define PAGE __attribute__((aligned(PAGE_SIZE)))
static pte_t l3[PT_ENTRIES] PAGE, l2[PT_ENTRIES] PAGE, l1[PT_ENTRIES] PAGE;	/* of the window */
static pte_t forked[5][PT_ENTRIES] PAGE;	/* two L1s, L2, L3, L4 */
static pte_t other_root[PT_ENTRIES] PAGE;
static char pages[2][PAGE_SIZE] PAGE;
static char *const window = (char *)(1UL << 39);
static pte_t *entry;			/* of the window's first page */
static struct { pte_t *where; uint64_t value; } updates[BATCH_MAX];
static uint64_t value, root;
static bool turn;

static uint64_t make(const volatile void *page) { return (uintptr_t)page | PTE_RW; }

static void next(void)
{
	turn = !turn;
	value = make(pages[turn]);
	for (int i = 0; i < BATCH_MAX; i++)
		updates[i].value = value;
	root = (uintptr_t)(turn ? native_root : other_root);
}

static void load_root(void) { __asm__ volatile("movq %0, %%cr3" : : "r" (root) : "memory"); }
static void flush(void) { __asm__ volatile("movq %%cr3, %%rax\n\tmovq %%rax, %%cr3" : : : "rax", "memory"); }
static void invlpg(void) { __asm__ volatile("invlpg (%0)" : : "r" (window) : "memory"); }
static void store(void) { *entry = value; }
static void swap(void) { __atomic_exchange_n(entry, value, __ATOMIC_SEQ_CST); }

static void store_invlpg(void)
{
	store();
	invlpg();
}

static void store_flush(void)
{
	store();
	flush();
}

static void batch(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		*updates[i].where = updates[i].value;
}

static void batch_1(void) { batch(1); }
static void batch_16(void) { batch(16); }
static void batch_128(void) { batch(128); }

static void copy(unsigned long n)
{
	char *from = pages[0], *to = pages[1];

	n /= 8;
	__asm__ volatile("rep movsq" : "+S" (from), "+D" (to), "+c" (n) : : "memory");
}

static void copy_page(void) { copy(PAGE_SIZE); }
static void copy_64(void) { copy(64); }

static void clear_page(void)
{
	char *to = pages[1];
	unsigned long n = PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D" (to), "+c" (n) : "a" (0L) : "memory");
}

/* 1,000 pages in two L1s, with an L2, an L3 and an L4 above them. */
static void build(void)
{
	uint64_t leaf = make(pages[0]);

	for (unsigned int i = 0; i < PAGES; i++)
		forked[i / PT_ENTRIES][i % PT_ENTRIES] = leaf;
	for (int i = 0; i < 2; i++)
		forked[2][i] = make(forked[i]);
	for (int i = 3; i < 5; i++)
		forked[i][0] = make(forked[i - 1]);
}

static void tear_down(void)
{
	for (unsigned int i = 0; i < PAGES; i++)
		forked[i / PT_ENTRIES][i % PT_ENTRIES] = 0;
	for (int i = 0; i < 2; i++)
		forked[2][i] = 0;
	for (int i = 3; i < 5; i++)
		forked[i][0] = 0;
	flush();
}

static void prepare(void)
{
	native_root[1] = make(l3);
	l3[0] = make(l2);
	l2[0] = make(l1);
	for (int i = 0; i < PT_ENTRIES; i++)
		other_root[i] = native_root[i];
	for (int i = 0; i < BATCH_MAX; i++)
		updates[i].where = &l1[i];
	entry = &l1[0];
	root = (uintptr_t)native_root;
}

void native_tables(void)
{
	static const struct bench table[] = {
		{ "uvm_rw_invlpg", store_invlpg, next, 0 },
		{ "uvm_rw_noflush", store, next, 0 },
		{ "uvm_rw_tlbflush", store_flush, next, 0 },
		{ "uvm_ro_noflush", store, next, 0 },
		{ "uvm_rw<->ro_samemfn_invlpg", store_invlpg, next, 0 },
		{ "uvm_set_from_0", store, next, 0 },
		{ "uvm_clear_invlpg", store_invlpg, next, 0 },
		{ "mmu_update_set_1", batch_1, next, 0 },
		{ "mmu_update_rw_1", batch_1, next, 0 },
		{ "mmu_update_clear_1", batch_1, next, 0 },
		{ "mmu_update_set_16", batch_16, next, 0 },
		{ "mmu_update_rw_16", batch_16, next, 0 },
		{ "mmu_update_clear_16", batch_16, next, 0 },
		{ "mmu_update_set_128", batch_128, next, 0 },
		{ "mmu_update_rw_128", batch_128, next, 0 },
		{ "mmu_update_clear_128", batch_128, next, 0 },
		{ "ptwr_mov_set_from_0", store, next, 0 },
		{ "ptwr_mov_rw_swap", store, next, 0 },
		{ "ptwr_xchg_clear", swap, next, 0 },
		{ "new_baseptr_switch", load_root, next, 0 },
		{ "new_baseptr_same", load_root, NULL, 0 },
		{ "new_base+user_baseptr_2ops", load_root, next, 0 },
		{ "mov_to_cr3_emul_switch", load_root, next, 0 },
		{ "mmuext_tlb_flush_local", flush, NULL, 0 },
		{ "mmuext_invlpg_local", invlpg, NULL, 0 },
		{ "mmuext_tlb_flush_all", flush, NULL, 0 },
		{ "gnttab_copy4k_gmfn2gmfn", copy_page, NULL, 0 },
		{ "gnttab_copy4k_ref2gmfn", copy_page, NULL, 0 },
		{ "gnttab_copy4k_ref2ref", copy_page, NULL, 0 },
		{ "gnttab_copy64b_ref2ref", copy_64, NULL, 0 },
		{ "memop_populate_1", clear_page, NULL, 0 },
		{ "memop_decrease+populate", clear_page, NULL, 0 },
		{ "fork_build_1000", build, NULL, 0 },
		{ "fork_teardown_1000", tear_down, build, 0 },
	};

	prepare();
	NATIVE_RUN(table);
}
