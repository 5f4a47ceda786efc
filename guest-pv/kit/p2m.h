/* SPDX-License-Identifier: MIT */
/*
 * Which machine frame stands behind each pfn of this domain, and back. The table is the one the
 * domain builder made; p2m_set keeps it true when frames come and go.
 */
#ifndef KIT_P2M_H
#define KIT_P2M_H

#include <kit/types.h>

#define MFN_INVALID (~0UL)

extern unsigned long *p2m_table;		/* indexed by pfn */
extern unsigned long p2m_entries;

void p2m_init(unsigned long *table, unsigned long entries);

static inline mfn_t pfn_to_mfn(pfn_t pfn)
{
	return pfn < p2m_entries ? p2m_table[pfn] : MFN_INVALID;
}

static inline void p2m_set(pfn_t pfn, mfn_t mfn) { p2m_table[pfn] = mfn; }

/* PFN_NONE for a frame that is not this domain's (the machine's table may say anything there). */
pfn_t mfn_to_pfn(mfn_t mfn);

#endif
