/* SPDX-License-Identifier: MIT */
/*
 * Where everything lies in a new PV domain: the initial region that starts at VIRT_BASE, in the
 * order that the ABI sets (image, ramdisk, p2m, start_info, xenstore, console, page tables,
 * stack), and what the kernel's notes let lie outside of it. Pure arithmetic; pfn 0 is at
 * VIRT_BASE.
 */
#ifndef DOM0_TOOLS_BUILDER_LAYOUT_H
#define DOM0_TOOLS_BUILDER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "builder/notes.h"

struct range {                  /* pages; va is 0 for what is not mapped */
	uint64_t va, pfn, pages;
};

struct pt_count {               /* tables of each level, [1] to [4] */
	uint64_t level[5], all;
};

struct layout {
	uint64_t nr_pages;              /* the domain's memory */
	uint64_t virt_base, virt_end;   /* initial region, page-aligned */
	uint64_t first_pfn, used_pfn;   /* frames the builder writes: [first_pfn, used_pfn) */
	struct range image, ramdisk, p2m, start_info, xenstore, console, tables, stack;
	struct range p2m_tables;        /* tables below L4 that map a p2m placed by INIT_P2M */
	bool p2m_apart;
	struct pt_count main_count, p2m_count;
};

/* ramdisk_size in bytes, 0 for none. ERR_NO_MEMORY says how many pages would do. */
int layout_compute(struct layout *l, const struct kernel_notes *notes, uint64_t nr_pages,
		   uint64_t ramdisk_size, struct err *err);

#endif
