/* SPDX-License-Identifier: MIT */
/*
 * Structure offsets for the assembly: compiled to text only; the build turns each "@@ name value" line
 * into a NASM %define.
 */
#include "cpu.h"
#include "domain.h"
#include "spec.h"

#define OFFSET(name, type, member) \
	__asm__ volatile("\n@@ " #name " %c0" :: "i"(offsetof(type, member)))
#define NUMBER(name) __asm__ volatile("\n@@ " #name " %c0" :: "i"(name))
#define HYPERCALL_IRET __HYPERVISOR_iret

void asm_offsets(void);
void asm_offsets(void)
{
	OFFSET(CPU_CURRENT, struct cpu, curr);
	OFFSET(CPU_FRAME_TOP, struct cpu, frame_top);
	OFFSET(CPU_STACK_TOP, struct cpu, stack_top);
	OFFSET(CPU_SCRATCH, struct cpu, scratch);
	OFFSET(CPU_HV_CR3, struct cpu, hv_cr3);
	OFFSET(CPU_GUEST_CR3, struct cpu, guest_cr3);
	OFFSET(CPU_IRET_FRAME, struct cpu, iret_frame);
	OFFSET(CPU_ENTRY_TOP, struct cpu, entry_stack[32]);
	OFFSET(CPU_DB_TOP, struct cpu, db_self);
	OFFSET(CPU_SOFTIRQ, struct cpu, softirq_pending);
	OFFSET(VCPU_REGS, struct vcpu, regs);
	OFFSET(VCPU_RAX, struct vcpu, regs.rax);
	OFFSET(VCPU_RBX, struct vcpu, regs.rbx);
	OFFSET(VCPU_R10, struct vcpu, regs.r10);
	OFFSET(VCPU_R11, struct vcpu, regs.r11);
	OFFSET(VCPU_INFO, struct vcpu, info);
	OFFSET(VCPU_CONT_DONE, struct vcpu, cont.done);
	OFFSET(VCPU_RESTARTING, struct vcpu, cont.restarting);
	OFFSET(VCPU_KERNEL_MODE, struct vcpu, pv.kernel_mode);
	OFFSET(REGS_VECTOR, struct cpu_user_regs, entry_vector);
	OFFSET(REGS_RBP, struct cpu_user_regs, rbp);
	OFFSET(REGS_R12, struct cpu_user_regs, r12);
	OFFSET(REGS_R13, struct cpu_user_regs, r13);
	OFFSET(REGS_R14, struct cpu_user_regs, r14);
	OFFSET(REGS_R15, struct cpu_user_regs, r15);
	OFFSET(REGS_RIP, struct cpu_user_regs, rip);
	OFFSET(REGS_RFLAGS, struct cpu_user_regs, rflags);
	OFFSET(REGS_RSP, struct cpu_user_regs, rsp);
	NUMBER(PATCH_PTI);
	NUMBER(PATCH_CLEAR);
	NUMBER(PATCH_IBRS);
	NUMBER(PATCH_RSB);
	NUMBER(PATCH_VERW);
	NUMBER(PATCH_UNLESS);
	NUMBER(HV_DS);
	NUMBER(HYPERCALL_IRET);
	OFFSET(INFO_PENDING, vcpu_info_t, evtchn_upcall_pending);
	OFFSET(INFO_MASK, vcpu_info_t, evtchn_upcall_mask);
}
