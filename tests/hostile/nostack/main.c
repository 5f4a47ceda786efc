/* SPDX-License-Identifier: MIT */
/*
 * Attack: a user program that never stops, and no stack for the kernel when an event interrupts it.
 *
 * Expected: the end of the domain then and there, though nothing else asks its CPU for anything.
 */
#include "test.h"
#include <xen/vcpu.h>

#define NOWHERE 0x7ffffffff000UL
#define SOON_NS 20000000

extern char nostack_user[];
__attribute__((noreturn)) void nostack_leave(struct trap_frame *f);

__asm__(".text\n"
	"nostack_leave: movq %rdi, %rsp; jmp trap_return\n"
	"nostack_user: jmp nostack_user\n");

void test_main(void)
{
	struct trap_frame f = { .rip = (uintptr_t)nostack_user, .cs = FLAT_USER_CS64, .ss = FLAT_USER_SS64, .rflags = 0x202 };
	struct mmuext_op op = { .cmd = MMUEXT_NEW_USER_BASEPTR };
	evtchn_port_t timer;

	__asm__("mov %%cr3, %0" : "=r"(op.arg1.mfn));
	op.arg1.mfn >>= 12;
	check_value("user mode sees what we see", hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
	check_value("a stack that is nowhere", hypercall_stack_switch(FLAT_KERNEL_SS, NOWHERE), 0);
	check_value("a timer", evtchn_bind_virq(VIRQ_TIMER, 0, &timer), 0);
	evtchn_unmask(timer);
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	events_disable();
	check_value("is set", hypercall_set_timer_op(time_now_ns() + SOON_NS), 0);
	nostack_leave(&f);
}
