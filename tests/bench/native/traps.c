/* SPDX-License-Identifier: MIT */
/* Exceptions of the kernel that come back to it, and user mode's ways to the kernel and back (pvbench's loops.asm). */
#include "native.h"

extern char user_nothing[], user_syscall[], user_int80[], user_int3[], user_pf[], user_int41[];

static char stack[PAGE_SIZE] __attribute__((aligned(16)));
static void *stacks[2] = { NULL, stack + sizeof(stack) };	/* of a system call: the user's, the kernel's */

static void page_fault(void) { __asm__ volatile("movb %%al, (%%rax)" : : "a" (0x600000000000)); }
static void undefined(void) { __asm__ volatile("ud2"); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void fpu(void) { __asm__ volatile("fnop"); }

static void kernel(void)
{
	static const struct bench table[] = {
		{ "pf_bounce_kernel", page_fault, NULL, 0 },
		{ "ud_bounce_kernel", undefined, NULL, 0 },
		{ "bp_int3_bounce_kernel", breakpoint, NULL, 0 },
		{ "nm_bounce_after_ts", fpu, set_ts, 0 },
	};

	machine_gate(3, trap_back);
	machine_gate(6, trap_skip);
	machine_gate(7, trap_clts);
	machine_gate(14, trap_skip_error);
	NATIVE_RUN(table);
}

static struct stats visit(const char *code, uint64_t samples, uint64_t overhead)
{
	struct stats s = STATS_INIT;

	s.n = samples;
	user_visit(code, samples, overhead, &s);
	return s;
}

static void user(void)
{
	static const struct { const char *name, *code; } table[] = {
		{ "user_syscall_roundtrip", user_syscall }, { "user_int80_roundtrip", user_int80 },
		{ "user_int3_roundtrip", user_int3 }, { "user_pf_roundtrip", user_pf },
		{ "user_intNN_via_gp_roundtrip", user_int41 },
	};
	uint64_t overhead;

	machine_gate(6, user_leave);
	machine_gate(0x41, trap_back);
	machine_gate(0x80, trap_back);
	wrmsr(MSR_KERNEL_GS_BASE, (uintptr_t)stacks);
	overhead = visit(user_nothing, WARM_UP, 0).min;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct stats s;

		visit(table[i].code, WARM_UP, overhead);
		s = visit(table[i].code, SAMPLES, overhead);
		native_say(table[i].name, &s);
	}
}

void native_traps(void)
{
	kernel();
	user();
}
