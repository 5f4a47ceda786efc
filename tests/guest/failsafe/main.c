/* SPDX-License-Identifier: MIT */
/*
 * A selector whose descriptor is gone when the vcpu is scheduled again.
 *
 * The vcpu goes on with a null selector and enters its failsafe callback, whose frame holds the four selectors as
 * the hypervisor tried to load them; iret from there resumes what was interrupted. A trap that was on its way to
 * the kernel when it was descheduled is not lost: both handlers run, once each. Such a trap is the single step
 * over a MOV to CR3, which the hypervisor carries out, and may take so long over that the vcpu's slice ends.
 *
 * Needs: dom0_max_vcpus=2 maxcpus=1
 */
#include "test.h"
#include <xen/callback.h>
#include <xen/vcpu.h>

#define DATA32 0x00cff3000000ffffULL	/* flat writable data, privilege 3 */
#define SELECTOR (3 << 3 | 3)
#define TABLES 200
#define SLOT 150
#define ROUNDS 400

static struct vcpu_guest_context context;
static char stack[8192] __attribute__((aligned(16)));
static uint64_t *gdt, *big_root;
static unsigned int failsafes, steps;
static volatile bool removing;
static uint64_t step_rip;

uint64_t tried[4];			/* ds es fs gs of the last failsafe frame */
extern char failsafe_entry[];

__asm__(".text\n"
	"failsafe_entry:\n"
	"	movq 16(%rsp), %rcx; movq %rcx, tried; movq 24(%rsp), %rcx; movq %rcx, tried + 8\n"
	"	movq 32(%rsp), %rcx; movq %rcx, tried + 16; movq 40(%rsp), %rcx; movq %rcx, tried + 24\n"
	"	jmp trap_failsafe_entry\n");

/* The other vcpu: once told so it takes the descriptor away whenever it gets to run. */
static void remover(void)
{
	for (;;) {
		if (removing)
			hypercall_update_descriptor(virt_to_maddr(&gdt[3]), 0);
		hypercall_sched_op(SCHEDOP_yield, NULL);
	}
}

static void start_remover(void)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	context = (struct vcpu_guest_context){ .flags = VGCF_in_kernel, .kernel_ss = FLAT_KERNEL_SS };
	context.user_regs.rip = (long)remover;
	context.user_regs.rsp = (long)(stack + sizeof(stack) - 8);
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.user_regs.rflags = 0x200;
	context.ctrlreg[3] = cr3;
	check_value("the other vcpu", hypercall_vcpu_op(VCPUOP_initialise, 1, &context), 0);
	check_value("runs", hypercall_vcpu_op(VCPUOP_up, 1, NULL), 0);
}

static void set_gdt(void)
{
	unsigned long frame;

	gdt = os_pages_alloc(1);
	frame = virt_to_mfn(gdt);
	pt_protect(gdt, PTE_RO);
	check_value("a GDT", hypercall_set_gdt(&frame, 512), 0);
}

static bool count(struct trap_frame *f)
{
	if ((long)f->vector == TRAP_FAILSAFE) {
		failsafes++;
		return true;
	}
	if (f->vector != 1)
		return false;
	if (!steps++)
		step_rip = f->rip;
	f->rflags &= ~0x100UL;
	return true;
}

static unsigned int fs(void)
{
	unsigned int sel;

	__asm__ volatile("movl %%fs, %0" : "=r"(sel));
	return sel & 0xffff;
}

static void load_fs(void)
{
	hypercall_update_descriptor(virt_to_maddr(&gdt[3]), DATA32);
	PROBE("movw %w0, %%fs", NONE, "r"(SELECTOR));
}

static void check_plain(void)
{
	load_fs();
	check_value("a selector", fs(), SELECTOR);
	removing = true;
	for (int i = 0; i < 20 && !failsafes; i++)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	check_value("the failsafe callback runs once", failsafes, 1);
	check_value("is told the selector", tried[2] & 0xffff, SELECTOR);
	check_value("and the others", (tried[0] | tried[1] | tried[3]) & 0xffff, 0);
	check_value("which is null now", fs(), 0);
}

/* A root with the kernel and many tables that take long to check. */
static void build_big_root(void)
{
	uint64_t *l3 = os_pages_alloc(1), *l2 = os_pages_alloc(1);

	big_root = os_pages_alloc(1);
	for (int i = 0; i < TABLES; i++) {
		uint64_t *l1 = os_pages_alloc(1);

		pt_protect(l1, PTE_RO);
		l2[i] = pte_make(virt_to_mfn(l1), PTE_TABLE);
	}
	l3[0] = pte_make(virt_to_mfn(l2), PTE_TABLE);
	for (int i = 0; i < PT_ENTRIES; i++)
		if (i < 256 || i >= 272)
			big_root[i] = pt_root()[i];
	big_root[SLOT] = pte_make(virt_to_mfn(l3), PTE_TABLE);
	pt_protect(l2, PTE_RO);
	pt_protect(l3, PTE_RO);
	check_value("a large root", pt_protect(big_root, PTE_RO), 0);
}

/*
 * MOV to CR3, stepped over; whether the debug exception came behind it. Its handler may run before that of the
 * failsafe callback or inside it, at its first instruction.
 */
static bool step_to_root(const uint64_t *root)
{
	uint64_t at;

	steps = 0;
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tleaq 1f(%%rip), %0\n\tpopfq\n\tmov %1, %%cr3\n1:\tnop\n"
			 : "=&r"(at) : "r"(virt_to_maddr(root)) : "memory", "cc");
	return steps && (step_rip == at || step_rip == (uint64_t)failsafe_entry);
}

static void check_with_trap(void)
{
	unsigned int lost = 0;

	failsafes = 0;
	for (int i = 0; i < ROUNDS; i++) {
		load_fs();
		lost += !step_to_root(i & 1 ? pt_root() : big_root);
	}
	check("a slice ended now and then, and the selector was gone", failsafes > 0);
	check_value("steps lost", lost, 0);
}

void test_main(void)
{
	struct callback_register r = { .type = CALLBACKTYPE_failsafe, .address = (unsigned long)failsafe_entry };

	check_value("a failsafe callback", hypercall_callback_op(CALLBACKOP_register, &r), 0);
	on_exception = count;
	set_gdt();
	build_big_root();
	start_remover();
	check_plain();
	check_with_trap();
}
