/* SPDX-License-Identifier: MIT */
/*
 * The virtual map. L4 slots 256-271 (0xffff800000000000-0xffff87ffffffffff) are ours in every
 * address space; all else belongs to the guest.
 *
 *  slot  address              what                                   rights
 *  256   0xffff800000000000   machine-to-phys table, for guests      R, user
 *  257   0xffff808000000000   machine-to-phys table, for us          RW
 *  258   0xffff810000000000   devices (APIC, IOAPIC, ACPI tables)    RW, some uncached
 *  260   0xffff820000000000   per-domain area: GDT and LDT windows   RW (differs by domain)
 *  261   0xffff82d080000000   our image                              by section, W^X
 *        0xffff82e000000000   frame table                            RW
 *  262+  0xffff830000000000   all RAM                                RW
 */
#ifndef HV_LAYOUT_H
#define HV_LAYOUT_H

#define HV_L4_FIRST		256
#define HV_L4_LAST		271

#define HV_VIRT_START		0xffff800000000000
#define HV_VIRT_END		0xffff880000000000
#define RO_M2P_VIRT_START	0xffff800000000000
#define RO_M2P_VIRT_END		0xffff804000000000
#define M2P_VIRT_START		0xffff808000000000
#define IOREMAP_VIRT_START	0xffff810000000000
#define IOREMAP_VIRT_END	0xffff810040000000
#define PERDOMAIN_VIRT_START	0xffff820000000000
#define PERDOMAIN_L4_SLOT	260
#define IMAGE_L4_SLOT		261
#define IMAGE_VIRT_START	0xffff82d080000000
#define FRAMETABLE_VIRT_START	0xffff82e000000000
#define DIRECTMAP_VIRT_START	0xffff830000000000
#define DIRECTMAP_VIRT_END	0xffff880000000000

/* Each vcpu has 16 pages of GDT window followed by 16 pages of LDT window. */
#define GDT_WINDOW_PAGES	16
#define LDT_WINDOW_PAGES	16
#define VCPU_WINDOW_BYTES	0x20000
#define GDT_WINDOW(vcpu_id)	(PERDOMAIN_VIRT_START + (vcpu_id) * VCPU_WINDOW_BYTES)
#define LDT_WINDOW(vcpu_id)	(GDT_WINDOW(vcpu_id) + 0x10000)

/* Selectors inside the reserved GDT page (page 14: index 7168 on). */
#define HV_TSS_SELECTOR		0xe040
#define HV_CS			0xe008
#define HV_DS			0xe010

#endif
