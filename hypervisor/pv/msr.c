/* SPDX-License-Identifier: MIT */
/* MSRs as a guest sees them. -1 makes the access a general protection fault, as on a CPU without it. */
#include "cpu.h"
#include "domain.h"
#include "page.h"
#include "printk.h"
#include "pv.h"
#include "x86.h"

#define MSR_PLATFORM_INFO 0xce
#define MSR_MISC_ENABLE 0x1a0
#define MSR_HYPERCALL_PAGE 0x40000000

int pv_read_msr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	switch (msr) {
	case MSR_FS_BASE:
		*val = rdmsr(MSR_FS_BASE);
		return 0;
	case MSR_GS_BASE:
		*val = rdmsr(MSR_KERNEL_GS_BASE);	/* the guest's active one: ours is swapped in */
		return 0;
	case MSR_KERNEL_GS_BASE:
		*val = v->pv.gs_base_user;
		return 0;
	case MSR_EFER:
		*val = rdmsr(MSR_EFER) & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NX);
		return 0;
	case MSR_PAT:
		*val = rdmsr(MSR_PAT);
		return 0;
	case MSR_TSC_AUX:
		*val = v->pv.tsc_aux;
		return cpu_features.tsc_aux ? 0 : -1;
	case MSR_APIC_BASE:
		*val = v->domain->privileged ? rdmsr(MSR_APIC_BASE) & ~BIT(11) : 0;
		return 0;
	case MSR_MISC_ENABLE:
	case MSR_PLATFORM_INFO:
		*val = 0;
		return 0;
	}
	return -1;
}

int pv_write_msr(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t now;

	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
		if (!is_canonical(val))
			return -1;
		if (msr == MSR_KERNEL_GS_BASE)
			v->pv.gs_base_user = val;
		else
			wrmsr(msr == MSR_FS_BASE ? MSR_FS_BASE : MSR_KERNEL_GS_BASE, val);
		return 0;
	case MSR_TSC_AUX:
		if (!cpu_features.tsc_aux || val >> 32)
			return -1;
		v->pv.tsc_aux = val;
		vcpu_load_tsc_aux(v);
		return 0;
	case MSR_HYPERCALL_PAGE:
		return -1;	/* the hypercall page comes with the domain, or by the builder */
	}
	/* Writing back what is there is no harm. */
	if (!pv_read_msr(v, msr, &now) && now == val)
		return 0;
	domain_log(v->domain, LOG_WARN, "refused MSR %x = %lx", msr, val);
	return -1;
}
