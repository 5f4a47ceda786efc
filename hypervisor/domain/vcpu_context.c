/* SPDX-License-Identifier: MIT */
/*
 * A vcpu's state in the ABI's words (vcpu_guest_context): set by VCPUOP_initialise and by the control domain,
 * read by the control domain. What comes in is hostile: every address is checked to be canonical, every
 * selector gets privilege level 3, frames are taken by reference and type. The vcpu does not run meanwhile.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"
#include "pv.h"
#include "uaccess.h"
#include "x86.h"

#define FXSAVE_BYTES 512
#define FXSAVE_MXCSR 24
#define XSAVE_HEADER 512

/* Names the field that cannot be, or NULL. */
static const char *bad_field(const vcpu_guest_context_t *c)
{
	const struct { const char *name; uint64_t va; } addr[] = {
		{ "user_regs.rip", c->user_regs.rip }, { "user_regs.rsp", c->user_regs.rsp },
		{ "kernel_sp", c->kernel_sp },
		{ "event_callback_eip", c->event_callback_eip },
		{ "failsafe_callback_eip", c->failsafe_callback_eip },
		{ "syscall_callback_eip", c->syscall_callback_eip }, { "fs_base", c->fs_base },
		{ "gs_base_kernel", c->gs_base_kernel }, { "gs_base_user", c->gs_base_user },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(addr); i++)
		if (!is_canonical(addr[i].va))
			return addr[i].name;
	for (unsigned i = 0; i < 256; i++)
		if (!is_canonical(c->trap_ctxt[i].address))
			return "trap_ctxt";
	if (c->gdt_ents > 14 * 512)
		return "gdt_ents";
	/* In user mode the CPU walks the user base: there must be one. */
	if (!(c->flags & VGCF_in_kernel) && !xen_cr3_to_pfn(c->ctrlreg[1]))
		return "flags";
	if (mfn_eq(mfn(xen_cr3_to_pfn(c->ctrlreg[1])), MFN_NONE))
		return "ctrlreg[1]";
	return NULL;
}

/* Tables and bases: what holds references. All or nothing, or -ERESTART. */
static int set_frames(struct vcpu *v, const vcpu_guest_context_t *c)
{
	int err = vcpu_set_ldt(v, c->ldt_base, c->ldt_ents);

	if (!err)
		err = pv_gdt_set(v, (const uint64_t *)c->gdt_frames, c->gdt_ents);
	if (!err)
		err = vcpu_set_base(v, mfn(xen_cr3_to_pfn(c->ctrlreg[3])), false);
	if (!err)
		err = vcpu_set_base(v, c->ctrlreg[1] ? mfn(xen_cr3_to_pfn(c->ctrlreg[1])) : MFN_NONE, true);
	if (err && err != -ERESTART) {	/* after which the next attempt takes the same again */
		vcpu_drop_bases(v);
		pv_ldt_clear(v);
		pv_gdt_clear(v);
	}
	return err;
}

/* A live vcpu keeps its tables; its registers may change (debugging, resuming). */
static bool same_frames(const struct vcpu *v, const vcpu_guest_context_t *c)
{
	uint64_t user = mfn_eq(v->pv.base_user, MFN_NONE) ? 0 : mfn_x(v->pv.base_user);

	if (xen_cr3_to_pfn(c->ctrlreg[3]) != mfn_x(v->pv.base_kernel) ||
	    xen_cr3_to_pfn(c->ctrlreg[1]) != user || c->gdt_ents != v->pv.gdt_ents ||
	    c->ldt_ents != v->pv.ldt_ents || (c->ldt_ents && c->ldt_base != v->pv.ldt_base))
		return false;
	for (unsigned i = 0; i < (c->gdt_ents + 511) / 512; i++)
		if (c->gdt_frames[i] != mfn_x(v->pv.gdt_frame[i]))
			return false;
	return true;
}

static void set_fpu(struct vcpu *v, const vcpu_guest_context_t *c)
{
	uint32_t *mxcsr = (uint32_t *)(v->fpu + FXSAVE_MXCSR);

	fpu_reset(v);
	if (!(c->flags & VGCF_I387_VALID))
		return;
	memcpy(v->fpu, &c->fpu_ctxt, FXSAVE_BYTES);
	*mxcsr &= 0xffff;		/* a reserved bit would fault when we load it */
	if (cpu_features.xsave)
		*(uint64_t *)(v->fpu + XSAVE_HEADER) = 3;	/* x87 and SSE are in use */
}

static void set_entries(struct pv_vcpu *pv, const vcpu_guest_context_t *c)
{
	for (unsigned i = 0; i < 256; i++) {
		pv->traps[i] = c->trap_ctxt[i];
		pv->traps[i].vector = i;
		pv->traps[i].cs = pv_fix_sel(c->trap_ctxt[i].cs);
	}
	pv->event_callback = c->event_callback_eip;
	pv->failsafe_callback = c->failsafe_callback_eip;
	pv->syscall_callback = c->syscall_callback_eip;
	pv->failsafe_masks_events = c->flags & VGCF_failsafe_disables_events;
	pv->syscall_masks_events = c->flags & VGCF_syscall_disables_events;
	pv->kernel_ss = pv_fix_sel(c->kernel_ss);
	pv->kernel_sp = c->kernel_sp;
}

static void set_registers(struct vcpu *v, const vcpu_guest_context_t *c)
{
	v->regs = c->user_regs;
	v->regs.entry_vector = 0;	/* ours: the next return restores every register */
	v->cont = (struct hypercall_cont){ .done = 0 };	/* a preempted hypercall was the old registers' */
	v->crashed = v->failsafe_pending = false;	/* and so was what is beyond repair, or could not be loaded */
	v->regs.cs = pv_fix_sel(v->regs.cs);
	v->regs.ss = pv_fix_sel(v->regs.ss);
	v->pv.iopl = (v->regs.rflags & EFLAGS_IOPL) >> 12;
	v->regs.rflags &= ~(EFLAGS_IOPL | EFLAGS_NT | EFLAGS_VM | EFLAGS_VIF | EFLAGS_VIP);
	v->regs.rflags = (v->regs.rflags & 0xffffffff) | EFLAGS_FIXED | EFLAGS_IF;
	v->pv.kernel_mode = c->flags & VGCF_in_kernel;
	v->pv.ctrlreg[0] = c->ctrlreg[0] & CR0_TS;
	v->pv.ctrlreg[2] = c->ctrlreg[2];
	v->pv.ctrlreg[4] = c->ctrlreg[4];
	v->pv.fs_base = c->fs_base;
	v->pv.gs_base_kernel = c->gs_base_kernel;
	v->pv.gs_base_user = c->gs_base_user;
	for (unsigned i = 0; i < 8; i++)
		(void)pv_set_debugreg(v, i, c->debugreg[i]);	/* what cannot be is left as it was */
}

int vcpu_set_context(struct vcpu *v, const vcpu_guest_context_t *c)
{
	struct domain *d = v->domain;
	const char *bad = bad_field(c);
	int err = 0;

	if (bad) {
		domain_log(d, LOG_WARN, "vcpu %u: context refused: %s\n", v->id, bad);
		return -EINVAL;
	}
	vcpu_unload(v);
	if (v->initialised) {
		if (!same_frames(v, c))
			return -EOPNOTSUPP;
	} else {
		err = set_frames(v, c);
	}
	if (err) {
		if (err != -ERESTART)
			domain_log(d, LOG_WARN, "vcpu %u: context refused: GDT, LDT or page tables (error %d)\n",
				   v->id, err);
		return err;
	}
	set_fpu(v, c);
	set_entries(&v->pv, c);
	set_registers(v, c);
	if (v->id == 0)
		d->vm_assist = c->vm_assist & KNOWN_ASSISTS;
	v->initialised = true;
	if (c->flags & VGCF_online)
		vcpu_up(v);
	else
		vcpu_down(v);
	return 0;
}

void vcpu_get_context(struct vcpu *v, vcpu_guest_context_t *c)
{
	const struct pv_vcpu *pv = &v->pv;

	vcpu_unload(v);
	memset(c, 0, sizeof(*c));
	c->flags = VGCF_I387_VALID | (pv->kernel_mode ? VGCF_in_kernel : 0) |
		   (pv->failsafe_masks_events ? VGCF_failsafe_disables_events : 0) |
		   (pv->syscall_masks_events ? VGCF_syscall_disables_events : 0) |
		   (v->sched.flags & VPF_DOWN ? 0 : VGCF_online);
	memcpy(&c->fpu_ctxt, v->fpu, FXSAVE_BYTES);
	c->user_regs = v->regs;
	c->user_regs.rflags |= (uint64_t)pv->iopl << 12;
	memcpy(c->trap_ctxt, pv->traps, sizeof(c->trap_ctxt));
	c->ldt_base = pv->ldt_base;
	c->ldt_ents = pv->ldt_ents;
	c->gdt_ents = pv->gdt_ents;
	for (unsigned i = 0; i < (pv->gdt_ents + 511) / 512; i++)
		c->gdt_frames[i] = mfn_x(pv->gdt_frame[i]);
	c->kernel_ss = pv->kernel_ss;
	c->kernel_sp = pv->kernel_sp;
	memcpy(c->ctrlreg, pv->ctrlreg, sizeof(c->ctrlreg));
	c->ctrlreg[3] = mfn_eq(pv->base_kernel, MFN_NONE) ? 0 : xen_pfn_to_cr3(mfn_x(pv->base_kernel));
	c->ctrlreg[1] = mfn_eq(pv->base_user, MFN_NONE) ? 0 : xen_pfn_to_cr3(mfn_x(pv->base_user));
	memcpy(c->debugreg, pv->debugreg, sizeof(c->debugreg));
	c->event_callback_eip = pv->event_callback;
	c->failsafe_callback_eip = pv->failsafe_callback;
	c->syscall_callback_eip = pv->syscall_callback;
	c->vm_assist = v->domain->vm_assist;
	c->fs_base = pv->fs_base;
	c->gs_base_kernel = pv->gs_base_kernel;
	c->gs_base_user = pv->gs_base_user;
}

void vcpu_reset(struct vcpu *v)
{
	vcpu_down(v);
	vcpu_unblock(v);		/* what it waited for is forgotten with the rest */
	vcpu_unload(v);
	vcpu_drop_bases(v);
	pv_ldt_clear(v);
	pv_gdt_clear(v);
	vcpu_timers_stop(v);
	fpu_reset(v);
	v->pv.tsc_aux = 0;
	v->crashed = v->failsafe_pending = false;
	v->nmi_pending = v->nmi_masked = false;
	v->initialised = false;
}

int vcpu_register_info(struct vcpu *v, mfn_t frame, unsigned offset)
{
	struct domain *d = v->domain;
	struct frame *f;
	vcpu_info_t *info;
	int err = -EINVAL;

	if (offset > PAGE_SIZE - sizeof(*info) || offset % sizeof(uint64_t))
		return -ENXIO;
	/* Another vcpu's info may only move while nobody uses it. */
	if (v != current && (!(READ_ONCE(v->sched.flags) & VPF_DOWN) || READ_ONCE(v->sched.running)))
		return -EINVAL;
	spin_lock(&d->event_lock);
	if (!mfn_eq(v->info_mfn, MFN_NONE) || frame_get_both(frame, d, FT_WRITABLE, &f))
		goto out;
	info = (vcpu_info_t *)((uint8_t *)mfn_to_virt(frame) + offset);
	if (v->id < XEN_LEGACY_MAX_VCPUS)
		memcpy(info, v->info, sizeof(*info));
	else
		*info = (vcpu_info_t){ .evtchn_upcall_mask = 1 };	/* it had none of its own */
	v->info_mfn = frame;
	__atomic_store_n(&v->info, info, __ATOMIC_SEQ_CST);
	tlb_flush_others();		/* whoever was about to write to the old one has done so, and is made up for */
	evtchn_kick_vcpu(v);
	err = 0;
out:
	spin_unlock(&d->event_lock);
	if (!err)
		time_update_vcpu(v);
	return err;
}
