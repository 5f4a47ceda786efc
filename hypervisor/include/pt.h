/* SPDX-License-Identifier: MIT */
/*
 * Page-table operations of guests. All of a domain's are serialised by d->mm_lock; each entry is
 * checked, its references are taken, then it is written, then the old entry's references dropped.
 *
 * "pg_owner" is the domain whose frames may be mapped (usually d itself; a foreign domain or
 * DOMID_IO for privileged callers); d is the domain whose tables change.
 */
#ifndef HV_PT_H
#define HV_PT_H

#include "frame.h"

struct vcpu;

/* --- pt_validate.c --- */
/* Set by us in the L1 entries that pt_grant_map made: their references are the grant table's. */
#define PTE_GRANT BIT(62)
/* An entry as it will stand in the table: USER forced (guest kernels run in ring 3), our bits
 * off. */
static inline pte_t pt_adjust(pte_t e)
{
	return e & PTE_P ? (e | PTE_US) & ~PTE_GRANT : e;
}
/* Bits a present entry of this level of d must not have; 0: none. GLOBAL is no error in an L1, only
 * ignored. */
uint64_t pt_bad_bits(const struct domain *d, unsigned level, pte_t e);
/* May this (adjusted) entry stand in a table of this level of d? Takes the references it needs.
 * Reports a refusal by domain_log with entry, level and reason. pg_owner NULL: DOMID_IO. */
int pt_entry_get(struct domain *d, struct domain *pg_owner, unsigned level, pte_t e,
		 bool preemptible);
/* -ERESTART: the references now belong to the partial table below (see frame_put_type). */
int pt_entry_put(unsigned level, pte_t e, bool preemptible);
/* Whole tables, called by frame_type.c, from f->nr_done on. */
int pt_validate(struct frame *f, unsigned level, bool preemptible);
int pt_devalidate(struct frame *f, unsigned level, bool preemptible);
int segdesc_validate(struct frame *f);

/* --- l1tf.c: absent entries, on CPUs that read through them --- */
extern bool l1tf_on;			/* constant after boot: some domains' are checked */
void l1tf_init(bool dom0, bool domu, unsigned address_bits);	/* whose; needs max_mfn */
/* 0, or -EINVAL for an absent entry that names memory; reports it. */
int l1tf_check(struct domain *d, unsigned level, pte_t e);
int l1tf_check_table(struct domain *d, unsigned level, const pte_t *t);

/* --- pt_update.c: one entry of a live table --- */
/* Replaces *ptep (in the direct map, inside the validated table of d). keep_ad: PRESERVE_AD. A
 * devalidation that the old entry started and that was preempted is left in v->unfinished. */
int pt_update_entry(struct vcpu *v, struct domain *d, struct domain *pg_owner, struct frame *table,
		    pte_t *ptep, pte_t val, bool keep_ad);
/* The same for an L1 entry, if it still is old: false: it is not, look again. *rc as above. */
bool pt_cmpxchg_l1(struct domain *d, pte_t *ptep, pte_t old, pte_t val, int *rc);
/* Goes on with what earlier operations of v on d left behind: 0 or -ERESTART. d->mm_lock held. */
int pt_finish(struct vcpu *v, struct domain *d);
/* On the way out: a piece of what an emulated instruction of v left behind. */
void pt_finish_current(struct vcpu *v);

/* --- grant mappings: an L1 entry that maps a granted frame, made and removed only here --- */
/* Writes `val` into the L1 entry at machine address addr (contains_pte), or that maps virtual
 * address addr of v, and says where that is. The frame's references are the caller's (grant code). The
 * old entry is put. -EINVAL: there is no such entry. The domain's mm_lock is held. */
int pt_grant_map(struct vcpu *v, uint64_t addr, bool contains_pte, pte_t val, maddr_t *entry);
/* Clears that entry, which addr must name as before, or with new_va != 0 moves the entry now at new_va
 * there (a grant's own cannot move). -EINVAL: it is not so. If `entry` does not map what val does, as writable,
 * by a grant any more there is nothing to clear, and nothing to move to. CPUs may translate by the old entry until the
 * caller has flushed all of the domain (tlb_flush_domain): not only addr, for a table linked more than once shows the
 * entry at other addresses too, and who overwrote it may not have flushed. The domain's mm_lock is held. */
int pt_grant_unmap(struct vcpu *v, uint64_t addr, bool contains_pte, pte_t val, uint64_t new_va, maddr_t entry);

/* --- walk.c --- */
/* The L1 entry that maps va in v's current address space: a pointer to it, NULL if there is no L1
 * table (or va is ours). *table gets the table's frame. d->mm_lock held. */
pte_t *pt_walk(const struct vcpu *v, uint64_t va, struct frame **table);

/* --- ptwr.c: a guest wrote to a mapped page table; emulates it. true: done, resume the guest
 * --- */
struct cpu_user_regs;
bool ptwr_fault(struct vcpu *v, uint64_t va, struct cpu_user_regs *regs);

/* --- stale_code.c: v met a breakpoint at va: is it there? If not, an emulator is made to see that. */
void stale_breakpoint(struct vcpu *v, uint64_t va);

/* --- base_ptr.c; d->mm_lock is taken inside --- */
/* MMUEXT_NEW_BASEPTR / NEW_USER_BASEPTR; MFN_NONE with user: none. -EINVAL, -ERESTART (again, the
 * same). */
int vcpu_set_base(struct vcpu *v, mfn_t m, bool user);
void vcpu_drop_bases(struct vcpu *v); /* at destruction: puts types and references */

/* --- pv/descriptors.c; d->mm_lock is taken inside --- */
int vcpu_set_ldt(struct vcpu *v, uint64_t va, unsigned ents);

/* --- tlb.c --- */
/* After this no CPU holds translations of the domain older than now. */
void tlb_flush_domain(struct domain *d);
void tlb_flush_va_domain(struct domain *d, uint64_t va);
void tlb_flush_local(void);
void tlb_flush_others(void);	/* every other CPU: it has let interrupts in or waited for something since */
void tlb_flush_va_local(uint64_t va);
/* The same for what vcpus of a mask know: bit 0 is vcpu `first`. */
void tlb_flush_vcpus(struct domain *d, uint64_t vcpus, unsigned first);
/* Load CR3, which flushes: another address space; the other half of the same vcpu's. */
void tlb_load_cr3(maddr_t base);
void tlb_toggle_cr3(maddr_t base);

#endif
