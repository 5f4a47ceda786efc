/* SPDX-License-Identifier: MIT */
/*
 * The micro guests' memory, as kit/os.h wants it: what the builder mapped and did not use, handed
 * out upwards; freed single pages are kept for reuse, since a page that was a page table can be one
 * again. Also the four functions that the compiler takes for granted.
 */
#include "test.h"

void memory_init(void);
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#define VA_BASE 0x100000000000UL

static pfn_t next, mapped;
static void *freed;
static char *next_va = (char *)VA_BASE;

void memory_init(void)
{
	const pte_t *e;

	next = virt_to_pfn((void *)start_info->pt_base) + start_info->nr_pt_frames + 1;
	for (mapped = next; mapped < start_info->nr_pages; mapped++) {
		e = pt_entry(pfn_to_virt(mapped), 1);
		if (!e || !(*e & PTE_PRESENT))
			break;
	}
}

void *os_pages_alloc(size_t n)
{
	void *va = freed;

	if (n == 1 && freed) {
		freed = *(void **)freed;
	} else {
		if (n > mapped - next)
			return NULL;
		va = pfn_to_virt(next);
		next += n;
	}
	memset(va, 0, n * PAGE_SIZE);
	return va;
}

void os_pages_free(void *va, size_t n)
{
	for (; n; n--, va = (char *)va + PAGE_SIZE) {
		*(void **)va = freed;
		freed = va;
	}
}

void *os_va_alloc(size_t n)
{
	void *va = next_va;

	if (pt_populate(va, n))
		return NULL;
	next_va += n * PAGE_SIZE;
	return va;
}

/* Addresses are not used twice: a stale translation would show as a fault. */
void os_va_free(void *va, size_t n)
{
	(void)va;
	(void)n;
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *ret = to;

	__asm__ volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (n) : : "memory");
	return ret;
}

void *memset(void *to, int c, size_t n)
{
	void *ret = to;

	__asm__ volatile("rep stosb" : "+D" (to), "+c" (n) : "a" (c) : "memory");
	return ret;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;

	if (d <= s)
		return memcpy(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
