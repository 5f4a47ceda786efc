/* SPDX-License-Identifier: MIT */
/*
 * What is done about speculative execution, by what the CPU says of itself and what the command line wants. Bits and
 * their meaning are those of Intel's and AMD's manuals; a CPU that says nothing is taken to have each flaw.
 *
 * Pure: no hardware, no globals; tests/unit/spec asks it about CPUs that no test machine has.
 */
#include "spec.h"

/* Leaf 7, EDX */
#define MD_CLEAR BIT(10)
#define IBRS_IBPB BIT(26)
#define STIBP BIT(27)
#define SSBD BIT(31)
#define BHI_CTRL BIT(4)			/* subleaf 2, EDX */
#define RTM BIT(11)			/* EBX */

/* Leaf 0x80000008, EBX, and 0x80000021, EAX */
#define AMD_IBPB BIT(12)
#define AMD_IBRS BIT(14)
#define AMD_STIBP BIT(15)
#define AMD_IBRS_ALWAYS BIT(16)
#define AMD_SSBD BIT(24)
#define AUTO_IBRS BIT(8)

/* ARCH_CAPABILITIES */
#define RDCL_NO BIT(0)
#define IBRS_ALL BIT(1)
#define MDS_NO BIT(5)
#define TAA_NO BIT(8)
#define STALE_NO (BIT(13) | BIT(14) | BIT(15))	/* buffers filled by device memory: of three kinds */
#define FB_CLEAR BIT(17)
#define RFDS_NO BIT(27)
#define RFDS_CLEAR BIT(28)

const char *const spec_names[NR_SPEC_WORDS] = { "clear-regs", "ibrs", "stibp", "ibpb", "ssbd", "md-clear", "rsb" };

/* On as wanted, or else if the CPU needs it; never without what it takes. */
static bool chosen(struct spec_plan *p, const int8_t *want, enum spec_word word, bool has, bool needs)
{
	if (want[word] > 0 && !has)
		p->lacking |= 1u << word;
	return has && (want[word] < 0 ? needs : want[word]);
}

/* VERW empties what one domain's data could be sampled from by the next, or by us from it. */
static bool leaks_buffers(const struct spec_cpu *c)
{
	uint64_t caps = c->arch_caps;

	if (!(c->edx_7 & MD_CLEAR))
		return (caps & RFDS_CLEAR) && !(caps & RFDS_NO);
	return !(caps & MDS_NO) || ((c->ebx_7 & RTM) && !(caps & TAA_NO)) ||
	       ((caps & FB_CLEAR) && (caps & STALE_NO) != STALE_NO) || ((caps & RFDS_CLEAR) && !(caps & RFDS_NO));
}

/*
 * Set once where the CPU then keeps ring 3's branches from steering ring 0's; else written on each way in, for that
 * is what makes it forget, and taken back on the way out, for it costs guests speed.
 */
static void decide_ibrs(const struct spec_cpu *c, const int8_t *want, struct spec_plan *p)
{
	bool by_efer = c->eax_80000021 & AUTO_IBRS;
	bool by_msr = c->edx_7 & IBRS_IBPB || c->ebx_80000008 & AMD_IBRS;

	if (!chosen(p, want, SPEC_IBRS, by_efer || by_msr, true))
		return;
	p->auto_ibrs = by_efer;
	p->always = by_efer || c->arch_caps & IBRS_ALL || c->ebx_80000008 & AMD_IBRS_ALWAYS;
	if (by_efer)
		return;
	p->inside |= SPEC_CTRL_IBRS | (c->edx_7_2 & BHI_CTRL ? SPEC_CTRL_BHI_DIS_S : 0);
	if (p->always)
		p->outside |= p->inside;
	else
		p->work |= PATCH_IBRS;
}

/* Bits that are set all the time. Intel's IBRS of the kind that is set once keeps threads apart by itself. */
static void decide_ctrl(const struct spec_cpu *c, const int8_t *want, struct spec_plan *p)
{
	bool stibp = c->edx_7 & STIBP || c->ebx_80000008 & AMD_STIBP;
	bool ssbd = c->edx_7 & SSBD || c->ebx_80000008 & AMD_SSBD;
	uint32_t bits = 0;

	if (chosen(p, want, SPEC_STIBP, stibp, c->threads && !(c->intel && p->always)))
		bits |= SPEC_CTRL_STIBP;
	if (chosen(p, want, SPEC_SSBD, ssbd, false))
		bits |= SPEC_CTRL_SSBD;
	p->inside |= bits;
	p->outside |= bits;
	p->ctrl = p->inside;
}

/*
 * VERW, filling the return stack and clearing registers are plain instructions: on means on. The return stack holds
 * addresses that ring 3 can call from, where SMEP lets ring 0 execute nothing; without it, it is filled on each way in.
 */
void spec_decide(const struct spec_cpu *c, const int8_t want[NR_SPEC_WORDS], struct spec_plan *p)
{
	bool ibpb = c->edx_7 & IBRS_IBPB || c->ebx_80000008 & AMD_IBPB;

	*p = (struct spec_plan){ 0 };
	decide_ibrs(c, want, p);
	decide_ctrl(c, want, p);
	p->ibpb = chosen(p, want, SPEC_IBPB, ibpb, true);
	p->rsb = chosen(p, want, SPEC_RSB, true, ibpb);
	if (chosen(p, want, SPEC_RSB, true, ibpb && !c->smep))
		p->work |= PATCH_RSB;
	if (chosen(p, want, SPEC_MD_CLEAR, true, leaks_buffers(c)))
		p->work |= PATCH_VERW;
	if (chosen(p, want, SPEC_CLEAR_REGS, true, true))
		p->work |= PATCH_CLEAR;
	p->l1tf = c->intel && !(c->arch_caps & RDCL_NO);
}
