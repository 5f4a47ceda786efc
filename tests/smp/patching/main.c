/* SPDX-License-Identifier: MIT */
/*
 * Code that changes while others run it, as operating systems patch their own: vcpu 0 makes a NOP of 5 bytes of another
 * one, again and again, the first byte being a breakpoint meanwhile; the other vcpus call it without pause, and from a
 * breakpoint they return to where they met it. One that is gone is met by nobody any more.
 *
 * Needs: dom0_max_vcpus=3
 */
#include "smp.h"

#define VISITS 20		/* of each caller, in each state of the code */
#define STUCK 10000		/* breakpoints of one in a row when there is none: they end no more */
#define INT3 0xcc

static const uint8_t nop_and_ret[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00, 0xc3 };

static volatile uint8_t *code;
static char *called_at;			/* where it is run: code, or another mapping of it that is read-only */
static volatile bool stop;
static volatile unsigned long calls[VCPU_MAX], breakpoints[VCPU_MAX], in_a_row[VCPU_MAX];
static unsigned int rounds, stuck;

static bool on_breakpoint(struct trap_frame *f)
{
	if (f->vector != 3 || f->rip != (uintptr_t)called_at + 1)
		return false;
	f->rip--;
	breakpoints[smp_self()]++;
	in_a_row[smp_self()]++;
	return true;
}

static void call(unsigned int vcpu)
{
	while (!stop) {
		((void (*)(void))called_at)();
		in_a_row[vcpu] = 0;
		calls[vcpu]++;
	}
}

static unsigned long visits(unsigned int vcpu)
{
	return calls[vcpu] + breakpoints[vcpu];
}

/* Until each has been there some more times. */
static void let_them_visit(void)
{
	for (unsigned int v = 1; v < smp_vcpus(); v++)
		for (unsigned long before = visits(v); visits(v) - before < VISITS;)
			smp_yield();
}

/* The same with no breakpoint there. */
static void let_them_call(void)
{
	for (unsigned int v = 1; v < smp_vcpus(); v++) {
		in_a_row[v] = 0;
		for (unsigned long before = calls[v]; calls[v] - before < VISITS && in_a_row[v] < STUCK;)
			smp_yield();
		stuck += in_a_row[v] >= STUCK;
	}
}

static void patch(void)
{
	for (rounds = 0; (smp_goes_on() || rounds < 10) && !stuck; rounds++) {
		code[0] = INT3;
		let_them_visit();
		code[4] = (uint8_t)rounds;
		let_them_visit();
		code[0] = nop_and_ret[0];
		let_them_call();
	}
	code[0] = nop_and_ret[0];	/* whoever is stuck is free when it is written again */
	stop = true;
}

static void patch_and_call(unsigned int vcpu)
{
	if (vcpu == 0)
		patch();
	else
		call(vcpu);
}

static void check_code(const char *name)
{
	stop = false;
	stuck = 0;
	smp_run(patch_and_call);
	say("# %s: changed %u times\n", name, rounds);
	check_value(name, stuck, 0);
}

static void nothing(unsigned int vcpu) { (void)vcpu; }

void test_main(void)
{
	static char window[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	mfn_t mfn;

	code = os_pages_alloc(1);
	mfn = virt_to_mfn((void *)(uintptr_t)code);
	for (unsigned int i = 0; i < sizeof(nop_and_ret); i++)
		code[i] = nop_and_ret[i];
	smp_run(nothing);		/* from here on exceptions are ours */
	on_exception = on_breakpoint;
	called_at = (char *)(uintptr_t)code;
	check_code("code that may be written: who met a breakpoint that was gone");
	called_at = window;
	check_value("mapped once more", hypercall_update_va_mapping(window, pte_make(mfn, PTE_RO), UVMF_INVLPG | UVMF_ALL), 0);
	check_code("code that may not, by who runs it");
}
