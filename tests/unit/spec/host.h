/* SPDX-License-Identifier: MIT */
/* Forced in front of the sources: stands in for x86.h, with a CPU whose CPUID and MSRs the test makes up. */
#ifndef SPEC_HOST_H
#define SPEC_HOST_H

#define HV_X86_H
#include "types.h"

#define MSR_EFER 0xc0000080
void cpuid_count(uint32_t leaf, uint32_t sub, uint32_t r[4]);
uint64_t rdmsr(uint32_t n);
void wrmsr(uint32_t n, uint64_t v);
uint64_t read_cr3(void);
void write_cr3(uint64_t v);

#endif
