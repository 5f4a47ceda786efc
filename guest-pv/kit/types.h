/* SPDX-License-Identifier: MIT */
/*
 * The four kinds of number that are never to be confused, and the conversions that need no table.
 * A pfn counts the frames of this domain from 0; an mfn is a frame of the machine; a machine
 * address (maddr) is an mfn times the page size plus an offset; a virtual address is a pointer.
 */
#ifndef KIT_TYPES_H
#define KIT_TYPES_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <xen/xen.h>

typedef unsigned long pfn_t;
typedef unsigned long mfn_t;
typedef uint64_t maddr_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define PFN_NONE (~0UL)

static inline maddr_t mfn_to_maddr(mfn_t mfn) { return (maddr_t)mfn << PAGE_SHIFT; }
static inline mfn_t maddr_to_mfn(maddr_t m) { return m >> PAGE_SHIFT; }
static inline size_t bytes_to_pages(size_t n) { return (n + PAGE_SIZE - 1) >> PAGE_SHIFT; }

#endif
