; SPDX-License-Identifier: MIT
;
; Instructions that the hypervisor emulates on request, and entries from it that do the least a handler can do.

%define HYPERVISOR_IRET 23
%define VGCF_IN_SYSCALL 0x100

extern hypercall_page
global cpuid_fep_1, cpuid_fep_40000000
global trap_back, trap_skip, trap_back_error, trap_skip_error, event_back, syscall_back

section .text

%macro fep 0			; forced-emulation prefix
	ud2
	db "xen"
%endmacro

cpuid_fep_1:
	mov	eax, 1
	xor	ecx, ecx
	fep
	cpuid
	ret
cpuid_fep_40000000:
	mov	eax, 0x40000000
	xor	ecx, ecx
	fep
	cpuid
	ret

; The hypervisor's frame: rcx r11 [error code] rip cs rflags rsp ss. The iret hypercall wants a word of flags
; where the frame's rip begins.
trap_skip:
	pop	rcx
	pop	r11
	add	qword [rsp], 2
	push	0
	jmp	hypercall_page + HYPERVISOR_IRET * 32
trap_back:
	pop	rcx
	pop	r11
	push	0
	jmp	hypercall_page + HYPERVISOR_IRET * 32
trap_skip_error:
	add	qword [rsp + 24], 2
trap_back_error:
	pop	rcx
	pop	r11
	mov	qword [rsp], 0
	jmp	hypercall_page + HYPERVISOR_IRET * 32
syscall_back:
	pop	rcx
	pop	r11
	push	VGCF_IN_SYSCALL
	jmp	hypercall_page + HYPERVISOR_IRET * 32

; An event: acknowledges it, all ports at once, so that the return does not bring it again.
extern event_flags
event_back:
	mov	rcx, [rel event_flags]
	mov	byte [rcx], 0
	pop	rcx
	pop	r11
	push	0
	jmp	hypercall_page + HYPERVISOR_IRET * 32

section .note.GNU-stack noalloc noexec nowrite progbits
