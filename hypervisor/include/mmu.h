/* SPDX-License-Identifier: MIT */
/* What the page-table hypercalls share. */
#ifndef HV_MMU_H
#define HV_MMU_H

#include "types.h"

struct domain;

/* The domain whose frames a page-table hypercall may name: DOMID_SELF, or for privileged callers
 * another domain's id, DOMID_XEN, or DOMID_IO (*out NULL). To be given back by mmu_pg_owner_put.
 * -EPERM, -ESRCH. */
int mmu_pg_owner(uint64_t domid, struct domain **out);
void mmu_pg_owner_put(struct domain *d);
/* Writes the number of finished operations to the guest's counter when the hypercall ends. */
long mmu_report_done(int rc, uint64_t pdone, uint64_t done);
/* Flushes all that the vcpus of a guest's bitmap know. -EFAULT. */
int mmu_flush_vcpus(struct domain *d, const void *umask);

#endif
