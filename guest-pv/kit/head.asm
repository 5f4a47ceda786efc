; SPDX-License-Identifier: MIT
;
; The first bytes of a PV guest: the notes by which a domain builder knows how to load it, the page
; that the loader fills with hypercall stubs, a boot stack, and the jump into C. Any guest may use
; it; a system with notes of its own leaves it out.
;
; The image is linked with virtual address = VIRT_BASE + pfn * 4096 and VIRT_BASE 0, so that an
; address is also the place in the domain's memory.

%define ELFNOTE_ENTRY		1
%define ELFNOTE_HYPERCALL_PAGE	2
%define ELFNOTE_VIRT_BASE	3
%define ELFNOTE_PADDR_OFFSET	4
%define ELFNOTE_XEN_VERSION	5
%define ELFNOTE_GUEST_OS	6
%define ELFNOTE_GUEST_VERSION	7
%define ELFNOTE_LOADER		8
%define ELFNOTE_PAE_MODE	9
%define ELFNOTE_FEATURES	10

; One note: owner "Xen", a number or a string as its contents.
%macro note_num 2
	align 4
	dd 4, 8, %1
	db "Xen", 0
	dq %2
%endmacro

%macro note_str 2
	align 4
	dd 4, %%end - %%str, %1
	db "Xen", 0
%%str:	db %2, 0
%%end:
	align 4, db 0
%endmacro

section .note.xen note alloc noexec nowrite align=4
	note_str ELFNOTE_XEN_VERSION, "xen-3.0"
	note_str ELFNOTE_GUEST_OS, "Parvus"
	note_str ELFNOTE_GUEST_VERSION, "1"
	note_str ELFNOTE_LOADER, "generic"
	note_str ELFNOTE_PAE_MODE, "yes"
	note_str ELFNOTE_FEATURES, "pae_pgdir_above_4gb"
	note_num ELFNOTE_VIRT_BASE, 0
	note_num ELFNOTE_PADDR_OFFSET, 0
	note_num ELFNOTE_ENTRY, _start
	note_num ELFNOTE_HYPERCALL_PAGE, hypercall_page

global _start, hypercall_page, boot_stack, boot_stack_end
extern guest_start

section .hypercall progbits alloc exec nowrite align=4096
hypercall_page:
	times 4096 db 0xcc

section .text.head progbits alloc exec nowrite align=16
; in: rsi = start_info. The builder's stack is left for one inside the image, so that the builder's
; pages can be given to the allocator. Does not return.
_start:
	cld
	lea rsp, [rel boot_stack_end]
	xor ebp, ebp
	mov rdi, rsi
	call guest_start
	ud2

section .bss.stack nobits alloc noexec write align=4096
boot_stack:
	resb 32768
boot_stack_end:

section .note.GNU-stack noalloc noexec nowrite progbits
