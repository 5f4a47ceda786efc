; SPDX-License-Identifier: MIT
;
; What speculative execution asks of the entry code, on CPUs and command lines that ask for any of it: boot patches
; jumps to here into entry.asm and pti.asm (patch.c), and in here over each piece that is not wanted. On the way in no
; indirect branch and no RET comes before these pieces; on the way out none after them.
;
;   clear     registers that still hold the guest's values and mean nothing to C are zeroed, so that a wrongly predicted
;             path finds no pointer of the guest's in them. They have been saved, and are loaded again on the way out.
;   IBRS      SPEC_CTRL gets our value on the way in and the guests' on the way out
;   RSB       the return stack is filled with addresses of ours
;   VERW      with a selector in memory it empties the CPU's buffers, last before SYSRET or IRETQ

%include "entry.inc"

%define MSR_SPEC_CTRL	0x48
%define RSB_ROUNDS	16		; of two entries

extern spec_inside, spec_outside, debug_frame_lost
extern trap_save.saved, syscall_entry.saved, iret_fault.saved, db_entry.saved
extern exit_to_guest.restored3, exit_to_guest.iret_restored3, exit_to_guest.iretq, leave_bounced.restored3
extern syscall_entry.restore, syscall_entry.restore_iret, trap_in_hv.compare
global spec_trap, spec_syscall, spec_iret_fault, spec_debug_lost
global spec_leave, spec_leave_iret, spec_leave_bounced, spec_leave_syscall, spec_leave_syscall_iret
global spec_sysret, spec_iret, spec_iret.iretq, spec_iretq_address, spec_fill_rsb, spec_clear_buffers

; What follows, up to %1, only if condition %2 holds.
%macro ONLY_IF 2
	SITE %1, PATCH_UNLESS | %2
%endmacro

; SPEC_CTRL := [%1]. Spoils rax, rcx, rdx.
%macro SET_SPEC_CTRL 1
	mov	ecx, MSR_SPEC_CTRL
	mov	eax, [rel %1]
	xor	edx, edx
	wrmsr
%endmacro

; Each call leaves an address on the return stack; whoever returns to one, by speculation, is caught. Spoils %1.
%macro FILL_RSB 1
	mov	%1, RSB_ROUNDS
%%round:
	call	%%first
%%catch1:
	pause
	lfence
	jmp	%%catch1
%%first:
	call	%%second
%%catch2:
	pause
	lfence
	jmp	%%catch2
%%second:
	dec	%1
	jnz	%%round
	add	rsp, 2 * RSB_ROUNDS * 8
%endmacro

; All of it, when all registers are saved and rsp is the empty C stack. Keeps rdi and rsp.
%macro ENTER 0
	ONLY_IF %%filled, PATCH_RSB
	FILL_RSB ecx
%%filled:
	ONLY_IF %%set, PATCH_IBRS
	SET_SPEC_CTRL spec_inside
%%set:
	ONLY_IF %%cleared, PATCH_CLEAR
	xor	eax, eax
	xor	ebx, ebx
	xor	ecx, ecx
	xor	edx, edx
	xor	esi, esi
	xor	ebp, ebp
	xor	r8d, r8d
	xor	r9d, r9d
	xor	r10d, r10d
	xor	r11d, r11d
	xor	r12d, r12d
	xor	r13d, r13d
	xor	r14d, r14d
	xor	r15d, r15d
%%cleared:
%endmacro

; Registers that C preserves, of a frame that has them all. In: rsp at r15; out: rsp at r11.
%macro POP_PRESERVED 0
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
%endmacro

; For trap_save: rsp = current->regs.
spec_trap:
	mov	rdi, rsp
	mov	rsp, [gs:CPU_STACK_TOP]
	ENTER
	jmp	trap_save.saved

spec_iret_fault:
	mov	rsp, [gs:CPU_STACK_TOP]
	ENTER
	jmp	iret_fault.saved

; rdi = our struct cpu, and rsp its C stack.
spec_debug_lost:
	ENTER
	call	debug_frame_lost
	jmp	db_entry.saved

; For syscall_entry: rsp at rbx in current->regs. Keeps the arguments, and their number in rax.
spec_syscall:
	ONLY_IF .cleared, PATCH_CLEAR
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	xor	ebp, ebp
	xor	r12d, r12d
	xor	r13d, r13d
	xor	r14d, r14d
	xor	r15d, r15d
.cleared:
	mov	rsp, [gs:CPU_STACK_TOP]
	ONLY_IF .filled, PATCH_RSB
	FILL_RSB ebx
.filled:
	ONLY_IF .set, PATCH_IBRS
	mov	rbx, rax
	mov	r11, rdx
	SET_SPEC_CTRL spec_inside
	mov	rdx, r11
	mov	rax, rbx
.set:
	jmp	syscall_entry.saved

; For exit_to_guest, rsp = current->regs: before SYSRET (keeps rcx and r11), and before IRETQ.
spec_leave:
	mov	r8, rcx
	SET_SPEC_CTRL spec_outside
	mov	rcx, r8
	pop	r15
	pop	r14
	pop	r13
	jmp	exit_to_guest.restored3
spec_leave_iret:
	SET_SPEC_CTRL spec_outside
	pop	r15
	pop	r14
	pop	r13
	jmp	exit_to_guest.iret_restored3

; For leave_bounced: rsp at r10. Keeps rcx and r11.
spec_leave_bounced:
	ONLY_IF .set, PATCH_IBRS
	mov	r8, rcx
	SET_SPEC_CTRL spec_outside
	mov	rcx, r8
.set:
	ONLY_IF .restored, PATCH_CLEAR
	sub	rsp, VCPU_R10 - VCPU_REGS
	POP_PRESERVED
	add	rsp, 8
.restored:
	pop	r10
	pop	r9
	pop	r8
	jmp	leave_bounced.restored3

; For the short ways out of syscall_entry: rbx = current. Keeps rax, and rcx and r11 before SYSRET.
spec_leave_syscall:
	ONLY_IF .set, PATCH_IBRS
	mov	r8, rax
	mov	r9, rcx
	SET_SPEC_CTRL spec_outside
	mov	rcx, r9
	mov	rax, r8
.set:
	ONLY_IF .plain, PATCH_CLEAR
	lea	rsp, [rbx + VCPU_REGS]
	POP_PRESERVED
	add	rsp, 8
	jmp	syscall_entry.restore
.plain:
	lea	rsp, [rbx + VCPU_R10]
	mov	rbx, [rbx + VCPU_RBX]
	jmp	syscall_entry.restore
spec_leave_syscall_iret:
	ONLY_IF .set, PATCH_IBRS
	mov	r8, rax
	SET_SPEC_CTRL spec_outside
	mov	rax, r8
.set:
	ONLY_IF .plain, PATCH_CLEAR
	lea	rsp, [rbx + VCPU_REGS]
	POP_PRESERVED
	jmp	syscall_entry.restore_iret
.plain:
	lea	rsp, [rbx + VCPU_R11]
	mov	rbx, [rbx + VCPU_RBX]
	jmp	syscall_entry.restore_iret

; For "swapgs; sysret" and "swapgs; iretq": all registers are the guest's, and CR3 may be.
spec_sysret:
	verw	[rel selector]
	swapgs
	o64 sysret
spec_iret:
	verw	[rel selector]
	swapgs
.iretq:
	iretq
selector:
	dw	HV_DS

; For trap_in_hv: which IRETQ leaves to guests.
spec_iretq_address:
	lea	rax, [rel spec_iret.iretq]
	jmp	trap_in_hv.compare

; For C.
spec_fill_rsb:
	FILL_RSB ecx
	ret
spec_clear_buffers:
	verw	[rel selector]
	ret
