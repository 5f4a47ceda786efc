; SPDX-License-Identifier: MIT
;
; User mode's side of the round trips: loops that measure one instruction each, copied to the user's page, and the
; way there and back.

%define FLAT_RING3_CS 0xe033
%define FLAT_RING3_SS 0xe02b
%define HYPERVISOR_IRET 23

extern hypercall_page
global user_visit, user_leave
global user_code, user_code_end, user_nothing, user_syscall, user_int80, user_int3, user_pf, user_int41

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

; One loop. rbx: bad address; r12: sum; r13: least; r14: samples to go; r15: what two readings alone count.
%macro measure 0-1+
	align	16
%%again:
	rdtsc
	shl	rdx, 32
	lea	rbp, [rdx + rax]
	%1
	rdtsc
	shl	rdx, 32
	add	rax, rdx
	sub	rax, rbp
	sub	rax, r15
	add	r12, rax
	cmp	rax, r13
	cmovb	r13, rax
	dec	r14
	jnz	%%again
	ud2
%endmacro

section .rodata
	align	16
user_code:
user_nothing:
	measure
user_syscall:
	measure	syscall
user_int80:
	measure	int 0x80
user_int3:
	measure	int3
user_pf:
	measure	mov al, [rbx]
user_int41:
	measure	int 0x41
user_code_end:

section .note.GNU-stack noalloc noexec nowrite progbits
