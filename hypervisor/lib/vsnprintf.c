/* SPDX-License-Identifier: MIT */
/*
 * Formatted text: flags - and 0, width, precision (both may be *), lengths h, l, ll, z, conversions d i u x X
 * p s c %. Never writes beyond the buffer, always terminates it. No state, no lock.
 */
#include "lib.h"

struct out { char *buf; size_t size, len; };

struct spec { bool left, zero, negative; int width, precision; };

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void fill(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text)
{
	int n = strnlen(text, s->precision < 0 ? SIZE_MAX : (size_t)s->precision);

	if (!s->left)
		fill(o, ' ', s->width - n);
	for (int i = 0; i < n; i++)
		put(o, text[i]);
	if (s->left)
		fill(o, ' ', s->width - n);
}

static void put_number(struct out *o, const struct spec *s, uint64_t v, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char tmp[24];
	int n = 0, zeros;

	for (; v; v /= base)
		tmp[n++] = digits[v % base];
	if (!n)
		tmp[n++] = '0';
	zeros = s->precision - n;
	if (s->zero && !s->left && s->precision < 0)
		zeros = s->width - n - s->negative;
	zeros = MAX(zeros, 0);
	if (!s->left)
		fill(o, ' ', s->width - n - zeros - s->negative);
	if (s->negative)
		put(o, '-');
	fill(o, '0', zeros);
	for (int i = n; i-- > 0;)
		put(o, tmp[i]);
	if (s->left)
		fill(o, ' ', s->width - n - zeros - s->negative);
}

static int number(const char **p)
{
	int v = 0;

	for (; **p >= '0' && **p <= '9'; ++*p)
		v = MIN(v * 10 + (**p - '0'), 4096);
	return v;
}

/* Length modifiers: how many l, with z as one. */
static unsigned length(const char **p)
{
	unsigned l = 0;

	for (;; ++*p) {
		if (**p == 'l' || **p == 'z')
			l++;
		else if (**p != 'h')
			return l;
	}
}

static int number_or_arg(const char **p, va_list *args)
{
	if (**p != '*')
		return number(p);
	++*p;
	return va_arg(*args, int);
}

/* From behind the % to the conversion letter; returns whether the argument is 64 bits wide. */
static bool parse(const char **p, struct spec *s, va_list *args)
{
	*s = (struct spec){ .precision = -1 };
	for (; **p == '-' || **p == '0' || **p == '#'; ++*p) {
		s->left |= **p == '-';
		s->zero |= **p == '0';
	}
	s->width = number_or_arg(p, args);
	if (**p == '.') {
		++*p;
		s->precision = number_or_arg(p, args);
	}
	return length(p) > 0;
}

static void convert(struct out *o, struct spec *s, char letter, bool wide, va_list *args)
{
	char one[2] = { 0 };
	const char *text;
	int64_t v;

	switch (letter) {
	case 'd':
	case 'i':
		v = wide ? va_arg(*args, int64_t) : va_arg(*args, int);
		s->negative = v < 0;
		put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, false);
		break;
	case 'u':
	case 'x':
	case 'X':
		put_number(o, s, wide ? va_arg(*args, uint64_t) : va_arg(*args, unsigned),
			   letter == 'u' ? 10 : 16, letter == 'X');
		break;
	case 'p':
		s->precision = 16;
		put_number(o, s, (uintptr_t)va_arg(*args, void *), 16, false);
		break;
	case 's':
		text = va_arg(*args, const char *);
		put_text(o, s, text ? text : "(null)");
		break;
	case 'c':
		one[0] = (char)va_arg(*args, int);
		put_text(o, s, one);
		break;
	default:
		put(o, letter);
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };
	va_list args;
	struct spec s;
	bool wide;

	va_copy(args, ap);		/* so that &args has one type wherever ap came from */
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt++;
		wide = parse(&fmt, &s, &args);
		if (!*fmt)
			break;		/* a lone % at the end */
		convert(&o, &s, *fmt, wide, &args);
	}
	va_end(args);
	if (size)
		buf[MIN(o.len, size - 1)] = 0;
	return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
