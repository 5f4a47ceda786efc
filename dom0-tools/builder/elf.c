/* SPDX-License-Identifier: MIT */
/*
 * The ELF view. The file is hostile: every offset is compared with the file's size before use, in
 * forms that cannot overflow, and headers are copied out (they may be unaligned in the file).
 * Pure code without a lock: the image belongs to the caller and does not change while open.
 */
#include <string.h>
#include "builder/elf.h"

/* Far above any real kernel; bounds the work that a hostile header can cause. */
#define MAX_SEGMENTS 256
#define EM_X86_64 62

struct file_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

_Static_assert(sizeof(struct file_header) == 64, "ELF64 header");
_Static_assert(sizeof(struct elf_segment) == 56, "ELF64 program header");
_Static_assert(sizeof(struct elf_section) == 64, "ELF64 section header");

const void *elf_bytes(const struct elf_image *elf, uint64_t offset, uint64_t size)
{
	if (offset > elf->size || size > elf->size - offset)
		return NULL;
	return elf->data + offset;
}

struct elf_segment elf_segment(const struct elf_image *elf, unsigned int i)
{
	struct elf_segment s;

	memcpy(&s, elf->data + elf->segments_at + i * sizeof(s), sizeof(s));
	return s;
}

struct elf_section elf_section(const struct elf_image *elf, unsigned int i)
{
	struct elf_section s;

	memcpy(&s, elf->data + elf->sections_at + i * sizeof(s), sizeof(s));
	return s;
}

const char *elf_section_name(const struct elf_image *elf, const struct elf_section *s)
{
	struct elf_section names;
	const char *text;

	if (elf->name_section >= elf->nr_sections)
		return "";
	names = elf_section(elf, elf->name_section);
	if (names.type == ELF_SHT_NOBITS || s->name >= names.size)
		return "";
	text = elf_bytes(elf, names.offset, names.size);
	if (!text || !memchr(text + s->name, 0, names.size - s->name))
		return "";
	return text + s->name;
}

static const char *machine_name(unsigned int machine)
{
	static const struct {
		unsigned int machine;
		const char *name;
	} known[] = {
		{ 3, "32-bit x86" }, { 8, "MIPS" }, { 20, "PowerPC" }, { 21, "64-bit PowerPC" },
		{ 40, "32-bit Arm" }, { 62, "x86-64" }, { 183, "64-bit Arm" }, { 243, "RISC-V" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].machine == machine)
			return known[i].name;
	return "an unknown machine";
}

static int check_header(const struct file_header *h, struct err *err)
{
	if (memcmp(h->ident, "\177ELF", 4))
		return err_set(err, ERR_NOT_ELF, "not an ELF image: it begins with bytes "
			       "%02x %02x %02x %02x, expected 7f 45 4c 46", h->ident[0],
			       h->ident[1], h->ident[2], h->ident[3]);
	if (h->ident[4] != 2 || h->ident[5] != 1)
		return err_set(err, ERR_WRONG_ARCH, "wrong architecture: %s %s-endian ELF for %s, "
			       "expected 64-bit little-endian ELF for x86-64",
			       h->ident[4] == 1 ? "32-bit" : h->ident[4] == 2 ? "64-bit" :
			       "unknown-class", h->ident[5] == 2 ? "big" : "little",
			       h->ident[5] == 1 ? machine_name(h->machine) : "another machine");
	if (h->machine != EM_X86_64)
		return err_set(err, ERR_WRONG_ARCH, "wrong architecture: ELF for %s (machine %u), "
			       "expected x86-64 (machine 62)", machine_name(h->machine), h->machine);
	if (h->phnum == 0 || h->phnum > MAX_SEGMENTS)
		return err_set(err, ERR_BAD_IMAGE, "ELF header says %u program headers, expected "
			       "1 to %u", h->phnum, MAX_SEGMENTS);
	if (h->phentsize != sizeof(struct elf_segment))
		return err_set(err, ERR_BAD_IMAGE, "ELF program headers of %u bytes, expected %zu",
			       h->phentsize, sizeof(struct elf_segment));
	return 0;
}

/* Sections are optional, but a table that the header places outside the file betrays a cut file:
 * the table comes last, so that what the segments hold may well be there. */
static int find_sections(struct elf_image *elf, const struct file_header *h, struct err *err)
{
	if (h->shnum == 0 || h->shentsize != sizeof(struct elf_section))
		return 0;
	if (!elf_bytes(elf, h->shoff, (uint64_t)h->shnum * sizeof(struct elf_section)))
		return err_set(err, ERR_TRUNCATED, "truncated: section headers at 0x%llx are "
			       "beyond the file's 0x%zx bytes", (unsigned long long)h->shoff,
			       elf->size);
	elf->sections_at = h->shoff;
	elf->nr_sections = h->shnum;
	elf->name_section = h->shstrndx;
	return 0;
}

static int check_segment(struct elf_image *elf, unsigned int i, struct err *err)
{
	struct elf_segment s = elf_segment(elf, i);

	if (s.type != ELF_PT_LOAD || s.memsz == 0)
		return 0;
	if (s.filesz > s.memsz)
		return err_set(err, ERR_BAD_IMAGE, "ELF segment %u has 0x%llx bytes in the file "
			       "but only 0x%llx in memory", i, (unsigned long long)s.filesz,
			       (unsigned long long)s.memsz);
	if (!elf_bytes(elf, s.offset, s.filesz))
		return err_set(err, ERR_TRUNCATED, "truncated: ELF segment %u needs file bytes "
			       "0x%llx+0x%llx, the file has 0x%zx", i,
			       (unsigned long long)s.offset, (unsigned long long)s.filesz,
			       elf->size);
	if (s.memsz > UINT64_MAX - s.paddr)
		return err_set(err, ERR_BAD_IMAGE, "ELF segment %u wraps around the address space "
			       "(0x%llx+0x%llx)", i, (unsigned long long)s.paddr,
			       (unsigned long long)s.memsz);
	if (s.paddr < elf->paddr_start)
		elf->paddr_start = s.paddr;
	if (s.paddr + s.memsz > elf->paddr_end)
		elf->paddr_end = s.paddr + s.memsz;
	return 0;
}

int elf_open(struct elf_image *elf, const void *data, size_t size, struct err *err)
{
	struct file_header h;
	int rc;

	memset(elf, 0, sizeof(*elf));
	elf->data = data;
	elf->size = size;
	elf->paddr_start = UINT64_MAX;
	memset(&h, 0, sizeof(h));
	memcpy(&h, data, size < sizeof(h) ? size : sizeof(h));
	if (size < sizeof(h) && (size < 4 || !memcmp(h.ident, "\177ELF", 4)))
		return err_set(err, ERR_TRUNCATED, "truncated: %zu bytes, an ELF header alone "
			       "has %zu", size, sizeof(h));
	rc = check_header(&h, err);
	if (rc)
		return rc;
	elf->entry = h.entry;
	if (!elf_bytes(elf, h.phoff, (uint64_t)h.phnum * sizeof(struct elf_segment)))
		return err_set(err, ERR_TRUNCATED, "truncated: program headers at 0x%llx are "
			       "beyond the file's 0x%zx bytes", (unsigned long long)h.phoff, size);
	elf->segments_at = h.phoff;
	elf->nr_segments = h.phnum;
	rc = find_sections(elf, &h, err);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < elf->nr_segments; i++) {
		rc = check_segment(elf, i, err);
		if (rc)
			return rc;
	}
	if (elf->paddr_start >= elf->paddr_end)
		return err_set(err, ERR_BAD_IMAGE, "ELF image has no segment to load");
	return 0;
}
