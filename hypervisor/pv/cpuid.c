/* SPDX-License-Identifier: MIT */
/*
 * CPUID for guests: the machine's, less what a PV kernel in ring 3 cannot use, plus the hypervisor's leaves. (Plain
 * CPUID does not fault and shows the machine; kernels ask with the forced-emulation prefix.)
 */
#include <xen/arch-x86/cpuid.h>
#include "cpu.h"
#include "domain.h"
#include "lib.h"
#include "pv.h"
#include "x86.h"

enum { A, B, C, D };

/* Bits to hide. Names of features as in the Intel and AMD manuals. */
static const struct { uint32_t leaf, sub; unsigned reg; uint32_t bits; } hidden[] = {
	{ 1, 0, C, 1u << 2 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 15 | 1 << 17 | 1 << 21 |
		   1 << 24 },	/* DTES64 MONITOR VMX SMX EIST TM2 PDCM PCID X2APIC TSC-DEADLINE */
	{ 1, 0, D, 1u << 1 | 1 << 3 | 1 << 7 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 |
		   1 << 22 | 1 << 29 },
				/* VME PSE MCE SEP MTRR PGE MCA PSE36 DS ACPI TM */
	{ 7, 0, B, 1u << 0 | 1 << 1 | 1 << 7 | 1 << 10 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 20 | 1 << 25 },
				/* FSGSBASE TSC_ADJUST SMEP INVPCID RDT-M MPX RDT-A SMAP PT */
	{ 7, 0, C, 1u << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 16 | 1 << 22 },
				/* UMIP PKU OSPKE WAITPKG CET_SS LA57 RDPID */
	{ 7, 0, D, 1u << 20 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 29 | 1u << 30 | 1u << 31 },
				/* CET_IBT and the MSRs of speculation control */
	{ 0xd, 1, A, 1u << 3 | 1 << 4 },	/* XSAVES, XFD */
	{ 0x80000001, 0, C, 1u << 2 | 1 << 4 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 15 | 1 << 19 },
				/* SVM CR8 IBS SKINIT WDT LWP NodeId */
	{ 0x80000001, 0, D, 1u << 1 | 1 << 3 | 1 << 12 | 1 << 13 | 1 << 17 | 1 << 26 },
				/* VME PSE MTRR PGE PSE36 Page1GB */
	{ 0x80000008, 0, B, ~0u },
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

/* Bytes of an XSAVE area with the components that guests may enable: kernels check it against the sum. */
static uint32_t xsave_bytes(void)
{
	uint32_t r[4], size = 512 + 64;

	for (unsigned i = 2; i < 63; i++) {
		if (!(cpu_features.xcr0 >> i & 1))
			continue;
		cpuid_count(0xd, i, r);
		size = MAX(size, r[A] + r[B]);
	}
	return size;
}

void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	memset(r, 0, 16);
	if (leaf - XEN_CPUID_FIRST_LEAF < 0x100) {
		hypervisor_leaf(leaf, r);
		return;
	}
	if (leaf > max_leaf(leaf & 0x80000000) || leaf == 5 || leaf == 6 || leaf == 0xa || leaf == 0x14 ||
	    leaf == 0x8000000a)
		return;			/* MONITOR, power, performance counters, tracing, SVM: none */
	cpuid_count(leaf, sub, r);
	for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++)
		if (hidden[i].leaf == leaf && hidden[i].sub == sub)
			r[hidden[i].reg] &= ~hidden[i].bits;
	switch (leaf) {
	case 1:
		r[B] = (r[B] & 0x00ffffff) | v->id * 2u << 24;
		r[C] = (r[C] & ~(1u << 27)) | 1u << 31 | (cpu_features.xsave ? 1u << 27 : 0);
		break;
	case 0xd:
		if (!cpu_features.xsave || (sub >= 2 && !(cpu_features.xcr0 >> MIN(sub, 63u) & 1)))
			memset(r, 0, 16);
		else if (sub == 0) {
			r[A] = cpu_features.xcr0;
			r[B] = r[C] = xsave_bytes();
			r[D] = 0;
		}
		break;
	case 0x80000008:
		r[A] = (r[A] & ~0xff00u) | 48 << 8;	/* bits of a virtual address: four levels */
		break;
	case 0x80000001:
		r[D] |= 1u << 11;	/* SYSCALL, whatever vendor: the ABI rests on it */
		break;
	}
}
