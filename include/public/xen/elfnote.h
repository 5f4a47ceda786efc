/* SPDX-License-Identifier: MIT */
/*
 * ELF notes with name "Xen" by which a kernel image tells the domain builder how to load it.
 * Numbers are 4 or 8 bytes, texts are NUL-terminated.
 */
#ifndef __XEN_PUBLIC_ELFNOTE_H__
#define __XEN_PUBLIC_ELFNOTE_H__

#define XEN_ELFNOTE_INFO 0
#define XEN_ELFNOTE_ENTRY 1		/* virtual address of the first instruction */
#define XEN_ELFNOTE_HYPERCALL_PAGE 2	/* virtual address of a page to fill with stubs */
#define XEN_ELFNOTE_VIRT_BASE 3		/* virtual address of pfn 0 */
#define XEN_ELFNOTE_PADDR_OFFSET 4	/* subtracted from an ELF p_paddr to get a pfn's address */
#define XEN_ELFNOTE_XEN_VERSION 5	/* text "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS 6		/* text */
#define XEN_ELFNOTE_GUEST_VERSION 7	/* text */
#define XEN_ELFNOTE_LOADER 8		/* text "generic" */
#define XEN_ELFNOTE_PAE_MODE 9		/* text, 32-bit kernels */
#define XEN_ELFNOTE_FEATURES 10		/* text: names joined by '|', '!' before a required one */
#define XEN_ELFNOTE_BSD_SYMTAB 11	/* text "yes": load the symbol table behind the image */
#define XEN_ELFNOTE_HV_START_LOW 12	/* lowest address the hypervisor may take */
#define XEN_ELFNOTE_L1_MFN_VALID 13	/* pairs of mask and value: tell a valid L1 entry */
#define XEN_ELFNOTE_SUSPEND_CANCEL 14	/* number: the suspend hypercall may return 1 */
#define XEN_ELFNOTE_INIT_P2M 15		/* virtual address at which to map the p2m */
#define XEN_ELFNOTE_MOD_START_PFN 16	/* number: the kernel takes SIF_MOD_START_PFN */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* number: bit mask of XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY 18	/* HVM and PVH only */
#define XEN_ELFNOTE_MAX XEN_ELFNOTE_PHYS32_ENTRY

/* In crash dumps and core files. */
#define XEN_ELFNOTE_CRASH_INFO 0x1000001
#define XEN_ELFNOTE_CRASH_REGS 0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE 0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER 0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION 0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif
