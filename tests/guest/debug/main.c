/* SPDX-License-Identifier: MIT */
/*
 * Debug exceptions at the worst places.
 *
 * Breakpoints on instructions and data, and single steps, reach the kernel's handler, from kernel and user mode,
 * once each, and nothing else changes: not where the hypervisor itself touches the memory that is watched (the
 * frame it pushes, the frame it takes back, a hypercall's arguments), not at the instruction it enters the kernel
 * by. Breakpoints inside the hypervisor are refused. At the end all of it comes at random, with timer events, while
 * user mode and kernel check that each trap and system call arrives once and that registers keep their values.
 */
#include "test.h"

#define USER_CODE ((char *)0x300000000000)
#define USER_STACK ((char *)0x300000001000)
#define ROUNDS 400
#define LOOPS 20
#define TF 0x100UL
#define RF 0x10000UL
/* DR7 for breakpoint 0 */
#define DR7_EXECUTE 0x1UL
#define DR7_WRITE8 0x90001UL
#define DR7_ACCESS8 0xb0001UL

extern char user_code[], user_code_end[], user_touch[];
extern char hypercall_page[], trap_syscall_entry[], trap_event_entry[];
extern const struct { uint64_t vector, address; } trap_entries[];
void enter_user(struct trap_frame *f);
void leave_user(void);

/*
 * Copied to USER_CODE. Each loop: a breakpoint, a system call (rax = 1, or 2 when a register changed), rbx times;
 * then a system call with rax = 0.
 */
__asm__(".text\n"
	"user_code:	movq $0x1212, %r12; movq $0x1313, %r13; movq $0x1414, %r14; movq $0x1515, %r15\n"
	"1:	int3\n"
	"	push %r12; pushfq; popfq; pop %rbp\n"
	"	movl $1, %eax; syscall\n"
	"	cmpq $0x1212, %rbp; jne 2f; cmpq $0x1313, %r13; jne 2f; cmpq $0x1414, %r14; jne 2f\n"
	"	cmpq $0x1515, %r15; jne 2f\n"
	"	decl %ebx; jnz 1b\n"
	"	xorl %eax, %eax; syscall; ud2\n"
	"2:	movl $2, %eax; syscall; ud2\n"
	"user_touch:	movq (%rdi), %rax; xorl %eax, %eax; syscall; ud2\n"
	"user_code_end:\n"
	"enter_user: push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
	"	movq %rsp, kernel_rsp; movq %rdi, %rsp; jmp trap_return\n"
	"leave_user: movq kernel_rsp, %rsp\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; ret\n");

uint64_t kernel_rsp;
static char stack[32768] __attribute__((aligned(4096)));	/* of entries from user mode */
static uint64_t seed = 0x9e3779b97f4a7c15;
static unsigned int debugs, breakpoints, calls, events, strange;
static uint64_t debug_rip;
static bool stepping;

static unsigned int rnd(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 20) % n;
}

static void watch(const void *address, uint64_t dr7)
{
	hypercall_set_debugreg(7, 0);
	hypercall_set_debugreg(0, (long)address);
	hypercall_set_debugreg(7, dr7);
}

static bool count(struct trap_frame *f)
{
	if (f->vector == 1) {
		debugs++;
		debug_rip = f->rip;
		f->rflags |= RF;
		if (!stepping || rnd(3) == 0)
			f->rflags &= ~TF;
	} else if (f->vector == 3) {
		breakpoints++;
		if (stepping && rnd(4) == 0)
			f->rflags |= TF;
	} else {
		return false;
	}
	return true;
}

static void system_call(struct trap_frame *f)
{
	struct multicall_entry batch[2] = { { .op = __HYPERVISOR_xen_version }, { .op = __HYPERVISOR_xen_version } };

	strange += (f->cs & 3) != 3 || f->rax > 1 || f->rip - (uint64_t)USER_CODE > 0x1000;
	if (f->rax == 1) {
		calls++;
		strange += hypercall_multicall(batch, 2) != 0 || batch[1].result != (4 << 16 | 17);
		if (stepping && rnd(4) == 0)
			f->rflags |= TF;
		return;
	}
	leave_user();
}

static void visit(const char *code, uint64_t rdi, unsigned int loops)
{
	struct trap_frame f = { .rip = (uint64_t)USER_CODE + (code - user_code), .cs = FLAT_USER_CS64,
		.ss = FLAT_USER_SS64, .rdi = rdi, .rbx = loops, .rsp = (uint64_t)USER_STACK + 0x1000,
		.rflags = 0x202 };

	debugs = breakpoints = calls = strange = 0;
	events_disable();	/* an upcall on this stack would overwrite what enter_user leaves below f */
	enter_user(&f);
}

static void build_user(void)
{
	char *code = os_pages_alloc(1), *user_stack = os_pages_alloc(1);
	mfn_t mfn[2] = { virt_to_mfn(code), virt_to_mfn(user_stack) };
	uint64_t *root = os_pages_alloc(1);
	struct mmuext_op op[2] = { { .cmd = MMUEXT_PIN_L4_TABLE }, { .cmd = MMUEXT_NEW_USER_BASEPTR } };

	__builtin_memcpy(code, user_code, user_code_end - user_code);
	pt_populate(USER_CODE, 2);
	pt_map(USER_CODE, mfn, 2, PTE_RW, DOMID_SELF);
	root[pt_index((uintptr_t)USER_CODE, 4)] = *pt_entry(USER_CODE, 4);
	pt_protect(root, PTE_RO);
	op[0].arg1.mfn = op[1].arg1.mfn = virt_to_mfn(root);
	check_value("a user mode", hypercall_mmuext_op(op, 2, NULL, DOMID_SELF), 0);
	check_value("with a stack for its entries", hypercall_stack_switch(FLAT_KERNEL_SS,
		    (unsigned long)stack + sizeof(stack)), 0);
}

static void check_seen(const char *name, unsigned int times)
{
	hypercall_set_debugreg(7, 0);
	check_value(name, debugs, times);
	debugs = 0;
}

static uint64_t word;

static void check_kernel(void)
{
	struct multicall_entry batch[1] = { { .op = __HYPERVISOR_xen_version } };

	check_value("a breakpoint in the hypervisor", hypercall_set_debugreg(0, 0xffff830000000000), -XEN_EPERM);
	watch(&word, DR7_WRITE8);
	word = 1;
	check_seen("a store", 1);
	watch(hypercall_page + __HYPERVISOR_xen_version * 32, DR7_EXECUTE);
	check_value("the hypercall is made", hypercall_xen_version(XENVER_version, NULL), 4 << 16 | 17);
	check_seen("an instruction of the hypercall page", 1);
	watch(&batch[0].result, DR7_WRITE8);
	check_value("the batch is made", hypercall_multicall(batch, 1), 0);
	check_value("with its result", batch[0].result, 4 << 16 | 17);
	check_seen("a result that the hypervisor stores", 0);
}

static void check_user(void)
{
	char *user_word = USER_STACK + 64;

	watch(user_word, DR7_ACCESS8);
	visit(user_touch, (uint64_t)user_word, 0);
	check_seen("a load in user mode", 1);
	watch(USER_CODE, DR7_EXECUTE);
	visit(user_code, 0, 1);
	check_seen("an instruction of user mode", 1);
	watch(trap_syscall_entry, DR7_EXECUTE);
	visit(user_code, 0, 3);
	check_seen("the instruction a system call enters by", 4);
	check_value("calls arrive all the same", calls, 3);
}

/* The words below the top of the stack: the hypervisor's frame of 7, then what the handler pushes. */
static void check_frames(void)
{
	unsigned int lost = 0;

	for (int i = 1; i <= 7; i++) {
		watch((uint64_t *)(stack + sizeof(stack)) - i, DR7_WRITE8);
		visit(user_code, 0, 2);
		hypercall_set_debugreg(7, 0);
		lost += calls != 2 || breakpoints != 2 || strange || debug_rip == 0;
	}
	check_value("traps and calls whose frame is watched", lost, 0);
}

static void tick(struct trap_frame *f)
{
	(void)f;
	evtchn_dispatch();
	events++;
	hypercall_set_timer_op(time_now_ns() + 2000000 + rnd(1000000));
}

static void ignore(evtchn_port_t port, void *arg)
{
	(void)port;
	(void)arg;
}

static const void *anywhere(uint64_t *dr7)
{
	*dr7 = DR7_EXECUTE;
	switch (rnd(8)) {
	case 0: return hypercall_page + 32 * __HYPERVISOR_multicall;	/* iret: its handler would come here too */
	case 1: return trap_syscall_entry;
	case 2: return trap_event_entry;
	case 3: return (void *)trap_entries[2].address;
	case 4: return USER_CODE + rnd(user_touch - user_code);
	}
	*dr7 = rnd(2) ? DR7_WRITE8 : DR7_ACCESS8;
	return rnd(4) ? (char *)(stack + sizeof(stack)) - 8 * (1 + rnd(120)) : USER_STACK + 0x1000 - 8 * (1 + rnd(2));
}

static void check_torture(void)
{
	unsigned int lost = 0, wrong = 0, total = 0;
	evtchn_port_t port;

	evtchn_bind_virq(VIRQ_TIMER, 0, &port);
	evtchn_set_handler(port, ignore, NULL);
	on_event = tick;
	hypercall_set_timer_op(time_now_ns() + 100000);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t dr7;
		const void *address = anywhere(&dr7);

		/* QEMU makes two exceptions of a step over a store that is watched, too many for hypervisors. */
		stepping = dr7 == DR7_EXECUTE;
		watch(address, dr7);
		visit(user_code, 0, LOOPS);
		hypercall_set_debugreg(7, 0);
		lost += calls != LOOPS || breakpoints != LOOPS;
		wrong += strange;
		total += debugs;
	}
	stepping = false;
	on_event = NULL;
	evtchn_close(port);
	events_disable();
	say("# %u debug exceptions, %u events\n", total, events);
	check_value("rounds with a trap or call too few or too many", lost, 0);
	check_value("strange frames", wrong, 0);
	check("debug exceptions and events were many", total > ROUNDS && events > 10);
}

void test_main(void)
{
	on_exception = count;
	on_syscall = system_call;
	build_user();
	check_kernel();
	check_user();
	check_frames();
	check_torture();
}
