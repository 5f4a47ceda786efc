/* SPDX-License-Identifier: MIT */
/* ELF images, sound and hostile. Each image lies in a block of exactly its size: ASan sees a read
 * beyond. */
#include "test.h"
#include "builder/elf.h"
#include "builder/notes.h"

static struct kernel_image k;
static struct err err;

/* Opens a copy of size bytes; the copy stays valid until the next call. */
static int open_copy(size_t size, struct elf_image *elf)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(size ? size : 1);
	memcpy(copy, k.data, size);
	return elf_open(elf, copy, size, &err);
}

static void opens_a_kernel(void **state)
{
	struct elf_image elf;

	(void)state;
	kernel_image_usual(&k);
	assert_int_equal(open_copy(k.size, &elf), 0);
	assert_int_equal(elf.entry, KERNEL_ENTRY);
	assert_int_equal(elf.paddr_start, 0x2000);
	assert_int_equal(elf.paddr_end, 0x5000);
	assert_int_equal(elf.nr_segments, 2);
	assert_null(elf_bytes(&elf, k.size, 1));
	assert_null(elf_bytes(&elf, UINT64_MAX, 2));
	assert_null(elf_bytes(&elf, 8, UINT64_MAX - 4));
	assert_non_null(elf_bytes(&elf, k.size, 0));
}

static void every_truncation_is_named(void **state)
{
	struct elf_image elf;

	(void)state;
	kernel_image_usual(&k);
	for (size_t size = 0; size < k.size; size += size < 0x240 ? 1 : 61) {
		assert_int_not_equal(open_copy(size, &elf), 0);
		assert_err(&err, ERR_TRUNCATED, "truncated");
	}
}

static void wrong_things_are_named(void **state)
{
	struct elf_image elf;

	(void)state;
	kernel_image_usual(&k);
	k.data[0] = 'M';
	k.data[1] = 'Z';
	assert_int_not_equal(open_copy(k.size, &elf), 0);
	assert_err(&err, ERR_NOT_ELF, "not an ELF|4d 5a");
	kernel_image_usual(&k);
	k.data[4] = 1;
	assert_int_not_equal(open_copy(k.size, &elf), 0);
	assert_err(&err, ERR_WRONG_ARCH, "wrong architecture|32-bit|x86-64");
	kernel_image_usual(&k);
	k.data[18] = 183;
	assert_int_not_equal(open_copy(k.size, &elf), 0);
	assert_err(&err, ERR_WRONG_ARCH, "wrong architecture|64-bit Arm|183");
	kernel_image_usual(&k);
	k.data[5] = 2;
	assert_int_not_equal(open_copy(k.size, &elf), 0);
	assert_err(&err, ERR_WRONG_ARCH, "big-endian");
	kernel_image_usual(&k);
	k.data[56] = 0;
	assert_int_not_equal(open_copy(k.size, &elf), 0);
	assert_err(&err, ERR_BAD_IMAGE, "0 program headers");
	kernel_image_usual(&k);
	k.data[54] = 32;
	assert_int_not_equal(open_copy(k.size, &elf), 0);
	assert_err(&err, ERR_BAD_IMAGE, "32 bytes");
}

/* Field offsets in the first program header, at 64. */
static void set_segment(size_t field, uint64_t value)
{
	memcpy(k.data + 64 + field, &value, 8);
}

static void hostile_segments(void **state)
{
	static const struct {
		size_t field;
		uint64_t value;
		enum err_kind kind;
	} wrong[] = {
		{ 8, UINT64_MAX, ERR_TRUNCATED },               /* offset */
		{ 8, 0x3000, ERR_TRUNCATED },
		{ 32, 0x3001, ERR_BAD_IMAGE },                  /* filesz > memsz */
		{ 32, 0x2001, ERR_TRUNCATED },
		{ 32, UINT64_MAX, ERR_BAD_IMAGE },
		{ 24, UINT64_MAX, ERR_BAD_IMAGE },              /* paddr */
		{ 24, UINT64_MAX - 0x2fff + 1, ERR_BAD_IMAGE },
		{ 40, UINT64_MAX, ERR_BAD_IMAGE },              /* memsz */
		{ 40, 0, ERR_BAD_IMAGE },                       /* nothing to load */
	};
	struct elf_image elf;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		kernel_image_usual(&k);
		set_segment(wrong[i].field, wrong[i].value);
		if (!open_copy(k.size, &elf))
			fail_msg("case %zu was accepted", i);
		assert_int_equal(err.kind, wrong[i].kind);
	}
}

static void a_cut_section_table_is_a_cut_file(void **state)
{
	struct elf_image elf;
	uint16_t number = 3, size = 64;
	uint64_t at;

	(void)state;
	kernel_image_usual(&k);
	at = k.size;
	memcpy(k.data + 40, &at, 8);
	memcpy(k.data + 58, &size, 2);
	memcpy(k.data + 60, &number, 2);
	assert_int_not_equal(open_copy(k.size, &elf), 0);
	assert_err(&err, ERR_TRUNCATED, "truncated|section headers");
}

/* Random damage to the headers: whatever opens must be readable to the end without a bad access. */
static void random_damage(void **state)
{
	struct kernel_notes notes;
	struct elf_image elf;
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		kernel_image_usual(&k);
		for (int n = 1 + (int)(test_random(&seed) % 6); n > 0; n--)
			k.data[test_random(&seed) % 0x280] = (uint8_t)test_random(&seed);
		if (open_copy(k.size, &elf))
			continue;
		for (unsigned int i = 0; i < elf.nr_sections; i++) {
			struct elf_section s = elf_section(&elf, i);

			assert_true(strlen(elf_section_name(&elf, &s)) < k.size);
		}
		notes_read(&notes, &elf, &err);
	}
}

int test_elf(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_a_kernel), cmocka_unit_test(every_truncation_is_named),
		cmocka_unit_test(wrong_things_are_named), cmocka_unit_test(hostile_segments),
		cmocka_unit_test(a_cut_section_table_is_a_cut_file),
		cmocka_unit_test(random_damage),
	};

	return RUN_GROUP(tests, total);
}
