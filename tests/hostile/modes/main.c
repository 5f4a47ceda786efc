/* SPDX-License-Identifier: MIT */
/*
 * Attack: ways into the hypervisor that are not a 64-bit SYSCALL. The guest's kernel enters compatibility mode and
 * makes SYSCALL, SYSENTER, INT n, far calls and jumps to the hypervisor's code and to descriptors that are no code,
 * returns with wild selectors, and instructions of rings below, with TF, AC, NT and DF set; and some of the same in
 * 64-bit mode.
 *
 * Expected: an exception of the guest's own each time, from ring 3, with what the guest's registers were; and
 * hypercalls work as before.
 */
#include "test.h"
#include "self_audit.h"

#define CS32 "0xe023"
#define FLAG_TF 0x100UL
#define FLAG_DF 0x400UL
#define FLAG_NT 0x4000UL
#define FLAG_AC 0x40000UL

static struct trap_frame frame;
static volatile long seen;
uint64_t modes_rsp, modes_flags, modes_stack;
extern const char modes_back[];
void modes_enter(const char *code);

/* modes_enter(code): to 32-bit code with ebx = a sign, flags and stack as modes_flags and modes_stack say; the
 * exception's handler comes back to modes_back. */
__asm__(".text\n"
	"modes_enter: push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	movq %rsp, modes_rsp\n"
	"	movl $0x5afe, %ebx\n"
	"	movq modes_stack, %rax; pushq $0xe02b; pushq %rax; pushq modes_flags; pushq $" CS32 "; pushq %rdi\n"
	"	iretq\n"
	"modes_back:\n"
	"	movq modes_rsp, %rsp\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");

/* Each on a boundary of 16 bytes; ud2 catches what had no effect. */
#define CODE(name, insn) \
	extern const char code_##name[]; \
	__asm__(".text\n.code32\n.align 16\ncode_" #name ": " insn "; ud2\n.code64\n")

CODE(syscall, "syscall");
CODE(sysenter, "sysenter");
CODE(int80, "int $0x80");
CODE(int82, "int $0x82");
CODE(int2, "int $2");
CODE(int8, "int $8");
CODE(int18, "int $18");
CODE(into, "movl $0x7fffffff, %eax; addl $1, %eax; into");
CODE(jump_hv, "ljmp $0xe008, $0");
CODE(call_hv, "lcall $0xe008, $0x100000");
CODE(call_data, "lcall $0xe02b, $0");
CODE(call_tss, "lcall $0xe040, $0");
CODE(call_null, "lcall $0, $0");
CODE(iret, "pushl $0x3202; pushl $0xe008; pushl $0; iretl");
CODE(popf_in, "pushl $0x3202; popfl; inb $0x64, %al");
CODE(cr3, "movl %cr3, %eax; movl %eax, %cr3");
CODE(lgdt, "lgdt 0");
CODE(wrmsr, "movl $0xc0000082, %ecx; wrmsr");
CODE(hlt, "hlt");
CODE(load_ss, "movl $0xe010, %eax; movl %eax, %ss");
CODE(load_ds, "movl $0xe010, %eax; movl %eax, %ds");
CODE(bound, "bound %eax, 0xfffffff0");

static const struct { const char *name, *code; } codes[] = {
	{ "syscall", code_syscall }, { "sysenter", code_sysenter }, { "int 0x80", code_int80 }, { "int 0x82", code_int82 },
	{ "int 2", code_int2 }, { "int 8", code_int8 }, { "int 18", code_int18 }, { "into", code_into },
	{ "jump to the hypervisor", code_jump_hv }, { "call to the hypervisor", code_call_hv }, { "call to data", code_call_data },
	{ "call to the TSS", code_call_tss }, { "call to nothing", code_call_null }, { "iret", code_iret },
	{ "popf and in", code_popf_in }, { "cr3", code_cr3 }, { "lgdt", code_lgdt }, { "wrmsr", code_wrmsr }, { "hlt", code_hlt },
	{ "ss", code_load_ss }, { "ds", code_load_ds }, { "bound", code_bound },
};

static bool back(struct trap_frame *f)
{
	frame = *f;
	seen = 1;
	*f = (struct trap_frame){ .rip = (uintptr_t)modes_back, .cs = FLAT_KERNEL_CS64 & ~3, .ss = FLAT_KERNEL_SS64,
				  .rsp = modes_rsp, .rflags = 0x202 };
	return true;
}

/* It came back as an exception, from where it was, and the hypervisor is there. */
static bool refused(const char *code)
{
	seen = 0;
	modes_enter(code);
	return seen && ((uint16_t)frame.cs | 3) == 0xe023 && !(frame.rflags & 0x3000) && (uint32_t)frame.rbx == 0x5afe &&
	       frame.rip - (uintptr_t)code < 32 && hypercall_xen_version(XENVER_version, NULL) == (4 << 16 | 17);
}

static void check_compatibility(void)
{
	static const uint64_t flags[] = { 0x202, 0x202 | FLAG_TF, 0x202 | FLAG_DF | FLAG_AC, 0x202 | FLAG_NT };
	static char stack[4096] __attribute__((aligned(4096)));

	unsigned int n = 0;

	modes_stack = (uintptr_t)stack + sizeof(stack) - 64;
	for (unsigned int i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		for (unsigned int f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
			modes_flags = flags[f];
			if (refused(codes[i].code)) {
				n++;
				continue;
			}
			say("# flags %lx: seen %ld, vector %lu at %lx, code %lx, cs %lx rflags %lx\n", flags[f], seen, frame.vector,
			    frame.rip, (uintptr_t)codes[i].code, frame.cs, frame.rflags);
			check(codes[i].name, false);
		}
	check_value("each was refused in compatibility mode", n, sizeof(codes) / sizeof(codes[0]) * sizeof(flags) / sizeof(flags[0]));
}

static void check_long_mode(void)
{
	long got;

	got = PROBE("sysenter", NONE);
	check("sysenter", got == TRAP_GP || got == TRAP_UD);
	check("a far jump through memory to the hypervisor's code", ({
		static const struct { uint64_t rip; uint16_t cs; } __attribute__((packed)) far = { 0x100000, 0xe008 };

		PROBE("rex.W ljmp *%0", NONE, "m"(far)) >> 32 == 13;
	}));
	check("sysret", PROBE("sysretq", NONE) >> 32 == 13);
	check("swapgs", PROBE("swapgs", NONE) >> 32 == 13);
}

void test_main(void)
{
	check_long_mode();
	on_exception = back;
	check_compatibility();
	on_exception = NULL;
	self_audit();
}
