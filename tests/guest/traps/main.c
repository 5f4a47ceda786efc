/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of the kernel itself reach its handlers.
 *
 * Vector, error code, registers and the address of the instruction are right for a breakpoint
 * (which reports the next instruction), an invalid opcode, a divide error, a general protection
 * fault, page faults of each kind (cr2 in the shared page), software interrupts, and
 * single-stepping. A trap that asks for it masks events, and iret restores the mask; one that does
 * not leaves it alone. Registers survive the round trip. A handler may be replaced by another
 * set_trap_table, and bad tables are refused.
 */
#include "test.h"

extern const struct { uint64_t vector, address; } trap_entries[];

uint64_t registers[5];

static void check_simple(void)
{
	long after;

	check_value("int3", PROBE("int3", NONE), TRAPPED(3, 0));
	check_value("ud2", PROBE("ud2", NONE), TRAPPED(6, 0));
	check_value("divide by zero", PROBE("xorl %%eax, %%eax; divl %%eax", NONE,
					    "a" (0), "d" (0)), TRAPPED(0, 0));
	check_value("non-canonical access", probe_read((void *)0x8000000000000000), TRAP_GP);
	trap_taken = 0;
	__asm__ volatile("leaq 1f(%%rip), %0\n\tmovq %0, trap_resume(%%rip)\n\tint3\n1:\n"
			 : "=r" (after) : : "memory");
	check_value("int3 reports the next instruction", trap_seen.rip, after);
	trap_resume = 0;
	__asm__ volatile("leaq 1f(%%rip), %0\n\tmovq $2f, trap_resume(%%rip)\n1:\tud2\n2:\n"
			 : "=r" (after) : : "memory");
	check_value("ud2 reports itself", trap_seen.rip, after);
	check_value("code segment of a kernel frame", trap_seen.cs & 0xffff, FLAT_KERNEL_CS64 & ~3);
	check_value("stack segment of a kernel frame", trap_seen.ss & 0xffff, FLAT_KERNEL_SS64);
}

static void check_page_faults(void)
{
	char *absent = (char *)0x200000000000;
	char *page = os_pages_alloc(1);

	check_value("read of an absent page", probe_read(absent + 0x123), TRAPPED(14, 0));
	check_value("cr2", vcpu_info()->arch.cr2, (long)absent + 0x123);
	check_value("write to an absent page", probe_write(absent + 0x456, 1), TRAPPED(14, 2));
	check_value("cr2 of the write", vcpu_info()->arch.cr2, (long)absent + 0x456);
	check_value("make a page read-only", pt_protect(page, PTE_RO), 0);
	check_value("write to a read-only page", probe_write(page, 1), TRAPPED(14, 3));
	check_value("read of a read-only page", probe_read(page), 0);
	check_value("make a page not executable", pt_protect(page, PTE_RW | PTE_NX), 0);
	*page = (char)0xcc;		/* int3, were it executed */
	check_value("execute it", PROBE("jmp *%0", NONE, "r" (page)), TRAPPED(14, 0x11));
	check_value("read of the hypervisor's memory",
		    probe_read((void *)0xffff830000000000) & ~PTE_PRESENT, TRAPPED(14, 0));
	os_pages_free(page, 1);
}

/* The frame that an exception hands over holds what the registers held. */
static void check_registers(void)
{
	trap_taken = 0;
	__asm__ volatile(
		"movq $1f, trap_resume(%%rip)\n\t"
		"movq $0x1111, %%rax\n\tmovq $0x2222, %%rbx\n\tmovq $0x3333, %%rcx\n\t"
		"movq $0x4444, %%rdx\n\tmovq $0x5555, %%rsi\n\tmovq $0x6666, %%rdi\n\t"
		"movq $0x8888, %%r8\n\tmovq $0x9999, %%r9\n\tmovq $0xaaaa, %%r10\n\t"
		"movq $0xbbbb, %%r11\n\tmovq $0xcccc, %%r12\n\tmovq $0xdddd, %%r13\n\t"
		"movq $0xeeee, %%r14\n\tmovq $0xffff, %%r15\n\tud2\n1:\n\t"
		"movq %%rax, registers\n\tmovq %%rbx, registers+8\n\tmovq %%rcx, registers+16\n\t"
		"movq %%r11, registers+24\n\tmovq %%r15, registers+32\n"
		: : : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
		"r13", "r14", "r15", "memory");
	check("registers are handed over", trap_seen.rax == 0x1111 && trap_seen.rbx == 0x2222 &&
	      trap_seen.rcx == 0x3333 && trap_seen.rdx == 0x4444 && trap_seen.rsi == 0x5555 &&
	      trap_seen.rdi == 0x6666 && trap_seen.r8 == 0x8888 && trap_seen.r9 == 0x9999 &&
	      trap_seen.r10 == 0xaaaa && trap_seen.r11 == 0xbbbb && trap_seen.r12 == 0xcccc &&
	      trap_seen.r13 == 0xdddd && trap_seen.r14 == 0xeeee && trap_seen.r15 == 0xffff);
	check("registers survive iret", registers[0] == 0x1111 && registers[1] == 0x2222 &&
	      registers[2] == 0x3333 && registers[3] == 0xbbbb && registers[4] == 0xffff);
}

static bool masked_inside;

static bool look_at_mask(struct trap_frame *f)
{
	(void)f;
	masked_inside = !events_enabled();
	return false;
}

static void check_event_mask(void)
{
	struct trap_info table[2] = { { .vector = 6, .flags = 0, .cs = FLAT_KERNEL_CS } };

	on_exception = look_at_mask;
	events_enable();
	PROBE("ud2", NONE);
	check("a trap masks events if it asks to", masked_inside);
	check("iret unmasks them", events_enabled());
	check("the frame says they were enabled", trap_seen.rflags & 0x200);
	check_value("the frame's copy of the mask", trap_seen.cs >> 32 & 0xff, 0);
	events_disable();
	PROBE("ud2", NONE);
	check("iret leaves them masked", !events_enabled());
	check("the frame says they were masked", !(trap_seen.rflags & 0x200));
	check_value("the frame's copy of the mask, set", trap_seen.cs >> 32 & 0xff, 1);

	for (int i = 0; trap_entries[i].address; i++)
		if (trap_entries[i].vector == 6)
			table[0].address = trap_entries[i].address;
	check_value("one entry may be replaced", hypercall_set_trap_table(table), 0);
	events_enable();
	PROBE("ud2", NONE);
	check("a trap that does not ask leaves events enabled", !masked_inside);
	events_disable();
	on_exception = NULL;
}

static void check_software_interrupts(void)
{
	struct trap_info table[2] = { { .vector = 0x80, .flags = 3, .cs = FLAT_KERNEL_CS } };

	/* The error code names the vector; QEMU 7.2's emulation shifts it one bit too far. */
	PROBE("int $0x81", NONE);
	check("int to an unset vector is a protection fault", trap_taken >> 32 == 13 &&
	      (trap_seen.error == 0x81 * 8 + 2 || trap_seen.error == 0x81 * 16 + 2));
	table[0].address = trap_entries[5].address;
	check_value("set vector 0x80", hypercall_set_trap_table(table), 0);
	check_value("int $0x80 arrives at its handler", PROBE("int $0x80", NONE),
		    TRAPPED(trap_entries[5].vector, 0));
}

static void check_single_step(void)
{
	long at;

	trap_taken = 0;
	__asm__ volatile("leaq 1f(%%rip), %0\n\tmovq $2f, trap_resume(%%rip)\n\t"
			 "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n1:\tnop\n2:\n\t"
			 "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n"
			 : "=r" (at) : : "memory", "cc");
	check_value("single-step traps", trap_taken, TRAPPED(1, 0));
	check_value("after one instruction", trap_seen.rip, at);
}

/* The same with an instruction that the hypervisor carries out; tells where it ends. */
#define STEP_OVER(insn, inputs...) ({						\
	long at_;								\
	trap_taken = 0;								\
	__asm__ volatile("movq $2f, trap_resume(%%rip)\n\tpushfq\n\torq $0x100, (%%rsp)\n\t" \
			 "leaq 1f(%%rip), %%r11\n\tpopfq\n\t" insn "\n1:\tnop\n2:\n\t" \
			 "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\tmovq %%r11, %0" \
			 : "=r" (at_) : inputs : "rax", "rcx", "rdx", "r11", "memory", "cc"); \
	at_; })

static void check_step_over(void)
{
	uint64_t *page = os_pages_alloc(1);
	const pte_t *table = pt_entry(page, 1);
	pte_t entry = *table;
	long at = STEP_OVER("mov %%cr4, %%rax", "i" (0));

	check_value("single-step over an emulated instruction", trap_taken, TRAPPED(1, 0));
	check_value("traps behind it", trap_seen.rip, at);
	hypercall_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
	at = STEP_OVER("movq %1, (%2)", "r" (entry), "r" (table));
	check_value("over an emulated store to a page table", trap_taken, TRAPPED(1, 0));
	check_value("traps behind it, too", trap_seen.rip, at);
	hypercall_vm_assist(VMASST_CMD_disable, VMASST_TYPE_writable_pagetables);
	os_pages_free(page, 1);
}

static bool clear_tf(struct trap_frame *f)
{
	f->rflags &= ~0x100UL;
	return false;
}

static void check_bad_tables(void)
{
	struct trap_info bad[2] = { { .vector = 6, .flags = 0, .cs = FLAT_KERNEL_CS,
				      .address = 1UL << 63 } };

	check_value("wild table", hypercall_set_trap_table((void *)0x7ffffffff000), -XEN_EFAULT);
	check_value("handler at a non-canonical address", hypercall_set_trap_table(bad),
		    -XEN_EINVAL);
	check_value("empty table removes all handlers", hypercall_set_trap_table(NULL), 0);
	check_value("and it can be set again", trap_init(), 0);
	check_value("ud2 works again", PROBE("ud2", NONE), TRAPPED(6, 0));
}

void test_main(void)
{
	check_simple();
	check_page_faults();
	check_registers();
	check_event_mask();
	check_software_interrupts();
	on_exception = clear_tf;
	check_single_step();
	check_step_over();
	on_exception = NULL;
	check_bad_tables();
}
