/* SPDX-License-Identifier: MIT */
/* See print.h. */
#include "print.h"
#include <stdbool.h>

struct buffer { char *p, *end; };

static void put(struct buffer *b, char c)
{
	if (b->p < b->end)
		*b->p++ = c;
}

static void put_text(struct buffer *b, const char *s)
{
	while (*s)
		put(b, *s++);
}

static void put_number(struct buffer *b, unsigned long v, unsigned int base)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put(b, digits[--n]);
}

static void put_signed(struct buffer *b, long v)
{
	if (v < 0)
		put(b, '-');
	put_number(b, v < 0 ? -(unsigned long)v : (unsigned long)v, 10);
}

size_t print_format(char *out, size_t size, const char *fmt, va_list ap)
{
	struct buffer b = { out, out + size - 1 };

	for (; *fmt; fmt++) {
		bool is_long = false;

		if (*fmt != '%') {
			put(&b, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == 'l') {
			is_long = true;
			fmt++;
		}
		if (*fmt == 's')
			put_text(&b, va_arg(ap, const char *));
		else if (*fmt == 'c')
			put(&b, va_arg(ap, int));
		else if (*fmt == 'd')
			put_signed(&b, is_long ? va_arg(ap, long) : va_arg(ap, int));
		else if (*fmt == 'u' || *fmt == 'x')
			put_number(&b, is_long ? va_arg(ap, unsigned long) :
				   va_arg(ap, unsigned int), *fmt == 'u' ? 10 : 16);
		else
			put(&b, *fmt);
	}
	*b.p = 0;
	return b.p - out;
}
