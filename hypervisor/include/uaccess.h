/* SPDX-License-Identifier: MIT */
/*
 * The one door to guest memory. Addresses are guest virtual addresses of the current address
 * space; each call checks that the range is outside ours and survives any fault inside it.
 * Read once, validate the copy, use the copy.
 */
#ifndef HV_UACCESS_H
#define HV_UACCESS_H

#include "layout.h"
#include "types.h"

/* Does the range lie wholly outside the hypervisor's area (canonical holes fault by themselves)? */
static inline bool guest_range_ok(const volatile void *p, uint64_t bytes)
{
	uint64_t a = (uint64_t)p;

	return bytes == 0 || ((a + bytes - 1 >= a) &&
			      (a + bytes - 1 < HV_VIRT_START || a >= HV_VIRT_END));
}

/* STAC or CLAC if the CPU has SMAP: x86/cpu.c patches it. */
#define SMAP_SITE(op) "99: .byte 0x0f, 0x1f, 0x00\n" \
	".pushsection .smap_table, \"a\"\n .quad 99b, " op "\n .popsection\n"
#define STAC SMAP_SITE("0xcb")
#define CLAC SMAP_SITE("0xca")
#define FIXUP(at, to) \
	".pushsection .ex_table, \"a\"\n .quad " at ", " to "\n .popsection\n"

/*
 * A guest's pointer as it may be used: itself if it lies outside our area, else one that is not canonical and faults.
 * Not by a branch, which the CPU could guess wrongly and read us for the guest. (Some CPUs run ahead with the lower 48 bits
 * of such an address: those name the M2P, which guests may read.) Only the begin of a copy needs it: below our area lies the
 * hole of non-canonical addresses, where a copy that climbs towards it faults.
 */
#define OUR_SHIFT 43
#define HOLE (-HV_VIRT_START)
_Static_assert(HV_VIRT_END - HV_VIRT_START == 1UL << OUR_SHIFT && HOLE == 1UL << 47, "");
static __force_inline void *guest_ptr(const volatile void *p)
{
	uint64_t part = (uint64_t)p + HOLE;

	__asm__ volatile("shr %[shift], %[part]\n cmove %[hole], %[at]"
			 : [at] "+r"(p), [part] "+r"(part) : [hole] "r"(HOLE), [shift] "i"(OUR_SHIFT) : "cc");
	return (void *)p;
}

/* Between guest and us, either way; quadwords not copied. The guest's address comes from guest_ptr. */
static __force_inline uint64_t guest_copy_quads(void *dst, const void *src, uint64_t quads)
{
	__asm__ volatile(STAC "1: rep movsq\n 2: " CLAC FIXUP("1b", "2b")
			 : "+c"(quads), "+D"(dst), "+S"(src) :: "memory");
	return quads;
}

/*
 * Single quadwords, between guest_open() and guest_close(), at addresses from guest_ptr; a fault ends at the
 * label, with the door still open.
 */
static __force_inline void guest_open(void) { __asm__ volatile(STAC ::: "memory"); }
static __force_inline void guest_close(void) { __asm__ volatile(CLAC ::: "memory"); }
#define guest_put(to, val, fault) \
	__asm__ goto("1: movq %1, %0\n" FIXUP("1b", "%l[" #fault "]") \
		     :: "m"(*(uint64_t *)(to)), "er"((uint64_t)(val)) : "memory" : fault)
#define guest_get(val, from, fault) do { \
	uint64_t val_; \
	__asm__ goto("1: movq %1, %0\n" FIXUP("1b", "%l[" #fault "]") \
		     : "=r"(val_) : "m"(*(const uint64_t *)(from)) : "memory" : fault); \
	val = val_; \
} while (0)

/* The word at a guest's address, which is checked; -EFAULT. */
int64_t guest_read_word(const uint32_t *from) __must_check;

/* Bytes *not* copied: 0 is success. */
size_t copy_from_guest_bytes(void *dst, const void *src, size_t n) __must_check;
size_t copy_to_guest_bytes(void *dst, const void *src, size_t n) __must_check;
size_t clear_guest_bytes(void *dst, size_t n) __must_check;

/*
 * By handle (XEN_GUEST_HANDLE: a structure with member p) and element index: 0 or -EFAULT.
 * The index arithmetic is overflow-safe.
 */
#define copy_from_guest_off(dst, hnd, off, nr) \
	guest_copy_from_(dst, (const void *)(hnd).p, off, nr, sizeof(*(dst)))
#define copy_to_guest_off(hnd, off, src, nr) \
	guest_copy_to_((void *)(hnd).p, off, src, nr, sizeof(*(src)))
#define copy_from_guest(dst, hnd, nr) copy_from_guest_off(dst, hnd, 0, nr)
#define copy_to_guest(hnd, src, nr) copy_to_guest_off(hnd, 0, src, nr)
#define guest_handle_is_null(hnd) ((hnd).p == NULL)

int guest_copy_from_(void *dst, const void *base, uint64_t off, uint64_t nr, size_t size) __must_check;
int guest_copy_to_(void *base, uint64_t off, const void *src, uint64_t nr, size_t size) __must_check;

#endif
