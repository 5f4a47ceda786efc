/* SPDX-License-Identifier: MIT */
/* Exceptions that a program causes, as signals; and the debug registers, as a debugger uses them. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "stress.h"

static sigjmp_buf back;
static volatile siginfo_t got;
static char *pages;             /* one that can only be read, and no code; then none */

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	got = *info;
	siglongjmp(back, 1);
}

static void read_null(void) { *(volatile char *)NULL; }
static void write_constant(void) { *(volatile char *)pages = 1; }
static void read_nothing(void) { (void)*(volatile char *)(pages + 4096); }
static void run_data(void) { ((void (*)(void))pages)(); }
static void run_noncanonical(void) { __asm__ volatile("jmp *%0" :: "r"(0x8000000000000000UL)); }
static void undefined(void) { __asm__ volatile("ud2"); }
static void divide(void) { __asm__ volatile("div %0" :: "r"(0), "a"(1), "d"(0)); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void halt(void) { __asm__ volatile("hlt"); }
static void no_interrupts(void) { __asm__ volatile("cli"); }
static void input(void) { __asm__ volatile("inb $0x70, %%al" ::: "eax"); }
static void hypervisor(void) { __asm__ volatile("mov (%0), %%rax" :: "r"(0xffff830000000000UL) : "rax"); }
static void selector(void) { __asm__ volatile("mov %0, %%fs" :: "r"((short)0x7ff8)); }
static void interrupt(void) { __asm__ volatile("int $0x20"); }
static void step(void) { __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop" ::: "memory", "cc"); }

static const struct {
	const char *name;
	void (*cause)(void);
	int signal, code;               /* code 0: not looked at */
} causes[] = {
	{ "read of address 0", read_null, SIGSEGV, SEGV_MAPERR },
	{ "write to a constant", write_constant, SIGSEGV, SEGV_ACCERR },
	{ "read of a page without rights", read_nothing, SIGSEGV, SEGV_ACCERR },
	{ "execution of data", run_data, SIGSEGV, SEGV_ACCERR },
	{ "jump to no address", run_noncanonical, SIGSEGV, SI_KERNEL },
	{ "undefined instruction", undefined, SIGILL, ILL_ILLOPN },
	{ "division by 0", divide, SIGFPE, FPE_INTDIV },
	{ "breakpoint", breakpoint, SIGTRAP, SI_KERNEL },
	{ "HLT", halt, SIGSEGV, SI_KERNEL },
	{ "CLI", no_interrupts, SIGSEGV, 0 },
	{ "port access", input, SIGSEGV, SI_KERNEL },
	{ "the hypervisor's address", hypervisor, SIGSEGV, 0 },
	{ "a selector that is not there", selector, SIGSEGV, SI_KERNEL },
	{ "an interrupt gate that is not open", interrupt, SIGSEGV, SI_KERNEL },
	{ "single step", step, SIGTRAP, TRAP_TRACE },
};

static void provoke(size_t i)
{
	got.si_signo = 0;
	if (!sigsetjmp(back, 1))
		causes[i].cause();
	if (got.si_signo != causes[i].signal || (causes[i].code && got.si_code != causes[i].code))
		fail("%s: signal %d code %d, expected %d code %d", causes[i].name, got.si_signo,
		     got.si_code, causes[i].signal, causes[i].code);
}

long faults(void)
{
	static const int signals[] = { SIGSEGV, SIGILL, SIGFPE, SIGTRAP, SIGBUS };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	long n;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	pages = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect(pages + 4096, 4096, PROT_NONE))
		fail("mmap");
	for (n = 0; !ends(); n++)
		for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
			provoke(i);
	return n;
}

static volatile long watched;

static void traced(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	for (int i = 0; i < 10; i++)
		watched++;
	_exit(0);
}

static void set_register(int pid, int number, unsigned long value)
{
	if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg) + 8 * (size_t)number, value))
		fail("debug register %d cannot be set", number);
}

/* Lets the child run on until it stops again; whether it did, and that the signal was the one expected. */
static bool stops(int pid)
{
	int status;

	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	if (WIFSTOPPED(status) && WSTOPSIG(status) != SIGTRAP)
		fail("the traced child got signal %d", WSTOPSIG(status));
	return WIFSTOPPED(status);
}

long debug_registers(void)
{
	long n;

	for (n = 0; !ends(); n++) {
		int pid = fork(), hits = 0, status;

		if (!pid)
			traced();
		waitpid(pid, &status, 0);
		set_register(pid, 0, (unsigned long)&watched);
		set_register(pid, 7, 0xd0001);          /* stores of 4 bytes at address 0 */
		while (stops(pid))
			hits++;
		if (hits != 10)
			fail("10 stores were watched, %d seen", hits);
	}
	return n;
}
