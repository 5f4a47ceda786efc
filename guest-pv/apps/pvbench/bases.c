/* SPDX-License-Identifier: MIT */
/*
 * Changes of address space: the kernel's base pointer to another pinned L4 and to the same one, the user base
 * pointer, both in one call as a process switch does, CR3 written as on bare hardware; and flushes.
 */
#include "bench.h"

static mfn_t roots[2];
static unsigned int turn;
static struct mmuext_op ops[2];

pte_t *table_copy_root(void)
{
	pte_t *copy = pages_alloc(1);

	if (!copy)
		os_panic("pvbench: no memory");
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		if (i < pt_index(HYPERVISOR_VIRT_START, 4) || i >= pt_index(HYPERVISOR_VIRT_END, 4))
			copy[i] = pt_root()[i];
	must("table_copy_root", pt_protect(copy, PTE_RO));
	must("table_copy_root", table_ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(copy)));
	return copy;
}

static void other(void)
{
	turn ^= 1;
	ops[0].arg1.mfn = ops[1].arg1.mfn = roots[turn];
}

static void kernel(void) { hypercall_mmuext_op(&ops[0], 1, NULL, DOMID_SELF); }
static void user(void) { hypercall_mmuext_op(&ops[1], 1, NULL, DOMID_SELF); }
static void both(void) { hypercall_mmuext_op(ops, 2, NULL, DOMID_SELF); }

static void mov_cr3(void)
{
	__asm__ volatile("movq %0, %%cr3" : : "r" (mfn_to_maddr(ops[0].arg1.mfn)) : "memory");
}

static void flush_local(void) { table_ext(MMUEXT_TLB_FLUSH_LOCAL, 0); }
static void flush_all(void) { table_ext(MMUEXT_TLB_FLUSH_ALL, 0); }

static void invlpg_local(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = (uintptr_t)roots };

	hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

void bench_bases(void)
{
	static const struct bench table[] = {
		{ "new_baseptr_switch", kernel, other, 0 },
		{ "new_baseptr_same", kernel, NULL, 0 },
		{ "new_user_baseptr_switch", user, other, 0 },
		{ "new_base+user_baseptr_2ops", both, other, 0 },
		{ "mov_to_cr3_emul_switch", mov_cr3, other, 0 },
		{ "mmuext_tlb_flush_local", flush_local, NULL, 0 },
		{ "mmuext_invlpg_local", invlpg_local, NULL, 0 },
		{ "mmuext_tlb_flush_all", flush_all, NULL, 0 },
	};
	pte_t *copy = table_copy_root();

	roots[0] = virt_to_mfn(pt_root());
	roots[1] = virt_to_mfn(copy);
	ops[0].cmd = MMUEXT_NEW_BASEPTR;
	ops[1].cmd = MMUEXT_NEW_USER_BASEPTR;
	ops[0].arg1.mfn = ops[1].arg1.mfn = roots[0];
	BENCH_RUN(table);
	must("base", table_ext(MMUEXT_NEW_BASEPTR, roots[0]));
	must("base", table_ext(MMUEXT_NEW_USER_BASEPTR, 0));
	must("base", table_ext(MMUEXT_UNPIN_TABLE, roots[1]));
	table_page_free(copy);
}
