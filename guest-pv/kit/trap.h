/* SPDX-License-Identifier: MIT */
/*
 * Entries from the hypervisor (trap.asm) and what they leave on the stack. A system that uses them
 * provides the three C functions; one with entries of its own needs nothing from here.
 */
#ifndef KIT_TRAP_H
#define KIT_TRAP_H

#include <stdint.h>

/* Pushed by trap.asm; the upper half of cs holds the event mask of the interrupted code. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define TRAP_FAILSAFE (-2L)
#define TRAP_SYSCALL (-3L)

/* Called with events masked; what they leave in the frame is what is returned to. */
void trap_exception(struct trap_frame *f);	/* vector: the exception's, or TRAP_FAILSAFE */
void trap_event(struct trap_frame *f);
void trap_syscall(struct trap_frame *f);

/* Goes where the frame says, for good. The argument is passed as the stack pointer. */
void trap_return(void);

/* Registers the trap table and the callbacks. 0 or a negative error of <xen/errno.h>. */
int trap_init(void);

#endif
