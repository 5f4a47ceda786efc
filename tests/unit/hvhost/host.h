/* SPDX-License-Identifier: MIT */
/*
 * Forced in front of hypervisor sources compiled for the host: stands in for layout.h (frames live at addresses a
 * process can map) and cpu.h (current is a variable). The rest of the headers are the real ones.
 */
#ifndef HOST_H
#define HOST_H

#define HV_LAYOUT_H
#define HV_VIRT_START		0xffff800000000000
#define HV_VIRT_END		0xffff880000000000
#define DIRECTMAP_VIRT_START	0x200000000000
#define FRAMETABLE_VIRT_START	0x210000000000
#define M2P_VIRT_START		0x220000000000
#define HV_L4_FIRST		256
#define HV_L4_LAST		271
#define PERDOMAIN_L4_SLOT	260
#define GDT_WINDOW_PAGES	16
#define LDT_WINDOW_PAGES	16

/* guest_quads.h: a host has no fixups. */
#define HV_GUEST_QUADS_H
#define copy_from_guest_quads(dst, src, quads) (!copy_from_guest_bytes(dst, src, (quads) * 8))
#define copy_to_guest_quads(dst, src, quads) (!copy_to_guest_bytes(dst, src, (quads) * 8))

#define HV_CPU_H
#define MAX_CPUS 1
struct vcpu;
extern struct vcpu *host_current;
#define current host_current
void cpu_relax(void);
void cpus_halt_others(void);
void cpus_resume_others(void);

#endif
