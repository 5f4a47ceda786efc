/* SPDX-License-Identifier: MIT */
/*
 * Instructions that a guest kernel means for a CPU of its own and that ring 3 refuses: control registers,
 * MSRs, I/O ports and the like (after #GP), software interrupts (also #GP: no IDT gate lets ring 3
 * in), CPUID with the forced-emulation prefix (after #UD).
 *
 * The instruction is copied once from guest memory and decoded from the copy; only 64-bit code is looked at. Whatever
 * is not recognised or not allowed is the guest's own exception.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "hypercall.h"
#include "insn.h"
#include "lib.h"
#include "page.h"
#include "printk.h"
#include "pv.h"
#include "pt.h"
#include "uaccess.h"
#include "x86.h"

/* --- control and debug registers --- */

static bool read_cr(struct vcpu *v, unsigned n, uint64_t *val)
{
	switch (n) {
	case 0:
		*val = (HV_CR0 & ~CR0_TS) | (v->pv.ctrlreg[0] & CR0_TS);
		return true;
	case 2:
		*val = v->pv.ctrlreg[2];
		return true;
	case 3:
		*val = xen_pfn_to_cr3(mfn_x(v->pv.base_kernel));
		return true;
	case 4:
		*val = (hv_cr4 & ~(CR4_SMEP | CR4_SMAP | CR4_PGE)) | (v->pv.ctrlreg[4] & guest_cr4);
		return true;
	}
	return false;
}

/* Preempted while the new tables are validated, the instruction runs again. Once the switch is done only
 * what the old base held is left to give up, and the way out does that. */
static bool load_base(struct vcpu *v, mfn_t m, bool *again)
{
	int rc = vcpu_set_base(v, m, false);

	*again = rc == -ERESTART && !mfn_eq(v->pv.base_kernel, m);
	return !rc || rc == -ERESTART;
}

static bool write_cr(struct vcpu *v, unsigned n, uint64_t val, bool *again)
{
	switch (n) {
	case 0:
		if ((val ^ HV_CR0) & ~CR0_TS) {
			domain_log(v->domain, LOG_WARN, "refused CR0 = %lx: only TS is the guest's", val);
			return false;
		}
		return do_fpu_taskswitch(!!(val & CR0_TS), 0, 0, 0, 0, 0) == 0;
	case 2:
		v->pv.ctrlreg[2] = val;
		v->info->arch.cr2 = val;
		return true;
	case 3:
		return load_base(v, mfn(xen_cr3_to_pfn(val)), again);
	case 4:
		v->pv.ctrlreg[4] = val & guest_cr4;
		vcpu_load_cr4(v);
		return true;
	}
	return false;
}

static bool mov_cr(struct vcpu *v, struct insn *i, bool write, bool *again)
{
	uint8_t modrm = insn_next(i);
	unsigned cr = (modrm >> 3 & 7) | (i->rex & 4) << 1;
	uint64_t *r = insn_gpr(&v->regs, (modrm & 7) | (i->rex & 1) << 3);

	return write ? write_cr(v, cr, *r, again) : read_cr(v, cr, r);
}

static bool mov_dr(struct vcpu *v, struct insn *i, bool write)
{
	uint8_t modrm = insn_next(i);
	unsigned dr = (modrm >> 3 & 7) | (i->rex & 4) << 1;
	uint64_t *r = insn_gpr(&v->regs, (modrm & 7) | (i->rex & 1) << 3);

	if (dr == 4 || dr == 5)
		dr += 2;
	if (dr > 7)
		return false;
	if (write)
		return pv_set_debugreg(v, dr, *r) == 0;
	*r = v->pv.debugreg[dr];
	return true;
}

/* --- MSRs --- */

static bool rdmsr_op(struct vcpu *v)
{
	uint64_t val;

	if (pv_read_msr(v, v->regs.rcx, &val))
		return false;
	v->regs.rax = (uint32_t)val;
	v->regs.rdx = val >> 32;
	return true;
}

static bool wrmsr_op(struct vcpu *v)
{
	return pv_write_msr(v, v->regs.rcx, (uint32_t)v->regs.rax | v->regs.rdx << 32) == 0;
}

/* --- CPUID --- */

static void cpuid_op(struct vcpu *v)
{
	struct cpu_user_regs *r = &v->regs;
	uint32_t out[4];

	pv_cpuid(v, r->rax, r->rcx, out);
	r->rax = out[0];
	r->rbx = out[1];
	r->rcx = out[2];
	r->rdx = out[3];
}

/* --- the two-byte opcodes --- */

/* XSETBV with what is set already, or INVLPG, for which a full flush does. */
static bool group7(struct vcpu *v, struct insn *i)
{
	uint8_t modrm = insn_next(i);

	if (modrm == 0xd1)
		return (uint32_t)v->regs.rcx == 0 && cpu_features.xsave &&
		       ((uint32_t)v->regs.rax | v->regs.rdx << 32) == cpu_features.xcr0;
	if ((modrm >> 3 & 7) != 7 || modrm >> 6 == 3)
		return false;
	insn_skip_operand(i, modrm);
	tlb_flush_local();
	return true;
}

static bool two_byte(struct vcpu *v, struct insn *i, bool *again)
{
	uint8_t op = insn_next(i);

	if (op == 0xa2) {
		cpuid_op(v);
		return true;
	}
	if (!v->pv.kernel_mode)
		return false;
	switch (op) {
	case 0x01:
		return group7(v, i);
	case 0x06:
		return do_fpu_taskswitch(0, 0, 0, 0, 0, 0) == 0;
	case 0x08:
	case 0x09:	/* INVD, WBINVD: only who may map devices has a cache to write back for them */
		if (v->domain->privileged)
			wbinvd();
		return true;
	case 0x20:
	case 0x22:
		return mov_cr(v, i, op & 2, again);
	case 0x21:
	case 0x23:
		return mov_dr(v, i, op & 2);
	case 0x30:
		return wrmsr_op(v);
	case 0x32:
		return rdmsr_op(v);
	}
	return false;
}

/* INT n, in code of any width: the guest's own gate, if its DPL lets this mode through. */
static bool software_interrupt(struct vcpu *v, struct insn *i, uint8_t vector)
{
	const trap_info_t *t = &v->pv.traps[vector];

	if (!insn_complete(i) || !t->address || (!v->pv.kernel_mode && TI_GET_DPL(t) < 3))
		return false;
	v->regs.rip += i->pos;
	pv_inject_trap(vector, 0, false);
	return true;
}

/* The instruction of n bytes is done. */
static void retire(struct vcpu *v, unsigned n)
{
	v->regs.rip += n;
	v->regs.rflags &= ~EFLAGS_RF;
	pv_inject_step(v);
}

bool pv_emulate_gp(struct vcpu *v)
{
	bool done = false, again = false;
	struct insn i;
	uint8_t op;

	if (!insn_fetch(&v->regs, &i))
		return false;
	op = insn_opcode(&i);
	if (op == 0xcd)
		return software_interrupt(v, &i, insn_next(&i));
	if (v->regs.error_code || !i.code64)
		return false;
	switch (op) {
	case 0x0f:
		done = two_byte(v, &i, &again);
		break;
	case 0x6c ... 0x6f:
		done = pv_in_out_string(v, &i, op, &again);
		break;
	case 0xe4 ... 0xe7:
	case 0xec ... 0xef:
		done = pv_in_out(v, &i, op);
		break;
	case 0xfa:
	case 0xfb:	/* CLI, STI: events are masked in vcpu_info; with virtual IOPL they do nothing */
		done = v->pv.iopl >= (v->pv.kernel_mode ? 1u : 3u);
		break;
	}
	if (!done || !insn_complete(&i))
		return false;
	if (!again)
		retire(v, i.pos);
	return true;
}

/* Forced emulation: UD2, "xen", then CPUID. Also plain INVALID instructions end here: not ours. */
bool pv_emulate_ud(struct vcpu *v)
{
	static const uint8_t fep_cpuid[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
	uint8_t byte[sizeof(fep_cpuid)];

	if (copy_from_guest_bytes(byte, (const void *)v->regs.rip, sizeof(byte)) ||
	    memcmp(byte, fep_cpuid, sizeof(byte)))
		return false;
	cpuid_op(v);
	retire(v, sizeof(byte));
	return true;
}
