/* SPDX-License-Identifier: MIT */
/* Makes small ELF kernels for the tests, and compares errors. */
#include <xen/elfnote.h>
#include "test.h"
#include "builder/elf.h"

#define NOTES_AT 0x200
#define LOAD_AT 0x1000

void assert_err(const struct err *err, enum err_kind kind, const char *words)
{
	char copy[200], *save, *word;

	if (err->kind != kind)
		fail_msg("kind %s, expected %s: %s", err_kind_name(err->kind),
			 err_kind_name(kind), err->text);
	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok_r(copy, "|", &save); word; word = strtok_r(NULL, "|", &save))
		if (!strstr(err->text, word))
			fail_msg("\"%s\" is not in: %s", word, err->text);
}

static void put(struct kernel_image *k, size_t at, const void *p, size_t n)
{
	memcpy(k->data + at, p, n);
}

static void put_segment(struct kernel_image *k, unsigned int i, struct elf_segment s)
{
	put(k, 64 + i * sizeof(s), &s, sizeof(s));
}

void kernel_image_start(struct kernel_image *k)
{
	static const uint8_t ident[16] = "\177ELF\2\1\1";
	uint16_t type = 2, machine = 62, phentsize = 56, phnum = 2, ehsize = 64;
	uint64_t entry = KERNEL_ENTRY, phoff = 64;

	memset(k, 0, sizeof(*k));
	k->size = LOAD_AT + 0x2000;
	k->notes_at = NOTES_AT;
	put(k, 0, ident, sizeof(ident));
	put(k, 16, &type, 2);
	put(k, 18, &machine, 2);
	put(k, 24, &entry, 8);
	put(k, 32, &phoff, 8);
	put(k, 52, &ehsize, 2);
	put(k, 54, &phentsize, 2);
	put(k, 56, &phnum, 2);
	put_segment(k, 0, (struct elf_segment){ .type = ELF_PT_LOAD, .offset = LOAD_AT,
		    .vaddr = KERNEL_VIRT_BASE + 0x2000, .paddr = 0x2000, .filesz = 0x2000,
		    .memsz = 0x3000 });
	put_segment(k, 1, (struct elf_segment){ .type = ELF_PT_NOTE, .offset = NOTES_AT });
	memset(k->data + LOAD_AT, 0xab, 0x2000);
}

void kernel_image_note(struct kernel_image *k, uint32_t type, const void *desc, uint32_t size)
{
	uint32_t head[3] = { 4, size, type };
	size_t at = k->notes_at + k->notes_size;

	put(k, at, head, 12);
	put(k, at + 12, "Xen", 4);
	put(k, at + 16, desc, size);
	k->notes_size += 16 + ((size + 3) & ~3U);
	put_segment(k, 1, (struct elf_segment){ .type = ELF_PT_NOTE, .offset = k->notes_at,
		    .filesz = k->notes_size });
}

void kernel_image_number(struct kernel_image *k, uint32_t type, uint64_t value)
{
	kernel_image_note(k, type, &value, 8);
}

void kernel_image_text(struct kernel_image *k, uint32_t type, const char *value)
{
	kernel_image_note(k, type, value, (uint32_t)strlen(value) + 1);
}

void kernel_image_usual(struct kernel_image *k)
{
	kernel_image_start(k);
	kernel_image_number(k, XEN_ELFNOTE_VIRT_BASE, KERNEL_VIRT_BASE);
	kernel_image_number(k, XEN_ELFNOTE_ENTRY, KERNEL_ENTRY);
	kernel_image_number(k, XEN_ELFNOTE_HYPERCALL_PAGE, KERNEL_VIRT_BASE + 0x3000);
	kernel_image_text(k, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
}
