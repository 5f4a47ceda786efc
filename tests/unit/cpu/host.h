/* SPDX-License-Identifier: MIT */
/* Forced in front of every source: cmocka, and what stands in for x86.h: instructions that the test carries out. */
#ifndef CPU_HOST_H
#define CPU_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define HV_X86_H
#include "types.h"

#define MSR_APIC_BASE 0x1b

uint64_t rdtsc(void);
uint8_t inb(uint16_t port);
void outb(uint16_t port, uint8_t v);
uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t v);
void cpuid_count(uint32_t leaf, uint32_t sub, uint32_t r[4]);

#endif
