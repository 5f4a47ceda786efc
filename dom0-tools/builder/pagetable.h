/* SPDX-License-Identifier: MIT */
/* The initial page tables of a new PV domain, written into its frames before they are pinned. */
#ifndef DOM0_TOOLS_BUILDER_PAGETABLE_H
#define DOM0_TOOLS_BUILDER_PAGETABLE_H

#include <stdint.h>
#include "builder/layout.h"

/* window maps the domain's frames [layout->first_pfn, used_pfn); p2m has layout->nr_pages mfns. */
void pagetable_write(const struct layout *layout, void *window, const uint64_t *p2m);

#endif
