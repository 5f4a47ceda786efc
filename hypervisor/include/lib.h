/* SPDX-License-Identifier: MIT */
/* Small freestanding helpers: memory, strings, bits, bounds under speculation. */
#ifndef HV_LIB_H
#define HV_LIB_H

#include <stdarg.h>
#include "types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
static inline void clear_pages(void *to, uint64_t n)
{
	n *= PAGE_SIZE / 8;
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(n) : "a"(0UL) : "memory");
}
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
/* Copies at most size-1 bytes and always terminates; returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);
/* Number in base 10, 16 (0x) or 8 (0); *end is set behind it. */
uint64_t strtoull(const char *s, const char **end);
/* Number with suffix K, M, G or T (bytes). */
uint64_t parse_size(const char *s, const char **end);

/* %d %u %x %X %lx %lu %llx %p %s %c %02x %-10s %*d %.*s %zu; returns the length it wanted. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/*
 * Guest-chosen index i, already checked against n: returns i, or 0 where the CPU runs ahead of
 * the check with i >= n.
 */
static inline uint64_t index_nospec(uint64_t i, uint64_t n)
{
	uint64_t mask;

	__asm__ volatile("cmp %2, %1; sbb %0, %0" : "=r"(mask) : "r"(i), "r"(n) : "cc");
	return i & mask;
}

/* Bitmaps of unsigned longs, atomically (the guest may write the same words). */
static inline bool test_bit(uint64_t bit, const volatile void *map)
{
	return ((const volatile uint64_t *)map)[bit / 64] >> (bit % 64) & 1;
}

static inline bool test_and_set_bit(uint64_t bit, volatile void *map)
{
	bool old;

	__asm__ volatile("lock bts %2, %0" : "+m"(((volatile uint64_t *)map)[bit / 64]), "=@ccc"(old)
			 : "r"(bit % 64) : "memory");
	return old;
}

static inline bool test_and_clear_bit(uint64_t bit, volatile void *map)
{
	bool old;

	__asm__ volatile("lock btr %2, %0" : "+m"(((volatile uint64_t *)map)[bit / 64]), "=@ccc"(old)
			 : "r"(bit % 64) : "memory");
	return old;
}

static inline void set_bit(uint64_t bit, volatile void *map) { test_and_set_bit(bit, map); }
static inline void clear_bit(uint64_t bit, volatile void *map) { test_and_clear_bit(bit, map); }

static inline unsigned fls64(uint64_t x) { return x ? 64 - __builtin_clzll(x) : 0; }

#endif
