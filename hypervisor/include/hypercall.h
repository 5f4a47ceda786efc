/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls. A handler gets the six argument registers and returns what the guest shall find in rax: a
 * value, -errno, or -ERESTART for "preempted, call me again", with its progress in
 * current->cont.done (0 at the first call).
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include "lock.h"
#include "types.h"
#include <xen/xen.h>

typedef long hypercall_fn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

struct hypercall_cont {
	uint64_t done;			/* progress of the running operation; the entry code zeroes it */
	unsigned multicall_done;	/* entries of the enclosing multicall already finished; else 0 */
	bool restarting;		/* last dispatch ended in -ERESTART */
};

/* -ERESTART for a reason of one's own, with the soft interrupt that the exit looks for. */
long hypercall_again(void);
/* Should a long operation yield now? Only who was told so returns -ERESTART: the exit looks for it only with a
 * soft interrupt pending. */
bool preempt_needed(void);
/* The same for one that holds this lock, for which another CPU may be waiting with interrupts off. */
static inline bool preempt_needed_holding(const spinlock_t *l)
{
	return unlikely(spin_is_wanted(l)) ? hypercall_again() != 0 : preempt_needed();
}

/* One sub-operation of a hypercall "op(cmd, argument pointer)". */
struct subop {
	long (*fn)(void *arg);		/* works on the copy; NULL: -ENOSYS */
	uint16_t size;			/* bytes copied in from the guest (at most SUBOP_MAX) */
	bool copy_back;			/* copied out again when fn returns >= 0 */
	bool privileged;		/* dom0 only: else -EPERM */
};
#define SUBOP_MAX 512
/* Finds, copies in, checks, calls, copies back. -ENOSYS for cmd without entry. */
long subop_dispatch(const struct subop *table, unsigned nr, unsigned cmd, void *guest_arg);

/* The handlers, by file. Arguments in the ABI's order. */
hypercall_fn do_set_trap_table, do_set_gdt, do_stack_switch, do_set_callbacks, do_fpu_taskswitch,
	do_set_debugreg, do_get_debugreg, do_update_descriptor, do_iret, do_set_segment_base,
	do_callback_op, do_nmi_op,				/* pv/ */
	do_mmu_update, do_update_va_mapping, do_update_va_mapping_otherdomain, do_mmuext_op, /* mm/ */
	do_memory_op,						/* hypercall/memory.c ... */
	do_multicall, do_xen_version, do_console_io, do_vm_assist, do_physdev_op, do_platform_op,
	do_domctl, do_sysctl,					/* hypercall/ */
	do_event_channel_op,					/* event/ */
	do_grant_table_op,					/* grant/ */
	do_set_timer_op, do_sched_op, do_sched_op_compat, do_vcpu_op;	/* sched/, domain/ */

/* table.c: NULL is -ENOSYS */
#define NR_HYPERCALLS 64
extern hypercall_fn *const hypercall_table[NR_HYPERCALLS];

/* hypercall_page.c: writes the 4 KB of entry stubs a guest calls through (its page, writable for us) */
void hypercall_page_fill(void *page);

#endif
