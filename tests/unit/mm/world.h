/* SPDX-License-Identifier: MIT */
/*
 * A machine of a few frames for frame_type.c, pt_validate.c and pt_update.c, and an auditor that
 * knows nothing of how they work: it counts every reference anew from the tables, pins and holders,
 * and compares.
 */
#ifndef WORLD_H
#define WORLD_H

#include "domain.h"
#include "errno.h"
#include "mm.h"
#include "pt.h"

#define NR_FRAMES 24		/* mfn 1..NR_FRAMES-1 exist */
#define NR_VCPUS 3
#define MMIO_MFN 0x1000		/* device memory only dom_priv may map */

extern struct domain dom_a, dom_b, dom_priv;
extern struct vcpu world_vcpu[NR_VCPUS];

/* References held from outside the tables, so that the auditor can count them. */
struct holder { struct frame *f; enum frame_type type; bool used; };
#define NR_HOLDERS 16
extern struct holder holders[NR_HOLDERS];

/* How often preempt_needed says no before it says yes; -1: always no. */
extern int preempt_after;
/* The last refusal, and how many flushes the type system asked for. */
extern char last_log[256];
extern unsigned nr_filtered, nr_freed;

void world_reset(void);
/* Frames for a domain, as domain_page_alloc leaves them; 0 if the machine is full. */
unsigned world_alloc(struct domain *d);
static inline struct frame *fr(unsigned n) { return mfn_to_frame(mfn(n)); }
static inline pte_t *table(unsigned n) { return mfn_to_virt(mfn(n)); }
static inline pte_t entry(unsigned n, uint64_t flags) { return pte_make(mfn(n), flags | PTE_P); }

/* The operations of a guest, as the hypercalls make them. 0, -errno or -ERESTART. */
int guest_pin(unsigned n, unsigned level);
int guest_unpin(struct vcpu *v, unsigned n);
int guest_update(struct vcpu *v, struct domain *pg_owner, unsigned n, unsigned slot, pte_t val);
int guest_hold(unsigned holder, unsigned n, enum frame_type t);
int guest_drop(struct vcpu *v, unsigned holder);
int guest_release(unsigned n);

/* NULL if every count, type and entry is right; else what is not. */
const char *audit(void);

#endif
