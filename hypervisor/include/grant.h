/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1. A domain's table (its grants) and map track (handles of grants it has
 * mapped) are guarded by d->grant_lock. Each handle holds: a reference (and a writable type reference if
 * read-write) on the frame, a pin on the granter's active entry, a reference on the granter. The L1 entry
 * itself holds nothing (mm/grant_map.c), so a handle goes only after its entry.
 */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include "types.h"
#include <xen/grant_table.h>

struct domain;

int grant_init(struct domain *d, unsigned max_frames);
/* Release every mapping this dying domain holds; its vcpus run no more. Preemptible: -ERESTART, call again. */
int grant_release_mappings(struct domain *d);
/* With the last reference to d: until then others may hold mappings of what it granted. */
void grant_free(struct domain *d);
/* -EINVAL: beyond the limit, -ENOMEM. mfn of the idx'th frame of d's grant table, growing it: XENMAPSPACE_grant_table. */
int grant_table_frame(struct domain *d, unsigned idx, uint64_t *mfn);
/* For the audit: each live handle of d, the frame it holds, and whether it serves a page-table entry. */
void grant_each_handle(const struct domain *d, void (*fn)(mfn_t m, bool rw, bool entry));

#endif
