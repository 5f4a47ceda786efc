/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of the guest's kernel, which fault and are emulated. CPUID is not privileged; with the
 * forced-emulation prefix (an invalid opcode, "xen") the hypervisor answers it.
 */
#include "bench.h"
#include <kit/trap.h>

#define MSR_EFER 0xc0000080
#define MSR_FS_BASE 0xc0000100

/* harness.asm: the three, which spoil rbx */
void cpuid_native(void), cpuid_fep_1(void), cpuid_fep_40000000(void);

static uint64_t cr0;

static void read_msr(uint32_t msr) { __asm__ volatile("rdmsr" : : "c" (msr) : "rax", "rdx"); }
static void rdmsr_efer(void) { read_msr(MSR_EFER); }
static void rdmsr_fs(void) { read_msr(MSR_FS_BASE); }
static void wrmsr_fs(void) { __asm__ volatile("wrmsr" : : "c" (MSR_FS_BASE), "a" (0x123000), "d" (0)); }
static void in(void) { __asm__ volatile("inb $0x84, %%al" : : : "rax"); }
static void out(void) { __asm__ volatile("outb %%al, $0x80" : : "a" (0)); }
static void from_cr0(void) { __asm__ volatile("movq %%cr0, %%rax" : : : "rax"); }
static void from_cr2(void) { __asm__ volatile("movq %%cr2, %%rax" : : : "rax"); }
static void from_cr3(void) { __asm__ volatile("movq %%cr3, %%rax" : : : "rax"); }
static void from_cr4(void) { __asm__ volatile("movq %%cr4, %%rax" : : : "rax"); }
static void to_cr0(void) { __asm__ volatile("movq %0, %%cr0" : : "r" (cr0)); }
static void clts(void) { __asm__ volatile("clts"); }

void bench_emulation(void)
{
	static const struct bench table[] = {
		{ "cpuid_native", cpuid_native, NULL, 0 },
		{ "cpuid_fep_leaf1", cpuid_fep_1, NULL, 0 },
		{ "cpuid_fep_leaf40000000", cpuid_fep_40000000, NULL, 0 },
		{ "rdmsr_efer", rdmsr_efer, NULL, 0 },
		{ "rdmsr_fsbase", rdmsr_fs, NULL, 0 },
		{ "wrmsr_fsbase", wrmsr_fs, NULL, 0 },
		{ "mov_from_cr0", from_cr0, NULL, 0 },
		{ "mov_from_cr2", from_cr2, NULL, 0 },
		{ "mov_from_cr3", from_cr3, NULL, 0 },
		{ "mov_from_cr4", from_cr4, NULL, 0 },
		{ "mov_to_cr0", to_cr0, NULL, 0 },
		{ "clts", clts, NULL, 0 },
	};
	static const struct bench ports[] = {
		{ "in_al_0x84", in, NULL, 0 },
		{ "out_0x80_al", out, NULL, 0 },
	};

	struct physdev_set_iopl iopl = { .iopl = 1 };

	__asm__ volatile("movq %%cr0, %0" : "=r" (cr0));
	BENCH_RUN(table);
	if (!start_info_is_dom0())	/* other domains have no ports */
		return;
	must("set_iopl", hypercall_physdev_op(PHYSDEVOP_set_iopl, &iopl));
	BENCH_RUN(ports);
}
