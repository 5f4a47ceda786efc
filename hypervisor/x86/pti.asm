; SPDX-License-Identifier: MIT
;
; The ways in and out of entry.asm on a machine that isolates page tables (mm/pti.c): boot patches jumps to
; them there. While a guest runs, its own tables show nothing of the hypervisor but this
; code and entry.asm, the IDT, and each CPU's struct cpu and IST stacks; so the CPU builds its frames on the entry
; stack inside struct cpu, and nothing else of ours is touched before CR3 is ours and after it is the guest's.
; cpu->hv_cr3 is 0 where the guest is not isolated, and then CR3 stays.
;
; Other CPUs' guests can see the entry stack too: no register passes through it but rip, rsp and rflags.

%include "entry.inc"

extern spec_sysret, spec_iret, spec_iret.iretq
extern trap_save, trap_in_hv, syscall_entry.frame, syscall32_entry.frame, iret_fault.frame
global pti_trap, pti_syscall, pti_syscall32, pti_sysret, pti_iret

; Our own page tables. GS is ours. Spoils rsp.
%macro OWN_CR3 0
	mov	rsp, [gs:CPU_HV_CR3]
	test	rsp, rsp
	jz	%%same
	mov	cr3, rsp
%%same:
%endmacro

; For the begin of trap_common. From a guest: the frame is on the entry stack; it is copied to where trap_save wants it.
pti_trap:
	test	byte [rsp + 16], 3
	jz	.hv
	swapgs
	OWN_CR3
	mov	rsp, [gs:CPU_FRAME_TOP]
%assign i 8
%rep 6
	push	qword [gs:CPU_ENTRY_TOP - i]
%assign i i+8
%endrep
	jmp	trap_save
; From us: an IRETQ that failed had the guest's CR3 and GS already.
.hv:
	push	rax
	lea	rax, [rel pti_iret.iretq]
	cmp	[rsp + 16], rax
	je	.iret_fault
	lea	rax, [rel pti_iret.plain_iretq]
	cmp	[rsp + 16], rax
	je	.iret_fault
	lea	rax, [rel spec_iret.iretq]
	cmp	[rsp + 16], rax
	je	.iret_fault
	pop	rax
	jmp	trap_in_hv
.iret_fault:
	pop	rax
	swapgs
	OWN_CR3
	jmp	iret_fault.frame

; For the SYSCALL entries, behind SWAPGS.
%macro SYSCALL_OWN_CR3 1
	mov	[gs:CPU_SCRATCH], rsp
	OWN_CR3
	jmp	%1
%endmacro
pti_syscall:
	SYSCALL_OWN_CR3 syscall_entry.frame
pti_syscall32:
	SYSCALL_OWN_CR3 syscall32_entry.frame

; For "swapgs; sysret": all registers are the guest's.
pti_sysret:
	cmp	qword [gs:CPU_GUEST_CR3], 0
	je	.plain
	mov	[gs:CPU_SCRATCH], rsp
	mov	rsp, [gs:CPU_GUEST_CR3]
	mov	cr3, rsp
	mov	rsp, [gs:CPU_SCRATCH]
.plain:
	SITE spec_sysret, PATCH_VERW
	swapgs
	o64 sysret

; For "swapgs; iretq": rsp = the frame in current->regs.
pti_iret:
	cmp	qword [gs:CPU_GUEST_CR3], 0
	je	.plain
%assign i 40
%rep 5
	pop	qword [gs:CPU_ENTRY_TOP - i]
%assign i i-8
%endrep
	mov	rsp, [gs:CPU_GUEST_CR3]
	mov	cr3, rsp
	mov	rsp, [gs:CPU_IRET_FRAME]
	SITE spec_iret, PATCH_VERW
	swapgs
.iretq:
	iretq
.plain:
	SITE spec_iret, PATCH_VERW
	swapgs
.plain_iretq:
	iretq
