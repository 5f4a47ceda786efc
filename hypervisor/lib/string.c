/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions. Bulk work goes by 8-byte string instructions: they are the
 * fastest plain way on every CPU and cost one counted instruction per 8 bytes in an emulator.
 * No state, no lock.
 */
#include "lib.h"

void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;
	size_t words = n / 8, rest = n % 8;

	__asm__ volatile("rep movsq; mov %3, %%rcx; rep movsb"
			 : "+&D"(d), "+&S"(src), "+&c"(words) : "r"(rest) : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	unsigned char *d = dst;
	const unsigned char *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(dst, src, n);
	while (n--) {			/* dst starts inside src: from the end */
		d[n] = s[n];
		barrier();		/* or the compiler makes this loop a call of memmove */
	}
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;
	size_t words = n / 8, rest = n % 8;

	__asm__ volatile("rep stosq; mov %2, %%rcx; rep stosb"
			 : "+&D"(d), "+&c"(words)
			 : "r"(rest), "a"((uint8_t)c * 0x0101010101010101ULL) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src);

	if (size) {
		size_t c = MIN(n, size - 1);

		memcpy(dst, src, c);
		dst[c] = 0;
	}
	return n;
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

uint64_t strtoull(const char *s, const char **end)
{
	unsigned base = 10;
	uint64_t v = 0;

	if (s[0] == '0' && (s[1] | 0x20) == 'x' && digit(s[2]) < 16) {
		base = 16;
		s += 2;
	} else if (s[0] == '0') {
		base = 8;
	}
	for (; digit(*s) < base; s++)
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit(*s), &v))
			v = UINT64_MAX;
	if (end)
		*end = s;
	return v;
}

uint64_t parse_size(const char *s, const char **end)
{
	static const char suffix[] = "KMGT";
	const char *p, *hit;
	uint64_t v = strtoull(s, &p);

	hit = *p ? strchr(suffix, *p & ~0x20) : NULL;
	if (hit && *hit && p != s) {
		unsigned shift = 10 * (hit - suffix + 1);

		v = v >> (64 - shift) ? UINT64_MAX : v << shift;
		p++;
	}
	if (end)
		*end = p;
	return v;
}
