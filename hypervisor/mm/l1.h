/* SPDX-License-Identifier: MIT */
/*
 * What an entry of an L1 holds, private to mm/: taken and dropped inline, for these are the operations that
 * validation and every change of a mapping consist of. Lock: the mm_lock of the table's domain.
 */
#ifndef HV_MM_L1_H
#define HV_MM_L1_H

#include "domain.h"
#include "pt.h"

/* What an entry may always have: software uses bits 9-11 and 52-62 as it likes. And what it may choose with devices. */
#define L1_OK (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_G | PTE_AVAIL | PTE_NX | (0x7ffULL << 52) | PTE_MFN_MASK)
#define L1_CACHE (PTE_PWT | PTE_PCD | PTE_PAT)

/* A present entry as it will stand in the table; G, which is no error, is ignored. */
static inline pte_t l1_adjust(pte_t e) { return (e | PTE_US) & ~(PTE_GRANT | PTE_G); }

static inline bool l1_bits_bad(const struct domain *d, pte_t e)
{
	return unlikely(e & ~L1_OK) && pt_bad_bits(d, 1, e);
}

/* Device memory, or a refusal to be explained (pt_validate.c). */
int l1_get_slow(struct domain *d, struct domain *pg_owner, pte_t e, int rc);

/* For a present, adjusted entry without bad bits; pg_owner NULL: DOMID_IO. */
static __force_inline int l1_get(struct domain *d, struct domain *pg_owner, pte_t e)
{
	mfn_t m = pte_mfn(e);
	int rc = -EPERM;

	if (likely(mfn_in_table(m) && pg_owner)) {
		struct frame *f = mfn_to_frame_nospec(m);

		rc = e & PTE_RW ? frame_map(f, pg_owner, true) : frame_map(f, pg_owner, false);
	}
	return likely(!rc) ? 0 : l1_get_slow(d, pg_owner, e, rc);
}

/* For a present one that stood in a table. */
static __force_inline void l1_put(pte_t e)
{
	mfn_t m = pte_mfn(e);
	struct frame *f = mfn_to_frame(m);

	if (unlikely(e & PTE_GRANT) || unlikely(!mfn_in_table(m)) || unlikely(!frame_refs(f->state)))
		return;
	if (e & PTE_RW)
		frame_unmap(f, true);
	else
		frame_unmap(f, false);
}

#endif
