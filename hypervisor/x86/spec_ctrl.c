/* SPDX-License-Identifier: MIT */
/*
 * Speculative execution, applied: reads what the CPU says, has spec_plan.c decide, patches the entry code, writes MSRs
 * on each CPU and when one goes from a domain to another. What happens at each entry and exit is in spec.asm.
 * Every CPU is taken to be like the boot CPU. All is constant after boot; no lock.
 */
#include "boot.h"
#include "cpu.h"
#include "irq.h"
#include "lib.h"
#include "printk.h"
#include "pt.h"
#include "pti.h"
#include "spec.h"
#include "x86.h"

#define MSR_SPEC_CTRL 0x48
#define MSR_PRED_CMD 0x49
#define MSR_ARCH_CAPABILITIES 0x10a
#define PRED_IBPB 1
#define EFER_AUTO_IBRS BIT(21)
#define HAS_ARCH_CAPABILITIES BIT(29)

uint32_t spec_inside, spec_outside;	/* spec.asm: for SPEC_CTRL */
bool spec_at_switch, spec_at_idle;
static struct spec_plan plan;

/* spec.asm */
void spec_fill_rsb(void);
void spec_clear_buffers(void);

static void __init leaf(uint32_t n, uint32_t sub, uint32_t r[4])
{
	cpuid_count(n & 0x80000000, 0, r);
	if (n > r[0])
		memset(r, 0, 16);
	else
		cpuid_count(n, sub, r);
}

/* By the leaf of each vendor that counts the threads of a core. */
static bool __init has_threads(bool amd)
{
	uint32_t r[4];

	leaf(amd ? 0x8000001e : 0xb, 0, r);
	return amd ? r[1] >> 8 & 0xff : (r[1] & 0xffff) > 1;
}

void __init spec_read_cpu(struct spec_cpu *c)
{
	uint32_t r[4];

	memset(c, 0, sizeof(*c));
	cpuid_count(0, 0, r);
	c->intel = r[1] == 0x756e6547;					/* "Genu" */
	c->amd = r[1] == 0x68747541 || r[1] == 0x6f677948;		/* "Auth", "Hygo" */
	c->smep = cpu_features.smep;
	c->threads = has_threads(c->amd);
	leaf(7, 0, r);
	c->ebx_7 = r[1];
	c->edx_7 = r[3];
	if (r[0] >= 2) {
		leaf(7, 2, r);
		c->edx_7_2 = r[3];
	}
	if (c->edx_7 & HAS_ARCH_CAPABILITIES)
		c->arch_caps = rdmsr(MSR_ARCH_CAPABILITIES);
	leaf(0x80000008, 0, r);
	c->ebx_80000008 = r[1];
	leaf(0x80000021, 0, r);
	c->eax_80000021 = r[0];
}

static const char *__init ibrs_name(void)
{
	return plan.work & PATCH_IBRS ? " IBRS-on-entry" : plan.auto_ibrs ? " automatic-IBRS" :
	       plan.always ? " IBRS" : "";
}

static void __init report(const struct spec_cpu *c)
{
	for (unsigned i = 0; i < NR_SPEC_WORDS; i++)
		if (plan.lacking >> i & 1)
			printk(LOG_WARN, "command line: spec-ctrl: this CPU has no %s", spec_names[i]);
	printk(LOG_INFO, "Speculation: CPUID 7 edx %08x, 80000008 ebx %08x, 80000021 eax %08x, capabilities %lx",
	       c->edx_7, c->ebx_80000008, c->eax_80000021, c->arch_caps);
	printk(LOG_INFO, "Speculation: in use:%s%s%s%s%s%s%s%s%s",
	       plan.work & PATCH_CLEAR ? " clear-regs" : "", ibrs_name(),
	       plan.inside & SPEC_CTRL_STIBP ? " STIBP" : "", plan.inside & SPEC_CTRL_SSBD ? " SSBD" : "",
	       plan.ibpb ? " IBPB" : "", plan.work & PATCH_VERW ? " VERW" : "",
	       plan.rsb ? " RSB-on-switch" : "", plan.work & PATCH_RSB ? " RSB-on-entry" : "",
	       plan.work || plan.ctrl || plan.auto_ibrs || plan.ibpb || plan.rsb ? "" : " nothing");
	if (plan.work & PATCH_VERW && c->threads)
		printk(LOG_WARN, "Speculation: threads of a core read each other's buffers; nothing here parts them");
}

void __init spec_check_tables(void)
{
	bool dom0 = opt.pv_l1tf.dom0 > 0, domu = opt.pv_l1tf.domu < 0 ? plan.l1tf : opt.pv_l1tf.domu;

	printk(LOG_INFO, "Absent entries of page tables: CPU %s L1TF; dom0 %s, domU %s", plan.l1tf ? "has" : "has no",
	       dom0 ? "checked" : "not checked", domu ? "checked" : "not checked");
	l1tf_init(dom0, domu, cpu_features.maxphysaddr);
}

/* The image is still writable. */
void __init spec_choose(void)
{
	struct spec_cpu c;

	spec_read_cpu(&c);
	spec_decide(&c, opt.spec, &plan);
	spec_inside = plan.inside;
	spec_outside = plan.outside;
	spec_at_switch = plan.ibpb || plan.rsb;
	spec_at_idle = plan.work & PATCH_VERW;
	report(&c);
	entry_patch(plan.work | (pti_on ? PATCH_PTI : 0));
}

void spec_init_cpu(void)
{
	if (plan.auto_ibrs)
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_AUTO_IBRS);
	if (plan.ctrl)
		wrmsr(MSR_SPEC_CTRL, plan.inside);
}

void spec_switch(void)
{
	if (plan.ibpb)
		wrmsr(MSR_PRED_CMD, PRED_IBPB);
	if (plan.rsb)
		spec_fill_rsb();
}

/* The sibling thread gets this one's share of the buffers, as they are. */
void spec_idle(void) { spec_clear_buffers(); }
