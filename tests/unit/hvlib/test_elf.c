/* SPDX-License-Identifier: MIT */
/*
 * domain/elf.c: a small PV kernel made here, each way in which it can be wrong, every truncation of it, and
 * random damage: whatever is accepted must keep the promises of elf.h.
 */
#include <stdlib.h>
#include <string.h>
#include "hvlib.h"
#include "elf.h"

#define BASE 0xffffffff80000000ULL
#define FILE_BYTES 4096
#define PHDR 64
#define NOTES 0x200
#define TEXT 0x800

static uint8_t file[FILE_BYTES];
static size_t note_end;

static void put(size_t at, uint64_t v, unsigned bytes)
{
	memcpy(file + at, &v, bytes);
}

static void add_note(uint32_t type, const void *desc, uint32_t n)
{
	put(note_end, 4, 4);
	put(note_end + 4, n, 4);
	put(note_end + 8, type, 4);
	memcpy(file + note_end + 12, "Xen", 4);
	memcpy(file + note_end + 16, desc, n);
	note_end += 16 + ((n + 3) & ~3u);
	put(PHDR + 56 + 32, note_end - NOTES, 8);
	put(PHDR + 56 + 40, note_end - NOTES, 8);
}

static void add_number(uint32_t type, uint64_t v)
{
	add_note(type, &v, sizeof(v));
}

static void program_header(unsigned i, uint32_t type, uint64_t off, uint64_t paddr, uint64_t filesz, uint64_t memsz)
{
	size_t at = PHDR + i * 56;

	put(at, type, 4);
	put(at + 8, off, 8);
	put(at + 16, paddr + BASE, 8);
	put(at + 24, paddr, 8);
	put(at + 32, filesz, 8);
	put(at + 40, memsz, 8);
}

/* The kernel without those notes that tests give themselves. */
static void make(void)
{
	memset(file, 0, sizeof(file));
	memcpy(file, "\x7f" "ELF\2\1\1", 7);
	put(16, 2, 2);
	put(18, 62, 2);
	put(24, BASE + 0x100000, 8);
	put(32, PHDR, 8);
	put(54, 56, 2);
	put(56, 2, 2);
	program_header(0, 1, TEXT, 0x100000, 0x400, 0x3000);
	program_header(1, 4, NOTES, 0, 0, 0);
	note_end = NOTES;
	add_note(5, "xen-3.0", 8);
	add_note(8, "generic", 8);
	add_number(3, BASE);
	add_number(2, BASE + 0x101000);
}

static int parse(struct elf_kernel *k)
{
	uint8_t *exact = malloc(FILE_BYTES);
	int rc;

	memcpy(exact, file, FILE_BYTES);
	rc = elf_parse(exact, FILE_BYTES, k);
	free(exact);
	return rc;
}

static void test_good(void **state)
{
	struct elf_kernel k;

	(void)state;
	make();
	add_number(15, 0x8000000000);
	add_number(16, 1);
	add_note(10, "!writable_page_tables|pae_pgdir_above_4gb", 42);
	assert_int_equal(parse(&k), 0);
	assert_int_equal(k.nr_segments, 1);
	assert_int_equal(k.virt_base, BASE);
	assert_int_equal(k.virt_start, BASE + 0x100000);
	assert_int_equal(k.virt_end, BASE + 0x103000);
	assert_int_equal(k.virt_entry, BASE + 0x100000);
	assert_int_equal(k.hypercall_page, BASE + 0x101000);
	assert_int_equal(k.init_p2m, 0x8000000000);
	assert_true(k.mod_start_pfn);
}

static void test_offset_and_entry_notes(void **state)
{
	struct elf_kernel k;

	(void)state;
	make();
	add_number(4, 0x80000);
	add_number(1, BASE + 0x80010);
	put(NOTES + 24 + 24 + 24 + 16, BASE + 0x81000, 8);	/* the hypercall page moves along */
	assert_int_equal(parse(&k), 0);
	assert_int_equal(k.virt_start, BASE + 0x80000);
	assert_int_equal(k.virt_entry, BASE + 0x80010);
	assert_int_equal(k.init_p2m, ELF_UNSET);
	assert_false(k.mod_start_pfn);
}

static void make_not_elf(void) { file[1] = 'L'; }
static void make_32_bit(void) { file[4] = 1; }
static void make_arm(void) { put(18, 183, 2); }
static void make_no_headers(void) { put(56, 0, 2); }
static void make_far_headers(void) { put(32, UINT64_MAX - 8, 8); }
static void make_no_notes(void) { program_header(1, 0, 0, 0, 0, 0); }
static void make_cut_note(void) { put(NOTES + 4, 0xfffffff0, 4); }
static void make_far_notes(void) { put(PHDR + 56 + 8, FILE_BYTES - 4, 8); }
static void make_other_version(void) { add_note(5, "xen-2.0", 8); }
static void make_other_loader(void) { add_note(8, "linux", 6); }
static void make_supervisor(void) { add_note(10, "a|!supervisor_mode_kernel", 25); }
static void make_no_dom0(void) { add_number(17, 1); }
static void make_big_segment(void) { put(PHDR + 32, FILE_BYTES, 8); }
static void make_file_over_mem(void) { put(PHDR + 40, 0x3ff, 8); }
static void make_wrapping(void) { put(PHDR + 40, 0x100000000, 8); }
static void make_below(void) { put(PHDR + 24, -0x1000ULL, 8); }
static void make_in_hypervisor(void) { add_number(3, 0xffff800000000000); add_number(1, 0xffff800000100000); }
static void make_noncanonical(void) { add_number(3, 0x1000000000000); add_number(1, 0x1000000100000); }
static void make_entry_outside(void) { put(24, BASE + 0x103000, 8); }
static void make_page_outside(void) { add_number(2, BASE + 0x200000); }
static void make_page_crooked(void) { add_number(2, BASE + 0x101008); }
static void make_p2m_crooked(void) { add_number(15, 0x8000000008); }

static void test_bad(void **state)
{
	static const struct { void (*damage)(void); const char *why; } row[] = {
		{ make_not_elf, "not an ELF" }, { make_32_bit, "64-bit" }, { make_arm, "64-bit" },
		{ make_no_headers, "program headers" }, { make_far_headers, "program headers" },
		{ make_no_notes, "no Xen notes" }, { make_cut_note, "cut off" }, { make_far_notes, "cut off" },
		{ make_other_version, "XEN_VERSION" }, { make_other_loader, "LOADER" },
		{ make_supervisor, "FEATURES" }, { make_no_dom0, "SUPPORTED_FEATURES" },
		{ make_big_segment, "outside the file" }, { make_file_over_mem, "outside the file" },
		{ make_wrapping, "wraps" }, { make_below, "below VIRT_BASE" },
		{ make_in_hypervisor, "hypervisor" }, { make_noncanonical, "canonical" },
		{ make_entry_outside, "entry point" }, { make_page_outside, "hypercall page" },
		{ make_page_crooked, "hypercall page" }, { make_p2m_crooked, "INIT_P2M" },
	};
	struct elf_kernel k;

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		make();
		row[i].damage();
		if (!parse(&k))
			fail_msg("accepted, expected: %s", row[i].why);
		if (!strstr(k.error, row[i].why))
			fail_msg("said '%s', expected: %s", k.error, row[i].why);
	}
}

static void check_promises(const struct elf_kernel *k, uint64_t len)
{
	assert_true(k->virt_base <= k->virt_start && k->virt_start < k->virt_end);
	assert_true(k->virt_entry >= k->virt_start && k->virt_entry < k->virt_end);
	assert_true(k->virt_end <= 0xffff800000000000 || k->virt_base >= 0xffff880000000000);
	for (unsigned i = 0; i < k->nr_segments; i++) {
		assert_true(k->segment[i].file_off <= len && k->segment[i].file_size <= len - k->segment[i].file_off);
		assert_true(k->segment[i].file_size <= k->segment[i].mem_size);
		assert_true(k->segment[i].va >= k->virt_start);
		assert_true(k->segment[i].va + k->segment[i].mem_size <= k->virt_end);
	}
}

static void test_truncated(void **state)
{
	struct elf_kernel k;

	(void)state;
	make();
	for (size_t n = 0; n < FILE_BYTES; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		int rc;

		memcpy(exact, file, n);
		rc = elf_parse(exact, n, &k);
		if (n < TEXT + 0x400)
			assert_int_not_equal(rc, 0);
		else
			assert_int_equal(rc, 0);
		free(exact);
	}
}

static void test_random_damage(void **state)
{
	static const uint64_t odd[] = { 0, 1, 0x7fffffff, 0xffffffff, UINT64_MAX, 1ULL << 63, FILE_BYTES };
	unsigned accepted = 0;
	struct elf_kernel k;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		make();
		for (unsigned n = 1 + random32() % 3; n--; )
			put(random32() % (note_end - 8), random32() % 2 ? odd[random32() % 7] : random32(),
			    1u << random32() % 4);
		if (parse(&k) == 0) {
			check_promises(&k, FILE_BYTES);
			accepted++;
		} else {
			assert_non_null(k.error);
		}
	}
	assert_in_range(accepted, 100, 19900);		/* both ways were taken */
}

const struct CMUnitTest elf_tests[] = {
	cmocka_unit_test(test_good), cmocka_unit_test(test_offset_and_entry_notes), cmocka_unit_test(test_bad),
	cmocka_unit_test(test_truncated), cmocka_unit_test(test_random_damage), { 0 },
};
