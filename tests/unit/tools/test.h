/* SPDX-License-Identifier: MIT */
/* Between the files of this test program. */
#ifndef TESTS_TOOLS_TEST_H
#define TESTS_TOOLS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctl/err.h"

/* Each file's tests; returns the number of those that failed and adds their number to *total. */
typedef int test_group(size_t *total);
test_group test_cfg, test_domain_cfg, test_elf, test_notes, test_image, test_expand, test_layout,
	   test_format, test_cpuset, test_logscan, test_records, test_life;

#define RUN_GROUP(tests, total) \
	(*(total) += sizeof(tests) / sizeof((tests)[0]), cmocka_run_group_tests(tests, NULL, NULL))

/* An error of this kind whose text has all of these words ("a|b"). */
void assert_err(const struct err *err, enum err_kind kind, const char *words);

/* A small kernel image: one PT_LOAD of 3 pages at paddr 0x2000 (2 pages in the file), and notes. */
struct kernel_image {
	uint8_t data[0x6000];
	size_t size;
	uint32_t notes_at, notes_size;
};
void kernel_image_start(struct kernel_image *k);
void kernel_image_note(struct kernel_image *k, uint32_t type, const void *desc, uint32_t size);
void kernel_image_number(struct kernel_image *k, uint32_t type, uint64_t value);
void kernel_image_text(struct kernel_image *k, uint32_t type, const char *value);
/* With VIRT_BASE, ENTRY, HYPERCALL_PAGE and XEN_VERSION that fit. */
void kernel_image_usual(struct kernel_image *k);
#define KERNEL_VIRT_BASE 0xffffffff80000000ULL
#define KERNEL_ENTRY (KERNEL_VIRT_BASE + 0x2010)

/* A repeatable sequence of numbers. */
static inline uint32_t test_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*seed >> 33);
}

#endif
