/* SPDX-License-Identifier: MIT */
/*
 * Claims: pages promised to a domain that is being built, so that it fails at once or not at all. A
 * claim shrinks as the domain gets pages, and ends with the domain or by claiming 0.
 *
 * Invariant: the free pages suffice for all claims, as far as domains take them: others get no page
 * that is promised. Lock: the page allocator's.
 */
#include "domain.h"
#include "errno.h"
#include "lock.h"
#include "mm.h"

static uint64_t claimed;		/* by all domains */

int domain_claim(struct domain *d, uint64_t pages)
{
	uint64_t more = pages - MIN(pages, (uint64_t)d->tot_pages);
	int rc = 0;

	spin_lock(&alloc_lock);
	if (!pages) {
		claimed -= d->claimed;
		d->claimed = 0;
	} else if (d->dying) {
		rc = -ESRCH;
	} else if (d->claimed || !more || pages > d->max_pages) {
		rc = -EINVAL;
	} else if (page_free_count() < claimed + more) {
		rc = -ENOMEM;
	} else {
		d->claimed = more;
		claimed += more;
	}
	spin_unlock(&alloc_lock);
	return rc;
}

/* Out of what is free and promised to nobody else. */
mfn_t claim_page_alloc(struct domain *d, unsigned order)
{
	mfn_t m = MFN_NONE;

	spin_lock(&alloc_lock);
	if (page_free_count() >= claimed - d->claimed + (1UL << order))
		m = page_alloc_locked(order);
	spin_unlock(&alloc_lock);
	return m;
}

void claim_used(struct domain *d, unsigned pages)
{
	unsigned n;

	spin_lock(&alloc_lock);
	n = MIN(d->claimed, pages);
	d->claimed -= n;
	claimed -= n;
	spin_unlock(&alloc_lock);
}

uint64_t page_claimed_count(void) { return READ_ONCE(claimed); }
