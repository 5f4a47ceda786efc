; SPDX-License-Identifier: MIT
;
; From the boot loader (multiboot 1 or 2, 32-bit protected mode, paging off) to C in 64-bit mode at our
; link address. The image is a flat file loaded at LOAD_ADDR; a label's physical address is therefore
; PHYS(label). Interrupts stay off throughout.
;
; The first page tables live in .bss.boot: RAM below 4 GB with 2 MB pages, once at 0 (only to survive the
; switch), once as direct map, and the image at its link address, writable and executable until
; boot/main.c maps everything with proper rights.

%include "boot_layout.inc"


MB1_MAGIC	equ 0x1badb002
MB1_FLAGS	equ 0x00010003		; page-align modules, memory map, address fields valid
MB2_MAGIC	equ 0xe85250d6

extern boot_main, image_end, image_load_end
global start, boot_stack_top, boot_l4, boot_gdt

[warning -number-overflow]	; NASM sees PHYS() before the linker makes it small
section .boot.header
	align 8
mb1:	dd MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
	dd PHYS(mb1), LOAD_ADDR, PHYS(image_load_end), PHYS(image_end), PHYS(start)
	align 8
mb2:	dd MB2_MAGIC, 0, mb2_end - mb2, -(MB2_MAGIC + (mb2_end - mb2))
	dw 2, 0				; addresses
	dd 24, PHYS(mb2), LOAD_ADDR, PHYS(image_load_end), PHYS(image_end)
	dw 3, 0				; entry
	dd 12, PHYS(start)
	align 8
	dw 6, 0				; modules on page boundaries
	dd 8
	dw 0, 0
	dd 8
mb2_end:

section .boot.text exec
bits 32
; In: eax = loader's magic, ebx = its information structure.
start:
	cli
	cld
	mov	esp, PHYS(boot_stack_top)
	mov	ebp, eax

	; Can this CPU do what we need? Long mode and NX.
	mov	eax, 0x80000001
	push	ebx
	cpuid
	pop	ebx
	mov	esi, PHYS(no_long_mode)
	bt	edx, 29
	jnc	fail
	mov	esi, PHYS(no_nx)
	bt	edx, 20
	jnc	fail

	; L2: four tables, 2 MB pages of 0-4 GB
	mov	edi, PHYS(boot_l2)
	mov	eax, 0x1e3		; present, writable, accessed, dirty, 2 MB, global
	mov	ecx, 2048
.l2:	mov	[edi], eax
	mov	dword [edi + 4], 0
	add	edi, 8
	add	eax, 0x200000
	loop	.l2
	; L3: the first four entries
	mov	edi, PHYS(boot_l3)
	mov	eax, PHYS(boot_l2) + 0x63
	mov	ecx, 4
.l3:	mov	[edi], eax
	add	edi, 8
	add	eax, 0x1000
	loop	.l3
	; The image: slot 261, L3 slot 322 (0xffff82d080000000), one L2 whose first entries map it
	mov	dword [PHYS(boot_l3_image) + 322 * 8], PHYS(boot_l2_image) + 0x63
	mov	edi, PHYS(boot_l2_image)
	mov	eax, LOAD_ADDR + 0x1e3
	mov	ecx, 8
.img:	mov	[edi], eax
	add	edi, 8
	add	eax, 0x200000
	loop	.img
	mov	edi, PHYS(boot_l4)
	mov	dword [edi], PHYS(boot_l3) + 0x63
	mov	dword [edi + 262 * 8], PHYS(boot_l3) + 0x63
	mov	dword [edi + 261 * 8], PHYS(boot_l3_image) + 0x63

	mov	eax, 0xa0		; PAE, PGE
	mov	cr4, eax
	mov	eax, PHYS(boot_l4)
	mov	cr3, eax
	mov	ecx, 0xc0000080		; EFER: long mode, NX, SYSCALL
	rdmsr
	or	eax, 0x901
	wrmsr
	mov	eax, 0x80050033		; PG WP NE ET MP PE, AM
	mov	cr0, eax
	lgdt	[PHYS(boot_gdtr)]
	jmp	8:PHYS(long_mode)

; In: esi = physical address of a message. Says it on COM1 and stops.
fail:
	mov	dx, 0x3fd
.wait:	in	al, dx
	test	al, 0x20
	jz	.wait
	mov	dx, 0x3f8
	lodsb
	test	al, al
	jz	.halt
	out	dx, al
	jmp	fail
.halt:	hlt
	jmp	.halt

no_long_mode:	db "Parvus: this CPU has no 64-bit mode", 13, 10, 0
no_nx:		db "Parvus: this CPU has no NX bit", 13, 10, 0

	align 8
boot_gdt:
	dq 0
	dq 0x00af9a000000ffff		; 64-bit code
boot_gdtr:
	dw 15
	dd PHYS(boot_gdt)

bits 64
long_mode:
	mov	rax, .high
	jmp	rax
.high:
	xor	eax, eax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	fs, ax
	mov	gs, ax
	lea	rsp, [rel boot_stack_top]
	mov	edi, ebp
	mov	esi, ebx
	xor	ebp, ebp
	call	boot_main		; (magic, physical address of information); does not return
	ud2

section .bss.boot nobits alloc write align=4096
boot_l4:	resb 4096
boot_l3:	resb 4096
boot_l2:	resb 4 * 4096
boot_l3_image:	resb 4096
boot_l2_image:	resb 4096
boot_stack:	resb 16384
boot_stack_top:
