/* SPDX-License-Identifier: MIT */
/*
 * The two tables between pfn and mfn: ours (p2m) and the machine's (m2p, read-only, at the start of
 * the hypervisor's range). The m2p holds what owners wrote there, so its answer counts only when
 * our own table agrees.
 */
#include <kit/p2m.h>

unsigned long *p2m_table;
unsigned long p2m_entries;

void p2m_init(unsigned long *table, unsigned long entries)
{
	p2m_table = table;
	p2m_entries = entries;
}

pfn_t mfn_to_pfn(mfn_t mfn)
{
	pfn_t pfn;

	if (mfn >= MACH2PHYS_NR_ENTRIES)
		return PFN_NONE;
	pfn = machine_to_phys_mapping[mfn];
	return pfn_to_mfn(pfn) == mfn ? pfn : PFN_NONE;
}
