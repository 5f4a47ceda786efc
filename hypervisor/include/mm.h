/* SPDX-License-Identifier: MIT */
/*
 * Memory of the hypervisor: pages (buddy allocator over all RAM), small objects, a domain's frames,
 * the machine-to-phys table.
 */
#ifndef HV_MM_H
#define HV_MM_H

#include "frame.h"
#include "lock.h"

struct domain;

/* --- page_alloc.c: 2^order frames, by mfn; contents undefined; owner NULL. MFN_NONE if none.
 * --- */
mfn_t page_alloc(unsigned order);
extern spinlock_t alloc_lock;
mfn_t page_alloc_locked(unsigned order);		/* it is held */
void page_free(mfn_t m, unsigned order);
void page_alloc_add(maddr_t start, maddr_t end);	/* boot: give RAM to the allocator */
uint64_t page_free_count(void);				/* frames */
uint64_t page_total_count(void);			/* frames ever given to the allocator */
/* One zeroed page in the direct map, or NULL; hypervisor's own (ref 1). */
void *page_alloc_zeroed(void);
void page_free_virt(void *page);
#define MAX_ORDER 18

/* --- heap.c: objects below a page come from size classes, larger ones are whole pages --- */
void *hv_alloc(size_t size);				/* zeroed, 16-aligned, or NULL */
void hv_free(void *p);					/* NULL is fine */

/* --- domain_pages.c: frames that belong to a domain (d->page_lock) --- */
/* Frames with ref 1 and FRAME_ALLOCATED, owned by d, *zeroed*; counts against d->max_pages. The M2P says pfn of the
 * first and so on, INVALID_M2P_ENTRY: of all. MFN_NONE: out of memory or over the limit. */
mfn_t domain_page_alloc(struct domain *d, unsigned order, uint64_t pfn);
/* Makes a hypervisor page (page_alloc_zeroed) mappable by d as shared_info is: owner d, one
 * reference of ours (FRAME_HV), type FT_SHARED or FT_WRITABLE held once if writable. */
void domain_share_page(struct domain *d, void *page, bool writable);
/* Ends that; the page itself returns to the heap when the last mapping is gone. */
void domain_unshare_page(void *page);
/* Drops the allocation reference of a guest's frame, as by decrease_reservation. false: it was
 * not allocated to d. The caller holds a reference. */
bool domain_page_release(struct domain *d, struct frame *f);
/* Room, in frames: what d has, and what it will get or get back, is within its limit together. false: it would not be,
 * or d is dying. */
bool domain_room_take(struct domain *d, unsigned n);
void domain_room_drop(struct domain *d, unsigned n);
/* domain_page_alloc in two steps, between which the frames are cleared and nobody's: MFN_NONE: there are none; false: d
 * is dying, they have been freed and their room has not. */
mfn_t domain_pages_fresh(struct domain *d, unsigned order);
bool domain_pages_own(struct domain *d, mfn_t m, unsigned order, uint64_t pfn);
/* Takes a frame from its owner, who keeps the room for it; it must have exactly the caller's and the allocation's
 * reference, of which one is left, and no type: -EBUSY otherwise. (Grant transfer, memory_exchange.) */
int domain_page_steal(struct domain *d, struct frame *f);
/* Gives it an owner who has room for it; its reference becomes the allocation's. A dying one frees it. */
void domain_page_assign(struct domain *d, struct frame *f);
/* Return every frame of a dying domain: -ERESTART while there is more to do. */
int domain_pages_relinquish(struct domain *d);

/* --- claims.c --- */
/* Promises d that many pages in all (0: none any more). -EINVAL: it has a claim, or as many, or may
 * not have as many; -ENOMEM: not that many are free and unclaimed; -ESRCH: it is dying. */
int domain_claim(struct domain *d, uint64_t pages);
uint64_t page_claimed_count(void);
mfn_t claim_page_alloc(struct domain *d, unsigned order);	/* for domain_page_alloc */
void claim_used(struct domain *d, unsigned pages);

/* --- M2P --- */
#define INVALID_M2P_ENTRY (~0UL)
static inline void m2p_set(mfn_t m, uint64_t pfn) { ((uint64_t *)M2P_VIRT_START)[mfn_x(m)] = pfn; }
static inline uint64_t m2p_get(mfn_t m) { return ((uint64_t *)M2P_VIRT_START)[mfn_x(m)]; }

/* The 2 MB piece of the M2P that describes a gigabyte of frames, or MFN_NONE; and is this a frame
 * of one? */
mfn_t m2p_extent(unsigned gb);
bool mfn_is_m2p(mfn_t m);

/* --- map.c: our own page tables --- */
#define MAP_RW (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX)
#define MAP_RO (PTE_P | PTE_A | PTE_NX)
#define MAP_RX (PTE_P | PTE_A)
#define MAP_UC (MAP_RW | PTE_PCD | PTE_PWT)
/* Maps [va, va+bytes) to maddr in every address space (slots 256-271 except 260); -ENOMEM. */
int map_range(uint64_t va, maddr_t maddr, uint64_t bytes, uint64_t flags);
/* Boot: one page in tables of ours below l4; -ENOMEM. And where something of ours lies. */
int map_page(pte_t *l4, uint64_t va, maddr_t maddr, uint64_t flags);
maddr_t own_maddr(const void *va);
/* Boot: the 2 MB at va show what those at `like` do, by the same table. */
void map_same_2mb(uint64_t va, uint64_t like);
/* Device registers or firmware tables; any alignment. NULL if out of room. Never unmapped. */
void *ioremap(maddr_t maddr, uint64_t bytes, bool uncached);
/* Our L4 entries, copied into each guest L4. */
extern pte_t *idle_l4;
/* Fill slots 256-271 of a guest's L4 (called by validation of an L4). */
void hv_l4_install(struct domain *d, pte_t *l4);
/* The domain's own slot 260: entry of a vcpu's window page (0-15 GDT, 16-31 LDT). */
int perdomain_init(struct domain *d);
int perdomain_add_vcpu(struct domain *d, unsigned vcpu_id);
pte_t *perdomain_pte(struct domain *d, unsigned vcpu_id, unsigned page);
void perdomain_free(struct domain *d);
extern mfn_t zero_page_mfn;

/* --- boot/memory.c, in the order of boot --- */
void memory_init(void);
void own_tables_init(void);
void own_tables_load(void);
void *boot_pages(uint64_t n);
void *pt_page_alloc(void);
void memory_free_boot(void);

/* --- memory map of the machine --- */
/* May dom0 map this frame that is no RAM (device registers, firmware tables; not APIC/IOAPIC)?
 * rw: writably, which goes for no page of an MSI-X table in use. */
bool mfn_is_mmio_for(mfn_t m, const struct domain *d, bool rw);

#endif
