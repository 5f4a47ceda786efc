/* SPDX-License-Identifier: MIT */
/*
 * A vcpu's state in the CPU's registers. cpu->loaded says whose it is; idle loads nothing, so that a vcpu
 * that blocks and wakes again costs no switch. v->loaded_on says the same from the vcpu's side: it is set and
 * cleared by that CPU alone, and cleared only when nothing of v is left in it. A vcpu about to run
 * elsewhere, or to be changed or freed by others, is unloaded first; an idle CPU does so when asked.
 * General registers never move: they live in struct vcpu (entry.asm).
 */
#include "cpu.h"
#include "domain.h"
#include "lib.h"
#include "mm.h"
#include "pt.h"
#include "pv.h"
#include "spec.h"
#include "x86.h"

/*
 * FPU: saved and restored whole at each change of vcpu. FNINIT first: older processors of AMD's restore the pointers to
 * the last x87 instruction and its operand only with a pending exception, and would keep the other vcpu's.
 */

static void fpu_save(struct vcpu *v)
{
	clts();
	if (cpu_features.xsave)
		__asm__ volatile("xsave64 %0" : "=m"(*v->fpu)
				 : "a"((uint32_t)cpu_features.xcr0),
				   "d"((uint32_t)(cpu_features.xcr0 >> 32)) : "memory");
	else
		__asm__ volatile("fxsave64 %0" : "=m"(*v->fpu) :: "memory");
}

static void fpu_load(struct vcpu *v)
{
	clts();
	__asm__ volatile("fninit");
	if (cpu_features.xsave)
		__asm__ volatile("xrstor64 %0" :: "m"(*v->fpu), "a"((uint32_t)cpu_features.xcr0),
				 "d"((uint32_t)(cpu_features.xcr0 >> 32)) : "memory");
	else
		__asm__ volatile("fxrstor64 %0" :: "m"(*v->fpu) : "memory");
	if (v->pv.ctrlreg[0] & CR0_TS)
		write_cr0(read_cr0() | CR0_TS);
}

/* Initial state of a new vcpu (control word, MXCSR), in the format of both instructions. */
void fpu_reset(struct vcpu *v)
{
	memset(v->fpu, 0, cpu_features.xsave_size);
	v->fpu[0] = 0x7f;
	v->fpu[1] = 0x03;
	v->fpu[24] = 0x80;
	v->fpu[25] = 0x1f;
}

/* --- descriptor tables --- */

static void load_ldt(struct cpu *c, const struct vcpu *v)
{
	uint64_t *desc = (uint64_t *)((char *)c->gdt_page + 0x50), base = LDT_WINDOW(v->id);
	uint16_t sel = 0;

	if (v->pv.ldt_ents) {
		uint64_t limit = v->pv.ldt_ents * 8 - 1;

		desc[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | 0x82ULL << 40 |
			  (limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
		desc[1] = base >> 32;
		sel = 0xe050;
	}
	__asm__ volatile("lldt %w0" :: "r"(sel));
}

static void load_gdt(const struct vcpu *v)
{
	struct { uint16_t limit; uint64_t base; } __packed p = { 0xefff, GDT_WINDOW(v->id) };

	__asm__ volatile("lgdt %0" :: "m"(p));
}

void vcpu_reload_ldt(struct vcpu *v)
{
	if (this_cpu()->loaded == v)
		load_ldt(this_cpu(), v);
}

/* --- segments and debug registers --- */

#define READ_SEL(seg) ({ uint16_t s_; __asm__ volatile("mov %%" #seg ", %0" : "=r"(s_)); s_; })
/* Loads a guest-chosen selector; false (and a null selector) if the CPU refuses it. */
#define LOAD_SEL(seg, sel) ({ \
	uint16_t ok_ = 1; \
	__asm__ volatile("1: mov %1, %%" #seg "\n 2:\n" \
			 ".pushsection .text.fixup, \"ax\"\n" \
			 "3: xor %k0, %k0\n mov %0, %%" #seg "\n jmp 2b\n .popsection\n" \
			 ".pushsection .ex_table, \"a\"\n .quad 1b, 3b\n .popsection" \
			 : "+&r"(ok_) : "r"((uint16_t)(sel)) : "memory"); \
	ok_ != 0; })

/* The load changes the active base, which must not be ours meanwhile; a fault in it finds its fixup
 * without GS. */
bool pv_load_gs(uint16_t sel)
{
	bool ok;

	__asm__ volatile("swapgs" ::: "memory");
	ok = LOAD_SEL(gs, sel);
	__asm__ volatile("swapgs" ::: "memory");
	return ok;
}

static void save_segments(struct vcpu *v)
{
	v->regs.ds = READ_SEL(ds);
	v->regs.es = READ_SEL(es);
	v->regs.fs = READ_SEL(fs);
	v->regs.gs = READ_SEL(gs);
	v->pv.fs_base = rdmsr(MSR_FS_BASE);
	*pv_gs_base(v) = rdmsr(MSR_KERNEL_GS_BASE);
}

static void load_segments(struct vcpu *v)
{
	bool ok = true, fs_ok = true, gs_ok = true;

	if (unlikely(v->pv.ldt_ents)) {
		pv_ldt_touch(v, v->regs.ds);
		pv_ldt_touch(v, v->regs.es);
		pv_ldt_touch(v, v->regs.fs);
		pv_ldt_touch(v, v->regs.gs);
	}
	if (v->regs.ds | READ_SEL(ds))
		ok &= LOAD_SEL(ds, v->regs.ds);
	if (v->regs.es | READ_SEL(es))
		ok &= LOAD_SEL(es, v->regs.es);
	if (v->regs.fs | READ_SEL(fs))
		fs_ok = LOAD_SEL(fs, v->regs.fs);
	if (v->regs.gs | READ_SEL(gs))
		gs_ok = pv_load_gs(v->regs.gs);
	/*
	 * A selector's own base counts for fs and gs with a selector of 32-bit user code. In place of one that was refused
	 * there is a null one, with which some processors keep the base: the other vcpu's.
	 */
	if (!fs_ok || !(v->regs.fs & ~3) || v->pv.fs_base)
		wrmsr(MSR_FS_BASE, v->pv.fs_base);
	if (!gs_ok || !(v->regs.gs & ~3) || *pv_gs_base(v))
		wrmsr(MSR_KERNEL_GS_BASE, *pv_gs_base(v));
	if (!(ok & fs_ok & gs_ok))
		pv_inject_failsafe(v);
}

static void load_debug(bool prev_has_breakpoints, const struct vcpu *v)
{
	if (v->pv.debugreg[7] & 0xff)
		pv_load_breakpoints(v);
	else if (prev_has_breakpoints)
		write_dr7(0x400);
}

/* The guest's own bits of CR4: it may forbid RDTSC to its user space and choose debug extensions. */
void vcpu_load_cr4(const struct vcpu *v)
{
	struct cpu *c = this_cpu();
	uint64_t cr4 = hv_cr4 | (v->pv.ctrlreg[4] & guest_cr4);

	if (c->cr4 != cr4) {
		c->cr4 = cr4;
		write_cr4(cr4);
	}
}

/* The word that RDTSCP tells: guests write their processor's number there. */
void vcpu_load_tsc_aux(const struct vcpu *v)
{
	struct cpu *c = this_cpu();

	if (c->tsc_aux != v->pv.tsc_aux) {
		c->tsc_aux = v->pv.tsc_aux;
		wrmsr(MSR_TSC_AUX, c->tsc_aux);
	}
}

/* --- the whole --- */

static void save(struct vcpu *v)
{
	fpu_save(v);
	save_segments(v);
}

/* Nothing of prev is left here. */
static void forget(const struct cpu *c, struct vcpu *prev, const struct domain *next)
{
	if (prev->domain != next)
		clear_bit(c->id, &prev->domain->cpus);
	__atomic_store_n(&prev->loaded_on, LOADED_NOWHERE, __ATOMIC_RELEASE);
}

static void unload_here(struct cpu *c, struct vcpu *v)
{
	save(v);
	cpu_load_own_gdt(c);
	tlb_load_cr3(virt_to_maddr(idle_l4));
	__asm__ volatile("lldt %w0" :: "r"(0));
	(void)LOAD_SEL(ds, 0);
	(void)LOAD_SEL(es, 0);
	(void)LOAD_SEL(fs, 0);
	write_dr7(0x400);
	WRITE_ONCE(c->loaded, NULL);
	forget(c, v, NULL);
}

/* v's registers are still in another CPU. What we have ourselves goes first: that one may wait for it. */
static void fetch(struct cpu *c, struct vcpu *v)
{
	if (c->loaded)
		unload_here(c, c->loaded);
	vcpu_unload(v);
}

/* The address space: our own GDT serves while neither prev's window nor v's is certain to be there. */
static void load_space(struct cpu *c, struct vcpu *prev, struct vcpu *v)
{
	if (!prev || prev->domain != v->domain) {
		set_bit(c->id, &v->domain->cpus);
		if (unlikely(spec_at_switch))
			spec_switch();
	}
	WRITE_ONCE(v->loaded_on, c->id);
	WRITE_ONCE(c->loaded, v);
	*perdomain_pte(v->domain, v->id, 14) = pte_make(c->gdt_mfn, MAP_RW);
	cpu_load_own_gdt(c);
	tlb_load_cr3(mfn_to_maddr(v->pv.kernel_mode ? v->pv.base_kernel : v->pv.base_user));
	load_gdt(v);
	load_ldt(c, v);
	if (prev)
		forget(c, prev, v->domain);
}

void vcpu_load(struct vcpu *v)
{
	struct cpu *c = this_cpu();
	struct vcpu *prev;
	bool breakpoints;

	if (c->loaded == v)
		return;
	if (unlikely(__atomic_load_n(&v->loaded_on, __ATOMIC_ACQUIRE) != LOADED_NOWHERE))
		fetch(c, v);
	prev = c->loaded;
	breakpoints = prev && prev->pv.debugreg[7] & 0xff;
	if (prev)
		save(prev);
	load_space(c, prev, v);
	fpu_load(v);
	load_debug(breakpoints, v);
	vcpu_load_cr4(v);
	vcpu_load_tsc_aux(v);
	load_segments(v);
}

void vcpu_unload(struct vcpu *v)
{
	struct cpu *c = this_cpu();
	unsigned cpu;

	if (c->loaded == v) {
		unload_here(c, v);
		return;
	}
	cpu = __atomic_load_n(&v->loaded_on, __ATOMIC_ACQUIRE);
	if (cpu == LOADED_NOWHERE)
		return;
	cpu_request_unload(cpu);
	while (__atomic_load_n(&v->loaded_on, __ATOMIC_ACQUIRE) == cpu)
		cpu_relax();
}

/* Registers of a vcpu that are only in the CPU: brings struct vcpu up to date for a reader. */
void vcpu_sync(struct vcpu *v)
{
	if (this_cpu()->loaded == v)
		save_segments(v);
}
