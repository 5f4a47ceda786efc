/* SPDX-License-Identifier: MIT */
/* A PV kernel as an ELF64 file: where it wants to be, and what its Xen notes ask of a builder. */
#ifndef HV_ELF_H
#define HV_ELF_H

#include "types.h"

#define ELF_UNSET (~0ULL)
#define ELF_MAX_SEGMENTS 16

struct elf_kernel {
	const char *error;		/* what is wrong with the file, after a failure */
	struct { uint64_t va, file_off, file_size, mem_size; } segment[ELF_MAX_SEGMENTS];
	unsigned nr_segments;
	uint64_t virt_base;		/* address of pfn 0 */
	uint64_t virt_start, virt_end;	/* the image, virt_end exclusive */
	uint64_t virt_entry;
	uint64_t hypercall_page;	/* ELF_UNSET: none */
	uint64_t init_p2m;		/* where the p2m shall be mapped; ELF_UNSET: behind the image */
	bool mod_start_pfn;		/* initrd may stay unmapped, named by pfn */
};

/*
 * Reads an image of len bytes. 0, or -EINVAL with k->error set. On success the segments lie inside the file and
 * inside [virt_start, virt_end), which is canonical and clear of our area; entry and hypercall page lie
 * inside the image.
 */
int elf_parse(const void *image, uint64_t len, struct elf_kernel *k);

#endif
