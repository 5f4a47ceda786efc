/* SPDX-License-Identifier: MIT */
/*
 * Segment bases. While a vcpu is loaded, fs and the active gs base are in the CPU (guests change them by
 * loading selectors, unseen by us), gs in MSR_KERNEL_GS_BASE as we have swapped; the gs base of the other
 * mode is in pv_vcpu.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "hypercall.h"
#include "lib.h"
#include "page.h"
#include "pv.h"
#include "x86.h"

/* A selector for user space's gs: loaded with the user base put aside, then read back. */
static long set_gs_user_sel(struct vcpu *v, uint16_t sel)
{
	uint64_t kernel_base = rdmsr(MSR_KERNEL_GS_BASE);

	v->regs.gs = sel ? sel | 3 : 0;
	pv_ldt_touch(v, v->regs.gs);
	if (!pv_load_gs(v->regs.gs)) {
		wrmsr(MSR_KERNEL_GS_BASE, kernel_base);
		return -EFAULT;
	}
	v->pv.gs_base_user = rdmsr(MSR_KERNEL_GS_BASE);
	wrmsr(MSR_KERNEL_GS_BASE, kernel_base);
	return 0;
}

long do_set_segment_base(uint64_t which, uint64_t base, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	struct vcpu *v = current;

	(void)a3, (void)a4, (void)a5, (void)a6;
	switch ((uint32_t)which) {
	case SEGBASE_FS:
		if (!is_canonical(base))
			return -EINVAL;
		wrmsr(MSR_FS_BASE, base);
		return 0;
	case SEGBASE_GS_USER:
		if (!is_canonical(base))
			return -EINVAL;
		v->pv.gs_base_user = base;
		return 0;
	case SEGBASE_GS_KERNEL:
		if (!is_canonical(base))
			return -EINVAL;
		wrmsr(MSR_KERNEL_GS_BASE, base);
		return 0;
	case SEGBASE_GS_USER_SEL:
		return set_gs_user_sel(v, base);
	}
	return -EINVAL;
}

long do_fpu_taskswitch(uint64_t set, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	struct vcpu *v = current;

	(void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	if (set) {
		v->pv.ctrlreg[0] |= CR0_TS;
		write_cr0(read_cr0() | CR0_TS);
	} else {
		v->pv.ctrlreg[0] &= ~CR0_TS;
		clts();
	}
	return 0;
}

/* --- debug registers --- */

/* DR7 is enables, lengths and conditions; bit 10 is always one. GD would trap our own use of these registers. */
#define DR7_GD BIT(13)
#define DR7_RESERVED 0xffffffff0000d800ULL

static bool dr7_ok(uint64_t v)
{
	if (v & DR7_GD)
		return false;
	for (unsigned i = 0; i < 4; i++)	/* no I/O breakpoints */
		if ((v >> (16 + 4 * i) & 3) == 2)
			return false;
	return true;
}

void pv_load_breakpoints(const struct vcpu *v)
{
	write_dr0(v->pv.debugreg[0]);
	write_dr1(v->pv.debugreg[1]);
	write_dr2(v->pv.debugreg[2]);
	write_dr3(v->pv.debugreg[3]);
	write_dr7(v->pv.debugreg[7]);
}

/* While no breakpoint is in use another vcpu's addresses may be in the CPU: all are loaded when that changes. */
long pv_set_debugreg(struct vcpu *v, unsigned reg, uint64_t val)
{
	switch (reg) {
	case 0 ... 3:
		reg = index_nospec(reg, 4);
		/* no breakpoints inside the hypervisor */
		if (!is_canonical(val) || (val >= HV_VIRT_START && val < HV_VIRT_END))
			return -EPERM;
		v->pv.debugreg[reg] = val;
		if (v == current && v->pv.debugreg[7] & 0xff)
			pv_load_breakpoints(v);
		return 0;
	case 6:
		v->pv.debugreg[6] = (val & 0xe00f) | 0xffff0ff0;
		return 0;
	case 7:
		if (!dr7_ok(val))
			return -EPERM;
		v->pv.debugreg[7] = (val & ~DR7_RESERVED) | 0x400;
		if (v == current)
			pv_load_breakpoints(v);
		return 0;
	}
	return -ENODEV;
}

long do_set_debugreg(uint64_t reg, uint64_t val, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a3, (void)a4, (void)a5, (void)a6;
	return reg > 7 ? -ENODEV : pv_set_debugreg(current, reg, val);
}

long do_get_debugreg(uint64_t reg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	if (reg > 7 || reg == 4 || reg == 5)
		return -EINVAL;
	return current->pv.debugreg[index_nospec(reg, 8)];
}
