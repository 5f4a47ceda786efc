/* SPDX-License-Identifier: MIT */
/*
 * Reads the binary Xen notes, from PT_NOTE segments first, else from SHT_NOTE sections.
 * The image is hostile: note sizes are checked against their container before each step.
 */
#include <string.h>
#include <xen/elfnote.h>
#include "builder/notes_impl.h"

struct note {
	uint32_t namesz, descsz, type;
	const char *name;
	const uint8_t *desc;
};

static uint64_t align4(uint64_t n)
{
	return (n + 3) & ~3ULL;
}

/* Takes the note at *at of size bytes; 1 taken, 0 none left, negative malformed. */
static int next_note(const uint8_t *data, uint64_t size, uint64_t *at, struct note *note,
		     struct err *err)
{
	uint64_t name, desc;

	if (size - *at < 12)
		return 0;
	memcpy(note, data + *at, 12);
	name = *at + 12;
	desc = name + align4(note->namesz);
	if (note->namesz > size - name || desc > size || note->descsz > size - desc)
		return err_set(err, ERR_TRUNCATED, "truncated: the ELF note at byte 0x%llx of its "
			       "segment claims %u + %u bytes, only 0x%llx are left",
			       (unsigned long long)*at, note->namesz, note->descsz,
			       (unsigned long long)(size - name));
	note->name = (const char *)data + name;
	note->desc = data + desc;
	*at = desc + align4(note->descsz);
	if (*at > size)
		*at = size;
	return 1;
}

static int number(const struct note *note, uint64_t *out, struct err *err)
{
	uint32_t word;

	if (note->descsz == 8) {
		memcpy(out, note->desc, 8);
		return 0;
	}
	if (note->descsz == 4) {
		memcpy(&word, note->desc, 4);
		*out = word;
		return 0;
	}
	return err_set(err, ERR_NOTE, "Xen note type %u has %u bytes, expected a number of 4 or 8",
		       note->type, note->descsz);
}

static void text(const struct note *note, char *out, size_t size)
{
	size_t n = note->descsz < size - 1 ? note->descsz : size - 1;

	memcpy(out, note->desc, n);
	out[n] = 0;
}

/* The notes whose value is an address or a count, and where it goes. */
static uint64_t *number_field(struct kernel_notes *n, uint32_t type)
{
	switch (type) {
	case XEN_ELFNOTE_ENTRY:
		return &n->entry;
	case XEN_ELFNOTE_HYPERCALL_PAGE:
		return &n->hypercall_page;
	case XEN_ELFNOTE_VIRT_BASE:
		return &n->virt_base;
	case XEN_ELFNOTE_PADDR_OFFSET:
		return &n->paddr_offset;
	case XEN_ELFNOTE_HV_START_LOW:
		return &n->hv_start_low;
	case XEN_ELFNOTE_INIT_P2M:
		return &n->init_p2m;
	}
	return NULL;
}

static int take(struct kernel_notes *n, const struct note *note, struct err *err)
{
	uint64_t *field = number_field(n, note->type), value = 0;
	char list[512];
	int rc;

	if (field)
		return number(note, field, err);
	switch (note->type) {
	case XEN_ELFNOTE_XEN_VERSION:
		text(note, n->xen_version, sizeof(n->xen_version));
		return 0;
	case XEN_ELFNOTE_GUEST_OS:
		text(note, n->guest_os, sizeof(n->guest_os));
		return 0;
	case XEN_ELFNOTE_GUEST_VERSION:
		text(note, n->guest_version, sizeof(n->guest_version));
		return 0;
	case XEN_ELFNOTE_LOADER:
		text(note, n->loader, sizeof(n->loader));
		return 0;
	case XEN_ELFNOTE_FEATURES:
		text(note, list, sizeof(list));
		return notes_features(n, list, err);
	case XEN_ELFNOTE_SUPPORTED_FEATURES:
		rc = number(note, &value, err);
		n->features |= (uint32_t)value;
		return rc;
	case XEN_ELFNOTE_MOD_START_PFN:
		rc = number(note, &value, err);
		n->mod_start_pfn = value != 0;
		return rc;
	}
	return 0;       /* the rest concerns other kinds of domain, or is for information */
}

static int read_block(struct kernel_notes *n, const uint8_t *data, uint64_t size, int *found,
		      struct err *err)
{
	struct note note;
	uint64_t at = 0;
	int rc;

	while ((rc = next_note(data, size, &at, &note, err)) > 0) {
		if (note.namesz != 4 || memcmp(note.name, "Xen", 4))
			continue;
		rc = take(n, &note, err);
		if (rc)
			return rc;
		*found = 1;
	}
	return rc;
}

static int read_segments(struct kernel_notes *n, const struct elf_image *elf, int *found,
			 struct err *err)
{
	for (unsigned int i = 0; i < elf->nr_segments; i++) {
		struct elf_segment s = elf_segment(elf, i);
		const void *data;
		int rc;

		if (s.type != ELF_PT_NOTE)
			continue;
		data = elf_bytes(elf, s.offset, s.filesz);
		if (!data)
			return err_set(err, ERR_TRUNCATED, "truncated: the notes at file byte "
				       "0x%llx+0x%llx are not in the file",
				       (unsigned long long)s.offset, (unsigned long long)s.filesz);
		rc = read_block(n, data, s.filesz, found, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_sections(struct kernel_notes *n, const struct elf_image *elf, int *found,
			 struct err *err)
{
	for (unsigned int i = 0; i < elf->nr_sections; i++) {
		struct elf_section s = elf_section(elf, i);
		const void *data = elf_bytes(elf, s.offset, s.size);
		int rc;

		if (s.type != ELF_SHT_NOTE || !data)
			continue;
		rc = read_block(n, data, s.size, found, err);
		if (rc)
			return rc;
	}
	return 0;
}

int notes_from_elf(struct kernel_notes *n, const struct elf_image *elf, struct err *err)
{
	int found = 0, rc = read_segments(n, elf, &found, err);

	if (!rc && !found)
		rc = read_sections(n, elf, &found, err);
	return rc ? rc : found;
}

int notes_read(struct kernel_notes *n, const struct elf_image *elf, struct err *err)
{
	int rc;

	memset(n, 0, sizeof(*n));
	n->virt_base = n->paddr_offset = n->entry = NOTES_NONE;
	n->hypercall_page = n->init_p2m = n->hv_start_low = NOTES_NONE;
	rc = notes_from_elf(n, elf, err);
	if (!rc)
		rc = notes_from_legacy(n, elf, err);
	if (!rc)
		return err_set(err, ERR_NOTE, "no Xen notes: the image is no paravirtual kernel "
			       "(neither ELF notes of owner \"Xen\" nor a __xen_guest section)");
	return rc < 0 ? rc : notes_check(n, elf, err);
}
