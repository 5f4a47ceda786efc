/* SPDX-License-Identifier: MIT */
/*
 * A read-only, bounds-checked view of an ELF64 x86-64 executable held in memory.
 * Structures are named after the ELF specification's fields; only what a loader needs is here.
 */
#ifndef DOM0_TOOLS_BUILDER_ELF_H
#define DOM0_TOOLS_BUILDER_ELF_H

#include <stddef.h>
#include <stdint.h>
#include "ctl/err.h"

#define ELF_PT_LOAD 1
#define ELF_PT_NOTE 4
#define ELF_SHT_NOTE 7
#define ELF_SHT_NOBITS 8

struct elf_segment {            /* program header, as in the file */
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_section {            /* section header, as in the file */
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t addralign, entsize;
};

struct elf_image {
	const uint8_t *data;
	size_t size;
	uint64_t entry;
	unsigned int nr_segments, nr_sections, name_section;
	uint64_t segments_at, sections_at;      /* file offsets, checked */
	uint64_t paddr_start, paddr_end;        /* hull of the PT_LOAD segments, end exclusive */
};

/* Checks the headers and every PT_LOAD range; later accessors cannot leave the file. */
int elf_open(struct elf_image *elf, const void *data, size_t size, struct err *err);
/* i < nr_segments, i < nr_sections. */
struct elf_segment elf_segment(const struct elf_image *elf, unsigned int i);
struct elf_section elf_section(const struct elf_image *elf, unsigned int i);
/* The section's name, or "" when the string table does not hold it. */
const char *elf_section_name(const struct elf_image *elf, const struct elf_section *s);
/* Pointer to size bytes at a file offset; NULL when they are not all in the file. */
const void *elf_bytes(const struct elf_image *elf, uint64_t offset, uint64_t size);

#endif
