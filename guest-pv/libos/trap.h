/* SPDX-License-Identifier: MIT */
/*
 * Entries from the hypervisor and what they leave on the stack.
 */
#ifndef LIBOS_TRAP_H
#define LIBOS_TRAP_H

#include <stdint.h>

/* Pushed by trap.asm; the upper half of cs holds the event mask of the interrupted code. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Registers the trap table and the callbacks. After it, faults are reported. */
void trap_init(void);

/* Prints the frame and what lies on the stack above it. */
void trap_report(const struct trap_frame *f);

#endif
