/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_iret: back from a trap, to kernel or user space, with the upcall mask taken from the frame's IF.
 * The frame (struct iret_context) lies on the guest's stack and is copied once; what it asks of privilege
 * is forced to ring 3, the rest IRETQ itself checks, and a refusal there calls the failsafe handler.
 */
#include "cpu.h"
#include "domain.h"
#include "hypercall.h"
#include "lib.h"
#include "page.h"
#include "pv.h"
#include "uaccess.h"
#include "x86.h"

static __force_inline bool read_frame(struct iret_context *c, const struct iret_context *at)
{
	at = guest_ptr(at);
	guest_open();
	guest_get(c->rax, &at->rax, fault);
	guest_get(c->r11, &at->r11, fault);
	guest_get(c->rcx, &at->rcx, fault);
	guest_get(c->flags, &at->flags, fault);
	guest_get(c->rip, &at->rip, fault);
	guest_get(c->cs, &at->cs, fault);
	guest_get(c->rflags, &at->rflags, fault);
	guest_get(c->rsp, &at->rsp, fault);
	guest_get(c->ss, &at->ss, fault);
	guest_close();
	return true;
fault:
	guest_close();
	return false;
}

long do_iret(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	struct vcpu *v = current;
	struct cpu_user_regs *r = &v->regs;
	struct iret_context c;

	(void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	if (unlikely(!read_frame(&c, (const struct iret_context *)r->rsp))) {
		domain_crash("iret: no frame at its stack %016lx", r->rsp);
		return 0;
	}
	if ((c.cs & 3) == 3) {
		if (mfn_eq(v->pv.base_user, MFN_NONE)) {
			domain_crash("iret to user space without a user base pointer");
			return 0;
		}
		pv_toggle_mode(v);
	}
	if (v->domain->vm_assist & BIT(VMASST_TYPE_architectural_iopl))
		v->pv.iopl = c.rflags >> 12 & 3;
	r->rip = c.rip;
	r->cs = c.cs | 3;
	r->rflags = (c.rflags & ~(EFLAGS_IOPL | EFLAGS_VM | EFLAGS_VIF | EFLAGS_VIP)) | EFLAGS_IF |
		    EFLAGS_FIXED;
	r->rsp = c.rsp;
	r->ss = c.ss | 3;
	if (unlikely((c.cs | c.ss) & 4)) {
		pv_ldt_touch(v, c.cs);
		pv_ldt_touch(v, c.ss);
	}
	if (c.flags & VGCF_in_syscall) {	/* the kernel's values are not for user space, whichever way leads there */
		r->r11 = c.rflags;
		r->rcx = c.rip;
		r->entry_vector = r->cs == FLAT_RING3_CS64 && r->ss == FLAT_RING3_SS64 ? PV_SYSCALL_FRAME : 0;
	} else {
		r->entry_vector = 0;
		r->r11 = c.r11;
		r->rcx = c.rcx;
	}
	v->info->evtchn_upcall_mask = !(c.rflags & EFLAGS_IF);
	if (unlikely(v->nmi_masked)) {
		v->nmi_masked = false;
		pv_nmi_recheck(v);
	}
	return c.rax;
}
