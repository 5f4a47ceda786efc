/* SPDX-License-Identifier: MIT */
/*
 * The core of the PV ABI: hypercall numbers, page-table operations, virtual IRQs, the pages a guest
 * shares with the hypervisor (shared_info, start_info) and the types everything else builds on.
 *
 * A hypercall's number goes in rax, its arguments in rdi, rsi, rdx, r10, r8, r9; the result comes
 * back in rax, negative errno (see errno.h) on failure. rcx and r11 are clobbered. Guests call the
 * stub `hypercall_page + 32 * number`.
 */
#ifndef __XEN_PUBLIC_XEN_H__
#define __XEN_PUBLIC_XEN_H__

#include "xen-compat.h"

#if !defined(__x86_64__)
#error "these headers describe the x86-64 PV ABI only"
#endif

#ifndef __ASSEMBLY__
#include <stddef.h>
#include <stdint.h>
#endif

#include "arch-x86/xen.h"

/* xen_mk_*: a number that C sees with a suffix and an assembler without. */
#ifndef __ASSEMBLY__
#define __xen_mk_uint(x) x ## U
#define __xen_mk_ulong(x) x ## UL
#ifndef __xen_mk_ullong
#define __xen_mk_ullong(x) x ## ULL
#endif
#define xen_mk_uint(x) __xen_mk_uint(x)
#define xen_mk_ulong(x) __xen_mk_ulong(x)
#define xen_mk_ullong(x) __xen_mk_ullong(x)
#else
#define xen_mk_uint(x) x
#define xen_mk_ulong(x) x
#define xen_mk_ullong(x) x
#endif

/* Length of a trailing array of unknown size. */
#ifndef __ASSEMBLY__
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L
#define XEN_FLEX_ARRAY_DIM
#elif defined(__GNUC__)
#define XEN_FLEX_ARRAY_DIM 0
#else
#define XEN_FLEX_ARRAY_DIM 1
#endif

/* Handles (typed guest pointers) to basic types; every DEFINE also makes the const_ handle. */
DEFINE_XEN_GUEST_HANDLE(char);
__DEFINE_XEN_GUEST_HANDLE(uchar, unsigned char);
DEFINE_XEN_GUEST_HANDLE(int);
__DEFINE_XEN_GUEST_HANDLE(uint, unsigned int);
#if __XEN_INTERFACE_VERSION__ < 0x00040300
DEFINE_XEN_GUEST_HANDLE(long);
__DEFINE_XEN_GUEST_HANDLE(ulong, unsigned long);
#endif
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);
__DEFINE_XEN_GUEST_HANDLE(uint8, uint8_t);
__DEFINE_XEN_GUEST_HANDLE(uint16, uint16_t);
__DEFINE_XEN_GUEST_HANDLE(uint32, uint32_t);
__DEFINE_XEN_GUEST_HANDLE(uint64, uint64_t);
#endif

/* ---- Hypercall numbers; the arguments are in the comment. ---- */
#define __HYPERVISOR_set_trap_table 0		/* trap_info[], ended by address 0 */
#define __HYPERVISOR_mmu_update 1		/* mmu_update[], count, done *, domid */
#define __HYPERVISOR_set_gdt 2			/* mfn[], entries */
#define __HYPERVISOR_stack_switch 3		/* ss, rsp: the kernel stack */
#define __HYPERVISOR_set_callbacks 4		/* event, failsafe, syscall entry */
#define __HYPERVISOR_fpu_taskswitch 5		/* nonzero sets the virtual CR0.TS */
#define __HYPERVISOR_sched_op_compat 6
#define __HYPERVISOR_platform_op 7		/* xen_platform_op * */
#define __HYPERVISOR_set_debugreg 8		/* register, value */
#define __HYPERVISOR_get_debugreg 9		/* register */
#define __HYPERVISOR_update_descriptor 10	/* machine address, descriptor */
#define __HYPERVISOR_memory_op 12		/* XENMEM_*, argument * */
#define __HYPERVISOR_multicall 13		/* multicall_entry[], count */
#define __HYPERVISOR_update_va_mapping 14	/* virtual address, L1 entry, UVMF_* */
#define __HYPERVISOR_set_timer_op 15		/* system time in ns, 0 to stop */
#define __HYPERVISOR_event_channel_op_compat 16
#define __HYPERVISOR_xen_version 17		/* XENVER_*, argument * */
#define __HYPERVISOR_console_io 18		/* CONSOLEIO_*, length, buffer */
#define __HYPERVISOR_physdev_op_compat 19
#define __HYPERVISOR_grant_table_op 20		/* GNTTABOP_*, argument[], count */
#define __HYPERVISOR_vm_assist 21		/* VMASST_CMD_*, VMASST_TYPE_* */
#define __HYPERVISOR_update_va_mapping_otherdomain 22 /* as 14, then domid */
#define __HYPERVISOR_iret 23			/* iret_context on the stack */
#define __HYPERVISOR_vcpu_op 24			/* VCPUOP_*, vcpu, argument * */
#define __HYPERVISOR_set_segment_base 25	/* SEGBASE_*, base or selector */
#define __HYPERVISOR_mmuext_op 26		/* mmuext_op[], count, done *, domid */
#define __HYPERVISOR_xsm_op 27
#define __HYPERVISOR_nmi_op 28			/* XENNMI_*, argument * */
#define __HYPERVISOR_sched_op 29		/* SCHEDOP_*, argument * */
#define __HYPERVISOR_callback_op 30		/* CALLBACKOP_*, argument * */
#define __HYPERVISOR_xenoprof_op 31
#define __HYPERVISOR_event_channel_op 32	/* EVTCHNOP_*, argument * */
#define __HYPERVISOR_physdev_op 33		/* PHYSDEVOP_*, argument * */
#define __HYPERVISOR_hvm_op 34
#define __HYPERVISOR_sysctl 35			/* xen_sysctl * */
#define __HYPERVISOR_domctl 36			/* xen_domctl * */
#define __HYPERVISOR_kexec_op 37
#define __HYPERVISOR_tmem_op 38
#define __HYPERVISOR_argo_op 39
#define __HYPERVISOR_xenpmu_op 40
#define __HYPERVISOR_dm_op 41
#define __HYPERVISOR_hypfs_op 42
#define __HYPERVISOR_arch_0 48			/* machine check (xen_mc) */
#define __HYPERVISOR_arch_1 49			/* paging domctl, tools only */
#define __HYPERVISOR_arch_2 50
#define __HYPERVISOR_arch_3 51
#define __HYPERVISOR_arch_4 52
#define __HYPERVISOR_arch_5 53
#define __HYPERVISOR_arch_6 54
#define __HYPERVISOR_arch_7 55

/* ---- Virtual IRQs. VCPU: bound once a vcpu; domain: bound once a domain. ---- */
#define VIRQ_TIMER 0		/* vcpu: a timer set by this vcpu fired */
#define VIRQ_DEBUG 1		/* vcpu: asked to report its state */
#define VIRQ_CONSOLE 2		/* dom0: bytes wait on the hypervisor's console */
#define VIRQ_DOM_EXC 3		/* control domain: some domain shut down or died */
#define VIRQ_TBUF 4
#define VIRQ_DEBUGGER 6
#define VIRQ_XENOPROF 7
#define VIRQ_CON_RING 8		/* control domain: new text in the console ring */
#define VIRQ_PCPU_STATE 9
#define VIRQ_MEM_EVENT 10
#define VIRQ_ARGO 11
#define VIRQ_ENOMEM 12
#define VIRQ_XENPMU 13
#define VIRQ_ARCH_0 16
#define VIRQ_ARCH_1 17
#define VIRQ_ARCH_2 18
#define VIRQ_ARCH_3 19
#define VIRQ_ARCH_4 20
#define VIRQ_ARCH_5 21
#define VIRQ_ARCH_6 22
#define VIRQ_ARCH_7 23
#define NR_VIRQS 24

/* ---- mmu_update: the command is in the low two bits of ptr. ---- */
#define MMU_NORMAL_PT_UPDATE 0		/* ptr: machine address of an entry, val: the new entry */
#define MMU_MACHPHYS_UPDATE 1		/* ptr: machine address of a frame, val: its pfn */
#define MMU_PT_UPDATE_PRESERVE_AD 2	/* as 0, accessed and dirty bits kept */
#define MMU_PT_UPDATE_NO_TRANSLATE 3

/* ---- mmuext_op commands; what arg1 and arg2 hold is in the comment. ---- */
#define MMUEXT_PIN_L1_TABLE 0		/* mfn */
#define MMUEXT_PIN_L2_TABLE 1		/* mfn */
#define MMUEXT_PIN_L3_TABLE 2		/* mfn */
#define MMUEXT_PIN_L4_TABLE 3		/* mfn */
#define MMUEXT_UNPIN_TABLE 4		/* mfn */
#define MMUEXT_NEW_BASEPTR 5		/* mfn of an L4: kernel address space */
#define MMUEXT_TLB_FLUSH_LOCAL 6
#define MMUEXT_INVLPG_LOCAL 7		/* linear_addr */
#define MMUEXT_TLB_FLUSH_MULTI 8	/* -, vcpumask */
#define MMUEXT_INVLPG_MULTI 9		/* linear_addr, vcpumask */
#define MMUEXT_TLB_FLUSH_ALL 10
#define MMUEXT_INVLPG_ALL 11		/* linear_addr */
#define MMUEXT_FLUSH_CACHE 12
#define MMUEXT_SET_LDT 13		/* linear_addr (page aligned), nr_ents */
#define MMUEXT_NEW_USER_BASEPTR 15	/* mfn of an L4, or 0: user address space */
#define MMUEXT_CLEAR_PAGE 16		/* mfn */
#define MMUEXT_COPY_PAGE 17		/* mfn (destination), src_mfn */
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
#define MMUEXT_MARK_SUPER 19
#define MMUEXT_UNMARK_SUPER 20

/*
 * ---- update_va_mapping flags: what to flush (bits 0-1), and where: on this vcpu, on all, or on
 * those of a bitmap whose address is in the bits above (UVMF_MULTI). ----
 */
#define UVMF_NONE (xen_mk_ulong(0) << 0)
#define UVMF_TLB_FLUSH (xen_mk_ulong(1) << 0)
#define UVMF_INVLPG (xen_mk_ulong(2) << 0)
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3) << 0)
#define UVMF_MULTI (xen_mk_ulong(0) << 2)
#define UVMF_LOCAL (xen_mk_ulong(0) << 2)
#define UVMF_ALL (xen_mk_ulong(1) << 2)

#define CONSOLEIO_write 0
#define CONSOLEIO_read 1		/* returns the number of bytes read */

#define VMASST_CMD_enable 0
#define VMASST_CMD_disable 1
#define VMASST_TYPE_4gb_segments 0	/* 32-bit guests only, as 1 and 3 */
#define VMASST_TYPE_4gb_segments_notify 1
#define VMASST_TYPE_writable_pagetables 2 /* writes to L1 tables are emulated; without it, too */
#define VMASST_TYPE_pae_extended_cr3 3
#define VMASST_TYPE_architectural_iopl 4
#define VMASST_TYPE_runstate_update_flag 5 /* XEN_RUNSTATE_UPDATE, see vcpu.h */
#define VMASST_TYPE_m2p_strict 32	/* the M2P is mapped in kernel address spaces only */
#if __XEN_INTERFACE_VERSION__ < 0x00040600
#define MAX_VMASST_TYPE 3
#endif

/* ---- Domain ids: below FIRST_RESERVED real domains, from there on special meanings. ---- */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF xen_mk_uint(0x7FF0)		/* the caller */
#define DOMID_IO xen_mk_uint(0x7FF1)		/* owner of device memory */
#define DOMID_XEN xen_mk_uint(0x7FF2)		/* owner of the hypervisor's shareable frames */
#define DOMID_COW xen_mk_uint(0x7FF3)
#define DOMID_INVALID xen_mk_uint(0x7FF4)
#define DOMID_IDLE xen_mk_uint(0x7FFF)
#define DOMID_MASK xen_mk_uint(0x7FFF)

/* ---- start_info.flags ---- */
#define SIF_PRIVILEGED (1 << 0)		/* may reach hardware */
#define SIF_INITDOMAIN (1 << 1)		/* dom0: console holds the dom0 arm */
#define SIF_MULTIBOOT_MOD (1 << 2)	/* mod_start is a list of xen_multiboot_mod_list */
#define SIF_MOD_START_PFN (1 << 3)	/* mod_start is a pfn, not an address */
#define SIF_VIRT_P2M_4TOOLS (1 << 4)	/* the tools understand a linear p2m (p2m_vaddr) */
#define SIF_PM_MASK (0xFF << 8)
#define MAX_GUEST_CMDLINE 1024

#ifndef __ASSEMBLY__

typedef uint16_t domid_t;
typedef uint8_t xen_domain_handle_t[16];

struct mmu_update {
	uint64_t ptr;			/* machine address | MMU_* */
	uint64_t val;
};
typedef struct mmu_update mmu_update_t;
DEFINE_XEN_GUEST_HANDLE(mmu_update_t);

struct mmuext_op {
	unsigned int cmd;		/* MMUEXT_* */
	union {
		xen_pfn_t mfn;
		unsigned long linear_addr;
	} arg1;
	union {
		unsigned int nr_ents;
		XEN_GUEST_HANDLE(const_void) vcpumask;	/* bitmap, MAX_VIRT_CPUS bits */
		xen_pfn_t src_mfn;
	} arg2;
};
typedef struct mmuext_op mmuext_op_t;
DEFINE_XEN_GUEST_HANDLE(mmuext_op_t);

/* One call of a multicall; result is written back. */
struct multicall_entry {
	xen_ulong_t op, result;
	xen_ulong_t args[6];
};
typedef struct multicall_entry multicall_entry_t;
DEFINE_XEN_GUEST_HANDLE(multicall_entry_t);

#if __XEN_INTERFACE_VERSION__ < 0x00040400
#define NR_EVENT_CHANNELS EVTCHN_2L_NR_CHANNELS
#endif

/*
 * Time of one vcpu. version is odd while the hypervisor writes: read it, read the fields, read it
 * again. now (ns since boot) = system_time + ((((tsc - tsc_timestamp) << tsc_shift) *
 * tsc_to_system_mul) >> 32), a negative shift going right.
 */
struct vcpu_time_info {
	uint32_t version;
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;		/* ns since boot at tsc_timestamp */
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
#if __XEN_INTERFACE_VERSION__ > 0x040600
	uint8_t flags;			/* XEN_PVCLOCK_* */
	uint8_t pad1[2];
#else
	int8_t pad1[3];
#endif
};
typedef struct vcpu_time_info vcpu_time_info_t;

#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0)
#define XEN_PVCLOCK_GUEST_STOPPED (1 << 1)

/* The page area of one vcpu: its event flags, CR2 and clock. */
struct vcpu_info {
	uint8_t evtchn_upcall_pending;	/* set with an event, cleared by the guest */
	uint8_t evtchn_upcall_mask;	/* nonzero: no event upcalls (the virtual interrupt flag) */
	xen_ulong_t evtchn_pending_sel;	/* bit n: look at word n of evtchn_pending */
	struct arch_vcpu_info arch;
	vcpu_time_info_t time;
};
#ifndef __XEN__
typedef struct vcpu_info vcpu_info_t;
#endif

/* The page a domain shares with the hypervisor; both write it, neither trusts it. */
struct shared_info {
	struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
	xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8];
	xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];
	uint32_t wc_version;		/* wall clock, version protocol as above */
	uint32_t wc_sec;		/* UTC at system time 0 */
	uint32_t wc_nsec;
	uint32_t wc_sec_hi;
#define xen_wc_sec_hi wc_sec_hi
	struct arch_shared_info arch;
};
#ifndef __XEN__
typedef struct shared_info shared_info_t;
#endif

/*
 * What a new domain finds in the page rsi points to at its entry. Addresses are virtual unless
 * named mfn, pfn or machine. The same page table maps all of it.
 */
struct start_info {
	char magic[32];			/* "xen-<version>-x86_64" */
	unsigned long nr_pages;		/* of this domain */
	unsigned long shared_info;	/* machine address */
	uint32_t flags;			/* SIF_* */
	xen_pfn_t store_mfn;		/* xenstore ring, domU only */
	uint32_t store_evtchn;
	union {
		struct {
			xen_pfn_t mfn;	/* console ring */
			uint32_t evtchn;
		} domU;
		struct {
			uint32_t info_off;	/* of dom0_vga_console_info in this page */
			uint32_t info_size;
		} dom0;
	} console;
	unsigned long pt_base;		/* boot L4 */
	unsigned long nr_pt_frames;
	unsigned long mfn_list;		/* p2m: nr_pages words */
	unsigned long mod_start;	/* ramdisk, or 0 */
	unsigned long mod_len;		/* bytes */
	int8_t cmd_line[MAX_GUEST_CMDLINE];
	unsigned long first_p2m_pfn;	/* frames of the p2m outside the initial mapping */
	unsigned long nr_p2m_frames;
};
typedef struct start_info start_info_t;

struct xen_multiboot_mod_list {
	uint32_t mod_start, mod_end;
	uint32_t cmdline;		/* physical address of a string */
	uint32_t pad;
};

/* Screen set up by the firmware, told to dom0. */
typedef struct dom0_vga_console_info {
	uint8_t video_type;
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB 0x23
#define XEN_VGATYPE_EFI_LFB 0x70
	union {
		struct {
			uint16_t font_height;
			uint16_t cursor_x, cursor_y;
			uint16_t rows, columns;
		} text_mode_3;
		struct {
			uint16_t width, height;		/* pixels */
			uint16_t bytes_per_line;
			uint16_t bits_per_pixel;
			uint32_t lfb_base;		/* machine address */
			uint32_t lfb_size;		/* 64 KiB units */
			uint8_t red_pos, red_size;
			uint8_t green_pos, green_size;
			uint8_t blue_pos, blue_size;
			uint8_t rsvd_pos, rsvd_size;
#if __XEN_INTERFACE_VERSION__ >= 0x00030206
			uint32_t gbl_caps;
			uint16_t mode_attrs;
			uint16_t pad;
#endif
#if __XEN_INTERFACE_VERSION__ >= 0x00040d00
			uint32_t ext_lfb_base;		/* bits 32-63 of lfb_base */
#endif
		} vesa_lfb;
	} u;
} dom0_vga_console_info_t;
#define xen_vga_console_info dom0_vga_console_info
#define xen_vga_console_info_t dom0_vga_console_info_t

/* A UUID, most significant byte first; a to d and e1-e6 are its printed groups. */
typedef struct {
	uint8_t a[16];
} xen_uuid_t;
#define XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6)			\
	{ { (uint8_t)((a) >> 24), (uint8_t)((a) >> 16), (uint8_t)((a) >> 8), (uint8_t)(a), \
	    (uint8_t)((b) >> 8), (uint8_t)(b), (uint8_t)((c) >> 8), (uint8_t)(c),	\
	    (uint8_t)((d) >> 8), (uint8_t)(d), e1, e2, e3, e4, e5, e6 } }
#if defined(__STDC_VERSION__) ? __STDC_VERSION__ >= 199901L : defined(__GNUC__)
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6) \
	((xen_uuid_t)XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6))
#else
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6) \
	XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6)
#endif

#endif /* __ASSEMBLY__ */

/* ---- Types of the tools' interface (domctl, sysctl). ---- */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#ifndef int64_aligned_t
#define int64_aligned_t int64_t
#endif
#ifndef uint64_aligned_t
#define uint64_aligned_t uint64_t
#endif
#ifndef XEN_GUEST_HANDLE_64
#define XEN_GUEST_HANDLE_64(name) XEN_GUEST_HANDLE(name)
#endif

#ifndef __ASSEMBLY__
struct xenctl_bitmap {
	XEN_GUEST_HANDLE_64(uint8) bitmap;	/* bit n is bit n % 8 of byte n / 8 */
	uint32_t nr_bits;
};
typedef struct xenctl_bitmap xenctl_bitmap_t;
#endif
#endif

#endif
