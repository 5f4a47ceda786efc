; SPDX-License-Identifier: MIT
;
; The way to user mode's loops (loops.asm), which are copied to the user's page, and back.

%define FLAT_RING3_CS 0xe033
%define FLAT_RING3_SS 0xe02b
%define HYPERVISOR_IRET 23

extern hypercall_page
global user_visit, user_leave

section .bss
kernel_rsp:	resq 1

section .text

; void user_visit(rip, rsp, samples, overhead, struct stats *): runs the loop at rip in user mode.
user_visit:
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	push	r8			; the result
	mov	[rel kernel_rsp], rsp
	mov	r14, rdx
	mov	r15, rcx
	mov	rbx, 0x600000000000	; a bad address
	xor	r12d, r12d
	mov	r13, -1
	push	FLAT_RING3_SS
	push	rsi
	push	2			; flags: events stay masked
	push	FLAT_RING3_CS
	push	rdi
	push	0
	jmp	hypercall_page + HYPERVISOR_IRET * 32

; The loop's end, an invalid opcode: back to who called user_visit. Called by the hypervisor.
user_leave:
	mov	rsp, [rel kernel_rsp]
	pop	r8
	add	[r8], r12		; struct stats: sum, min, n
	mov	[r8 + 8], r13
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
