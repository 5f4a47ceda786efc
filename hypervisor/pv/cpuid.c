/* SPDX-License-Identifier: MIT */
/*
 * CPUID for guests: of the machine's answer what a PV kernel in ring 3 can use, plus the hypervisor's leaves. What
 * is not named here is not shown, so that a new processor's feature stays away from guests until somebody has
 * thought about it. (Plain CPUID does not fault and shows the machine; kernels ask with the forced-emulation prefix.)
 */
#include <xen/arch-x86/cpuid.h>
#include "cpu.h"
#include "domain.h"
#include "lib.h"
#include "pv.h"
#include "x86.h"

#define ALL (~0u)
#define MAX_BASIC 0xdu
#define MAX_EXTENDED 0x80000021u

enum { A, B, C, D };

/* Leaves that are shown as they are, at any subleaf: names, caches, TLBs, the size of XSAVE's components. */
static const uint32_t plain[] = {
	0, 2, 4, 0xd, 0x80000000, 0x80000002, 0x80000003, 0x80000004, 0x80000005, 0x80000006, 0x80000019,
	0x8000001a, 0x8000001d,
};

/* Leaves of which some bits are; without a row: none. Names of features as in the Intel and AMD manuals. */
static const struct { uint32_t leaf, sub, bits[4]; } shown[] = {
	{ 1, ALL, { ALL, ALL,
		/* SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND */
		0x76d83203,
		/* FPU DE TSC MSR PAE CX8 APIC CMOV PAT CLFSH MMX FXSR SSE SSE2 SS */
		0x0f898375 } },
	{ 7, 0, { ALL,
		/* FSGSBASE BMI1 AVX2 FDP BMI2 ERMS FPU_CS AVX512F AVX512DQ RDSEED ADX AVX512IFMA CLFLUSHOPT CLWB
		 * AVX512PF AVX512ER AVX512CD SHA AVX512BW AVX512VL */
		0xfdaf2369,
		/* PREFETCHWT1 AVX512VBMI AVX512VBMI2 GFNI VAES VPCLMULQDQ AVX512VNNI AVX512BITALG AVX512VPOPCNTDQ
		 * CLDEMOTE MOVDIRI MOVDIR64B */
		0x1a005f43,
		/* AVX512_4VNNIW AVX512_4FMAPS FSRM AVX512_VP2INTERSECT MD_CLEAR SERIALIZE AVX512_FP16 */
		0x0080451c } },
	/* AVX_VNNI AVX512_BF16 FZRM FSRS FSRCS */
	{ 7, 1, { 0x00001c30, 0, 0, 0 } },
	{ 0x80000001, ALL, { ALL, ALL,
		/* LAHF ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM */
		0x002109e1,
		/* FPU DE TSC MSR PAE CX8 APIC SYSCALL CMOV PAT NX MMXEXT MMX FXSR RDTSCP LM 3DNOWEXT 3DNOW */
		0xe9d18b75 } },
	{ 0x80000007, ALL, { 0, 0, 0, 0x100 } },	/* the TSC's rate never changes */
	{ 0x80000008, ALL, { 0xff, 0, 0, 0 } },		/* bits of a physical address */
	{ 0x80000021, ALL, { 0x44, 0, 0, 0 } },		/* LFENCE serialises, a null selector clears the base */
};

static void hypervisor_leaf(uint32_t leaf, uint32_t r[4])
{
	switch (leaf) {
	case XEN_CPUID_FIRST_LEAF:
		r[A] = XEN_CPUID_FIRST_LEAF + 4;
		r[B] = XEN_CPUID_SIGNATURE_EBX;
		r[C] = XEN_CPUID_SIGNATURE_ECX;
		r[D] = XEN_CPUID_SIGNATURE_EDX;
		break;
	case XEN_CPUID_FIRST_LEAF + 1:
		r[A] = 4 << 16 | 17;
		break;
	case XEN_CPUID_FIRST_LEAF + 2:
		r[A] = 1;		/* hypercall pages */
		r[B] = 0x40000000;	/* their MSR */
		r[C] = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
		break;
	case XEN_CPUID_FIRST_LEAF + 3:
		r[C] = tsc_khz;
		break;
	}
}

static uint32_t max_leaf(uint32_t base)
{
	uint32_t r[4];

	cpuid_count(base, 0, r);
	return r[A];
}

/* Bytes of an XSAVE area, plain or compacted, with all that guests may enable: kernels check it against the sum. */
static uint32_t xsave_bytes(bool compacted)
{
	uint32_t r[4], size = 512 + 64;

	for (unsigned i = 2; i < 63; i++) {
		if (!(cpu_features.xcr0 >> i & 1))
			continue;
		cpuid_count(0xd, i, r);
		if (compacted)
			size = (r[C] & 2 ? ROUND_UP(size, 64) : size) + r[A];
		else
			size = MAX(size, r[A] + r[B]);
	}
	return size;
}

static void xsave_leaf(uint32_t sub, uint32_t r[4])
{
	if (!cpu_features.xsave || (sub >= 2 && !(cpu_features.xcr0 >> MIN(sub, 63u) & 1))) {
		memset(r, 0, 16);
	} else if (sub == 0) {
		r[A] = cpu_features.xcr0;
		r[B] = r[C] = xsave_bytes(false);
		r[D] = 0;
	} else if (sub == 1) {
		r[A] &= 7;		/* XSAVEOPT XSAVEC XGETBV1 */
		r[C] = r[D] = 0;
		r[B] = r[A] & 2 ? xsave_bytes(true) : 0;
	}
}

/* What of the machine's answer is shown. */
static void shown_part(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	memset(r, 0, 16);
	if (leaf > max_leaf(leaf & 0x80000000))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(shown); i++) {
		if (shown[i].leaf != leaf || (shown[i].sub != sub && shown[i].sub != ALL))
			continue;
		cpuid_count(leaf, sub, r);
		for (unsigned reg = A; reg <= D; reg++)
			r[reg] &= shown[i].bits[reg];
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(plain); i++)
		if (plain[i] == leaf)
			cpuid_count(leaf, sub, r);
}

void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	if (leaf - XEN_CPUID_FIRST_LEAF < 0x100) {
		memset(r, 0, 16);
		hypervisor_leaf(leaf, r);
		return;
	}
	shown_part(leaf, sub, r);
	switch (leaf) {
	case 0:
		r[A] = MIN(r[A], MAX_BASIC);
		break;
	case 1:
		r[B] = (r[B] & 0x0000ffff) | v->id * 2u << 24;
		r[C] |= 1u << 31 | (cpu_features.xsave ? 1u << 27 : 0);
		break;
	case 0xd:
		xsave_leaf(sub, r);
		break;
	case 0x80000000:
		r[A] = MIN(r[A], MAX_EXTENDED);
		break;
	case 0x80000008:
		r[A] |= 48 << 8;	/* bits of a virtual address: four levels */
		break;
	case 0x80000001:
		r[D] |= 1u << 11;	/* SYSCALL, whatever vendor: the ABI rests on it */
		break;
	}
}
