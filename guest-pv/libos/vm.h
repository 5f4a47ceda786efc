/* SPDX-License-Identifier: MIT */
/*
 * The library OS's memory, inside: frames, address ranges, and ranges with frames behind them.
 *
 *	0                       unmapped page
 *	page 1 .. all frames    the linear map: address = pfn * 4096; image at 1 MB
 *	VM_MAP_BASE             VM_MAP_PAGES pages handed out by os_va_alloc: stacks, foreign frames
 *	VM_HEAP_BASE            the heap, growing to VM_HEAP_MAX
 *	0xffff800000000000      the hypervisor's; the machine-to-physical table is readable
 */
#ifndef LIBOS_VM_H
#define LIBOS_VM_H

#include <libos.h>

#define VM_MAP_BASE	0x100000000000UL
#define VM_MAP_PAGES	(2UL << (30 - PAGE_SHIFT))
#define VM_HEAP_BASE	0x200000000000UL
#define VM_HEAP_MAX	(64UL << 30)

/* A set of numbered things, used and free. Guarded by having events disabled. */
struct rangemap {
	uint64_t *used;			/* a bit each */
	size_t count;
	size_t hint;			/* no free one lies below */
	size_t nr_free;
};
void rangemap_init(struct rangemap *m, uint64_t *bits, size_t count);	/* all used */
size_t rangemap_take(struct rangemap *m, size_t n);	/* first of n adjacent; SIZE_MAX if none */
void rangemap_give(struct rangemap *m, size_t first, size_t n);

void vm_init(void);			/* the linear map over all frames, then both allocators */

/* pt_populate, by one thread at a time. */
int vm_populate(void *va, size_t n);
/* Puts fresh zeroed frames behind n pages from va, or takes them away again. 0 or -ENOMEM. */
int vm_back(void *va, size_t n);
void vm_unback(void *va, size_t n);

#endif
