/* SPDX-License-Identifier: MIT */
/* The report on a guest that crashed: its registers and the top of its stack. */
#include "cpu.h"
#include "domain.h"
#include "printk.h"
#include "pv.h"
#include "uaccess.h"

#define STACK_WORDS 32

static void report_stack(const struct vcpu *v)
{
	uint64_t w[4];

	for (unsigned i = 0; i < STACK_WORDS; i += 4) {
		if (copy_from_guest_bytes(w, (const void *)(v->regs.rsp + i * 8), sizeof(w))) {
			domain_log(v->domain, LOG_ERR, "  stack: not mapped at %016lx", v->regs.rsp + i * 8);
			return;
		}
		domain_log(v->domain, LOG_ERR, "  stack: %016lx %016lx %016lx %016lx", w[0], w[1], w[2], w[3]);
	}
}

void pv_report(struct vcpu *v)
{
	const struct cpu_user_regs *r = &v->regs;
	const struct domain *d = v->domain;

	vcpu_sync(v);
	domain_log(d, LOG_ERR, "d%uv%u %s mode, upcalls %s", d->id, v->id,
		   v->pv.kernel_mode ? "kernel" : "user", v->info->evtchn_upcall_mask ? "masked" : "open");
	domain_log(d, LOG_ERR, "  rip %04x:%016lx  rsp %04x:%016lx  rflags %08lx", r->cs, r->rip, r->ss,
		   r->rsp, r->rflags);
	domain_log(d, LOG_ERR, "  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx", r->rax, r->rbx, r->rcx,
		   r->rdx);
	domain_log(d, LOG_ERR, "  rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx", r->rsi, r->rdi, r->rbp,
		   r->r8);
	domain_log(d, LOG_ERR, "  r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx", r->r9, r->r10, r->r11,
		   r->r12);
	domain_log(d, LOG_ERR, "  r13 %016lx  r14 %016lx  r15 %016lx  cr2 %016lx", r->r13, r->r14, r->r15,
		   v->pv.ctrlreg[2]);
	domain_log(d, LOG_ERR, "  cr3 %016lx  user cr3 %016lx  fs base %016lx  gs base %016lx",
		   mfn_to_maddr(v->pv.base_kernel),
		   mfn_eq(v->pv.base_user, MFN_NONE) ? 0 : mfn_to_maddr(v->pv.base_user), v->pv.fs_base,
		   *pv_gs_base(v));
	report_stack(v);
}
