/* SPDX-License-Identifier: MIT */
/*
 * Feature bits: a kernel's ELF notes name what it needs and supports, XENVER_get_features tells
 * what the hypervisor gives. Bit n of the submap.
 */
#ifndef __XEN_PUBLIC_FEATURES_H__
#define __XEN_PUBLIC_FEATURES_H__

#define XENFEAT_writable_page_tables 0		/* the guest need not map page tables read-only */
#define XENFEAT_writable_descriptor_tables 1	/* nor descriptor tables */
#define XENFEAT_auto_translated_physmap 2	/* the guest sees pfns only */
#define XENFEAT_supervisor_mode_kernel 3	/* the guest kernel runs in ring 0 */
#define XENFEAT_pae_pgdir_above_4gb 4
#define XENFEAT_mmu_pt_update_preserve_ad 5	/* MMU_PT_UPDATE_PRESERVE_AD works */
#define XENFEAT_highmem_assist 6
#define XENFEAT_gnttab_map_avail_bits 7		/* GNTMAP_guest_avail_mask works */
#define XENFEAT_hvm_callback_vector 8
#define XENFEAT_hvm_safe_pvclock 9
#define XENFEAT_hvm_pirqs 10
#define XENFEAT_dom0 11				/* can run as, or is, dom0 */
#define XENFEAT_memory_op_vnode_supported 13	/* XENMEMF_vnode works */
#define XENFEAT_ARM_SMCCC_supported 14
#define XENFEAT_linux_rsdp_unrestricted 15
#define XENFEAT_not_direct_mapped 16
#define XENFEAT_direct_mapped 17

#define XENFEAT_NR_SUBMAPS 1

#endif
