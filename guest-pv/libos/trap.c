/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and events in C. An exception in the library OS is a bug of the program: it is
 * reported with registers and stack, and the domain crashes, so that whoever watches can tell.
 */
#include "crash.h"
#include "printk.h"
#include "sched.h"
#include <libos.h>
#include <kit/trap.h>

static const char *name_of(uint64_t vector)
{
	static const char *const names[] = {
		"divide error", "debug", "NMI", "breakpoint", "overflow", "bounds",
		"invalid opcode", "no FPU", "double fault", "coprocessor", "invalid TSS",
		"segment not present", "stack fault", "general protection", "page fault",
		"reserved", "FPU error", "alignment", "machine check", "SIMD error",
	};

	if (vector == (uint64_t)TRAP_SYSCALL)
		return "stray system call";
	return vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "bad segment";
}

static void report(const struct trap_frame *f)
{
	printk("%s (vector %ld, error code %lx) in thread %s\n", name_of(f->vector),
	       (long)f->vector, (unsigned long)f->error, thread_name(thread_self()));
	if (f->vector == 14)
		printk("address %016lx\n", vcpu_info()->arch.cr2);
	printk("rip %04lx:%016lx  rflags %08lx\n", f->cs & 0xffff, f->rip, f->rflags);
	printk("rsp %04lx:%016lx  rbp %016lx\n", f->ss & 0xffff, f->rsp, f->rbp);
	printk("rax %016lx  rbx %016lx  rcx %016lx\n", f->rax, f->rbx, f->rcx);
	printk("rdx %016lx  rsi %016lx  rdi %016lx\n", f->rdx, f->rsi, f->rdi);
	printk("r8  %016lx  r9  %016lx  r10 %016lx\n", f->r8, f->r9, f->r10);
	printk("r11 %016lx  r12 %016lx  r13 %016lx\n", f->r11, f->r12, f->r13);
	printk("r14 %016lx  r15 %016lx\n", f->r14, f->r15);
}

void trap_exception(struct trap_frame *f)
{
	events_disable();
	printk("\n*** guest crash: ");
	report(f);
	crash((const void *)f->rsp);
}

void trap_event(struct trap_frame *f)
{
	(void)f;
	evtchn_dispatch();
	sched_after_event();
}

/* Programs call functions; nothing here makes system calls. */
void trap_syscall(struct trap_frame *f)
{
	trap_exception(f);
}
