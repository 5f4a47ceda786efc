; SPDX-License-Identifier: MIT
;
; User mode's side of the round trips: loops that measure one instruction each. They run wherever they are copied to,
; and end in an invalid opcode.

global user_code, user_code_end, user_nothing, user_syscall, user_int80, user_int3, user_pf, user_int41

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
