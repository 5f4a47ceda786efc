/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions, executed by the guest's kernel in ring 3.
 *
 * The hypervisor emulates those a PV kernel may use: control registers as the ABI describes them,
 * CPUID behind the forced-emulation prefix (which also tells the hypervisor's name, and XSAVE's size), permitted
 * MSRs, I/O ports the domain may touch, CLTS, WBINVD. What is not permitted is a
 * general protection fault, as on hardware.
 */
#include "test.h"

#define MSR_EFER	0xc0000080
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101
#define MSR_KERNEL_GS	0xc0000102
#define MSR_APIC_BASE	0x1b
#define MSR_TSC_AUX	0xc0000103
#define CR4_FSGSBASE	(1UL << 16)

struct regs { uint32_t a, b, c, d; };

static struct regs cpuid(uint32_t leaf)
{
	struct regs r = { .a = leaf };

	__asm__ volatile(XEN_CPUID : "+a" (r.a), "=b" (r.b), "=c" (r.c), "=d" (r.d) : "2" (0));
	return r;
}

static long rdmsr(uint32_t msr, uint64_t *value)
{
	uint32_t lo = 0, hi = 0;
	long rc;

	trap_taken = 0;
	__asm__ volatile("movq $1f, trap_resume(%%rip)\n\trdmsr\n1:\n\tmovq $0, trap_resume(%%rip)"
			 : "+a" (lo), "+d" (hi) : "c" (msr) : "memory");
	rc = trap_taken;
	*value = (uint64_t)hi << 32 | lo;
	return rc;
}

static long wrmsr(uint32_t msr, uint64_t value)
{
	trap_taken = 0;
	__asm__ volatile("movq $1f, trap_resume(%%rip)\n\twrmsr\n1:\n\tmovq $0, trap_resume(%%rip)"
			 : : "a" ((uint32_t)value), "d" ((uint32_t)(value >> 32)), "c" (msr)
			 : "memory");
	return trap_taken;
}

static void check_cpuid(void)
{
	struct regs r = cpuid(0x40000000);

	check("hypervisor leaves: signature", r.b == 0x566e6558 && r.c == 0x65584d4d &&
	      r.d == 0x4d4d566e);
	check("hypervisor leaves: at least two", r.a >= 0x40000002);
	check_value("hypervisor leaves: version", cpuid(0x40000001).a, 4 << 16 | 17);
	check("basic leaves", cpuid(0).a >= 1);
	r = cpuid(1);
	check("SSE2 and FXSR are there", r.d >> 26 & 1 && r.d >> 24 & 1);
	check("hypervisor bit is set", r.c >> 31 & 1);
	check("VMX is hidden", !(r.c >> 5 & 1));
	r = cpuid(0x80000001);
	check("long mode is there", r.d >> 29 & 1);
	check("CR8 is hidden", !(r.c >> 4 & 1));
	check("virtual addresses have four levels", (cpuid(0x80000008).a >> 8 & 0xff) == 48);
	check("and no fifth", !(cpuid(7).c >> 16 & 1));
	r = cpuid(7);
	check("SMEP, SMAP and INVPCID are hidden", !(r.b & (1 << 7 | 1 << 10 | 1 << 20)));
	check("protection keys and CET are hidden", !(r.c & (1u << 3 | 1 << 4 | 1 << 7 | 1u << 31)));
	check("performance counters are hidden", cpuid(0xa).a == 0);
}

/* The size that CPUID tells is what XSAVE writes, no byte more. */
static void check_xsave(void)
{
	static uint8_t area[32768] __attribute__((aligned(64)));
	uint32_t enabled = 0, high = 0, size = cpuid(0xd).b, last = sizeof(area);

	trap_taken = 0;
	__asm__ volatile("movq $1f, trap_resume(%%rip)\n\txgetbv\n1:\n\tmovq $0, trap_resume(%%rip)"
			 : "+a" (enabled), "+d" (high) : "c" (0) : "memory");
	if (trap_taken)		/* there is none */
		return;
	for (unsigned int i = 0; i < sizeof(area); i++)
		area[i] = i < 512 + 64 ? 0 : 0xcc;
	check_value("XSAVE of all that is enabled", PROBE("xsave64 %0", "+m" (area), "a" (enabled), "d" (high)), 0);
	while (last && area[last - 1] == 0xcc)
		last--;
	check_value("it writes as much as CPUID says", last, size);
}

static void check_control_registers(void)
{
	uint64_t value = 0;

	check_value("read cr0", PROBE("mov %%cr0, %0", "=r" (value)), 0);
	check("protected mode, paging", (value & 0x80000001) == 0x80000001);
	check_value("write cr0 back", PROBE("mov %0, %%cr0", NONE, "r" (value)), 0);
	check_value("switch paging off", PROBE("mov %0, %%cr0", NONE, "r" (value & ~(1UL << 31))),
		    TRAP_GP);
	check_value("read cr3", PROBE("mov %%cr3, %0", "=r" (value)), 0);
	check_value("it is the root", value, (long)mfn_to_maddr(virt_to_mfn(pt_root())));
	check_value("write cr3 back", PROBE("mov %0, %%cr3", NONE, "r" (value)), 0);
	check_value("read cr2", PROBE("mov %%cr2, %0", "=r" (value)), 0);
	probe_read((void *)0x7ffffffff008);
	check_value("read cr2 after a fault", PROBE("mov %%cr2, %0", "=r" (value)), 0);
	check_value("it is the address", value, 0x7ffffffff008);
	check_value("write cr2", PROBE("mov %0, %%cr2", NONE, "r" (0x1234L)), 0);
	check_value("it shows in the shared page", vcpu_info()->arch.cr2, 0x1234);
	check_value("read cr4", PROBE("mov %%cr4, %0", "=r" (value)), 0);
	check("PAE is on", value >> 5 & 1);
	check_value("write cr4 back", PROBE("mov %0, %%cr4", NONE, "r" (value)), 0);
	check_value("read cr8", PROBE("mov %%cr8, %0", "=r" (value)), TRAP_GP);
}

static void check_msrs(void)
{
	uint64_t value;

	check_value("read EFER", rdmsr(MSR_EFER, &value), 0);
	check("long mode and SYSCALL", (value & 0x501) == 0x501);
	check_value("write the fs base", wrmsr(MSR_FS_BASE, 0x12345000), 0);
	check_value("read it", rdmsr(MSR_FS_BASE, &value), 0);
	check_value("it is that", value, 0x12345000);
	check_value("write the gs base", wrmsr(MSR_GS_BASE, 0x23456000), 0);
	check_value("read it", rdmsr(MSR_GS_BASE, &value), 0);
	check_value("it is that", value, 0x23456000);
	check_value("write user mode's gs base", wrmsr(MSR_KERNEL_GS, 0x34567000), 0);
	check_value("read it", rdmsr(MSR_KERNEL_GS, &value), 0);
	check_value("it is that", value, 0x34567000);
	check_value("write the word that RDTSCP tells", wrmsr(MSR_TSC_AUX, 0x1234), 0);
	__asm__ volatile("rdtscp" : "=c" (value) : : "rax", "rdx");
	check_value("RDTSCP tells it", (uint32_t)value, 0x1234);
	check_value("a word that is too long", wrmsr(MSR_TSC_AUX, 1UL << 32), TRAP_GP);
	check_value("a base that is not canonical", wrmsr(MSR_FS_BASE, 1UL << 63), TRAP_GP);
	check_value("read an MSR that is not", rdmsr(0x12345678, &value), TRAP_GP);
	check_value("write an MSR that is not", wrmsr(0x12345678, 0), TRAP_GP);
	check_value("write the SYSCALL target", wrmsr(0xc0000082, 0), TRAP_GP);
	check_value("read the local APIC base", rdmsr(MSR_APIC_BASE, &value), 0);
}

/* Bases read and written by instructions that no hypervisor sees. */
static void check_bases(void)
{
	uint64_t fs = 0, gs = 0, cr4 = 0;

	if (!(cpuid(7).b & 1))
		return;
	check_value("without CR4's leave", PROBE("wrfsbase %0", NONE, "r" (0L)), TRAP_UD);
	check_value("which CPUID says there is", PROBE("mov %%cr4, %0", "=r" (cr4)), 0);
	check("it does when told", !PROBE("mov %0, %%cr4", NONE, "r" (cr4 | CR4_FSGSBASE)) &&
	      !PROBE("mov %%cr4, %0", "=r" (cr4)) && cr4 & CR4_FSGSBASE);
	check_value("write the fs base", PROBE("wrfsbase %0", NONE, "r" (0x45678000L)), 0);
	check_value("write the gs base", PROBE("wrgsbase %0", NONE, "r" (0x56789000L)), 0);
	hypercall_sched_op(SCHEDOP_yield, NULL);
	check_value("read the fs base", PROBE("rdfsbase %0", "=r" (fs)), 0);
	check_value("read the gs base", PROBE("rdgsbase %0", "=r" (gs)), 0);
	check("they are those", fs == 0x45678000 && gs == 0x56789000);
	check_value("the MSR says the same", rdmsr(MSR_GS_BASE, &gs), 0);
	check("of gs", gs == 0x56789000);
	PROBE("mov %0, %%cr4", NONE, "r" (cr4 & ~CR4_FSGSBASE));
	check_value("without it again", PROBE("rdgsbase %0", "=r" (gs)), TRAP_UD);
}

static void check_ports(void)
{
	uint8_t value = 0;
	struct physdev_set_iopl iopl = { .iopl = 1 };

	/* I/O ports: the initial domain may touch most, but its kernel must claim the level first. */
	check_value("set_iopl 1", hypercall_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
	check_value("in from the CMOS data port", PROBE("inb $0x71, %0", "=a" (value)), 0);
	check_value("out to the delay port", PROBE("outb %0, $0x80", NONE, "a" ((uint8_t)0)), 0);
	check_value("cli is allowed", PROBE("cli", NONE), 0);
	check_value("sti is allowed", PROBE("sti", NONE), 0);
	iopl.iopl = 9;
	check_value("set_iopl 9", hypercall_physdev_op(PHYSDEVOP_set_iopl, &iopl), -XEN_EINVAL);
}

void test_main(void)
{
	check_cpuid();
	check_xsave();
	check_control_registers();
	check_msrs();
	check_bases();
	check_ports();
	check_value("clts", PROBE("clts", NONE), 0);
	check_value("wbinvd", PROBE("wbinvd", NONE), 0);
	check_value("hlt", PROBE("hlt", NONE), TRAP_GP);
	check_value("lgdt", PROBE("lgdt (%0)", NONE, "r" (shared_info)), TRAP_GP);
	check_value("lidt", PROBE("lidt (%0)", NONE, "r" (shared_info)), TRAP_GP);
	check_value("ltr", PROBE("ltr %w0", NONE, "r" (0)), TRAP_GP);
	check_value("lldt", PROBE("lldt %w0", NONE, "r" (0)), TRAP_GP);
	check_value("rdtsc", PROBE("rdtsc", NONE, "a" (0), "d" (0)), 0);
}
