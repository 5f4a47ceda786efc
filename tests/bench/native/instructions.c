/* SPDX-License-Identifier: MIT */
/*
 * What a kernel does by an instruction or two, and a guest by a hypercall or by an instruction that is emulated:
 * special registers, ports, the stack to enter on, the return from an interrupt.
 */
#include "native.h"

#define MSR_EFER 0xc0000080
#define MSR_FS_BASE 0xc0000100

static uint64_t cr0;
static volatile uint64_t rsp0;		/* as of a TSS */

static void read_msr(uint32_t msr) { __asm__ volatile("rdmsr" : : "c" (msr) : "rax", "rdx"); }
static void rdmsr_efer(void) { read_msr(MSR_EFER); }
static void rdmsr_fs(void) { read_msr(MSR_FS_BASE); }
static void wrmsr_fs(void) { wrmsr(MSR_FS_BASE, 0x123000); }
static void wrmsr_gs_user(void) { wrmsr(MSR_KERNEL_GS_BASE, 0x123000); }
static void in(void) { __asm__ volatile("inb $0x84, %%al" : : : "rax"); }
static void out(void) { __asm__ volatile("outb %%al, $0x80" : : "a" (0)); }
static void from_cr0(void) { __asm__ volatile("movq %%cr0, %%rax" : : : "rax"); }
static void from_cr2(void) { __asm__ volatile("movq %%cr2, %%rax" : : : "rax"); }
static void from_cr3(void) { __asm__ volatile("movq %%cr3, %%rax" : : : "rax"); }
static void from_cr4(void) { __asm__ volatile("movq %%cr4, %%rax" : : : "rax"); }
static void to_cr0(void) { __asm__ volatile("movq %0, %%cr0" : : "r" (cr0)); }
static void clts(void) { __asm__ volatile("clts"); }
static void set_rsp0(void) { rsp0 = (uintptr_t)&rsp0; }

/* Back to the next instruction. */
static void iret(void)
{
	__asm__ volatile("movq %%rsp, %%rax\n\tpushq $0x10\n\tpushq %%rax\n\tpushfq\n\tpushq $8\n\t"
			 "pushq $1f\n\tiretq\n1:" : : : "rax", "memory", "cc");
}

void native_instructions(void)
{
	static const struct bench table[] = {
		{ "stack_switch", set_rsp0, NULL, 0 },
		{ "set_segment_base_fs", wrmsr_fs, NULL, 0 },
		{ "set_segment_base_gs_user", wrmsr_gs_user, NULL, 0 },
		{ "fpu_taskswitch_set", set_ts, NULL, 0 },
		{ "fpu_taskswitch_clear", clts, NULL, 0 },
		{ "iret_kernel", iret, NULL, 0 },
		{ "cpuid_native", cpuid_native, NULL, 0 },
		{ "cpuid_fep_leaf1", cpuid_native, NULL, 0 },
		{ "rdmsr_efer", rdmsr_efer, NULL, 0 },
		{ "rdmsr_fsbase", rdmsr_fs, NULL, 0 },
		{ "wrmsr_fsbase", wrmsr_fs, NULL, 0 },
		{ "mov_from_cr0", from_cr0, NULL, 0 },
		{ "mov_from_cr2", from_cr2, NULL, 0 },
		{ "mov_from_cr3", from_cr3, NULL, 0 },
		{ "mov_from_cr4", from_cr4, NULL, 0 },
		{ "mov_to_cr0", to_cr0, NULL, 0 },
		{ "clts", clts, NULL, 0 },
		{ "in_al_0x84", in, NULL, 0 },
		{ "out_0x80_al", out, NULL, 0 },
	};

	__asm__ volatile("movq %%cr0, %0" : "=r" (cr0));
	NATIVE_RUN(table);
}
