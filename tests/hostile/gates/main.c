/* SPDX-License-Identifier: MIT */
/*
 * Attack: the exceptions that the hypervisor takes on stacks of their own. INT n for the gates of NMI, machine
 * check, double fault and debug; NMIs sent to itself while one is being handled, with no handler, with
 * events masked, and when what is returned to has in rax the number by which the hypervisor tells itself "once more";
 * breakpoints on the data that hypercalls read and write, on the stack slot that MOV SS
 * loads from right before SYSCALL, and on the instruction behind SYSCALL; single steps into SYSCALL. While it
 * runs, the machine's own NMI button is pressed again and again (tests/hostile/run).
 *
 * Expected: INT n reaches the guest's own handlers or is a protection fault; an NMI comes once, and the next
 * after the return from it; a breakpoint that only the hypervisor met is nobody's; everything else is the
 * guest's own debug exception.
 */
#include "test.h"
#include <xen/nmi.h>
#include <xen/vcpu.h>
#include "self_audit.h"

#define DR7_WATCH_0 (1UL << 0 | 3UL << 16 | 3UL << 18) /* four bytes, reads and writes */
#define DR7_EXECUTE_0 (1UL << 0)

#define ERESTART 85
#define ROUNDS 100	/* of hypercalls and NMIs, at least, however slow the machine */
#define NMI_SEEN_AS 9 /* the kit has no entry for NMIs: that of a vector which CPUs have given up serves */
extern const struct { uint64_t vector, address; } trap_entries[];

static volatile unsigned int nmis, deepest, depth, debugs;
static volatile bool again;
static volatile long leave_in_rax;
static uint64_t data[64] __attribute__((aligned(64)));

static long send_nmi(void) { return hypercall_vcpu_op(VCPUOP_send_nmi, 0, NULL); }

static bool on_gate(struct trap_frame *f)
{
	if (f->vector == 1) {
		debugs++;
		f->rflags &= ~0x100UL;
		return true;
	}
	if (f->vector != NMI_SEEN_AS)
		return false;
	nmis++;
	if (++depth > deepest)
		deepest = depth;
	if (again) {
		again = false;
		send_nmi(); /* waits for our return */
		f->rax = leave_in_rax;
	}
	depth--;
	return true;
}

static void check_int(void)
{
	static const char *const name[] = { "int 1", "int 2", "int 8", "int 18" };
	long got[] = { PROBE("int $1", NONE), PROBE("int $2", NONE), PROBE("int $8", NONE), PROBE("int $18", NONE) };

	for (unsigned int i = 0; i < 4; i++)
		check(name[i], got[i] == 0 || got[i] >> 32 == 13 || got[i] >> 32 == 8 || got[i] >> 32 == 18 ||
				       got[i] >> 32 == 2 || got[i] >> 32 == 1);
}

/* How long it is blocked by an event 50 ms away. */
static uint64_t blocked_ms(void)
{
	uint64_t begun = time_now_ns();
	evtchn_port_t timer;

	evtchn_bind_virq(VIRQ_TIMER, 0, &timer);
	evtchn_unmask(timer);
	events_disable();
	hypercall_set_timer_op(begun + 50000000);
	hypercall_sched_op(SCHEDOP_block, NULL);
	evtchn_close(timer);
	return (time_now_ns() - begun) / 1000000;
}

static void check_trap_table(uint64_t handler)
{
	struct trap_info table[] = { { .vector = 2, .flags = 4, .cs = FLAT_KERNEL_CS64, .address = handler }, { .address = 0 } };
	unsigned int before = nmis;

	check_value("no handler any more", hypercall2(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0), 0);
	send_nmi();
	check_value("none comes again", nmis, before);
	check_value("a handler by the trap table", hypercall_set_trap_table(table), 0);
	check_value("gets the one that waited", nmis, before + 1);
}

static void check_nmis(void)
{
	struct xennmi_callback nmi = { .handler_address = 0 };
	unsigned int before = nmis;

	for (unsigned int i = 0; trap_entries[i].address; i++)
		if (trap_entries[i].vector == NMI_SEEN_AS)
			nmi.handler_address = trap_entries[i].address;
	send_nmi();
	send_nmi();
	check_value("without a handler none comes", nmis, 0);
	check("nor does it keep us from blocking", blocked_ms() >= 40);
	check_value("a handler", hypercall2(__HYPERVISOR_nmi_op, XENNMI_register_callback, (long)&nmi), 0);
	check_value("the one that waited comes", nmis, 1);
	before = nmis;
	check_value("an NMI", send_nmi(), 0);
	check_value("comes at once", nmis, before + 1);
	again = true;
	send_nmi();
	check_value("one more, sent by the handler", nmis, before + 3);
	check_value("but not inside it", deepest, 1);
	again = true;
	leave_in_rax = -ERESTART;
	check_value("and what it left in a register stays", send_nmi(), -ERESTART);
	check_value("once", nmis, before + 5);
	before += 2;
	for (unsigned int i = 0; i < 1000; i++)
		send_nmi();
	check_value("each of a thousand", nmis, before + 1003);
	check_trap_table(nmi.handler_address);
	check_value("to a vcpu there is not", hypercall_vcpu_op(VCPUOP_send_nmi, 77, NULL), -XEN_ENOENT);
}

static void watch(const volatile void *p, uint64_t how)
{
	debugs = 0;
	hypercall_set_debugreg(0, (unsigned long)p);
	hypercall_set_debugreg(7, how);
}

static void unwatch(void) { hypercall_set_debugreg(7, 0x400); }

static void check_arguments(void)
{
	struct mmuext_op *op = (void *)data;

	op->cmd = MMUEXT_TLB_FLUSH_LOCAL;
	watch(data, DR7_WATCH_0);
	check_value("read under a breakpoint", hypercall_mmuext_op(op, 1, NULL, DOMID_SELF), 0);
	check_value("written under a breakpoint", hypercall_xen_version(XENVER_extraversion, data), 0);
	check("what the hypervisor met is not told", debugs <= 1);
	*(volatile uint64_t *)data = 0;
	check("what the guest meets is", debugs >= 1);
	unwatch();
}

/* MOV SS from watched memory holds the exception back until after the next instruction: SYSCALL. */
static void check_shadow(void)
{
	static volatile uint16_t ss __attribute__((aligned(4)));
	uint16_t now;

	__asm__ volatile("movw %%ss, %0" : "=r"(now));
	ss = now;
	watch(&ss, DR7_WATCH_0);
	for (unsigned int i = 0; i < 100; i++)
		__asm__ volatile("movl $17, %%eax\n\txorl %%edi, %%edi\n\tmovw %0, %%ss\n\tsyscall"
				 : : "m"(ss) : "rax", "rdi", "rcx", "r11", "memory");
	unwatch();
	check("SYSCALL in the shadow of MOV SS", true);
	for (unsigned int i = 0; i < 100; i++)
		__asm__ volatile("movw %0, %%ss\n\tint $0x80" : : "m"(ss) : "memory");
	check("INT in the shadow of MOV SS", true);
}

static void check_steps(void)
{
	debugs = 0;
	for (unsigned int i = 0; i < 100; i++)
		__asm__ volatile("movl $17, %%eax\n\txorl %%edi, %%edi\n\tpushf\n\torl $0x100, (%%rsp)\n\tpopf\n\tsyscall"
				 : : : "rax", "rdi", "rcx", "r11", "memory", "cc");
	check("single steps into SYSCALL end here", debugs > 0);
	check_value("without I/O", PROBE("inb $0x21, %%al", NONE), TRAP_GP);
}

static bool ignore_int80(struct trap_frame *f)
{
	if (f->vector != 13)
		return on_gate(f);
	f->rip += 2;
	return true;
}

void test_main(void)
{
	uint64_t end = time_now_ns() + 2000000000UL;
	unsigned int rounds = 0;

	on_exception = on_gate;
	check_int();
	check_nmis();
	check_arguments();
	check_steps();
	on_exception = ignore_int80;
	check_shadow();
	on_exception = on_gate;
	for (; time_now_ns() < end || rounds < ROUNDS; rounds++)
		if (hypercall_xen_version(XENVER_extraversion, data) || send_nmi())
			check("a round", false);
	check("rounds of hypercalls and NMIs", rounds >= ROUNDS);
	self_audit();
}
