/* SPDX-License-Identifier: MIT */
/*
 * What a CPU keeps of one vcpu is not another's: neither where its last x87 instruction was, which some processors
 * neither save nor load, nor a breakpoint's address, which is loaded only while breakpoints are in use, and so may be
 * another's by the time they are switched on.
 *
 * Needs: dom0_max_vcpus=4
 */
#include "smp.h"

#define ROUNDS 50
#define RF 0x10000UL
#define DR7_EXECUTE 1

extern char x87_at[];
void x87(void), target(void), other(void);

__asm__(".text\n"
	"x87:	fld1\n"
	"x87_at: fstp %st\n"
	"	ret\n"
	"target: nop\n"
	"	ret\n"
	"other:	nop\n"
	"	ret\n");

static volatile bool over;
static unsigned int seen, breaks, elsewhere;

static uint32_t last_x87(void)
{
	uint32_t env[7];

	__asm__ volatile("fnstenv %0" : "=m" (env));
	return env[3];
}

static void pointers(unsigned int vcpu)
{
	if (vcpu == 0) {
		for (unsigned int i = 0; i < ROUNDS; i++) {
			x87();
			smp_yield();
		}
		over = true;
	}
	while (vcpu && !over) {
		smp_yield();
		seen += last_x87() == (uint32_t)(uintptr_t)x87_at;
	}
}

static bool on_break(struct trap_frame *f)
{
	if (f->vector != 1)
		return false;
	f->rflags |= RF;
	if (f->rip == (uintptr_t)target && smp_self() == 0)
		breaks++;
	else
		elsewhere++;
	return true;
}

static void breakpoints(unsigned int vcpu)
{
	hypercall_set_debugreg(0, (long)(vcpu ? other : target));
	if (vcpu)
		hypercall_set_debugreg(7, DR7_EXECUTE);
	smp_barrier();
	for (unsigned int i = 0; i < ROUNDS; i++)
		smp_yield();
	hypercall_set_debugreg(7, DR7_EXECUTE);
	if (vcpu == 0) {
		target();
		other();
	}
	smp_barrier();
	hypercall_set_debugreg(7, 0);
}

static void nothing(unsigned int vcpu)
{
	(void)vcpu;
}

void test_main(void)
{
	smp_run(nothing);
	on_exception = on_break;
	smp_run(pointers);
	check_value("another vcpu's last x87 instruction", seen, 0);
	smp_run(breakpoints);
	check_value("breakpoints met", breaks, 1);
	check_value("another vcpu's breakpoints", elsewhere, 0);
}
