/* SPDX-License-Identifier: MIT */
/* What is written into a new domain's frames. Pure: the window stands for the frames. */
#ifndef DOM0_TOOLS_BUILDER_FILL_H
#define DOM0_TOOLS_BUILDER_FILL_H

#include "builder/builder.h"

/* window maps frames [first_pfn, used_pfn); p2m has nr_pages mfns. */
void fill_window(const struct builder_kernel *k, void *window, const xen_pfn_t *p2m);
void fill_start_info(const struct builder_kernel *k, const struct builder_domain *d,
		     const xen_pfn_t *p2m, xen_pfn_t shared_info_mfn, void *window);
/* State of the boot vcpu at the kernel's entry. */
void fill_context(const struct layout *l, uint64_t entry, const xen_pfn_t *p2m,
		  vcpu_guest_context_t *context);

#endif
