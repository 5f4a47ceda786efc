/* SPDX-License-Identifier: MIT */
/* A look at all handles of a domain, for the audit. Nothing maps or unmaps meanwhile. */
#include "internal.h"

void grant_each_handle(const struct domain *d, void (*fn)(mfn_t m, bool rw, bool entry))
{
	const struct grant_table *t = d->grant;

	for (unsigned page = 0; page < t->nr_map_pages; page++)
		for (unsigned i = 0; i < MAPPINGS_PER_PAGE; i++) {
			const struct mapping *m = &t->map[page][i];

			if (m->flags)
				fn(mfn(m->frame), !(m->flags & GNTMAP_readonly), m->flags & GNTMAP_host_map);
		}
}
