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

/* --- pt_validate.c: entry references. Level of the table the entry sits in. --- */
/* May this entry stand in a table of this level of d? Takes the references it needs. Reports a refusal
 * by guest_log with entry, level and reason. */
int pt_entry_get(struct domain *d, struct domain *pg_owner, unsigned level, pte_t e, bool preemptible);
int pt_entry_put(struct domain *d, unsigned level, pte_t e, bool preemptible);
/* Whole tables, called by frame_get_type/frame_put_type. */
int pt_validate(struct frame *f, unsigned level, bool preemptible);
int pt_devalidate(struct frame *f, unsigned level, bool preemptible);

/* --- pt_update.c: one entry of a live table --- */
/* Replaces slot (address ptep in the direct map, inside a validated table of that level, its type
 * held by the caller). keep_ad: MMU_PT_UPDATE_PRESERVE_AD. *old gets the old entry if not NULL. */
int pt_update_entry(struct vcpu *v, struct domain *pg_owner, struct frame *table, unsigned level,
		    pte_t *ptep, pte_t val, bool keep_ad);

/* --- grant mappings: an L1 entry that maps a granted frame, made and removed only here --- */
/* Writes `val` at the L1 entry at machine address pte_maddr (or virtual address va of v). The frame's
 * references are the caller's (grant code). Old entry is put. -errno GNTST-free. d->mm_lock held.*/
int pt_grant_map(struct vcpu *v, uint64_t addr, bool contains_pte, pte_t val);
/* Clears that entry, which must map m (and be writable iff rw) - or for new_va installs the entry now
 * at new_va. d->mm_lock held. */
int pt_grant_unmap(struct vcpu *v, uint64_t addr, bool contains_pte, mfn_t m, bool rw, uint64_t new_va);

/* --- walk.c --- */
/* The L1 entry that maps va in the current address space, or 0; *l1 gets the table's mfn. */
pte_t pt_walk(const struct vcpu *v, uint64_t va, mfn_t *l1);

/* --- ptwr.c: a guest wrote to a mapped page table; emulates it. true: done, resume the guest --- */
struct cpu_regs;
bool ptwr_fault(struct vcpu *v, uint64_t va, struct cpu_regs *regs);

/* --- vcpu base pointers --- */
int vcpu_set_base(struct vcpu *v, mfn_t m, bool user);	/* MMUEXT_NEW_BASEPTR / NEW_USER_BASEPTR */
void vcpu_drop_bases(struct vcpu *v);			/* at destruction: puts types and references */
int vcpu_set_ldt(struct vcpu *v, uint64_t va, unsigned ents);

/* TLB: after this no CPU holds translations of the domain older than now. */
void tlb_flush_domain(struct domain *d);
void tlb_flush_local(void);
void tlb_flush_va_local(uint64_t va);
void tlb_flush_all(void);
/* tlb_stamp of a frame: call when the last mapping goes; and before its reuse make sure nobody
 * still translates to it. */
void tlb_stamp(struct frame *f);
void tlb_filter(struct frame *f);

#endif
