/* SPDX-License-Identifier: MIT */
/*
 * The door to guest memory (contract in uaccess.h). A fault at a marked instruction resumes at its fixup
 * with the number of bytes not copied; x86/traps.c looks them up in the exception table.
 */
#include "uaccess.h"
#include "errno.h"
#include "lib.h"

/* Under icount each iteration counts, so: quadwords, then the odd bytes, if any. */
static inline size_t copy_bytes(void *dst, const void *src, size_t n)
{
	size_t quads = n / 8, rest = n % 8;

	__asm__ volatile(STAC
			 "1: rep movsq\n"
			 "mov %[rest], %[cnt]\n"
			 "2: rep movsb\n"
			 "3: " CLAC
			 ".pushsection .text.fixup, \"ax\"\n"
			 "4: lea (%[rest], %[cnt], 8), %[cnt]\n jmp 3b\n"
			 ".popsection\n"
			 FIXUP("1b", "4b") FIXUP("2b", "3b")
			 : [cnt] "+&c"(quads), "+&D"(dst), "+&S"(src) : [rest] "r"(rest) : "memory");
	return quads;
}

static inline size_t copy_4(void *dst, const void *src)
{
	uint32_t val;
	size_t left = 4;

	__asm__ volatile(STAC
			 "1: mov (%[src]), %[val]\n 2: mov %[val], (%[dst])\n xor %k[left], %k[left]\n"
			 "3: " CLAC FIXUP("1b", "3b") FIXUP("2b", "3b")
			 : [val] "=&r"(val), [left] "+&r"(left) : [src] "r"(src), [dst] "r"(dst) : "memory", "cc");
	return left;
}

static inline size_t copy_raw(void *dst, const void *src, size_t n)
{
	if (likely(n % 8 == 0))
		return guest_copy_quads(dst, src, n / 8) * 8;
	return n == 4 ? copy_4(dst, src) : copy_bytes(dst, src, n);
}

size_t copy_from_guest_bytes(void *dst, const void *src, size_t n)
{
	return copy_raw(dst, guest_ptr(src), n);
}

size_t copy_to_guest_bytes(void *dst, const void *src, size_t n)
{
	return copy_raw(guest_ptr(dst), src, n);
}

int64_t guest_read_word(const uint32_t *from)
{
	int64_t val = -EFAULT;

	from = guest_ptr(from);
	__asm__ volatile(STAC "1: mov %1, %k0\n 2: " CLAC FIXUP("1b", "2b") : "+r"(val) : "m"(*from) : "memory");
	return val;
}

size_t clear_guest_bytes(void *dst, size_t n)
{
	dst = guest_ptr(dst);
	__asm__ volatile(STAC "1: rep stosb\n 2: " CLAC FIXUP("1b", "2b")
			 : "+c"(n), "+D"(dst) : "a"(0) : "memory");
	return n;
}

/* Bytes of nr elements starting at off from base; false if that wraps around. */
static bool span(uint64_t *addr, uint64_t *bytes, const void *base, uint64_t off, uint64_t nr, size_t size)
{
	uint64_t skip;

	return !__builtin_mul_overflow(off, size, &skip) && !__builtin_mul_overflow(nr, size, bytes) &&
	       !__builtin_add_overflow((uint64_t)base, skip, addr);
}

int guest_copy_from_(void *dst, const void *base, uint64_t off, uint64_t nr, size_t size)
{
	uint64_t addr, bytes;

	if (!span(&addr, &bytes, base, off, nr, size))
		return -EFAULT;
	return copy_from_guest_bytes(dst, (const void *)addr, bytes) ? -EFAULT : 0;
}

int guest_copy_to_(void *base, uint64_t off, const void *src, uint64_t nr, size_t size)
{
	uint64_t addr, bytes;

	if (!span(&addr, &bytes, base, off, nr, size))
		return -EFAULT;
	return copy_to_guest_bytes((void *)addr, src, bytes) ? -EFAULT : 0;
}
