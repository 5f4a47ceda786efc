; SPDX-License-Identifier: MIT
;
; Where another CPU begins: 16-bit real mode, at the start of the page below 1 MB that its startup interrupt names.
; boot/smp.c copies trampoline_start..trampoline_end there; nothing in it depends on which page it is. From
; there straight to 64-bit mode on the boot page tables (head.asm), which still map all below 4 GB at 0
; and the image at its link address.

%include "boot_layout.inc"

extern boot_l4, boot_gdt, ap_main, ap_boot_stack, ap_boot_cr3
global trampoline_start, trampoline_end

[warning -number-overflow]	; NASM sees PHYS() before the linker makes it small
section .boot.text exec
bits 16
trampoline_start:
	cli
	cld
	mov	ax, cs
	mov	ds, ax
	o32 lgdt [gdtr - trampoline_start]
	mov	eax, 0x20		; PAE; global pages later, or the boot tables' would stay
	mov	cr4, eax
	mov	eax, PHYS(boot_l4)
	mov	cr3, eax
	mov	ecx, 0xc0000080		; EFER: long mode, NX, SYSCALL
	rdmsr
	or	eax, 0x901
	wrmsr
	mov	eax, 0x80050033		; PG WP NE ET MP PE, AM: protected, paged and 64-bit at once
	mov	cr0, eax
	jmp	dword 8:PHYS(ap_long_mode)
	align	8
gdtr:	dw	15
	dd	PHYS(boot_gdt)
trampoline_end:

bits 64
; On the identity mapping. Takes the stack that boot/smp.c has laid out for it; a CPU that finds none was not
; called (any more) and stops.
ap_long_mode:
	mov	rax, .high
	jmp	rax
.high:
	xor	eax, eax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	fs, ax
	mov	gs, ax
	xchg	rax, [rel ap_boot_stack]
	test	rax, rax
	jz	.unwanted
	mov	rcx, [rel ap_boot_cr3]
	mov	cr3, rcx
	mov	rsp, rax
	xor	ebp, ebp
	call	ap_main			; does not return
.unwanted:
	hlt
	jmp	.unwanted
