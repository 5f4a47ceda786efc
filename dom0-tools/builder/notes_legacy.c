/* SPDX-License-Identifier: MIT */
/*
 * The legacy form of the notes: section __xen_guest holds "KEY=VALUE,KEY=VALUE,...". Two keys mean
 * something else than the note that replaced them: HYPERCALL_PAGE is a page number counted from
 * VIRT_BASE, and ELF_PADDR_OFFSET defaults to VIRT_BASE. The section is hostile: it is copied and
 * terminated before it is parsed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/features.h>
#include "builder/notes_impl.h"

#define MAX_SECTION 4096

/* Names as in the feature string, numbers as in features.h. */
static const struct {
	const char *name;
	unsigned int bit;
} features[] = {
	{ "writable_page_tables", XENFEAT_writable_page_tables },
	{ "writable_descriptor_tables", XENFEAT_writable_descriptor_tables },
	{ "auto_translated_physmap", XENFEAT_auto_translated_physmap },
	{ "supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel },
	{ "pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb },
	{ "mmu_pt_update_preserve_ad", XENFEAT_mmu_pt_update_preserve_ad },
	{ "highmem_assist", XENFEAT_highmem_assist },
	{ "gnttab_map_avail_bits", XENFEAT_gnttab_map_avail_bits },
	{ "dom0", XENFEAT_dom0 },
};

/* What a PV domain that is not domain 0 gets. Writes to page tables are emulated on request, which
 * is what kernels that ask for writable_page_tables mean. */
static const uint32_t offered = 1u << XENFEAT_writable_page_tables |
	1u << XENFEAT_pae_pgdir_above_4gb |
	1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_highmem_assist |
	1u << XENFEAT_gnttab_map_avail_bits;

static int feature_bit(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (strlen(features[i].name) == len && !memcmp(features[i].name, name, len))
			return (int)features[i].bit;
	return -ENOENT;
}

int notes_features(struct kernel_notes *n, const char *list, struct err *err)
{
	while (*list) {
		size_t len = strcspn(list, "|");
		bool needed = *list == '!';
		int bit = feature_bit(list + needed, len - needed);

		if (needed && (bit < 0 || !(offered >> bit & 1)))
			return err_set(err, ERR_NOTE, "note FEATURES requires \"%.*s\", which a PV "
				       "domain here does not get", (int)(len - 1), list + 1);
		if (bit >= 0)
			n->features |= 1u << bit;
		list += len;
		list += *list == '|';
	}
	return 0;
}

static int number(const char *key, const char *value, uint64_t *out, struct err *err)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 0);
	if (end == value || *end || errno)
		return err_set(err, ERR_NOTE, "__xen_guest: %s=%s, expected a number", key, value);
	return 0;
}

static int take(struct kernel_notes *n, const char *key, const char *value, struct err *err)
{
	if (!strcmp(key, "VIRT_BASE"))
		return number(key, value, &n->virt_base, err);
	if (!strcmp(key, "VIRT_ENTRY"))
		return number(key, value, &n->entry, err);
	if (!strcmp(key, "HYPERCALL_PAGE"))
		return number(key, value, &n->hypercall_page, err);
	if (!strcmp(key, "ELF_PADDR_OFFSET"))
		return number(key, value, &n->paddr_offset, err);
	if (!strcmp(key, "FEATURES"))
		return notes_features(n, value, err);
	if (!strcmp(key, "XEN_VER"))
		snprintf(n->xen_version, sizeof(n->xen_version), "%s", value);
	else if (!strcmp(key, "LOADER"))
		snprintf(n->loader, sizeof(n->loader), "%s", value);
	else if (!strcmp(key, "GUEST_OS"))
		snprintf(n->guest_os, sizeof(n->guest_os), "%s", value);
	else if (!strcmp(key, "GUEST_VER"))
		snprintf(n->guest_version, sizeof(n->guest_version), "%s", value);
	return 0;
}

static int parse(struct kernel_notes *n, char *text, struct err *err)
{
	char *save, *item, *value;
	int rc;

	for (item = strtok_r(text, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		value = strchr(item, '=');
		if (value)
			*value++ = 0;
		rc = take(n, item, value ? value : "", err);
		if (rc)
			return rc;
	}
	if (n->virt_base == NOTES_NONE)
		n->virt_base = 0;
	if (n->paddr_offset == NOTES_NONE)
		n->paddr_offset = n->virt_base;
	if (n->hypercall_page != NOTES_NONE)
		n->hypercall_page = n->virt_base + (n->hypercall_page << 12);
	/* Such kernels predate the version note's being obligatory. */
	if (!n->xen_version[0])
		strcpy(n->xen_version, "xen-3.0");
	return 1;
}

int notes_from_legacy(struct kernel_notes *n, const struct elf_image *elf, struct err *err)
{
	char text[MAX_SECTION + 1];

	for (unsigned int i = 0; i < elf->nr_sections; i++) {
		struct elf_section s = elf_section(elf, i);
		const void *data;

		if (s.type == ELF_SHT_NOBITS || strcmp(elf_section_name(elf, &s), "__xen_guest"))
			continue;
		data = elf_bytes(elf, s.offset, s.size);
		if (!data || s.size > MAX_SECTION)
			return err_set(err, ERR_TRUNCATED, "section __xen_guest of 0x%llx bytes is "
				       "not in the file or larger than %u bytes",
				       (unsigned long long)s.size, MAX_SECTION);
		memcpy(text, data, s.size);
		text[s.size] = 0;
		return parse(n, text, err);
	}
	return 0;
}
