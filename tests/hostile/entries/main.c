/* SPDX-License-Identifier: MIT */
/*
 * Attack: what the CPU will be loaded with. Entry addresses that are not canonical; FPU state that it
 * refuses; base pointers that are no L4, no frame, all ones or
 * half built, by each of the ways to set one; contexts for a second vcpu with such values, with
 * selectors, flags and addresses of every kind; and returns (iret) to frames with selectors of the
 * hypervisor, the TSS, tables' ends, null, with IOPL, NT, VM, RF, TF and AC set, and with addresses
 * that are not canonical.
 *
 * Expected: base pointers and contexts that cannot be are refused; of returns the bad ones come
 * back as failsafe callbacks or exceptions, and after each the guest runs on with its own
 * privilege.
 */
#include "test.h"
#include "self_audit.h"
#include <xen/callback.h>
#include <xen/nmi.h>
#include <xen/vcpu.h>

#define FRAMES 4000

static uint64_t seed = 88172645463325252;
static char *page, stack[16384] __attribute__((aligned(16)));
static struct vcpu_guest_context context;
uint64_t entries_rsp;
extern char entries_landed[], entries_second[];
volatile uint64_t entries_second_ran, entries_flags;
__asm__(".text\nentries_second: pushfq\n\tpopq entries_flags(%rip)\n\tmovl $1, entries_second_ran(%rip)\n"
	"1: movl $29, %eax\n\txorl %edi, %edi\n\tsyscall\n\tjmp 1b\n"); /* yields for ever */
static unsigned int failsafes, exceptions;

static uint64_t rnd(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

static long ext(unsigned int cmd, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void check_bases(void)
{
	mfn_t l4 = virt_to_mfn(pt_root()), l3 = pte_mfn(*pt_entry(page, 4));

	check("base of all ones", ext(MMUEXT_NEW_BASEPTR, -1UL) < 0);
	check("base beyond RAM", ext(MMUEXT_NEW_BASEPTR, 0xffffffffffUL) < 0);
	check("base 0", ext(MMUEXT_NEW_BASEPTR, 0) < 0);
	check("base of the hypervisor's", ext(MMUEXT_NEW_BASEPTR, pte_mfn(pt_root()[262])) < 0);
	check("an L3 as base", ext(MMUEXT_NEW_BASEPTR, l3) < 0);
	check("a writable page as base", ext(MMUEXT_NEW_BASEPTR, virt_to_mfn(page)) < 0);
	check("an L3 as user base", ext(MMUEXT_NEW_USER_BASEPTR, l3) < 0);
	check_value("CR3 of all ones", PROBE("movq %0, %%cr3", NONE, "r"(-1UL)), TRAP_GP);
	check_value("CR3 not an L4", PROBE("movq %0, %%cr3", NONE, "r"(mfn_to_maddr(l3))), TRAP_GP);
	check_value("the base as it was", ext(MMUEXT_NEW_BASEPTR, l4), 0);
}

static void check_addresses(void)
{
	static const uint64_t bad[] = { 0x800000000000, 0xffff7fffffffffff, 1UL << 63 };
	unsigned int accepted = 0;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct trap_info traps[] = { { .vector = 3, .cs = FLAT_KERNEL_CS64, .address = bad[i] }, { 0 } };
		struct xennmi_callback nmi = { .handler_address = bad[i] };

		for (unsigned int type = 0; type <= CALLBACKTYPE_nmi; type++) {
			struct callback_register c = { .type = type, .address = bad[i] };

			accepted += hypercall_callback_op(CALLBACKOP_register, &c) == 0;
		}
		accepted += hypercall2(__HYPERVISOR_nmi_op, XENNMI_register_callback, (long)&nmi) == 0;
		accepted += hypercall_set_trap_table(traps) == 0;
		for (unsigned int which = 0; which < 3; which++)
			accepted += hypercall2(__HYPERVISOR_set_segment_base, which, bad[i]) == 0;
	}
	check_value("addresses that are not canonical accepted", accepted, 0);
	for (uint32_t offset = PAGE_SIZE - 8; offset <= PAGE_SIZE + 64; offset += 8) {
		struct vcpu_register_vcpu_info i = { .mfn = virt_to_mfn(page), .offset = offset };

		accepted += hypercall_vcpu_op(VCPUOP_register_vcpu_info, 0, &i) == 0;
	}
	check_value("vcpu_info beyond its page", accepted, 0);
}

static void sound_context(void)
{
	context = (struct vcpu_guest_context){ .flags = VGCF_in_kernel };
	context.user_regs.rip = (unsigned long)entries_landed;
	context.user_regs.cs = FLAT_KERNEL_CS64;
	context.user_regs.ss = context.kernel_ss = FLAT_KERNEL_SS64;
	context.user_regs.rflags = 0x202;
	context.user_regs.rsp = context.kernel_sp = (unsigned long)stack + sizeof(stack);
	context.ctrlreg[3] = mfn_to_maddr(virt_to_mfn(pt_root()));
}

#define REFUSED(name, change)                                                       \
	do {                                                                        \
		sound_context();                                                    \
		change;                                                             \
		check(name, hypercall_vcpu_op(VCPUOP_initialise, 1, &context) < 0); \
	} while (0)

/* A context whose FPU area and flags are all ones: what the CPU would refuse is put right before. */
static void start_second(void)
{
	sound_context();
	context.flags |= VGCF_I387_VALID;
	__builtin_memset(&context.fpu_ctxt, 0xff, sizeof(context.fpu_ctxt));
	context.user_regs.rflags = 0xfffffffffffbfaff; /* TF, AC and DF not: it shall get on */
	context.user_regs.rip = (unsigned long)entries_second;
	__builtin_memset(context.debugreg, 0xff, sizeof(context.debugreg));
	context.ctrlreg[0] = context.ctrlreg[4] = ~0UL;
	check_value("a second vcpu", hypercall_vcpu_op(VCPUOP_initialise, 1, &context), 0);
	check_value("comes up", hypercall_vcpu_op(VCPUOP_up, 1, NULL), 0);
	for (unsigned int i = 0; !entries_second_ran && i < 1000000; i++)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	check("and runs", entries_second_ran);
	check("without IOPL, NT and VM", entries_second_ran && !(entries_flags & 0x27000));
}

static void check_contexts(void)
{
	if (hypercall_vcpu_op(VCPUOP_is_up, 1, NULL) < 0) {
		say("# there is no second vcpu\n");
		return;
	}
	REFUSED("context: no base", context.ctrlreg[3] = 0);
	REFUSED("context: base of all ones", context.ctrlreg[3] = -1UL);
	REFUSED("context: user base of all ones", context.ctrlreg[1] = -1UL; context.flags = 0);
	REFUSED("context: user mode without a base", context.flags = 0);
	REFUSED("context: rip", context.user_regs.rip = 0x800000000000);
	REFUSED("context: event callback", context.event_callback_eip = 0x800000000000);
	REFUSED("context: syscall callback", context.syscall_callback_eip = 1UL << 63);
	REFUSED("context: gs base", context.gs_base_kernel = 1UL << 63);
	REFUSED("context: trap address", context.trap_ctxt[14].address = 1UL << 63);
	REFUSED("context: GDT too long", context.gdt_ents = 14 * 512 + 1);
	REFUSED("context: GDT of all ones", context.gdt_ents = 512; context.gdt_frames[0] = -1UL);
	REFUSED("context: GDT writable", context.gdt_ents = 512;
		context.gdt_frames[0] = virt_to_mfn(page));
	REFUSED("context: LDT in the hypervisor", context.ldt_base = 0xffff830000000000;
		context.ldt_ents = 512);
	REFUSED("context: LDT around the end", context.ldt_base = -4096UL; context.ldt_ents = 8192);
	REFUSED("context: LDT that is not canonical", context.ldt_base = 1UL << 63; context.ldt_ents = 1);
	start_second();
}

static bool back_here(struct trap_frame *f)
{
	if (!entries_rsp)
		return false;
	if ((long)f->vector == TRAP_FAILSAFE)
		failsafes++;
	else
		exceptions++;
	f->rip = (unsigned long)entries_landed;
	f->cs = FLAT_KERNEL_CS64 & ~3;
	f->ss = FLAT_KERNEL_SS64;
	f->rflags = 2;
	f->rsp = entries_rsp;
	return true;
}

static void iret_to(const struct iret_context *c)
{
	__asm__ volatile(
		"pushq %%rbp\n\tpushq %%rbx\n\tpushq %%r12\n\tpushq %%r13\n\tpushq %%r14\n\tpushq "
		"%%r15\n\t"
		"movq %%rsp, entries_rsp(%%rip)\n\t"
		"movq %0, %%rsp\n\tmovl $23, %%eax\n\tsyscall\n"
		"entries_landed:\n\t"
		"movq entries_rsp(%%rip), %%rsp\n\tcld\n\t"
		"popq %%r15\n\tpopq %%r14\n\tpopq %%r13\n\tpopq %%r12\n\tpopq %%rbx\n\tpopq %%rbp"
		:
		: "D"(c)
		: "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
	entries_rsp = 0;
}

static uint16_t selector(bool code)
{
	static const uint16_t known[] = { 0,      0xe008, 0xe010, 0xe020, 0xe028, 0xe030,
					  0xe040, 0xe050, 0xeff8, 0xf000, 0xfff8, 4,
					  0x7ffc, 0xfffc, 8,      0x10 };
	uint16_t s = rnd(4) ? known[rnd(sizeof(known) / sizeof(known[0]))] : rnd(65536);

	/* RPL 3 would mean user space, of which there is none; e020 is 32-bit code, which ours is
	 * not. */
	if (code)
		return (s >> 3 == 0xe020 >> 3 ? 0 : s & ~3) | rnd(3);
	return rnd(2) ? s : s | 3;
}

static uint64_t address(void)
{
	static const uint64_t known[] = { 0x800000000000,
					  0x7fffffffffff,
					  0xffff7fffffffffff,
					  0xffff800000000000,
					  0xffff82d080200000,
					  0xffff880000000000,
					  ~0UL,
					  1UL << 63 };

	return rnd(2) ? (unsigned long)entries_landed
		      : known[rnd(sizeof(known) / sizeof(known[0]))];
}

static void check_returns(void)
{
	uint64_t cs;

	on_exception = back_here;
	for (unsigned int i = 0; i < 2; i++) {
		struct iret_context c = { .flags = i ? 0 : VGCF_in_syscall,
					  .rip = (unsigned long)entries_landed,
					  .cs = FLAT_KERNEL_CS64 & ~3,
					  .rflags = 0x3002,
					  .rsp = (unsigned long)stack + sizeof(stack) - 256,
					  .ss = FLAT_KERNEL_SS64 };
		uint64_t flags;

		iret_to(&c);
		__asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
		check_value("IOPL after a return that asked for it", flags & 0x3000, 0);
	}
	for (unsigned int i = 0; i < FRAMES; i++) {
		struct iret_context c = {
			.flags = rnd(2) ? 0 : VGCF_in_syscall,
			.rip = address(),
			.cs = rnd(2) ? FLAT_KERNEL_CS64 & ~3 : selector(true),
			.rflags = (rnd(2) ? rnd(1UL << 32) : rnd(1UL << 22)) & ~0x200UL,
			.rsp = (unsigned long)stack + sizeof(stack) - 256 - rnd(64),
			.ss = rnd(2) ? FLAT_KERNEL_SS64 : selector(false),
		};

		iret_to(&c);
	}
	on_exception = NULL;
	__asm__ volatile("movq %%cs, %0" : "=r"(cs));
	say("# %u returns: %u failsafe, %u exceptions\n", FRAMES, failsafes, exceptions);
	check("returns failed and succeeded",
	      failsafes > 100 && exceptions > 100 && failsafes + exceptions < FRAMES);
	check_value("still in ring 3", cs & 3, 3);
	check_value("without I/O", PROBE("inb $0x21, %%al", NONE), TRAP_GP);
}

void test_main(void)
{
	page = os_pages_alloc(1);
	check_bases();
	check_addresses();
	check_contexts();
	check_returns();
	self_audit();
}
