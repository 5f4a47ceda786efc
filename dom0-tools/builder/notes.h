/* SPDX-License-Identifier: MIT */
/*
 * What a kernel says about itself in its Xen notes (ELF notes of owner "Xen", or the string section
 * __xen_guest of older kernels), checked against what a 64-bit PV domain can be given.
 */
#ifndef DOM0_TOOLS_BUILDER_NOTES_H
#define DOM0_TOOLS_BUILDER_NOTES_H

#include <stdbool.h>
#include <stdint.h>
#include "builder/elf.h"

#define NOTES_NONE UINT64_MAX           /* an address that the kernel did not give */

struct kernel_notes {
	uint64_t virt_base, paddr_offset;
	uint64_t entry;                 /* virtual */
	uint64_t hypercall_page;        /* virtual, or NOTES_NONE */
	uint64_t init_p2m;              /* virtual, or NOTES_NONE: p2m after the image */
	uint64_t hv_start_low;          /* or NOTES_NONE */
	bool mod_start_pfn;             /* the ramdisk may be left unmapped */
	uint32_t features;              /* bits of XENFEAT_ it can work with */
	uint64_t virt_start, virt_end;  /* of the loaded image */
	char guest_os[32], guest_version[32], xen_version[16], loader[16];
};

/* Finds, reads and checks the notes. ERR_NOTE names the note and what was expected of it. */
int notes_read(struct kernel_notes *notes, const struct elf_image *elf, struct err *err);

#endif
