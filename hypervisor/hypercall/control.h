/* SPDX-License-Identifier: MIT */
/* Shared by the files behind domctl and sysctl. Handlers work on the copied-in operation; domctl's hold a
 * reference to the target and domctl_lock. */
#ifndef HV_CONTROL_H
#define HV_CONTROL_H

#include <xen/domctl.h>
#include <xen/sysctl.h>
#include "domain.h"

typedef long domctl_fn(struct domain *d, xen_domctl_t *op);
typedef long sysctl_fn(xen_sysctl_t *op);

/* domctl_vcpu.c */
domctl_fn domctl_max_vcpus, domctl_set_context, domctl_get_context, domctl_vcpu_info, domctl_set_affinity,
	domctl_get_affinity, domctl_get_extcontext, domctl_set_extcontext, domctl_get_msrs;

/* domain_info.c */
domctl_fn domctl_page_types;
void domain_info(const struct domain *d, xen_domctl_getdomaininfo_t *info);

/* cpu_policy.c: leaves as a guest sees them */
domctl_fn domctl_get_cpu_policy, domctl_set_cpu_policy;
sysctl_fn sysctl_cpu_policy, sysctl_featureset;
void featureset_host(uint32_t *words, unsigned n);

/* debug_keys.c */
void debug_key(char key);

/* bitmap.c: a set of up to 64 CPUs or nodes in the tools' form. 0 or -EFAULT. */
int bitmap_from_tools(uint64_t *set, const struct xenctl_bitmap *b);
int bitmap_to_tools(struct xenctl_bitmap *b, uint64_t set);	/* bits beyond 64 are cleared */

#endif
