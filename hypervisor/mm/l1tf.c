/* SPDX-License-Identifier: MIT */
/*
 * L1TF: where an affected CPU meets an absent entry it goes on for a while by the address that is in it, and reads what
 * the first-level cache has of that address, whoever's it is. So on such a CPU an absent entry of a guest's table
 * must not name memory: an address in it is refused below the upper half of what the CPU can address, and below the end of RAM.
 * Zero names nothing: the first page of RAM is never given away. A kernel that knows the flaw has its own numbers in absent
 * entries upside down, which puts them into the upper half; Linux does so on every CPU.
 *
 * Set once at boot, pure otherwise. Lock: the mm_lock of the table's domain.
 */
#include "domain.h"
#include "errno.h"
#include "pt.h"
#include "printk.h"

bool l1tf_on;
static bool checks_dom0, checks_domu;
static uint64_t compared, safe;		/* bits of an address that the CPU looks at; the first address that is no memory */

void l1tf_init(bool dom0, bool domu, unsigned address_bits)
{
	checks_dom0 = dom0;
	checks_domu = domu;
	l1tf_on = dom0 || domu;
	compared = PTE_MFN_MASK & (BIT(address_bits) - 1);
	safe = MAX(BIT(address_bits - 1), max_mfn << PAGE_SHIFT);
}

static bool names_memory(const struct domain *d, pte_t e)
{
	uint64_t a = e & compared;

	return !(e & PTE_P) && a && a < safe && (d->privileged ? checks_dom0 : checks_domu);
}

int l1tf_check(struct domain *d, unsigned level, pte_t e)
{
	if (likely(!names_memory(d, e)))
		return 0;
	domain_log(d, LOG_WARN, "refused absent L%u entry 0x%016lx: this CPU could read memory through it (pv-l1tf)\n",
		   level, e);
	return -EINVAL;
}

int l1tf_check_table(struct domain *d, unsigned level, const pte_t *t)
{
	int rc = 0;

	for (unsigned i = 0; i < PT_ENTRIES && !rc; i++)
		if (level < 4 || i < HV_L4_FIRST || i > HV_L4_LAST)
			rc = l1tf_check(d, level, t[i]);
	return rc;
}
