/* SPDX-License-Identifier: MIT */
/*
 * From the guest's user mode to its kernel and back: a system call, software interrupts, a breakpoint, a page
 * fault. User mode has an address space of its own (the user base pointer) with one page of code, and measures
 * itself (loops.asm); the kernel's handlers return at once.
 */
#include "bench.h"
#include <kit/trap.h>
#include <string.h>

#define USER_CODE ((char *)0x300000000000)

extern char user_code[], user_code_end[];
extern char user_nothing[], user_syscall[], user_int80[], user_int3[], user_pf[], user_int41[];
extern void trap_event_entry(void), trap_failsafe_entry(void), trap_syscall_entry(void);
void user_visit(void *rip, void *rsp, uint64_t samples, uint64_t overhead, struct stats *s);
void user_leave(void);

static char stack[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static pte_t *root;

static void build(void)
{
	char *code = pages_alloc(1);
	mfn_t mfn = virt_to_mfn(code);

	memcpy(code, user_code, user_code_end - user_code);
	must("user tables", pt_populate(USER_CODE, 1));
	must("user page", pt_map(USER_CODE, &mfn, 1, PTE_RO, DOMID_SELF));
	root = pages_alloc(1);
	root[pt_index((uintptr_t)USER_CODE, 4)] = *pt_entry(USER_CODE, 4);
	must("user root", pt_protect(root, PTE_RO));
	must("user root", table_ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(root)));
	must("user base", table_ext(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(root)));
	must("stack_switch", hypercall_stack_switch(FLAT_KERNEL_SS, (uintptr_t)stack + sizeof(stack)));
}

static void handlers(void)
{
	trap_set(6, 4, user_leave);
	trap_set(3, 4 | 3, trap_back);
	trap_set(14, 4, trap_skip_error);
	trap_set(0x80, 4 | 3, trap_back);
	trap_set(0x41, 4 | 3, trap_back);
	trap_set(0x82, 4 | 3, trap_back);	/* what Xen takes int 0x41 for: QEMU 7.2 doubles the vector */
	must("set_callbacks", hypercall_set_callbacks(trap_event_entry, trap_failsafe_entry, syscall_back));
}

static struct stats visit(const char *code, uint64_t samples, uint64_t overhead)
{
	struct stats s = STATS_INIT;

	s.n = samples;
	user_visit(USER_CODE + (code - user_code), USER_CODE + PAGE_SIZE, samples, overhead, &s);
	return s;
}

void bench_user(void)
{
	static const struct { const char *name, *code; } table[] = {
		{ "user_syscall_roundtrip", user_syscall }, { "user_int80_roundtrip", user_int80 },
		{ "user_int3_roundtrip", user_int3 }, { "user_pf_roundtrip", user_pf },
		{ "user_intNN_via_gp_roundtrip", user_int41 },
	};

	build();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint64_t overhead;
		struct stats s;

		handlers();
		overhead = visit(user_nothing, WARM_UP, 0).min;
		visit(table[i].code, WARM_UP, overhead);
		s = visit(table[i].code, SAMPLES, overhead);
		must("trap_init", trap_init());
		bench_say(table[i].name, &s);
	}
	must("user base", table_ext(MMUEXT_NEW_USER_BASEPTR, 0));
	must("user root", table_ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(root)));
	table_page_free(root);
	must("user page", pt_unmap(USER_CODE, 1));
}
