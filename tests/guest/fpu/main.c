/* SPDX-License-Identifier: MIT */
/*
 * The FPU and its trap.
 *
 * After fpu_taskswitch(1) the next FPU or SSE instruction raises vector 7, once: the hypervisor
 * clears the flag as it delivers the trap. fpu_taskswitch(0) and CLTS clear it too. cr0.TS shows
 * it. Register contents are kept through hypercalls and blocking.
 */
#include "test.h"

static uint64_t cr0(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr0, %0" : "=r" (value));
	return value;
}

static void set_xmm(uint64_t v)
{
	__asm__ volatile("movq %0, %%xmm5" : : "r" (v));
}

static uint64_t get_xmm(void)
{
	uint64_t v;

	__asm__ volatile("movq %%xmm5, %0" : "=r" (v));
	return v;
}

void test_main(void)
{
	struct vcpu_set_singleshot_timer t;
	evtchn_port_t port;

	set_xmm(0x1122334455667788);
	hypercall_xen_version(XENVER_version, NULL);
	check_value("xmm5 survives a hypercall", get_xmm(), 0x1122334455667788);
	check_value("taskswitch on", hypercall_fpu_taskswitch(1), 0);
	check("cr0.TS shows it", cr0() & 8);
	check_value("SSE traps", PROBE("movq %%xmm5, %%rcx", NONE), TRAPPED(7, 0));
	check("the trap cleared cr0.TS", !(cr0() & 8));
	check_value("once", PROBE("movq %%xmm5, %%rcx", NONE), 0);
	check_value("contents are kept", get_xmm(), 0x1122334455667788);
	check_value("taskswitch on", hypercall_fpu_taskswitch(1), 0);
	check_value("x87 traps", PROBE("fninit", NONE), TRAPPED(7, 0));
	check_value("taskswitch on", hypercall_fpu_taskswitch(1), 0);
	check_value("taskswitch off", hypercall_fpu_taskswitch(0), 0);
	check_value("no trap", PROBE("movq %%xmm5, %%rcx", NONE), 0);
	check_value("taskswitch on", hypercall_fpu_taskswitch(1), 0);
	check_value("clts", PROBE("clts", NONE), 0);
	check_value("no trap after clts", PROBE("movq %%xmm5, %%rcx", NONE), 0);

	check_value("bind the timer", evtchn_bind_virq(VIRQ_TIMER, 0, &port), 0);
	evtchn_unmask(port);
	set_xmm(0x5555aaaa);
	events_disable();		/* if delivered before we block, nothing else would wake us */
	t = (struct vcpu_set_singleshot_timer){ .timeout_abs_ns = time_now_ns() + 30000000 };
	hypercall_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
	hypercall_sched_op(SCHEDOP_block, NULL);
	check_value("xmm5 survives blocking", get_xmm(), 0x5555aaaa);
}
