/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that do next to nothing, so what remains is the way in and out: the null call by the hypercall page
 * and by a bare SYSCALL, numbers without a call, calls in a multicall, and the small calls about the vcpu itself.
 */
#include "bench.h"

#define CALLS_MAX 32

static struct multicall_entry calls[CALLS_MAX];
static struct vcpu_runstate_info runstate;
static char stack[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static long raw(unsigned int nr)
{
	long ret;

	__asm__ volatile("syscall" : "=a" (ret) : "0" ((long)nr), "D" (0L), "S" (0L) : "rcx", "r11", "memory");
	return ret;
}

static void null_stub(void) { hypercall_xen_version(XENVER_version, NULL); }
static void null_raw(void) { raw(__HYPERVISOR_xen_version); }
static void nr63(void) { raw(63); }
static void nr1000(void) { raw(1000); }
static void yield(void) { hypercall_sched_op(SCHEDOP_yield, NULL); }
static void multicall_1(void) { hypercall_multicall(calls, 1); }
static void multicall_8(void) { hypercall_multicall(calls, 8); }
static void multicall_32(void) { hypercall_multicall(calls, 32); }
static void is_up(void) { hypercall_vcpu_op(VCPUOP_is_up, 0, NULL); }
static void get_runstate(void) { hypercall_vcpu_op(VCPUOP_get_runstate_info, 0, &runstate); }
static void stack_switch(void) { hypercall_stack_switch(FLAT_KERNEL_SS, (uintptr_t)stack + sizeof(stack)); }
static void base_fs(void) { hypercall_set_segment_base(SEGBASE_FS, 0x123000); }
static void base_gs_user(void) { hypercall_set_segment_base(SEGBASE_GS_USER, 0x123000); }
static void taskswitch_set(void) { hypercall_fpu_taskswitch(1); }
static void taskswitch_clear(void) { hypercall_fpu_taskswitch(0); }

/* Back to the next instruction. */
static void iret(void)
{
	__asm__ volatile("movq %%rsp, %%rax\n\tpushq %[ss]\n\tpushq %%rax\n\tpushfq\n\tpushq %[cs]\n\t"
			 "pushq $1f\n\tpushq $0\n\tjmp hypercall_page + 23 * 32\n1:"
			 : : [ss] "i" (FLAT_KERNEL_SS), [cs] "i" (FLAT_KERNEL_CS & ~3)
			 : "rax", "rcx", "r11", "memory", "cc");
}

void bench_calls(void)
{
	static const struct bench table[] = {
		{ "null_xen_version", null_stub, NULL, 0 },
		{ "null_xen_version_raw_syscall", null_raw, NULL, 0 },
		{ "enosys_nr63", nr63, NULL, 0 },
		{ "enosys_nr1000", nr1000, NULL, 0 },
		{ "sched_yield", yield, NULL, 0 },
		{ "multicall_8_null", multicall_8, NULL, 0 },
		{ "multicall_1_null", multicall_1, NULL, 0 },
		{ "multicall_32_null", multicall_32, NULL, 0 },
		{ "vcpu_op_is_up", is_up, NULL, 0 },
		{ "vcpu_op_get_runstate", get_runstate, NULL, 0 },
		{ "stack_switch", stack_switch, NULL, 0 },
		{ "set_segment_base_fs", base_fs, NULL, 0 },
		{ "set_segment_base_gs_user", base_gs_user, NULL, 0 },
		{ "fpu_taskswitch_set", taskswitch_set, NULL, 0 },
		{ "fpu_taskswitch_clear", taskswitch_clear, NULL, 0 },
		{ "iret_kernel", iret, NULL, 0 },
	};

	for (int i = 0; i < CALLS_MAX; i++)
		calls[i].op = __HYPERVISOR_xen_version;
	BENCH_RUN(table);
}
