/* SPDX-License-Identifier: MIT */
/*
 * Builds PV domains in two steps, so that whatever is wrong with the files is found before a domain
 * exists: builder_load reads and checks, builder_build fills a domain that was just created.
 */
#ifndef DOM0_TOOLS_BUILDER_BUILDER_H
#define DOM0_TOOLS_BUILDER_BUILDER_H

#include "builder/elf.h"
#include "builder/image.h"
#include "builder/layout.h"
#include "builder/notes.h"
#include "os/os.h"

struct builder_kernel {
	struct image file, ramdisk;
	struct elf_image elf;
	struct kernel_notes notes;
	struct layout layout;
};

/* ramdisk may be NULL. On error nothing is held; err names the file. */
int builder_load(struct builder_kernel *k, const char *kernel, const char *ramdisk,
		 uint64_t nr_pages, struct err *err);
void builder_unload(struct builder_kernel *k);

struct builder_domain {
	domid_t domid;                          /* in: exists, empty, max_mem and vcpus set */
	const char *cmdline;                    /* in */
	uint32_t store_port, console_port;      /* in: allocated inside the domain */
	xen_pfn_t store_mfn, console_mfn;       /* out */
};

/* The domain stays paused. On error it may be half filled: destroy it. */
int builder_build(const struct builder_kernel *k, struct builder_domain *d, struct err *err);

#endif
