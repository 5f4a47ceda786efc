/* SPDX-License-Identifier: MIT */
/*
 * Breakpoints that an emulator keeps. QEMU's TCG runs translations of the code, made when it is first run and dropped
 * when it is written. As of 7.2 it may miss what another CPU writes while one is being made, which then stays until the
 * place is written again. Kernels that patch themselves (Linux's static keys) have a breakpoint there for a moment; one
 * that stays never ends, for the handler sees that it is gone and returns to where it is met again. So for whoever
 * meets one that memory does not hold the place is written again, as it is.
 */
#include "domain.h"
#include "mm.h"
#include "pt.h"
#include "pv.h"
#include "x86.h"

#define INT3 0xcc

void stale_breakpoint(struct vcpu *v, uint64_t va)
{
	struct frame *table;
	uint8_t *at, is;
	pte_t *ptep, e;

	spin_lock(&v->domain->mm_lock);
	ptep = pt_walk(v, va, &table);
	e = ptep ? READ_ONCE(*ptep) : 0;
	/* Of its own frames: while it is mapped and we hold the lock, it stays that. */
	if ((e & PTE_P) && mfn_valid(pte_mfn(e)) && mfn_to_frame_nospec(pte_mfn(e))->owner == v->domain) {
		at = (uint8_t *)mfn_to_virt(pte_mfn(e)) + va % PAGE_SIZE;
		is = READ_ONCE(*at);
		if (is != INT3)
			__atomic_compare_exchange_n(at, &is, is, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&v->domain->mm_lock);
}
