/* SPDX-License-Identifier: MIT */
/*
 * Where exceptions and interrupts go. From a guest: emulate what only we can do, bounce the rest to its own
 * handlers. From us: device interrupts in the explicit windows, faults at marked guest accesses;
 * anything else is our own bug.
 */
#include "boot.h"
#include "cpu.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pti.h"
#include "pt.h"
#include "pv.h"
#include "x86.h"

bool trap_from_guest(struct cpu_user_regs *regs);
void trap_from_hv(struct cpu_user_regs *regs);
void fatal_exception(struct cpu_user_regs *regs) __noreturn;
void debug_frame_lost(struct cpu *c);

static bool has_error_code(unsigned vector)
{
	return BIT(vector) & (BIT(X_DF) | BIT(X_TS) | BIT(X_NP) | BIT(X_SS) | BIT(X_GP) | BIT(X_PF) |
			      BIT(X_AC));
}

static void interrupt(unsigned vector)
{
	if (vector == VECTOR_TIMER) {
		apic_eoi();
		raise_softirq(SOFTIRQ_TIMER);
	} else if (vector == VECTOR_IPI) {
		apic_eoi();
		ipi_handle();
	} else {
		irq_dispatch(vector);
	}
}

/* The CPU read a descriptor of the LDT whose page is not in v's window yet. */
static bool ldt_fault(struct vcpu *v, uint64_t in_ldt, uint32_t error_code)
{
	in_ldt = index_nospec(in_ldt, LDT_WINDOW_PAGES * PAGE_SIZE);
	return !pv_ldt_bring(v, in_ldt / PAGE_SIZE) && pv_inject_pf(v->pv.ldt_base + in_ldt, error_code);
}

static bool page_fault(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint64_t va = read_cr2();

	if (unlikely(va - PERDOMAIN_VIRT_START < MAX_VCPUS * VCPU_WINDOW_BYTES) &&
	    va - LDT_WINDOW(v->id) < LDT_WINDOW_PAGES * PAGE_SIZE)
		return ldt_fault(v, va - LDT_WINDOW(v->id), regs->error_code);
	if ((regs->error_code & (PF_W | PF_P | PF_RSVD)) == (PF_W | PF_P) && v->pv.kernel_mode &&
	    ptwr_fault(v, va, regs)) {
		pv_inject_step(v);
		return false;
	}
	return pv_inject_pf(va, regs->error_code);
}

/* The guest's TS bit: a device-not-available trap clears it before the guest's handler runs. */
static bool no_math(struct vcpu *v)
{
	v->pv.ctrlreg[0] &= ~CR0_TS;
	clts();
	return pv_inject_trap(X_NM, 0, false);
}

static bool debug_trap(struct vcpu *v)
{
	v->pv.debugreg[6] = read_dr6();
	write_dr6(0xffff0ff0);
	return pv_inject_trap(X_DB, 0, false);
}

/* True: the guest is in its handler, and no register was changed but those that a handler's frame is about. */
bool trap_from_guest(struct cpu_user_regs *regs)
{
	struct vcpu *v = current;
	unsigned vector = regs->entry_vector;

	if (likely(vector == X_PF))
		return page_fault(v, regs);
	if (vector >= 32) {
		interrupt(vector);
		return false;
	}
	switch (vector) {
	case X_GP:
		return !pv_emulate_gp(v) && pv_inject_trap(X_GP, regs->error_code, true);
	case X_UD:
		return !pv_emulate_ud(v) && pv_inject_trap(X_UD, 0, false);
	case X_NM:
		return no_math(v);
	case X_DB:
		return debug_trap(v);
	case X_BP:
		if (unlikely(cpu_features.translated && nr_cpus > 1))
			stale_breakpoint(v, regs->rip - 1);
	}
	return pv_inject_trap(vector, regs->error_code, has_error_code(vector));
}

/* Fixup for the instruction at rip, 0: none. No per-CPU access: GS may be the guest's here. */
static uint64_t find_fixup(uint64_t rip)
{
	extern const uint64_t ex_table_start[], ex_table_end[];

	for (const uint64_t *p = ex_table_start; p < ex_table_end; p += 2)
		if (p[0] == rip)
			return p[1];
	return 0;
}

void trap_from_hv(struct cpu_user_regs *regs)
{
	unsigned vector = regs->entry_vector;
	uint64_t fixup;

	if (unlikely(pti_on) && vector == X_PF && pti_fault(read_cr2()))
		return;
	fixup = vector < 32 ? find_fixup(regs->rip) : 0;
	if (fixup)
		regs->rip = fixup;
	else if (vector >= 32)
		interrupt(vector);
	else
		fatal_exception(regs);
}

/* Two debug exceptions of the guest in one (entry.asm): what the first interrupted is overwritten. */
void debug_frame_lost(struct cpu *c)
{
	wrmsr(MSR_GS_BASE, (uint64_t)c);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	write_dr6(0xffff0ff0);
	domain_crash("a debug exception came on top of another, and what it interrupted is lost");
}

void fatal_exception(struct cpu_user_regs *r)
{
	bool in_guest = r->cs & 3;		/* a machine check */

	wrmsr(MSR_GS_BASE, (uint64_t)cpu_find());
	console_break_lock();
	printk(LOG_ERR, "rip %04x:%016lx rsp %016lx rflags %lx error %x cr2 %lx", r->cs, r->rip, r->rsp,
	       r->rflags, r->error_code, read_cr2());
	printk(LOG_ERR, "rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
	printk(LOG_ERR, "rsi %016lx rdi %016lx rbp %016lx  r8 %016lx", r->rsi, r->rdi, r->rbp, r->r8);
	printk(LOG_ERR, " r9 %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10, r->r11, r->r12);
	printk(LOG_ERR, "r13 %016lx r14 %016lx r15 %016lx current %p", r->r13, r->r14, r->r15,
	       (void *)current);
	for (unsigned i = 0; i < 32 && !in_guest; i++)
		if (((uint64_t *)r->rsp)[i] - IMAGE_VIRT_START < 0x200000)
			printk(LOG_ERR, "  stack: %016lx", ((uint64_t *)r->rsp)[i]);
	if (r->entry_vector == X_MC)
		mcheck_report(in_guest);
	panic("%s %u", r->entry_vector == X_MC ? "machine check, exception" : "in the hypervisor, exception", r->entry_vector);
}
