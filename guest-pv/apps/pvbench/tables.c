/* SPDX-License-Identifier: MIT */
/*
 * Changes of single L1 entries: by update_va_mapping with each flush, by mmu_update in batches of 1, 16 and 128,
 * and by a plain write to the read-only mapped table, which the hypervisor emulates. "rw" and "ro" replace the
 * entry by that of another page, "set" fills an empty one, "clear" empties it.
 *
 * The pages set and cleared are mapped nowhere else, so each mapping is the first and the last of its page; what
 * they are replaced by, in turns, is one page that stays mapped elsewhere.
 */
#include "bench.h"

#define BATCH_MAX 128

static char *window;			/* BATCH_MAX addresses with entries to play with */
static volatile pte_t *entry;		/* of the first */
static char *pages;			/* BATCH_MAX pages, mapped nowhere but in the window */
static void *other;			/* a page that stays mapped */
static bool turn;
static struct mmu_update updates[BATCH_MAX], machphys_update;
static uint64_t value;

long table_update(maddr_t where, uint64_t value)
{
	struct mmu_update u = { .ptr = where | MMU_NORMAL_PT_UPDATE, .val = value };

	return hypercall_mmu_update(&u, 1, NULL, DOMID_SELF);
}

long table_ext(unsigned int cmd, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

void *table_page(void)
{
	void *p = pages_alloc(1);

	if (!p)
		os_panic("pvbench: no memory");
	must("table_page", pt_protect(p, PTE_RO));
	return p;
}

void table_page_free(void *p)
{
	must("table_page_free", pt_protect(p, PTE_RW | PTE_NX));
	pages_free(p, 1);
}

/* The i-th page and the other one, in turns. */
static uint64_t next(unsigned int i, uint64_t bits)
{
	return pte_make(virt_to_mfn(turn ? other : pages + i * PAGE_SIZE), bits);
}

static void put(uint64_t v)
{
	must("update_va_mapping", hypercall_update_va_mapping(window, v, UVMF_INVLPG));
}

static void next_rw(void)
{
	turn = !turn;
	value = next(0, PTE_RW);
}

static void next_ro(void)
{
	turn = !turn;
	value = next(0, PTE_RO);
}

static void next_mode(void)
{
	turn = !turn;
	value = pte_make(virt_to_mfn(pages), turn ? PTE_RW : PTE_RO);
}

static void now_empty(void)
{
	put(0);
	turn = false;
	value = next(0, PTE_RW);
}

static void now_full(void)
{
	now_empty();
	put(value);
	value = 0;
}

static void uvm_invlpg(void) { hypercall_update_va_mapping(window, value, UVMF_INVLPG); }
static void uvm_noflush(void) { hypercall_update_va_mapping(window, value, UVMF_NONE); }
static void uvm_tlbflush(void) { hypercall_update_va_mapping(window, value, UVMF_TLB_FLUSH); }

static void bench_uvm(void)
{
	static const struct bench rw[] = {
		{ "uvm_rw_invlpg", uvm_invlpg, next_rw, 0 },
		{ "uvm_rw_noflush", uvm_noflush, next_rw, 0 },
		{ "uvm_rw_tlbflush", uvm_tlbflush, next_rw, 0 },
	};
	static const struct bench others[] = {
		{ "uvm_ro_noflush", uvm_noflush, next_ro, 0 },
		{ "uvm_rw<->ro_samemfn_invlpg", uvm_invlpg, next_mode, 0 },
		{ "uvm_set_from_0", uvm_noflush, now_empty, 0 },
		{ "uvm_clear_invlpg", uvm_invlpg, now_full, 0 },
	};

	BENCH_RUN(rw);
	BENCH_RUN(others);
	put(0);
}

/* --- mmu_update --- */

/* The window is to hold its pages, the other page, or nothing. */
static void prepare(bool full)
{
	for (unsigned int i = 0; i < BATCH_MAX; i++)
		updates[i].val = full ? next(i, PTE_RW) : 0;
}

static void send(unsigned int n) { hypercall_mmu_update(updates, n, NULL, DOMID_SELF); }

static void send_1(void) { send(1); }
static void send_16(void) { send(16); }
static void send_128(void) { send(128); }

static void batch_rw(void)
{
	turn = !turn;
	prepare(true);
}

static void batch_set(void)
{
	prepare(false);
	send_128();
	turn = false;
	prepare(true);
}

static void batch_clear(void)
{
	batch_set();
	send_128();
	prepare(false);
}

static void machphys(void) { hypercall_mmu_update(&machphys_update, 1, NULL, DOMID_SELF); }

static void bench_mmu_update(void)
{
	static const struct bench table[] = {
		{ "mmu_update_set_1", send_1, batch_set, 0 },
		{ "mmu_update_rw_1", send_1, batch_rw, 0 },
		{ "mmu_update_clear_1", send_1, batch_clear, 0 },
		{ "mmu_update_set_16", send_16, batch_set, 0 },
		{ "mmu_update_rw_16", send_16, batch_rw, 0 },
		{ "mmu_update_clear_16", send_16, batch_clear, 0 },
		{ "mmu_update_set_128", send_128, batch_set, 0 },
		{ "mmu_update_rw_128", send_128, batch_rw, 0 },
		{ "mmu_update_clear_128", send_128, batch_clear, 0 },
		{ "mmu_update_machphys_1", machphys, NULL, 0 },
	};

	for (unsigned int i = 0; i < BATCH_MAX; i++)
		updates[i].ptr = pt_entry_maddr(window + i * PAGE_SIZE, 1) | MMU_NORMAL_PT_UPDATE;
	machphys_update.ptr = virt_to_maddr(pages) | MMU_MACHPHYS_UPDATE;
	machphys_update.val = virt_to_pfn(pages);
	BENCH_RUN(table);
	prepare(false);
	send_128();
}

/* --- writable page tables --- */

static void write_entry(void) { *entry = value; }
static void swap_entry(void) { __atomic_exchange_n(entry, value, __ATOMIC_SEQ_CST); }

static void bench_ptwr(void)
{
	static const struct bench table[] = {
		{ "ptwr_mov_set_from_0", write_entry, now_empty, 0 },
		{ "ptwr_mov_rw_swap", write_entry, next_rw, 0 },
		{ "ptwr_xchg_clear", swap_entry, now_full, 0 },
	};

	BENCH_RUN(table);
	put(0);
}

/* The linear map of the pages, on or off. */
static void show_pages(bool shown)
{
	for (char *p = pages; p < pages + BATCH_MAX * PAGE_SIZE; p += PAGE_SIZE)
		must("show_pages", hypercall_update_va_mapping(p, shown ? pte_make(virt_to_mfn(p), PTE_RW | PTE_NX) : 0,
							       UVMF_INVLPG));
}

void bench_tables(void)
{
	window = os_va_alloc(BATCH_MAX);
	pages = pages_alloc(BATCH_MAX);
	other = pages_alloc(1);
	if (!window || !pages || !other)
		os_panic("pvbench: no memory");
	show_pages(false);
	entry = (volatile pte_t *)pt_entry(window, 1);
	bench_uvm();
	bench_mmu_update();
	bench_ptwr();
	show_pages(true);
	os_va_free(window, BATCH_MAX);
	pages_free(pages, BATCH_MAX);
	pages_free(other, 1);
}
