; SPDX-License-Identifier: MIT
;
; The bare machine's image: from the boot loader (multiboot 1: 32-bit protected mode, paging off) to C in 64-bit mode,
; and what the processor enters of its own accord. All memory below 4 GB is mapped at its address, for user mode too:
; nothing here is to be protected. Interrupts are off but where native.c says otherwise. Handlers do the least
; that one can do.

MAGIC		equ 0x1badb002
KERNEL_CS	equ 0x08		; SYSRET wants this order: kernel code and data, a gap, user data and code
KERNEL_SS	equ 0x10
USER_SS		equ 0x20 | 3
USER_CS		equ 0x28 | 3
APIC_EOI	equ 0xfee000b0

extern native_main
global start, native_gdt, native_root
global trap_back, trap_skip, trap_skip_error, trap_clts, irq_back, syscall_back, user_visit, user_leave

section .text
	align 4
	dd MAGIC, 0, -MAGIC
bits 32
start:
	cld
	mov	esp, stack_top
	mov	dword [native_root], tables + 0x67
	mov	edi, tables
	mov	eax, 0xe7			; present, writable, user, accessed, dirty, 1 GB
	mov	ecx, 4
.l3:	mov	[edi], eax
	add	edi, 8
	add	eax, 1 << 30
	loop	.l3
	mov	eax, 0x620			; PAE; OSFXSR and OSXMMEXCPT, for compiled code
	mov	cr4, eax
	mov	eax, native_root
	mov	cr3, eax
	mov	ecx, 0xc0000080			; EFER: long mode, SYSCALL
	rdmsr
	or	eax, 0x101
	wrmsr
	mov	eax, 0x80010033			; PG WP NE ET MP PE
	mov	cr0, eax
	lgdt	[gdtr]
	jmp	KERNEL_CS:.long
bits 64
.long:
	xor	eax, eax
	mov	ds, ax
	mov	es, ax
	mov	fs, ax
	mov	gs, ax
	mov	eax, KERNEL_SS
	mov	ss, ax
	call	native_main
.end:	hlt
	jmp	.end

; Handlers. The stack: [error code] rip cs rflags rsp ss.
trap_skip_error:				; goes on behind the two bytes that faulted
	add	rsp, 8
trap_skip:
	add	qword [rsp], 2
trap_back:
	iretq
trap_clts:
	clts
	iretq
irq_back:
	push	rax
	mov	eax, APIC_EOI
	mov	dword [rax], 0
	pop	rax
	iretq
; A system call, to the kernel's stack and back. gs:0 is a place for the user's rsp, gs:8 the kernel's.
syscall_back:
	swapgs
	mov	[gs:0], rsp
	mov	rsp, [gs:8]
	mov	rsp, [gs:0]
	swapgs
	o64 sysret

; void user_visit(rip, samples, overhead, struct stats *): runs the loop at rip (pvbench's loops.asm) in user mode.
user_visit:
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	push	rcx				; the result
	mov	[rel kernel_rsp], rsp
	mov	r14, rsi
	mov	r15, rdx
	mov	rbx, 0x600000000000		; a bad address
	xor	r12d, r12d
	mov	r13, -1
	push	USER_SS
	push	rsp
	push	2				; flags: interrupts off
	push	USER_CS
	push	rdi
	iretq

; The loop's end, an invalid opcode: back to who called user_visit.
user_leave:
	mov	rsp, [rel kernel_rsp]
	pop	rcx
	add	[rcx], r12			; struct stats: sum, min, n
	mov	[rcx + 8], r13
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	ret

section .data
	align 8
native_gdt:
	dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0x00cff3000000ffff, 0x00affb000000ffff
	dq 0, 0					; the TSS: native.c
gdtr:	dw $ - native_gdt - 1
	dq native_gdt

section .bss align=4096
native_root:	resb 4096
tables:		resb 4096
		resb 8192
stack_top:
kernel_rsp:	resq 1

section .note.GNU-stack noalloc noexec nowrite progbits
