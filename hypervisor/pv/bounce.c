/* SPDX-License-Identifier: MIT */
/*
 * How a guest kernel is entered: traps, events, NMIs, failsafe, system calls of its user space. Each is a
 * frame on the guest's kernel stack (the ABI's layout, below) and new values for rip, rsp and flags.
 *
 *   low  rcx r11 [ds es fs gs: failsafe only] [error code] rip cs+mask rflags rsp ss  high
 *
 * The upper half of cs carries the upcall mask from before. A kernel sees its own cs with RPL 0, that
 * of user space with RPL 3. A frame that cannot be written is the end of the domain.
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

void user_syscall(struct vcpu *v);
void iret_failed(struct vcpu *v);

/* --- asking for a delivery --- */

void pv_inject_trap(unsigned vector, uint32_t error_code, bool has_error)
{
	struct vcpu *v = current;
	const trap_info_t *t = &v->pv.traps[vector];

	if (!t->address) {
		domain_crash(v->domain, "exception %u at %04x:%016lx and no handler for it", vector,
			     v->regs.cs, v->regs.rip);
		return;
	}
	v->bounce = (struct trap_bounce){
		.rip = t->address, .cs = t->cs, .error_code = error_code,
		.flags = TB_PENDING | (has_error ? TB_ERROR_CODE : 0) |
			 (TI_GET_IF(t) ? TB_MASK_EVENTS : 0),
	};
}

void pv_inject_pf(uint64_t va, uint32_t error_code)
{
	struct vcpu *v = current;

	v->pv.ctrlreg[2] = va;
	v->info->arch.cr2 = va;
	/* To the guest, its kernel is the supervisor. */
	if (v->pv.kernel_mode)
		error_code &= ~PF_U;
	else
		error_code |= PF_U;
	if (!v->pv.traps[X_PF].address)
		domain_log(v->domain, LOG_WARN, "page fault at %016lx, error %x", va, error_code);
	pv_inject_trap(X_PF, error_code, true);
}

void pv_inject_step(struct vcpu *v)
{
	if (likely(!(v->regs.rflags & EFLAGS_TF)))
		return;
	v->pv.debugreg[6] |= DR6_BS;
	pv_inject_trap(X_DB, 0, false);
}

void pv_inject_failsafe(struct vcpu *v)
{
	/* A trap that was on its way when v was descheduled came first. */
	if (v->bounce.flags)
		pv_deliver_bounce(v);
	if (!v->pv.failsafe_callback) {
		domain_crash(v->domain, "a return to %04x:%016lx failed and there is no failsafe callback",
			     v->regs.cs, v->regs.rip);
		return;
	}
	v->pv.refused[0] = v->regs.ds;
	v->pv.refused[1] = v->regs.es;
	v->pv.refused[2] = v->regs.fs;
	v->pv.refused[3] = v->regs.gs;
	v->bounce = (struct trap_bounce){
		.rip = v->pv.failsafe_callback, .cs = FLAT_KERNEL_CS,
		.flags = TB_PENDING | TB_FAILSAFE | (v->pv.failsafe_masks_events ? TB_MASK_EVENTS : 0),
	};
}

/* IRETQ refused the frame of v (entry.asm). */
void iret_failed(struct vcpu *v)
{
	vcpu_sync(v);
	domain_log(v->domain, LOG_WARN, "cannot return to %04x:%016lx, stack %04x:%016lx", v->regs.cs,
		   v->regs.rip, v->regs.ss, v->regs.rsp);
	pv_inject_failsafe(v);
}

/* --- the frame --- */

void pv_toggle_mode(struct vcpu *v)
{
	*pv_gs_base(v) = rdmsr(MSR_KERNEL_GS_BASE);
	v->pv.kernel_mode = !v->pv.kernel_mode;
	wrmsr(MSR_KERNEL_GS_BASE, *pv_gs_base(v));
	tlb_load_cr3(mfn_to_maddr(v->pv.kernel_mode ? v->pv.base_kernel : v->pv.base_user));
}

static uint64_t flags_for_guest(const struct vcpu *v, bool masked)
{
	uint64_t f = v->regs.rflags & ~(EFLAGS_IF | EFLAGS_IOPL);

	if (v->domain->vm_assist & BIT(VMASST_TYPE_architectural_iopl))
		f |= (uint64_t)v->pv.iopl << 12;
	return f | (masked ? 0 : EFLAGS_IF);
}

static __force_inline void enter_kernel(struct vcpu *v, const struct trap_bounce *b)
{
	struct cpu_user_regs *r = &v->regs;
	bool from_user = !v->pv.kernel_mode, masked = v->info->evtchn_upcall_mask;
	uint64_t frame[12], *f = frame + ARRAY_SIZE(frame), sp;
	uint64_t quads;

	*--f = r->ss;
	*--f = r->rsp;
	*--f = flags_for_guest(v, masked);
	*--f = (from_user ? r->cs : r->cs & ~3) | (uint64_t)masked << 32;
	*--f = r->rip;
	if (b->flags & TB_ERROR_CODE)
		*--f = b->error_code;
	if (unlikely(b->flags & TB_FAILSAFE))
		for (unsigned i = 4; i--;)
			*--f = v->pv.refused[i];
	*--f = r->r11;
	*--f = r->rcx;

	if (from_user)
		pv_toggle_mode(v);
	quads = frame + ARRAY_SIZE(frame) - f;
	sp = ((from_user ? v->pv.kernel_sp : r->rsp) & ~15UL) - quads * sizeof(*f);
	if (unlikely(!copy_to_guest_quads((void *)sp, f, quads))) {
		domain_crash(v->domain, "no room for a frame at its kernel stack %016lx", sp);
		return;
	}
	if (b->flags & TB_MASK_EVENTS)
		v->info->evtchn_upcall_mask = 1;
	r->rip = b->rip;
	r->cs = b->cs | 3;
	r->rsp = sp;
	r->ss = FLAT_KERNEL_SS;
	r->rflags &= ~(EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM | EFLAGS_AC);
	/* rcx and r11 are on the stack */
	r->entry_vector = likely(r->cs == FLAT_KERNEL_CS) ? PV_SYSCALL_FRAME : 0;
}

void pv_deliver_bounce(struct vcpu *v)
{
	enter_kernel(v, &v->bounce);
	v->bounce.flags = 0;
}

/* SYSCALL from guest user space (entry.asm). */
void user_syscall(struct vcpu *v)
{
	if (!v->pv.syscall_callback) {
		pv_inject_trap(X_UD, 0, false);
		return;
	}
	enter_kernel(v, &(struct trap_bounce){
		.rip = v->pv.syscall_callback, .cs = FLAT_KERNEL_CS,
		.flags = TB_PENDING | (v->pv.syscall_masks_events ? TB_MASK_EVENTS : 0),
	});
}

bool pv_deliver_event(struct vcpu *v)
{
	const struct trap_bounce b = {
		.rip = v->pv.event_callback, .cs = FLAT_KERNEL_CS, .flags = TB_PENDING | TB_MASK_EVENTS,
	};

	if (!b.rip)
		return false;
	enter_kernel(v, &b);
	return true;
}

bool pv_deliver_nmi(struct vcpu *v)
{
	const trap_info_t *t = &v->pv.traps[X_NMI];
	const struct trap_bounce b = {
		.rip = t->address, .cs = FLAT_KERNEL_CS, .flags = TB_PENDING | TB_MASK_EVENTS,
	};

	if (!b.rip || v->nmi_masked)
		return false;
	v->nmi_pending = false;
	v->nmi_masked = true;		/* until its iret */
	enter_kernel(v, &b);
	return true;
}
