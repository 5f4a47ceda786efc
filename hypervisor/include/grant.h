/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1. A domain's table (its grants) and map track (handles of grants it has
 * mapped) are guarded by d->grant_lock. Each mapping holds: a reference (and a writable type reference if
 * read-write) on the frame, a pin count on the active entry, the handle.
 */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include "types.h"
#include <xen/grant_table.h>

struct domain;

int grant_init(struct domain *d, unsigned max_frames);
/* Release every mapping this dying domain holds (preemptible), then the table itself. */
int grant_release_mappings(struct domain *d);
void grant_free(struct domain *d);
/* Domain builder: make entry `ref` grant `frame` of d to `to` (GTF_permit_access). */
int grant_seed(struct domain *d, unsigned ref, uint16_t to, uint64_t frame);
/* mfn of the idx'th frame of d's grant table, growing it: XENMAPSPACE_grant_table. */
int grant_table_frame(struct domain *d, unsigned idx, uint64_t *mfn);

#endif
