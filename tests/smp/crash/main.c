/* SPDX-License-Identifier: MIT */
/*
 * A vcpu that is beyond repair at the moment when its domain is shut down for another reason: its user program makes a
 * system call and its kernel has no stack. Whichever comes first, the vcpu runs no guest code after it: not in what the
 * hypervisor had half done, a user program with its kernel's privilege, and not when the domain is resumed either, which
 * then ends by the crash.
 *
 * Needs: dom0_max_vcpus=1 guest_loglvl=none
 */
#include "control.h"
#include "smp.h"

#define VICTIM 77
#define NOWHERE 0x7ffffffff000UL
#define ROUNDS 2000		/* or as many as there is time for */
#define RUN_NS 4000000000UL
#define SHUT_DOWN_BY(reason) (XEN_DOMINF_shutdown | (unsigned int)(reason) << XEN_DOMINF_shutdownshift)
#define SHUT_DOWN_MASK SHUT_DOWN_BY(XEN_DOMINF_shutdownmask)

struct words {
	uint32_t turns, go, went_on;
};

extern char victim_begin[], victim_words[], victim_end[];

__asm__(".pushsection .rodata\n"
	"victim_begin:	incl victim_words(%rip)\n"
	"	cmpl $0, victim_words + 4(%rip)\n"
	"	je victim_begin\n"
	"	syscall\n"
	"	movl $1, victim_words + 8(%rip)\n"
	"1:	jmp 1b\n"
	"	.balign 64\n"
	"victim_words: .long 0, 0, 0\n"
	"victim_end:\n"
	".popsection");

static struct xen_domctl op;
static vcpu_guest_context_t context;
static struct control_program program;
static volatile struct words *words;
static unsigned int crashed_later;

/* It begins with its user program. */
static long set_context(void)
{
	vcpu_guest_context_t *c = &context;

	*words = (struct words){ .go = 0 };
	c->flags = VGCF_online;
	c->user_regs.rip = CONTROL_PROGRAM_VA;
	c->user_regs.cs = FLAT_USER_CS64;
	c->user_regs.ss = FLAT_USER_SS64;
	c->user_regs.rflags = 0x202;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = NOWHERE;
	c->syscall_callback_eip = CONTROL_PROGRAM_VA;
	c->ctrlreg[3] = c->ctrlreg[1] = program.cr3;
	op.u.vcpucontext.vcpu = 0;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, c);
	return domctl_on(&op, XEN_DOMCTL_setvcpucontext, VICTIM);
}

static unsigned int state(void)
{
	if (domctl_on(&op, XEN_DOMCTL_getdomaininfo, VICTIM))
		os_panic("no domain to look at");
	return op.u.getdomaininfo.flags & SHUT_DOWN_MASK;
}

/* Lets the victim make its call, and shuts it down a little later. */
static void call_and_shut_down(unsigned int later)
{
	struct sched_remote_shutdown end = { .domain_id = VICTIM, .reason = SHUTDOWN_poweroff };

	for (uint32_t seen = words->turns; words->turns == seen; )
		smp_yield();
	words->go = 1;
	for (volatile unsigned int i = 0; i < later; i++)
		;
	hypercall_sched_op(SCHEDOP_remote_shutdown, &end);
}

/* false: the vcpu went on. */
static bool crash(unsigned int n)
{
	if (set_context() || domctl_on(&op, n ? XEN_DOMCTL_resumedomain : XEN_DOMCTL_unpausedomain, VICTIM))
		os_panic("round %u does not begin", n);
	call_and_shut_down(n % 64 * 32);
	if (state() == SHUT_DOWN_BY(SHUTDOWN_poweroff)) {
		crashed_later++;
		domctl_on(&op, XEN_DOMCTL_resumedomain, VICTIM);
	}
	while (state() != SHUT_DOWN_BY(SHUTDOWN_crash) && !words->went_on)
		smp_yield();
	return !words->went_on;
}

void test_main(void)
{
	uint64_t until = time_now_ns() + RUN_NS;
	unsigned int n = 0;

	control_build(&op, VICTIM, &program, victim_begin, (size_t)(victim_end - victim_begin));
	words = (struct words *)(program.page + (victim_words - victim_begin));
	while (n < ROUNDS && time_now_ns() < until && crash(n))
		n++;
	say("# %u rounds, in %u the crash came later\n", n, crashed_later);
	check("a vcpu beyond repair goes nowhere", !words->went_on);
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
	op.u.vcpucontext.vcpu = 0;
	check_value("its registers", domctl_on(&op, XEN_DOMCTL_getvcpucontext, VICTIM), 0);
	if (on_parvus())
		check_value("are its user program's", context.flags & VGCF_in_kernel, 0);
	check_value("its end", domctl_on(&op, XEN_DOMCTL_destroydomain, VICTIM), 0);
	check_value("its program is let go", pt_unmap(program.page, 1), 0);
	smp_audit();
}
