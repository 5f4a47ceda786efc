/* SPDX-License-Identifier: MIT */
/*
 * memory_op: what memory a domain has, and the maps that describe it. An extent is 2^order frames.
 */
#ifndef __XEN_PUBLIC_MEMORY_H__
#define __XEN_PUBLIC_MEMORY_H__

#include "xen.h"
#include "physdev.h"

#define XENMEM_increase_reservation 0	/* xen_memory_reservation; 0, 1, 6 return extents done */
#define XENMEM_decrease_reservation 1
#define XENMEM_maximum_ram_page 2	/* NULL: returns the highest mfn of RAM + 1 */
#define XENMEM_current_reservation 3	/* domid_t *: returns pages */
#define XENMEM_maximum_reservation 4	/* domid_t *: returns pages */
#define XENMEM_machphys_mfn_list 5	/* xen_machphys_mfn_list */
#define XENMEM_populate_physmap 6	/* as 0; pfns in, mfns out, M2P set */
#define XENMEM_add_to_physmap 7
#define XENMEM_memory_map 9		/* xen_memory_map: the caller's E820 */
#define XENMEM_machine_memory_map 10	/* xen_memory_map: the machine's, dom0 */
#define XENMEM_exchange 11		/* xen_memory_exchange */
#define XENMEM_machphys_mapping 12	/* xen_machphys_mapping */
#define XENMEM_set_memory_map 13	/* xen_foreign_memory_map */
#define XENMEM_maximum_gpfn 14		/* domid_t *: returns the highest pfn */
#define XENMEM_remove_from_physmap 15
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
#define XENMEM_add_to_physmap_batch 23
#define XENMEM_machphys_compat_mfn_list 25
#define XENMEM_get_vnumainfo 26		/* xen_vnuma_topology_info */
#define XENMEM_acquire_resource 28	/* xen_mem_acquire_resource */

/* mem_flags of a reservation */
#if __XEN_INTERFACE_VERSION__ >= 0x00030209
#define XENMEMF_address_bits(x) (x)		/* frames must lie below 2^x; 0: anywhere */
#define XENMEMF_get_address_bits(x) ((x) & 0xffu)
#define XENMEMF_node(x) (((x) + 1) << 8)
#define XENMEMF_get_node(x) ((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand (1 << 16)
#define XENMEMF_exact_node_request (1 << 17)
#define XENMEMF_exact_node(n) (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode (1 << 18)
#endif

/* Where add_to_physmap takes the frame from. */
#define XENMAPSPACE_shared_info 0
#define XENMAPSPACE_grant_table 1
#define XENMAPSPACE_gmfn 2
#define XENMAPSPACE_gmfn_range 3
#define XENMAPSPACE_gmfn_foreign 4
#define XENMAPSPACE_dev_mmio 5
#define XENMAPIDX_grant_table_status 0x80000000

#define XENMEM_resource_ioreq_server 0
#define XENMEM_resource_grant_table 1
#define XENMEM_resource_vmtrace_buf 2
#define XENMEM_resource_grant_table_id_shared 0
#define XENMEM_resource_grant_table_id_status 1

#ifndef __ASSEMBLY__

struct xen_memory_reservation {
	XEN_GUEST_HANDLE(xen_pfn_t) extent_start;	/* first frame of each extent */
	xen_ulong_t nr_extents;
	unsigned int extent_order;
#if __XEN_INTERFACE_VERSION__ >= 0x00030209
	unsigned int mem_flags;				/* XENMEMF_* */
#else
	unsigned int address_bits;
#endif
	domid_t domid;
};
typedef struct xen_memory_reservation xen_memory_reservation_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_reservation_t);

/* Give in's extents, get out's; on return nr_exchanged of in's have been. */
struct xen_memory_exchange {
	struct xen_memory_reservation in;
	struct xen_memory_reservation out;
	xen_ulong_t nr_exchanged;		/* IN: 0 */
};
typedef struct xen_memory_exchange xen_memory_exchange_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_exchange_t);

struct xen_memory_domain {
	domid_t domid;
};

/* The frames that hold the M2P, one for each 2 MiB of it. */
struct xen_machphys_mfn_list {
	unsigned int max_extents;		/* IN */
	XEN_GUEST_HANDLE(xen_pfn_t) extent_start;
	unsigned int nr_extents;		/* OUT */
};
typedef struct xen_machphys_mfn_list xen_machphys_mfn_list_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mfn_list_t);

/* Where the M2P is mapped, for every guest. */
struct xen_machphys_mapping {
	xen_ulong_t v_start, v_end;
	xen_ulong_t max_mfn;			/* last entry */
};
typedef struct xen_machphys_mapping xen_machphys_mapping_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mapping_t);

struct xen_add_to_physmap {
	domid_t domid;
	uint16_t size;				/* pages, gmfn_range only */
	unsigned int space;			/* XENMAPSPACE_* */
	xen_ulong_t idx;
	xen_pfn_t gpfn;
};
typedef struct xen_add_to_physmap xen_add_to_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_t);

struct xen_add_to_physmap_batch {
	domid_t domid;
	uint16_t space;
	uint16_t size;
#if __XEN_INTERFACE_VERSION__ < 0x00040700
	domid_t foreign_domid;
#else
	union xen_add_to_physmap_batch_extra {
		domid_t foreign_domid;
		uint16_t res0;
	} u;
#endif
	XEN_GUEST_HANDLE(xen_ulong_t) idxs;
	XEN_GUEST_HANDLE(xen_pfn_t) gpfns;
	XEN_GUEST_HANDLE(int) errs;
};
typedef struct xen_add_to_physmap_batch xen_add_to_physmap_batch_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_batch_t);

#if __XEN_INTERFACE_VERSION__ < 0x00040400
#define XENMEM_add_to_physmap_range XENMEM_add_to_physmap_batch
#define xen_add_to_physmap_range xen_add_to_physmap_batch
typedef struct xen_add_to_physmap_batch xen_add_to_physmap_range_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_range_t);
#endif

struct xen_remove_from_physmap {
	domid_t domid;
	xen_pfn_t gpfn;
};
typedef struct xen_remove_from_physmap xen_remove_from_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_remove_from_physmap_t);

/* buffer: E820 records of 20 bytes (64-bit start and length, 32-bit type). */
struct xen_memory_map {
	unsigned int nr_entries;		/* IN: room, OUT: filled */
	XEN_GUEST_HANDLE(void) buffer;
};
typedef struct xen_memory_map xen_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_map_t);

struct xen_foreign_memory_map {
	domid_t domid;
	struct xen_memory_map map;
};
typedef struct xen_foreign_memory_map xen_foreign_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_foreign_memory_map_t);

struct xen_pod_target {
	uint64_t target_pages;			/* IN (set) */
	uint64_t tot_pages;			/* OUT */
	uint64_t pod_cache_pages;		/* OUT */
	uint64_t pod_entries;			/* OUT */
	domid_t domid;				/* IN */
};
typedef struct xen_pod_target xen_pod_target_t;

/* Frames of a domain that are not in its physmap, to be mapped by a tool. */
struct xen_mem_acquire_resource {
	domid_t domid;				/* IN */
	uint16_t type;				/* IN: XENMEM_resource_* */
	uint32_t id;				/* IN: depends on type */
	uint32_t nr_frames;			/* IN; OUT: their number, if frame_list is NULL */
	uint32_t pad;
	uint64_t frame;				/* IN: the first */
	XEN_GUEST_HANDLE(xen_pfn_t) frame_list;	/* OUT: mfns */
};
typedef struct xen_mem_acquire_resource xen_mem_acquire_resource_t;
DEFINE_XEN_GUEST_HANDLE(xen_mem_acquire_resource_t);

struct xen_vmemrange {
	uint64_t start, end;
	unsigned int flags;
	unsigned int nid;
};
typedef struct xen_vmemrange xen_vmemrange_t;
DEFINE_XEN_GUEST_HANDLE(xen_vmemrange_t);

struct xen_vnuma_topology_info {
	domid_t domid;
	uint16_t pad;
	unsigned int nr_vnodes;
	unsigned int nr_vcpus;
	unsigned int nr_vmemranges;
	union {
		XEN_GUEST_HANDLE(uint) h;
		uint64_t pad;
	} vdistance;
	union {
		XEN_GUEST_HANDLE(uint) h;
		uint64_t pad;
	} vcpu_to_vnode;
	union {
		XEN_GUEST_HANDLE(xen_vmemrange_t) h;
		uint64_t pad;
	} vmemrange;
};
typedef struct xen_vnuma_topology_info xen_vnuma_topology_info_t;
DEFINE_XEN_GUEST_HANDLE(xen_vnuma_topology_info_t);

#endif /* __ASSEMBLY__ */

/* ---- For tools ---- */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define XENMEM_get_sharing_freed_pages 18
#define XENMEM_get_sharing_shared_pages 19
#define XENMEM_paging_op 20
#define XENMEM_access_op 21
#define XENMEM_sharing_op 22
#define XENMEM_claim_pages 24		/* xen_memory_reservation: nr_extents pages for domid */
#define XENMEM_reserved_device_memory_map 27
#define XENMEM_RDM_ALL 1

#ifndef __ASSEMBLY__
struct xen_reserved_device_memory {
	xen_pfn_t start_pfn;
	xen_ulong_t nr_pages;
};
typedef struct xen_reserved_device_memory xen_reserved_device_memory_t;
DEFINE_XEN_GUEST_HANDLE(xen_reserved_device_memory_t);

struct xen_reserved_device_memory_map {
	uint32_t flags;			/* IN: XENMEM_RDM_ALL or 0 for the device dev */
	unsigned int nr_entries;	/* IN: room, OUT: needed */
	XEN_GUEST_HANDLE(xen_reserved_device_memory_t) buffer;
	union {
		physdev_pci_device_t pci;
	} dev;
};
typedef struct xen_reserved_device_memory_map xen_reserved_device_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_reserved_device_memory_map_t);
#endif
#endif

#endif
