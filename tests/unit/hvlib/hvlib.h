/* SPDX-License-Identifier: MIT */
/* What the test files share: cmocka, the renamed library functions, captured messages, random numbers. */
#ifndef TEST_HVLIB_H
#define TEST_HVLIB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

void *hv_memcpy(void *dst, const void *src, size_t n);
void *hv_memmove(void *dst, const void *src, size_t n);
void *hv_memset(void *dst, int c, size_t n);
int hv_memcmp(const void *a, const void *b, size_t n);
size_t hv_strlen(const char *s);
size_t hv_strnlen(const char *s, size_t max);
int hv_strcmp(const char *a, const char *b);
int hv_strncmp(const char *a, const char *b, size_t n);
char *hv_strchr(const char *s, int c);
size_t hv_strlcpy(char *dst, const char *src, size_t size);
uint64_t hv_strtoull(const char *s, const char **end);
uint64_t parse_size(const char *s, const char **end);
int hv_snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* stubs.c: all that printk said since log_reset, the machine's memory, what the serial port got */
extern char log_text[];
void log_reset(void);
extern char serial_text[];
void serial_reset(void);
void memory_reset(void);
void memory_put(uint64_t maddr, const void *p, size_t n);
uint32_t random32(void);

extern const struct CMUnitTest string_tests[], format_tests[], cmdline_tests[], elf_tests[], acpi_tests[],
	console_tests[];

#endif
