/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of the kernel that come back to it: fault, a handler that returns behind the instruction, and the
 * iret hypercall. The handlers do the least that a handler can (harness.asm).
 */
#include "bench.h"
#include <kit/trap.h>

#define CLEAR_EVENTS 4
#define BAD_MSR 0x12345

void trap_set(unsigned int vector, unsigned int flags, void (*entry)(void))
{
	struct trap_info table[2] = {
		{ .vector = vector, .flags = flags, .cs = FLAT_KERNEL_CS, .address = (uintptr_t)entry },
	};

	must("set_trap_table", hypercall_set_trap_table(table));
}

static char *absent;			/* an address with tables and without a page */

static void page_fault(void) { __asm__ volatile("movb %%al, (%%rax)" : : "a" (absent)); }
static void undefined(void) { __asm__ volatile("ud2"); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void bad_rdmsr(void) { __asm__ volatile("rdmsr" : : "c" (BAD_MSR) : "rax", "rdx"); }
static void fpu(void) { __asm__ volatile("fnop"); }
static void no_fpu(void) { hypercall_fpu_taskswitch(1); }

void bench_traps(void)
{
	static const struct { unsigned int vector; void (*entry)(void); struct bench bench; } table[] = {
		{ 14, trap_skip_error, { "pf_bounce_kernel", page_fault, NULL, 0 } },
		{ 6, trap_skip, { "ud_bounce_kernel", undefined, NULL, 0 } },
		{ 3, trap_back, { "bp_int3_bounce_kernel", breakpoint, NULL, 0 } },
		{ 13, trap_skip_error, { "gp_bounce_bad_rdmsr", bad_rdmsr, NULL, 0 } },
		{ 7, trap_back, { "nm_bounce_after_ts", fpu, no_fpu, 0 } },
	};

	absent = os_va_alloc(1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct stats s;

		trap_set(table[i].vector, CLEAR_EVENTS, table[i].entry);
		s = bench_measure(&table[i].bench);
		must("trap_init", trap_init());
		hypercall_fpu_taskswitch(0);
		bench_say(table[i].bench.name, &s);
	}
	os_va_free(absent, 1);
}
