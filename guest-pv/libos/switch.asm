; SPDX-License-Identifier: MIT
;
; Changing from one thread to another. Only what the calling convention says a call preserves is
; kept: the six registers and the two control words of the floating-point units. (A preempted thread
; has the rest on its stack already: trap.asm.)

global thread_switch, thread_trampoline
extern thread_begin

section .text

; void thread_switch(uint64_t *save_rsp, uint64_t load_rsp)
; in: rdi = where to keep this thread's stack pointer, rsi = the other's. Events disabled.
; The stack of a thread that does not run:  rip rbp rbx r12 r13 r14 r15 [fcw:mxcsr]  <- rsp
thread_switch:
	push rbp
	push rbx
	push r12
	push r13
	push r14
	push r15
	sub rsp, 8
	stmxcsr [rsp]
	fnstcw [rsp + 4]
	mov [rdi], rsp
	mov rsp, rsi
	ldmxcsr [rsp]
	fldcw [rsp + 4]
	add rsp, 8
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbx
	pop rbp
	ret

; A new thread's first return address. in: rbx = its struct thread.
thread_trampoline:
	mov rdi, rbx
	xor ebp, ebp
	call thread_begin
	ud2

section .note.GNU-stack noalloc noexec nowrite progbits
