/* SPDX-License-Identifier: MIT */
/*
 * What a micro guest is written with. It runs as the control domain's kernel, straight on the
 * hypervisor, on the porting kit and nothing else: no C library, no threads. Its header comment
 * says what it expects; each expectation is one line of output:
 *
 *	ok NAME		not ok NAME: got 0x..., expected 0x...
 *
 * and the last line, "end of test", says that it ran to its end. Addresses are linear (pfn * 4096),
 * see kit/pt.h; memory is what the builder mapped.
 */
#ifndef TEST_H
#define TEST_H

#include <kit/types.h>
#include <kit/hypercall.h>
#include <kit/start_info.h>
#include <kit/evtchn.h>
#include <kit/os.h>
#include <kit/p2m.h>
#include <kit/pt.h>
#include <kit/time.h>
#include <kit/trap.h>
#include <xen/errno.h>

/* The guest itself. */
void test_main(void);

bool on_parvus(void);		/* not on its peer, where what is checked differs in what no guest may rely on */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One expectation each. The value is compared as a signed 64-bit number. */
void check(const char *name, bool ok);
void check_value(const char *name, long got, long expected);

/* --- Exceptions ---------------------------------------------------------------------------------
 * PROBE runs an instruction that may fault and says what happened: 0, or vector << 32 | error code.
 * The frame of the last exception is kept. An exception outside a probe ends the test. */
extern struct trap_frame trap_seen;
extern volatile uint64_t trap_resume, trap_taken;

#define TRAPPED(vector, error) ((long)((uint64_t)(vector) << 32 | (uint32_t)(error)))
#define TRAP_UD TRAPPED(6, 0)
#define TRAP_GP TRAPPED(13, 0)

/* insn: a string; outputs and inputs as in asm. rcx, r11 and label 771 are the macro's own. */
#define PROBE(insn, outputs, inputs...) ({					\
	trap_taken = 0;								\
	__asm__ volatile("leaq 771f(%%rip), %%rcx\n\tmovq %%rcx, trap_resume(%%rip)\n\t" \
			 insn "\n771:\n\tmovq $0, trap_resume(%%rip)"		\
			 : outputs : inputs : "rcx", "r11", "memory", "cc");	\
	(long)trap_taken; })
#define NONE

/* Reads or writes 8 bytes. */
long probe_read(const volatile void *va);
long probe_write(volatile void *va, uint64_t value);

/* Called for events, and for SYSCALL entries; a test sets what it wants. NULL: events are dispatched
 * to handlers, a system call ends the test. */
extern void (*on_event)(struct trap_frame *f);
extern void (*on_syscall)(struct trap_frame *f);
/* Called for each exception before PROBE's handling; true: it was dealt with. */
extern bool (*on_exception)(struct trap_frame *f);

#endif
