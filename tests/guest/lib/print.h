/* SPDX-License-Identifier: MIT */
/*
 * As much of printf as the micro guests use: %s %c %d %u %x with l, and %%. No widths.
 */
#ifndef TEST_PRINT_H
#define TEST_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/* Always terminates; gives the length written, at most size - 1. */
size_t print_format(char *out, size_t size, const char *fmt, va_list ap);

#endif
