/* SPDX-License-Identifier: MIT */
/*
 * Speculative execution: what a CPU is and has, what the command line wants, and what is done about it.
 * x86/spec_plan.c decides, x86/spec_ctrl.c applies.
 */
#ifndef HV_SPEC_H
#define HV_SPEC_H

#include "types.h"

/* Of spec-ctrl=: -1 as the CPU needs, 0 off, 1 on where the CPU has it. A row of names in boot/cmdline.c each. */
enum spec_word { SPEC_CLEAR_REGS, SPEC_IBRS, SPEC_STIBP, SPEC_IBPB, SPEC_SSBD, SPEC_MD_CLEAR, SPEC_RSB, NR_SPEC_WORDS };
extern const char *const spec_names[NR_SPEC_WORDS];

/* What is known of the CPU: registers of CPUID leaves, 0 where there is no such leaf. */
struct spec_cpu {
	bool intel, amd;
	bool smep;			/* in use */
	bool threads;			/* several in a core */
	uint32_t ebx_7, edx_7;		/* leaf 7 */
	uint32_t edx_7_2;		/* leaf 7, subleaf 2 */
	uint32_t ebx_80000008, eax_80000021;
	uint64_t arch_caps;		/* MSR_ARCH_CAPABILITIES, 0 where there is none */
};

/* Conditions of the patches in the entry code, struct spec_plan's work and pti.h's; entry.asm has them too. */
#define PATCH_PTI 1u
#define PATCH_CLEAR 2u			/* registers are cleared on the way in */
#define PATCH_IBRS 4u			/* SPEC_CTRL changes on the way in and out */
#define PATCH_RSB 8u			/* the return stack is filled on the way in */
#define PATCH_VERW 16u			/* buffers are cleared on the way out */
#define PATCH_UNLESS 0x40000000u	/* where none of them holds */

/* Bits of the MSR SPEC_CTRL */
#define SPEC_CTRL_IBRS 1u
#define SPEC_CTRL_STIBP 2u
#define SPEC_CTRL_SSBD 4u
#define SPEC_CTRL_BHI_DIS_S 0x400u

struct spec_plan {
	uint32_t work;			/* PATCH_* */
	bool ctrl;			/* there is a SPEC_CTRL to write */
	bool always;			/* of ibrs: set once, by SPEC_CTRL or EFER */
	bool auto_ibrs;			/* EFER's */
	uint32_t inside, outside;	/* SPEC_CTRL in the hypervisor, and in guests */
	bool ibpb, rsb;			/* when a CPU goes from one domain to another */
	uint32_t lacking;		/* bits of words that were asked for and the CPU has not */
	bool l1tf;			/* absent entries can be read through */
};

/* Pure. want: by enum spec_word. */
void spec_decide(const struct spec_cpu *cpu, const int8_t want[NR_SPEC_WORDS], struct spec_plan *plan);

/* --- boot --- */
void spec_read_cpu(struct spec_cpu *cpu);
void spec_choose(void);			/* by CPU and command line; says so; after pti_choose */
void spec_check_tables(void);		/* whose absent entries; after memory_init */
void spec_init_cpu(void);		/* the CPU it runs on */

/* patch.c: jumps at the marked places of the entry code, by PATCH_* that hold; the image is still writable */
void entry_patch(uint32_t conditions);

/* --- running: constant after boot --- */
extern bool spec_at_switch, spec_at_idle;
void spec_switch(void);			/* what the last domain taught this CPU is forgotten */
void spec_idle(void);			/* before it halts */

#endif
