; SPDX-License-Identifier: MIT
;
; Where the hypervisor enters the guest: exceptions, events and system calls. From the guest's
; kernel the frame is pushed on the running stack, aligned to 16 bytes first; from its user mode, on
; the stack that stack_switch named:
;
;	ss  rsp  rflags  cs  rip  [error code]  r11  rcx  <- rsp
;
; Every entry makes of it a `struct trap_frame` (trap.h) and calls C with its address; C may change
; the frame. rflags.IF in the frame says whether events were enabled; iret, the hypercall, restores
; that in the same step as it returns, so no event can come between. It returns to user mode when
; the frame's cs has privilege 3.

%define HYPERVISOR_IRET 23

extern hypercall_page, trap_exception, trap_event, trap_syscall
global trap_return, trap_event_entry, trap_failsafe_entry, trap_syscall_entry, trap_entries

section .text

; in: the frame with the error code slot filled and the vector pushed under it.
%macro push_all 0
	push rax
	push rbx
	push rcx
	push rdx
	push rsi
	push rdi
	push rbp
	push r8
	push r9
	push r10
	push r11
	push r12
	push r13
	push r14
	push r15
	cld
%endmacro

; in: rsp = struct trap_frame. Does not return. Also the way into user mode for the first time. The
; vector's slot goes away; the error code's becomes the "flags" of the iret hypercall, 0.
trap_return:
	pop r15
	pop r14
	pop r13
	pop r12
	pop r11
	pop r10
	pop r9
	pop r8
	pop rbp
	pop rdi
	pop rsi
	pop rdx
	pop rcx
	pop rbx
	pop rax
	add rsp, 8
	mov qword [rsp], 0
	jmp hypercall_page + HYPERVISOR_IRET * 32

; Event upcall: may interrupt any code with events enabled. The vector registers are saved too, for
; the handlers and for the thread that runs next are C like any other. Called by the hypervisor.
trap_event_entry:
	mov rcx, [rsp]
	mov r11, [rsp + 8]
	mov qword [rsp + 8], 0
	mov qword [rsp], -1
	push_all
	mov rdi, rsp
	sub rsp, 512
	fxsave64 [rsp]
	call trap_event
	fxrstor64 [rsp]
	add rsp, 512
	jmp trap_return

; The hypervisor could not load a segment of the context it was to return to. Four selectors lie
; under the usual frame (ds es fs gs) and are dropped; the vector is -2.
trap_failsafe_entry:
	mov rcx, [rsp]
	mov r11, [rsp + 8]
	add rsp, 32
	mov qword [rsp + 8], 0
	mov qword [rsp], -2
	push_all
	mov rdi, rsp
	call trap_exception
	jmp trap_return

; SYSCALL, from user mode or from the kernel itself. Frame as for an event; the vector is -3.
trap_syscall_entry:
	mov rcx, [rsp]
	mov r11, [rsp + 8]
	mov qword [rsp + 8], 0
	mov qword [rsp], -3
	push_all
	mov rdi, rsp
	call trap_syscall
	jmp trap_return

; exception VECTOR, HAS_ERROR_CODE
%macro exception 2
entry_%1:
	mov rcx, [rsp]
	mov r11, [rsp + 8]
%if %2
	add rsp, 8
	mov qword [rsp], %1
%else
	mov qword [rsp + 8], 0
	mov qword [rsp], %1
%endif
	push_all
	mov rdi, rsp
	call trap_exception
	jmp trap_return
%endmacro

	exception 0, 0
	exception 1, 0
	exception 3, 0
	exception 4, 0
	exception 5, 0
	exception 6, 0
	exception 7, 0
	exception 9, 0
	exception 10, 1
	exception 11, 1
	exception 12, 1
	exception 13, 1
	exception 14, 1
	exception 16, 0
	exception 17, 1
	exception 18, 0
	exception 19, 0

section .rodata
	align 8
; pairs: vector, entry; a zero entry ends the list.
trap_entries:
%macro row 1-*
%rep %0
	dq %1, entry_%1
%rotate 1
%endrep
%endmacro
	row 0, 1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19
	dq 0, 0

section .note.GNU-stack noalloc noexec nowrite progbits
