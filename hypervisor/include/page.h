/* SPDX-License-Identifier: MIT */
/* Page-table entries of x86-64 and the conversions between mfn, direct map and frame table. */
#ifndef HV_PAGE_H
#define HV_PAGE_H

#include "layout.h"
#include "types.h"

typedef uint64_t pte_t;			/* an entry of any level */

#define PTE_P		BIT(0)
#define PTE_RW		BIT(1)
#define PTE_US		BIT(2)
#define PTE_PWT		BIT(3)
#define PTE_PCD		BIT(4)
#define PTE_A		BIT(5)
#define PTE_D		BIT(6)
#define PTE_PS		BIT(7)		/* L2, L3: superpage; L1: PAT */
#define PTE_PAT		BIT(7)
#define PTE_G		BIT(8)
#define PTE_AVAIL	(7ULL << 9)
#define PTE_NX		BIT(63)
#define PTE_MFN_MASK	0x000ffffffffff000ULL

#define PT_ENTRIES	512
#define PT_SHIFT(level)	(PAGE_SHIFT + 9 * ((level) - 1))
#define PT_SLOT(va, level) (((uint64_t)(va) >> PT_SHIFT(level)) & (PT_ENTRIES - 1))

static inline mfn_t pte_mfn(pte_t e) { return mfn((e & PTE_MFN_MASK) >> PAGE_SHIFT); }
static inline uint64_t pte_flags(pte_t e) { return e & ~PTE_MFN_MASK; }
static inline pte_t pte_make(mfn_t m, uint64_t flags) { return mfn_to_maddr(m) | flags; }

/* One past the highest frame of RAM; the frame table and M2P cover [0, max_mfn). */
extern uint64_t max_mfn;

/* Only for frames of RAM. */
static inline void *maddr_to_virt(maddr_t a) { return (void *)(DIRECTMAP_VIRT_START + a); }
static inline void *mfn_to_virt(mfn_t m) { return maddr_to_virt(mfn_to_maddr(m)); }
/* Only for addresses within the direct map. */
static inline maddr_t virt_to_maddr(const void *v) { return (maddr_t)v - DIRECTMAP_VIRT_START; }
static inline mfn_t virt_to_mfn(const void *v) { return maddr_to_mfn(virt_to_maddr(v)); }
/* Only for addresses of our image. */
maddr_t image_to_maddr(const void *v);

static inline bool is_canonical(uint64_t va) { return (int64_t)(va << 16) >> 16 == (int64_t)va; }

#endif
