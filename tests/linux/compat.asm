; SPDX-License-Identifier: MIT
;
; A 32-bit program: prints a line by INT 0x80 and one by the entry that the kernel offers in the auxiliary
; vector (SYSENTER or 32-bit SYSCALL, as the processor has it), then exits with 0; with 1 if there is none.
bits 32

AT_SYSINFO equ 32
SYS_exit equ 1
SYS_write equ 4

section .text
global _start
_start:
	mov eax, SYS_write
	mov ebx, 1
	mov ecx, by_int
	mov edx, by_int_end - by_int
	int 0x80

	lea esi, [esp + 4]              ; argv, then the environment, then the vector
.argument:
	lodsd
	test eax, eax
	jnz .argument
.variable:
	lodsd
	test eax, eax
	jnz .variable
.entry:
	lodsd
	mov edi, eax
	lodsd
	test edi, edi
	jz .none
	cmp edi, AT_SYSINFO
	jne .entry

	mov esi, eax
	mov eax, SYS_write
	mov ebx, 1
	mov ecx, by_entry
	mov edx, by_entry_end - by_entry
	call esi
	mov ebx, 0
	mov eax, SYS_exit
	call esi
.none:
	mov ebx, 1
	mov eax, SYS_exit
	int 0x80

section .rodata
by_int:	db "32-bit: INT 0x80", 10
by_int_end:
by_entry: db "32-bit: the kernel's entry", 10
by_entry_end:
