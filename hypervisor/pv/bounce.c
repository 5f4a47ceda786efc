/* SPDX-License-Identifier: MIT */
/*
 * How a guest kernel is entered: traps, events, NMIs, failsafe, system calls of its user space. Each is a
 * frame on the guest's kernel stack (the ABI's layout, below) and new values for rip, rsp and flags.
 *
 *   low  rcx r11 [ds es fs gs: failsafe only] [error code] rip cs+mask rflags rsp ss  high
 *
 * The upper half of cs carries the upcall mask from before. A kernel sees its own cs with RPL 0, that
 * of user space with RPL 3. A frame that cannot be written is the end of the domain.
 *
 * Handlers' addresses are canonical (pv/callback.c, domain/vcpu_context.c) and their flags clear: leave_bounced of
 * x86/entry.asm relies on it.
 */
#include "cpu.h"
#include "domain.h"
#include "lib.h"
#include "page.h"
#include "printk.h"
#include "pv.h"
#include "pt.h"
#include "uaccess.h"
#include "x86.h"

bool user_syscall(struct vcpu *v);
void iret_failed(struct vcpu *v);

void pv_toggle_mode(struct vcpu *v)
{
	uint64_t gs = rdmsr(MSR_KERNEL_GS_BASE);

	if (v->pv.kernel_mode) {
		v->pv.gs_base_kernel = gs;
		v->pv.kernel_mode = false;
		wrmsr(MSR_KERNEL_GS_BASE, v->pv.gs_base_user);
		tlb_toggle_cr3(mfn_to_maddr(v->pv.base_user));
	} else {
		v->pv.gs_base_user = gs;
		v->pv.kernel_mode = true;
		wrmsr(MSR_KERNEL_GS_BASE, v->pv.gs_base_kernel);
		tlb_toggle_cr3(mfn_to_maddr(v->pv.base_kernel));
	}
}

/* Where to, and what with. */
struct handler {
	uint64_t rip;
	uint32_t error_code;
	uint16_t cs;
	bool has_error, masks_events, failsafe;
};

static uint64_t flags_for_guest(const struct vcpu *v, uint64_t masked)
{
	uint64_t f = (v->regs.rflags & ~(EFLAGS_IF | EFLAGS_IOPL)) | (masked ^ 1) << 9;

	if (unlikely(v->domain->vm_assist & BIT(VMASST_TYPE_architectural_iopl)))
		f |= (uint64_t)v->pv.iopl << 12;
	return f;
}

/* What is left is what was to be interrupted: of a user program, whose kernel has been switched to, or of the kernel. */
static __attribute__((cold, noinline)) bool no_frame(bool of_user)
{
	struct vcpu *v = current;

	domain_crash("no room for a frame below its kernel stack %016lx", of_user ? v->pv.kernel_sp : v->regs.rsp);
	if (of_user)
		pv_toggle_mode(v);
	return false;
}

static __force_inline bool enter_kernel(struct vcpu *v, const struct handler h)
{
	struct cpu_user_regs *r = &v->regs;
	uint64_t masked = v->info->evtchn_upcall_mask != 0, cs = r->cs | masked << 32;
	uint64_t *top = (uint64_t *)(r->rsp & ~15UL), *f, flags;
	unsigned n = 7 + h.has_error + (h.failsafe ? 4 : 0);

	if (likely(v->pv.kernel_mode)) {
		cs &= ~3UL;
	} else {
		pv_toggle_mode(v);
		top = (uint64_t *)(v->pv.kernel_sp & ~15UL);
	}
	/* Written from its upper end: one that begins in the hole below our area meets the read-only M2P first, and faults. */
	f = guest_ptr(top - n);
	flags = flags_for_guest(v, masked);
	guest_open();
	guest_put(&f[n - 1], r->ss, fault);
	guest_put(&f[n - 2], r->rsp, fault);
	guest_put(&f[n - 3], flags, fault);
	guest_put(&f[n - 4], cs, fault);
	guest_put(&f[n - 5], r->rip, fault);
	if (h.has_error)
		guest_put(&f[n - 6], h.error_code, fault);
	if (h.failsafe) {
		guest_put(f + 5, v->pv.refused[3], fault);
		guest_put(f + 4, v->pv.refused[2], fault);
		guest_put(f + 3, v->pv.refused[1], fault);
		guest_put(f + 2, v->pv.refused[0], fault);
	}
	guest_put(f + 1, r->r11, fault);
	guest_put(f, r->rcx, fault);
	guest_close();
	if (h.masks_events)
		v->info->evtchn_upcall_mask = 1;
	r->rip = h.rip;
	r->cs = h.cs | 3;
	r->rsp = (uint64_t)f;
	r->ss = FLAT_KERNEL_SS;
	r->rflags &= ~(EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM | EFLAGS_AC);
	/* rcx and r11 are on the stack */
	r->entry_vector = likely(r->cs == FLAT_KERNEL_CS) ? PV_SYSCALL_FRAME : 0;
	return h.masks_events;
fault:
	guest_close();
	return no_frame(cs & 3);
}

/* --- traps --- */

static __force_inline bool inject(struct vcpu *v, unsigned vector, uint32_t error_code, bool has_error)
{
	const trap_info_t *t = &v->pv.traps[vector];

	if (unlikely(!t->address)) {
		domain_crash("exception %u at %04x:%016lx and no handler for it", vector,
			     v->regs.cs, v->regs.rip);
		return false;
	}
	return enter_kernel(v, (struct handler){ .rip = t->address, .cs = t->cs, .error_code = error_code,
						 .has_error = has_error, .masks_events = TI_GET_IF(t) });
}

bool pv_inject_trap(unsigned vector, uint32_t error_code, bool has_error)
{
	return has_error ? inject(current, vector, error_code, true) : inject(current, vector, 0, false);
}

bool pv_inject_pf(uint64_t va, uint32_t error_code)
{
	struct vcpu *v = current;

	v->pv.ctrlreg[2] = va;
	v->info->arch.cr2 = va;
	/* To the guest, its kernel is the supervisor. */
	if (v->pv.kernel_mode)
		error_code &= ~PF_U;
	else
		error_code |= PF_U;
	if (unlikely(!v->pv.traps[X_PF].address))
		domain_log(v->domain, LOG_WARN, "page fault at %016lx, error %x", va, error_code);
	return inject(v, X_PF, error_code, true);
}

void pv_inject_step(struct vcpu *v)
{
	if (likely(!(v->regs.rflags & EFLAGS_TF)))
		return;
	v->pv.debugreg[6] |= DR6_BS;
	pv_inject_trap(X_DB, 0, false);
}

/* --- callbacks --- */

void pv_inject_failsafe(struct vcpu *v)
{
	v->pv.refused[0] = v->regs.ds;
	v->pv.refused[1] = v->regs.es;
	v->pv.refused[2] = v->regs.fs;
	v->pv.refused[3] = v->regs.gs;
	v->failsafe_pending = true;
}

void pv_deliver_failsafe(struct vcpu *v)
{
	v->failsafe_pending = false;
	if (!v->pv.failsafe_callback) {
		domain_crash("a return to %04x:%016lx failed and there is no failsafe callback",
			     v->regs.cs, v->regs.rip);
		return;
	}
	(void)enter_kernel(v, (struct handler){
		.rip = v->pv.failsafe_callback, .cs = FLAT_KERNEL_CS, .failsafe = true,
		.masks_events = v->pv.failsafe_masks_events,
	});
}

/* IRETQ refused the frame of v (entry.asm). */
void iret_failed(struct vcpu *v)
{
	vcpu_sync(v);
	domain_log(v->domain, LOG_WARN, "cannot return to %04x:%016lx, stack %04x:%016lx", v->regs.cs,
		   v->regs.rip, v->regs.ss, v->regs.rsp);
	pv_inject_failsafe(v);
	pv_deliver_failsafe(v);
}

/* SYSCALL from guest user space (entry.asm); true: v is in its handler, which may still be due an event. */
bool user_syscall(struct vcpu *v)
{
	if (unlikely(!v->pv.syscall_callback)) {
		pv_inject_trap(X_UD, 0, false);
		return false;
	}
	(void)enter_kernel(v, (struct handler){
		.rip = v->pv.syscall_callback, .cs = FLAT_KERNEL_CS, .masks_events = v->pv.syscall_masks_events,
	});
	return true;
}

bool pv_deliver_event(struct vcpu *v)
{
	if (unlikely(!v->pv.event_callback))
		return false;
	return enter_kernel(v, (struct handler){
		.rip = v->pv.event_callback, .cs = FLAT_KERNEL_CS, .masks_events = true,
	});
}

/* The way out is short as long as nothing asks it to look further. */
void pv_nmi_recheck(struct vcpu *v)
{
	if (READ_ONCE(v->nmi_pending))
		raise_softirq(SOFTIRQ_SCHEDULE);
}

/* A vcpu that runs, here or elsewhere, may be past the point where it would have noticed. */
void pv_send_nmi(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->nmi_pending, true, __ATOMIC_SEQ_CST))
		return;
	vcpu_unblock(v);
	cpu_kick(cpus[v->sched.cpu]);
}

bool pv_nmi_due(const struct vcpu *v)
{
	return READ_ONCE(v->nmi_pending) && v->pv.traps[X_NMI].address && !v->nmi_masked;
}

bool pv_deliver_nmi(struct vcpu *v)
{
	const trap_info_t *t = &v->pv.traps[X_NMI];

	if (!pv_nmi_due(v))
		return false;
	v->nmi_pending = false;
	v->nmi_masked = true;		/* until its iret */
	return enter_kernel(v, (struct handler){ .rip = t->address, .cs = FLAT_KERNEL_CS, .masks_events = true });
}
