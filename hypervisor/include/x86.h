/* SPDX-License-Identifier: MIT */
/* Instructions C cannot say, and the architecture's numbers. */
#ifndef HV_X86_H
#define HV_X86_H

#include "types.h"

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_PG BIT(31)
#define HV_CR0 (CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE)	/* and TS, at times */
#define CR4_TSD BIT(2)
#define CR4_DE BIT(3)
#define CR4_PSE BIT(4)
#define CR4_PAE BIT(5)
#define CR4_MCE BIT(6)
#define CR4_PGE BIT(7)
#define CR4_OSFXSR BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_FSGSBASE BIT(16)
#define CR4_OSXSAVE BIT(18)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)

#define EFLAGS_CF BIT(0)
#define EFLAGS_TF BIT(8)
#define EFLAGS_IF BIT(9)
#define EFLAGS_DF BIT(10)
#define EFLAGS_IOPL (3ULL << 12)
#define EFLAGS_NT BIT(14)
#define EFLAGS_RF BIT(16)
#define EFLAGS_VM BIT(17)
#define EFLAGS_AC BIT(18)
#define EFLAGS_VIF BIT(19)
#define EFLAGS_VIP BIT(20)
#define EFLAGS_FIXED BIT(1)

#define DR6_BS BIT(14)

#define MSR_APIC_BASE 0x1b
#define MSR_SYSENTER_CS 0x174
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103
#define EFER_SCE BIT(0)
#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)
#define EFER_NX BIT(11)

enum { X_DE, X_DB, X_NMI, X_BP, X_OF, X_BR, X_UD, X_NM, X_DF, X_CSO, X_TS, X_NP, X_SS, X_GP, X_PF,
       X_SPV, X_MF, X_AC, X_MC, X_XM };
#define PF_P BIT(0)
#define PF_W BIT(1)
#define PF_U BIT(2)
#define PF_RSVD BIT(3)
#define PF_I BIT(4)

static inline uint8_t inb(uint16_t p)
{
	uint8_t v;
	__asm__ volatile("in %1, %0" : "=a"(v) : "Nd"(p));
	return v;
}
static inline uint16_t inw(uint16_t p)
{
	uint16_t v;
	__asm__ volatile("in %1, %0" : "=a"(v) : "Nd"(p));
	return v;
}
static inline uint32_t inl(uint16_t p)
{
	uint32_t v;
	__asm__ volatile("in %1, %0" : "=a"(v) : "Nd"(p));
	return v;
}
static inline void outb(uint16_t p, uint8_t v) { __asm__ volatile("out %0, %1" :: "a"(v), "Nd"(p)); }
static inline void outw(uint16_t p, uint16_t v) { __asm__ volatile("out %0, %1" :: "a"(v), "Nd"(p)); }
static inline void outl(uint16_t p, uint32_t v) { __asm__ volatile("out %0, %1" :: "a"(v), "Nd"(p)); }

static inline uint64_t rdmsr(uint32_t n)
{
	uint32_t lo, hi;
	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(n));
	return lo | (uint64_t)hi << 32;
}
static inline void wrmsr(uint32_t n, uint64_t v)
{
	__asm__ volatile("wrmsr" :: "a"((uint32_t)v), "d"((uint32_t)(v >> 32)), "c"(n) : "memory");
}
static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return lo | (uint64_t)hi << 32;
}

#define DEF_REG(name) \
static inline uint64_t read_##name(void) \
{ uint64_t v; __asm__ volatile("mov %%" #name ", %0" : "=r"(v)); return v; } \
static inline void write_##name(uint64_t v) \
{ __asm__ volatile("mov %0, %%" #name :: "r"(v) : "memory"); }
DEF_REG(cr0) DEF_REG(cr2) DEF_REG(cr3) DEF_REG(cr4)
DEF_REG(dr0) DEF_REG(dr1) DEF_REG(dr2) DEF_REG(dr3) DEF_REG(dr6) DEF_REG(dr7)
#undef DEF_REG

static inline void cpuid_count(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(sub));
}
static inline void invlpg(uint64_t va) { __asm__ volatile("invlpg (%0)" :: "r"(va) : "memory"); }
static inline void cli(void) { __asm__ volatile("cli" ::: "memory"); }
/* Let pending interrupts in, for the length of one instruction. */
static inline void irq_window(void) { __asm__ volatile("sti; nop; cli" ::: "memory"); }
static inline void sti_hlt_cli(void) { __asm__ volatile("sti; hlt; cli" ::: "memory"); }
static inline void clts(void) { __asm__ volatile("clts"); }
static inline void wbinvd(void) { __asm__ volatile("wbinvd" ::: "memory"); }

#endif
