/* SPDX-License-Identifier: MIT */
/* Xen notes: those that fit, those that do not, and the legacy string. */
#include <xen/elfnote.h>
#include "test.h"
#include "builder/notes.h"

static struct kernel_image k;
static struct kernel_notes notes;
static struct err err;

static int read_notes(void)
{
	struct elf_image elf;

	assert_int_equal(elf_open(&elf, k.data, k.size, &err), 0);
	return notes_read(&notes, &elf, &err);
}

static void reads_notes(void **state)
{
	(void)state;
	kernel_image_usual(&k);
	kernel_image_text(&k, XEN_ELFNOTE_GUEST_OS, "test");
	kernel_image_text(&k, XEN_ELFNOTE_FEATURES, "!writable_page_tables|unheard_of");
	kernel_image_number(&k, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	kernel_image_number(&k, XEN_ELFNOTE_MOD_START_PFN, 1);
	kernel_image_number(&k, XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000);
	assert_int_equal(read_notes(), 0);
	assert_int_equal(notes.entry, KERNEL_ENTRY);
	assert_int_equal(notes.virt_start, KERNEL_VIRT_BASE + 0x2000);
	assert_int_equal(notes.virt_end, KERNEL_VIRT_BASE + 0x5000);
	assert_int_equal(notes.hypercall_page, KERNEL_VIRT_BASE + 0x3000);
	assert_int_equal(notes.init_p2m, 0x8000000000);
	assert_true(notes.mod_start_pfn);
	assert_string_equal(notes.guest_os, "test");
}

static void numbers_may_have_four_bytes(void **state)
{
	uint32_t base = 0x100000, entry = 0x102000;

	(void)state;
	kernel_image_start(&k);
	kernel_image_note(&k, XEN_ELFNOTE_VIRT_BASE, &base, 4);
	kernel_image_note(&k, XEN_ELFNOTE_ENTRY, &entry, 4);
	kernel_image_text(&k, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	assert_int_equal(read_notes(), 0);
	assert_int_equal(notes.entry, 0x102000);
	assert_int_equal(notes.hypercall_page, NOTES_NONE);
}

static void none_at_all(void **state)
{
	(void)state;
	kernel_image_start(&k);
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, "no Xen notes");
}

/* A usual kernel with one more note, which replaces an earlier one. */
static void check_wrong(uint32_t type, uint64_t value, const char *words)
{
	kernel_image_usual(&k);
	kernel_image_number(&k, type, value);
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, words);
}

static void notes_that_do_not_fit(void **state)
{
	(void)state;
	check_wrong(XEN_ELFNOTE_ENTRY, 0x1000, "ENTRY 0x1000|outside the image");
	check_wrong(XEN_ELFNOTE_ENTRY, KERNEL_VIRT_BASE + 0x5000, "ENTRY");
	check_wrong(XEN_ELFNOTE_HYPERCALL_PAGE, KERNEL_VIRT_BASE + 0x3001, "HYPERCALL_PAGE");
	check_wrong(XEN_ELFNOTE_HYPERCALL_PAGE, KERNEL_VIRT_BASE + 0x5000, "HYPERCALL_PAGE");
	check_wrong(XEN_ELFNOTE_VIRT_BASE, 0xffff800000000000, "VIRT_BASE|does not fit");
	check_wrong(XEN_ELFNOTE_VIRT_BASE, 0x800000000000, "does not fit");
	check_wrong(XEN_ELFNOTE_VIRT_BASE, 0xfffffffffffff000, "does not fit");
	check_wrong(XEN_ELFNOTE_VIRT_BASE, 0x123, "VIRT_BASE|page-aligned");
	check_wrong(XEN_ELFNOTE_PADDR_OFFSET, 0x10000, "PADDR_OFFSET|above");
	check_wrong(XEN_ELFNOTE_INIT_P2M, 0xffff800000001000, "INIT_P2M");
	check_wrong(XEN_ELFNOTE_INIT_P2M, 0x1001, "INIT_P2M");
	check_wrong(XEN_ELFNOTE_HV_START_LOW, 0xffff900000000000, "HV_START_LOW");
}

static void words_that_do_not_fit(void **state)
{
	(void)state;
	kernel_image_usual(&k);
	kernel_image_text(&k, XEN_ELFNOTE_XEN_VERSION, "xen-9.9");
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, "XEN_VERSION|xen-9.9|xen-3.0");
	kernel_image_usual(&k);
	kernel_image_text(&k, XEN_ELFNOTE_LOADER, "strange");
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, "LOADER|strange|generic");
	kernel_image_usual(&k);
	kernel_image_text(&k, XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb|!auto_translated_physmap");
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, "FEATURES|auto_translated_physmap");
	kernel_image_usual(&k);
	kernel_image_text(&k, XEN_ELFNOTE_FEATURES, "!teleport");
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, "teleport");
	kernel_image_usual(&k);
	kernel_image_note(&k, XEN_ELFNOTE_ENTRY, "abc", 3);
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, "3 bytes|4 or 8");
}

static void damaged_notes(void **state)
{
	uint32_t huge = 0xfffffff0;

	(void)state;
	kernel_image_usual(&k);
	memcpy(k.data + k.notes_at, &huge, 4);
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_TRUNCATED, "note");
	kernel_image_usual(&k);
	memcpy(k.data + k.notes_at + 4, &huge, 4);
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_TRUNCATED, "note");
}

/* Turns the notes into a section table: null, names, __xen_guest. */
static void make_legacy(const char *text)
{
	static const char names[] = "\0.shstrtab\0__xen_guest";
	struct elf_section s[3] = {
		{ 0 },
		{ .name = 1, .type = 3, .offset = 0x400, .size = sizeof(names) },
		{ .name = 11, .type = 1, .offset = 0x500, .size = strlen(text) },
	};
	uint64_t shoff = 0x800;
	uint16_t shentsize = 64, shnum = 3, shstrndx = 1;

	kernel_image_start(&k);
	memcpy(k.data + 0x400, names, sizeof(names));
	memcpy(k.data + 0x500, text, strlen(text));
	memcpy(k.data + 0x800, s, sizeof(s));
	memcpy(k.data + 40, &shoff, 8);
	memcpy(k.data + 58, &shentsize, 2);
	memcpy(k.data + 60, &shnum, 2);
	memcpy(k.data + 62, &shstrndx, 2);
}

static void legacy_string(void **state)
{
	(void)state;
	make_legacy("GUEST_OS=old,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,"
		    "ELF_PADDR_OFFSET=0x0,HYPERCALL_PAGE=0x3,PAE=yes,LOADER=generic");
	assert_int_equal(read_notes(), 0);
	assert_string_equal(notes.guest_os, "old");
	assert_int_equal(notes.hypercall_page, KERNEL_VIRT_BASE + 0x3000);
	assert_int_equal(notes.entry, KERNEL_ENTRY);
	make_legacy("VIRT_BASE=what");
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, "__xen_guest|VIRT_BASE=what|number");
	make_legacy("XEN_VER=xen-2.0,VIRT_BASE=0,ELF_PADDR_OFFSET=0,VIRT_ENTRY=0x2000");
	assert_int_not_equal(read_notes(), 0);
	assert_err(&err, ERR_NOTE, "xen-2.0");
}

int test_notes(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_notes), cmocka_unit_test(numbers_may_have_four_bytes),
		cmocka_unit_test(none_at_all), cmocka_unit_test(notes_that_do_not_fit),
		cmocka_unit_test(words_that_do_not_fit), cmocka_unit_test(damaged_notes),
		cmocka_unit_test(legacy_string),
	};

	return RUN_GROUP(tests, total);
}
