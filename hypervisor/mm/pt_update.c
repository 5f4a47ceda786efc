/* SPDX-License-Identifier: MIT */
/*
 * Changing one entry of a live page table. Order: take what the new entry needs, exchange it
 * atomically (the CPU may set A and D at the same time), drop what the old one held. Where
 * both map the same frame with the same rights no count changes. Lock: the mm_lock of the
 * table's domain.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "l1.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"
#include "pti.h"

static inline pte_t swap(pte_t *ptep, pte_t val, bool keep_ad)
{
	pte_t old = READ_ONCE(*ptep);

	if (!keep_ad)
		return __atomic_exchange_n(ptep, val, __ATOMIC_ACQ_REL);
	while (!__atomic_compare_exchange_n(ptep, &old, val | (old & (PTE_A | PTE_D)), false,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	return old;
}

/* Does val need exactly the references that old holds? */
static inline bool same_refs(unsigned level, pte_t old, pte_t val)
{
	return !((old ^ val) & (PTE_MFN_MASK | PTE_P | (level == 1 ? PTE_RW : 0)));
}

static void put_old(struct vcpu *v, unsigned level, pte_t old)
{
	if (pt_entry_put(level, old, true) == -ERESTART)
		v->unfinished = mfn_to_frame(pte_mfn(old));
}

static inline int l1_update(struct domain *d, struct domain *pg_owner, pte_t *ptep, pte_t val, bool keep_ad)
{
	pte_t old = READ_ONCE(*ptep);
	int rc;

	if (val & PTE_P) {
		val = l1_adjust(val);
		if (l1_bits_bad(d, val))
			return pt_entry_get(d, pg_owner, 1, val, true);
		if (same_refs(1, old, val)) {
			swap(ptep, val | (old & PTE_GRANT), keep_ad);
			return 0;
		}
		rc = l1_get(d, pg_owner, val);
		if (unlikely(rc))
			return rc;
	} else if (unlikely(l1tf_on) && (rc = l1tf_check(d, 1, val))) {
		return rc;
	}
	old = swap(ptep, val, keep_ad);
	if (old & PTE_P)
		l1_put(old);
	return 0;
}

static int table_update(struct vcpu *v, struct domain *d, struct domain *pg_owner, unsigned level, pte_t *ptep,
			pte_t val, bool keep_ad)
{
	unsigned slot = (uint64_t)ptep / sizeof(pte_t) % PT_ENTRIES;
	pte_t old = READ_ONCE(*ptep);
	int rc;

	val = pt_adjust(val);
	if (level == 4 && slot >= HV_L4_FIRST && slot <= HV_L4_LAST) {
		domain_log(d, LOG_WARN, "refused L4 entry 0x%016lx: slot %u is the hypervisor's\n", val, slot);
		return -EINVAL;
	}
	if ((val & PTE_P) && same_refs(level, old, val) && !pt_bad_bits(d, level, val)) {
		swap(ptep, val, keep_ad);
		return 0;
	}
	rc = pt_entry_get(d, pg_owner, level, val, true);
	if (rc)
		return rc;
	val = swap(ptep, val, keep_ad);
	if (unlikely(pti_on) && level == 4)
		tlb_flush_local();	/* our own root may have a copy of the entry */
	put_old(v, level, val);
	return 0;
}

int pt_update_entry(struct vcpu *v, struct domain *d, struct domain *pg_owner, struct frame *table,
		    pte_t *ptep, pte_t val, bool keep_ad)
{
	unsigned level = frame_level(table->state);

	return likely(level == 1) ? l1_update(d, pg_owner, ptep, val, keep_ad) :
	       table_update(v, d, pg_owner, level, ptep, val, keep_ad);
}

bool pt_cmpxchg_l1(struct domain *d, pte_t *ptep, pte_t old, pte_t val, int *rc)
{
	bool same = false, swapped;
	pte_t gone;

	*rc = 0;
	if (val & PTE_P) {
		val = l1_adjust(val);
		same = same_refs(1, old, val) && !l1_bits_bad(d, val);
		if (same)
			val |= old & PTE_GRANT;
		else
			*rc = l1_bits_bad(d, val) ? pt_entry_get(d, d, 1, val, false) : l1_get(d, d, val);
	} else if (unlikely(l1tf_on)) {
		*rc = l1tf_check(d, 1, val);
	}
	if (unlikely(*rc))
		return true;
	swapped = __atomic_compare_exchange_n(ptep, &old, val, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED);
	gone = swapped ? old : val;
	if (!same && (gone & PTE_P))
		l1_put(gone);
	return swapped;
}

int pt_finish(struct vcpu *v, struct domain *d)
{
	struct frame *f = v->unfinished;

	int rc = 0;

	v->unfinished = NULL;
	/* A sibling may have finished it, and it may be somebody else's by now. */
	if (likely(!f) || !frame_hold(f))
		return 0;
	if (f->owner == d && frame_finish(f, true)) {
		v->unfinished = f;
		rc = -ERESTART;
	}
	frame_put(f);
	return rc;
}

void pt_finish_current(struct vcpu *v)
{
	spin_lock(&v->domain->mm_lock);
	(void)pt_finish(v, v->domain);
	spin_unlock(&v->domain->mm_lock);
}
