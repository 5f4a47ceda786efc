/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own user mode.
 *
 * With a second page-table root as user base, iret to a privilege 3 code segment enters user mode;
 * there the kernel's memory is out of reach, a system call arrives at the syscall callback on the
 * stack that stack_switch named, with rip, rsp and flags of user mode; faults carry the user bit;
 * int 3 reaches the kernel and int $14 is a protection fault; an event interrupts user mode. Each
 * mode sees its own gs base, and fs is shared until changed. Code of 32 bits reaches the kernel by an
 * interrupt gate that is open to it, and user mode can use an LDT that only the kernel has mapped, and the I/O ports of a
 * bitmap that only the kernel has.
 */
#include "test.h"
#include <xen/callback.h>
#include <xen/physdev.h>

#define USER_CODE ((char *)0x300000000000)
#define USER_STACK ((char *)0x300000001000)
#define USER_CODE32 ((char *)0xc0000000)	/* a third-level slot of the kernel's that is free */
#define STOP 0x53544f50		/* rax of the system call that ends a visit */

extern char user_code[], user_code_end[];
extern char user_syscall[], user_touch[], user_int3[], user_int14[];
extern char user_spin[], user_gs[], user_fs[], user_ldt[], user_out[];
extern char user32_int80[], user32_after[], user32_end[];
void enter_user(struct trap_frame *f);
void leave_user(void);

/* What runs in user mode: copied to USER_CODE. Each ends in a system call with rax = STOP. */
__asm__(".text\n"
	"user_code:\n"
	"user_syscall: movl $0x1234, %edi; movl $0x53544f50, %eax; syscall; ud2\n"
	"user_touch:   movq (%rdi), %rax; movl $0x53544f50, %eax; syscall; ud2\n"
	"user_int3:    int3; movl $0x53544f50, %eax; syscall; ud2\n"
	"user_int14:   int $14; movl $0x53544f50, %eax; syscall; ud2\n"
	"user_spin:    pause; jmp user_spin\n"
	"user_gs:      movq %gs:0, %rdi; movl $0x53544f50, %eax; syscall; ud2\n"
	"user_fs:      movq %fs:0, %rdi; movl $0x53544f50, %eax; syscall; ud2\n"
	"user_ldt:     movl $0x17, %eax; movl %eax, %es; movl $0x53544f50, %eax; syscall; ud2\n"
	"user_out:     outb %al, $0x80; movl $0x53544f50, %eax; syscall; ud2\n"
	"user_code_end:\n"
	".code32\n"
	"user32_int80: int $0x80\n"
	"user32_after: ud2\n"
	"user32_end:\n"
	".code64\n"
	/* enter_user(frame): keeps the kernel's registers, leaves by the frame. */
	"enter_user: push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
	"	movq %rsp, kernel_rsp; movq %rdi, %rsp; jmp trap_return\n"
	/* leave_user(): back to whoever called enter_user. */
	"leave_user: movq kernel_rsp, %rsp\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; ret\n");

uint64_t kernel_rsp;
static struct trap_frame left;		/* user mode's state when a visit ended */
static struct trap_frame fault;
static unsigned int faults;
static char entry_stack[8192] __attribute__((aligned(4096)));
static volatile uint64_t kernel_word = 0x6b65726e;

static void end_visit(struct trap_frame *f)
{
	left = *f;
	leave_user();
}

static bool end_on_user_fault(struct trap_frame *f)
{
	if ((f->cs & 3) != 3)
		return false;
	fault = *f;
	faults++;
	end_visit(f);
	return true;
}

/* Runs user code at an offset until it stops. */
static void visit(char *code, uint64_t rdi, bool events)
{
	struct trap_frame f = { .rip = (uint64_t)USER_CODE + (code - user_code),
		.cs = FLAT_USER_CS64, .ss = FLAT_USER_SS64, .rdi = rdi,
		.rsp = (uint64_t)USER_STACK + 0x1000, .rflags = 0x2 | (events ? 0x200 : 0) };

	enter_user(&f);
}

/* A third-level table of the user's own for the low addresses: the kernel's shows the kernel too. */
static uint64_t *build_user32(void)
{
	char *code = os_pages_alloc(1);
	mfn_t mfn = virt_to_mfn(code);
	uint64_t *table = os_pages_alloc(1);

	__builtin_memcpy(code, user32_int80, user32_end - user32_int80);
	check_value("tables for 32-bit code", pt_populate(USER_CODE32, 1), 0);
	check_value("its page", pt_map(USER_CODE32, &mfn, 1, PTE_RW, DOMID_SELF), 0);
	table[pt_index((uintptr_t)USER_CODE32, 3)] = *pt_entry(USER_CODE32, 3);
	check_value("table made read-only", pt_protect(table, PTE_RO), 0);
	return table;
}

static void build_user(void)
{
	char *code = os_pages_alloc(1), *stack = os_pages_alloc(1);
	mfn_t mfn[2] = { virt_to_mfn(code), virt_to_mfn(stack) };
	uint64_t *root = os_pages_alloc(1);
	struct mmuext_op op[2] = { { .cmd = MMUEXT_PIN_L4_TABLE }, { .cmd = MMUEXT_NEW_USER_BASEPTR } };

	__builtin_memcpy(code, user_code, user_code_end - user_code);
	check_value("tables for user mode", pt_populate(USER_CODE, 2), 0);
	check_value("user pages", pt_map(USER_CODE, mfn, 2, PTE_RW, DOMID_SELF), 0);
	/* The user's root shows the one third-level table that holds them, and nothing else. */
	root[pt_index((uintptr_t)USER_CODE, 4)] = *pt_entry(USER_CODE, 4);
	root[0] = virt_to_maddr(build_user32()) | (root[pt_index((uintptr_t)USER_CODE, 4)] & 0xfff);
	check_value("root made read-only", pt_protect(root, PTE_RO), 0);
	op[0].arg1.mfn = op[1].arg1.mfn = virt_to_mfn(root);
	check_value("pin the user root", hypercall_mmuext_op(&op[0], 1, NULL, DOMID_SELF), 0);
	check_value("user base pointer", hypercall_mmuext_op(&op[1], 1, NULL, DOMID_SELF), 0);
}

static void check_syscall(void)
{
	visit(user_syscall, 0, false);
	check_value("system call arrives", left.rax, STOP);
	check_value("with its argument", left.rdi, 0x1234);
	check_value("with user rip", left.rip, (long)USER_CODE + 12);
	check_value("with user rsp", left.rsp, (long)USER_STACK + 0x1000);
	check_value("code segment has privilege 3", left.cs & 0xffff, FLAT_USER_CS64);
	check_value("rcx is the return address", left.rcx, left.rip);
}

static void check_faults(void)
{
	on_exception = end_on_user_fault;
	visit(user_touch, (uint64_t)&kernel_word, false);
	check_value("kernel memory is absent in user mode", fault.vector, 14);
	check_value("error code has the user bit", fault.error, 4);
	check_value("cr2", vcpu_info()->arch.cr2, (long)&kernel_word);
	visit(user_touch, 0xffff800000000000, false);
	check_value("the m2p cannot be read in user mode", fault.vector, 14);
	visit(user_int3, 0, false);
	check_value("int3 reaches the kernel", fault.vector, 3);
	visit(user_int14, 0, false);
	check_value("int $14 is a protection fault", fault.vector, 13);
	/* QEMU 7.2's emulation shifts the vector one bit too far. */
	check("with the vector in its error code",
	      fault.error == 14 * 8 + 2 || fault.error == 14 * 16 + 2);
	check_value("faults seen", faults, 4);
	on_exception = NULL;
}

extern const struct { uint64_t vector, address; } trap_entries[];

/* Vector 0x80 gets the entry of the breakpoint, which says so. */
static void check_int80(void)
{
	struct trap_info gate[2] = { { .vector = 0x80, .flags = 3 | 4, .cs = FLAT_KERNEL_CS } };
	struct trap_frame f = { .rip = (uint64_t)USER_CODE32, .cs = FLAT_USER_CS32,
		.ss = FLAT_USER_DS32, .rsp = (uint64_t)USER_CODE32 + 0x1000, .rflags = 0x2 };

	for (unsigned int i = 0; trap_entries[i].address; i++)
		if (trap_entries[i].vector == 3)
			gate[0].address = trap_entries[i].address;
	check_value("a gate for int $0x80", hypercall_set_trap_table(gate), 0);
	on_exception = end_on_user_fault;
	enter_user(&f);
	check_value("32-bit code reaches it", fault.vector, 3);
	check_value("behind the instruction", fault.rip,
		    (long)USER_CODE32 + (user32_after - user32_int80));
	check_value("from a segment of 32 bits", fault.cs & 0xffff, FLAT_USER_CS32);
	on_exception = NULL;
}

static void check_user_ldt(void)
{
	uint64_t *ldt = os_pages_alloc(1);
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (long)ldt, .arg2.nr_ents = 4 };
	unsigned int es = 0;

	ldt[2] = 0x00cff3000000ffffULL;         /* flat data, privilege 3 */
	pt_protect(ldt, PTE_RO);
	check_value("an LDT", hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
	on_exception = end_on_user_fault;
	faults = 0;
	visit(user_ldt, 0, false);
	__asm__ volatile("movl %%es, %0" : "=r" (es));
	check_value("user mode loads a segment of it", faults, 0);
	check_value("and has it", es & 0xffff, 0x17);
	on_exception = NULL;
	__asm__ volatile("movl %0, %%es" :: "r" (0));
	op.arg2.nr_ents = 0;
	hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
	pt_protect(ldt, PTE_RW);
	os_pages_free(ldt, 1);
}

static void check_ports(void)
{
	static uint8_t bitmap[32];
	struct physdev_set_iobitmap op = { .nr_ports = sizeof(bitmap) * 8 };

	set_xen_guest_handle(op.bitmap, bitmap);
	check_value("a bitmap of I/O ports", hypercall_physdev_op(PHYSDEVOP_set_iobitmap, &op), 0);
	on_exception = end_on_user_fault;
	faults = 0;
	visit(user_out, 0, false);
	check_value("user mode uses one of it", faults, 0);
	bitmap[0x80 / 8] = 1;
	visit(user_out, 0, false);
	check_value("and none that it forbids", fault.vector, 13);
	on_exception = NULL;
	op.nr_ports = 0;
	hypercall_physdev_op(PHYSDEVOP_set_iobitmap, &op);
}

static struct trap_frame *handler_frame;

static void note_stack(struct trap_frame *f)
{
	handler_frame = f;
	end_visit(f);
}

static void check_stack_switch(void)
{
	on_syscall = note_stack;
	check_value("stack_switch", hypercall_stack_switch(FLAT_KERNEL_SS,
		    (unsigned long)entry_stack + sizeof(entry_stack)), 0);
	visit(user_syscall, 0, false);
	check_value("system call runs on the stack named",
		    (long)handler_frame + (long)sizeof(struct trap_frame),
		    (long)entry_stack + (long)sizeof(entry_stack));
	on_syscall = end_visit;
}

static void stop_spinning(struct trap_frame *f)
{
	evtchn_dispatch();
	if ((f->cs & 3) == 3)
		end_visit(f);
}

static void ignore(evtchn_port_t port, void *arg)
{
	(void)port;
	(void)arg;
}

static void check_event(void)
{
	evtchn_port_t port;

	check_value("bind the timer", evtchn_bind_virq(VIRQ_TIMER, 0, &port), 0);
	evtchn_set_handler(port, ignore, NULL);
	on_event = stop_spinning;
	hypercall_set_timer_op(time_now_ns() + 20000000);
	visit(user_spin, 0, true);
	check("an event interrupts user mode", left.rip >= (uint64_t)USER_CODE &&
	      left.rip < (uint64_t)USER_CODE + 0x1000);
	check("which had events enabled", left.rflags & 0x200);
	on_event = NULL;
	evtchn_close(port);
	events_disable();
}

static void check_segment_bases(void)
{
	uint64_t *user = (uint64_t *)(USER_STACK);
	uint64_t seen;

	user[0] = 0x75736572;
	user[1] = 0x66736673;
	check_value("user gs base", hypercall_set_segment_base(SEGBASE_GS_USER, (long)user), 0);
	check_value("kernel gs base",
		    hypercall_set_segment_base(SEGBASE_GS_KERNEL, (long)&kernel_word), 0);
	check_value("fs base", hypercall_set_segment_base(SEGBASE_FS, (long)&user[1]), 0);
	__asm__ volatile("movq %%gs:0, %0" : "=r" (seen));
	check_value("the kernel sees its gs", seen, 0x6b65726e);
	visit(user_gs, 0, false);
	check_value("user mode sees its own", left.rdi, 0x75736572);
	__asm__ volatile("movq %%gs:0, %0" : "=r" (seen));
	check_value("the kernel sees its gs again", seen, 0x6b65726e);
	visit(user_fs, 0, false);
	check_value("fs is the same in user mode", left.rdi, 0x66736673);
	check_value("non-canonical base", hypercall_set_segment_base(SEGBASE_FS, 1UL << 63),
		    -XEN_EINVAL);
	check_value("no such base", hypercall_set_segment_base(9, 0), -XEN_EINVAL);
	check_value("user gs by selector 0", hypercall_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
	hypercall_set_segment_base(SEGBASE_GS_USER, 0);
}

/* SYSCALL executed by the kernel outside the hypercall page is a hypercall all the same. */
static void check_direct_syscall(void)
{
	long ret;

	__asm__ volatile("syscall" : "=a" (ret) : "0" ((long)__HYPERVISOR_xen_version), "D" (0L),
			 "S" (0L) : "rcx", "r11", "memory");
	check_value("a syscall instruction of the kernel is a hypercall", ret, 4 << 16 | 17);
}

void test_main(void)
{
	on_syscall = end_visit;
	build_user();
	check_value("stack_switch", hypercall_stack_switch(FLAT_KERNEL_SS,
		    (unsigned long)entry_stack + sizeof(entry_stack)), 0);
	check_syscall();
	check_faults();
	check_int80();
	check_user_ldt();
	check_ports();
	check_stack_switch();
	check_event();
	check_segment_bases();
	check_direct_syscall();
}
