; SPDX-License-Identifier: MIT
;
; The way in and out of the hypervisor.
;
; From a guest the CPU (or, for SYSCALL, we) build the frame of struct cpu_user_regs right inside
; current's struct vcpu: cpu->frame_top is the end of its ss field. C then runs on the CPU's own stack,
; which is empty whenever a guest runs; so a context switch is a change of cpu->current, and nothing is
; ever copied. GS is ours inside (swapgs at each crossing), interrupts stay off.
;
; From the hypervisor itself (an interrupt in an explicit window, a fault at a guest-memory access) the
; frame goes on the current stack.
;
; NMI, double fault, machine check and debug exceptions arrive on IST stacks, because they may hit
; between SYSCALL and the switch of stacks.

%include "entry.inc"

%define FLAT_CS64	0xe033
%define FLAT_SS		0xe02b
%define ERESTART	85
%define UNSAFE_FLAGS	0x34100		; TF, NT, RF, VM: only IRET restores them rightly

extern trap_from_guest, trap_from_hv, exit_work, hypercall_table, user_syscall, iret_failed
extern pv_deliver_event
extern pti_trap, pti_syscall, pti_syscall32, pti_sysret, pti_iret, pti_fatal_cr3
extern spec_trap, spec_syscall, spec_iret_fault, spec_debug_lost
extern spec_leave, spec_leave_iret, spec_leave_bounced, spec_leave_syscall, spec_leave_syscall_iret
extern spec_sysret, spec_iret, spec_iretq_address
extern fatal_exception, cpus_stopped, debug_frame_lost
global trap_stubs, syscall_entry, syscall32_entry, exit_to_guest, trap_save, trap_in_hv, iret_fault.frame, db_entry, nmi_entry, df_entry, mc_entry
global syscall_entry.frame, syscall32_entry.frame, hv_resume
; for spec.asm
global trap_save.saved, syscall_entry.saved, iret_fault.saved, db_entry.saved
global exit_to_guest.restored3, exit_to_guest.iret_restored3, leave_bounced.restored3
global syscall_entry.restore, syscall_entry.restore_iret, trap_in_hv.compare

; A site that becomes STAC or CLAC when the CPU has SMAP (x86/cpu.c).
%macro CLAC_SITE 0
%%site:	db 0x0f, 0x1f, 0x00		; a three-byte NOP
	[section .smap_table]
	dq %%site, 0xca
	__?SECT?__
%endmacro

%macro PUSH_GPRS 0
	push	rdi
	push	rsi
	push	rdx
	push	rcx
	push	rax
	push	r8
	push	r9
	push	r10
	push	r11
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
%endmacro

; Behind r15, r14 and r13.
%macro POP_OTHERS 0
	pop	r12
	pop	rbp
	pop	rbx
	pop	r11
	pop	r10
	pop	r9
	pop	r8
	pop	rax
	pop	rcx
	pop	rdx
	pop	rsi
	pop	rdi
%endmacro

%macro POP_GPRS 0
	pop	r15
	pop	r14
	pop	r13
	POP_OTHERS
%endmacro

; What C preserves and the SYSCALL entry did not save.
%macro SAVE_PRESERVED 0
	mov	[rbx + VCPU_REGS + REGS_RBP], rbp
	mov	[rbx + VCPU_REGS + REGS_R12], r12
	mov	[rbx + VCPU_REGS + REGS_R13], r13
	mov	[rbx + VCPU_REGS + REGS_R14], r14
	mov	[rbx + VCPU_REGS + REGS_R15], r15
%endmacro

; To %1 unless SYSRET can return to rcx with the flags in r11. Spoils r10.
%macro CHECK_SYSRET 1
	mov	r10, 1 << 47
	add	r10, rcx
	shr	r10, 48
	jnz	%1			; not canonical: SYSRET would fault in ring 0
	test	r11d, UNSAFE_FLAGS
	jnz	%1
%endmacro

section .smap_table noexec nowrite alloc
section .text.entry exec align=16

; 256 stubs of 16 bytes, one a vector. Stack: rip cs rflags rsp ss above an error code (pushed by the CPU
; for 8, 10-14, 17, 21, 29, 30, else by us); the vector goes into the upper half of the same quadword.
	align	16
trap_stubs:
%assign i 0
%rep 256
	align	16
%if i != 8 && !(i >= 10 && i <= 14) && i != 17 && i != 21 && i != 29 && i != 30
	push	0
%endif
	mov	dword [rsp + 4], i
	jmp	trap_common
%assign i i+1
%endrep

	align	16
trap_common:
	SITE pti_trap, PATCH_PTI
	test	byte [rsp + 16], 3
	jz	trap_in_hv
	swapgs
; In: GS ours, rsp at error_code inside current->regs, all other registers the guest's.
trap_save:
	cld
	CLAC_SITE
	PUSH_GPRS
	SITE spec_trap, ON_ENTRY
	mov	rdi, rsp
	mov	rsp, [gs:CPU_STACK_TOP]
.saved:
	call	trap_from_guest		; (struct cpu_user_regs *): true: the guest's handler is entered
	test	al, al
	jnz	leave_bounced

; Leaves to the guest from any state of registers, on an empty stack.
exit_to_guest:
	cmp	dword [gs:CPU_SOFTIRQ], 0
	mov	rdi, [gs:CPU_CURRENT]
	jne	.work
	mov	rax, [rdi + VCPU_INFO]
	cmp	byte [rax + INFO_PENDING], 0
	je	.restore
	cmp	byte [rax + INFO_MASK], 0
	je	.event
.restore:
	lea	rsp, [rdi + VCPU_REGS]
	cmp	dword [rsp + REGS_VECTOR], SYSCALL_FRAME
	jne	.iret
	mov	rcx, [rsp + REGS_RIP]
	mov	r11, [rsp + REGS_RFLAGS]
	CHECK_SYSRET .iret
	SITE spec_leave, PATCH_IBRS
	pop	r15
	pop	r14
	pop	r13
.restored3:
	pop	r12
	pop	rbp
	pop	rbx
	add	rsp, 8
	pop	r10
	pop	r9
	pop	r8
	pop	rax
	add	rsp, 8
	pop	rdx
	pop	rsi
	pop	rdi
	mov	rsp, [rsp + REGS_RSP - REGS_VECTOR + 4]
	SITE spec_sysret, PATCH_VERW
	SITE pti_sysret, PATCH_PTI
	swapgs
	o64 sysret
.iret:
	SITE spec_leave_iret, PATCH_IBRS
	pop	r15
	pop	r14
	pop	r13
.iret_restored3:
	POP_OTHERS
	add	rsp, 8
.swapgs:
	SITE spec_iret, PATCH_VERW
	SITE pti_iret, PATCH_PTI
	swapgs
.iretq:
	iretq
.event:
	call	pv_deliver_event	; (struct vcpu *)
	cmp	dword [gs:CPU_SOFTIRQ], 0
	mov	rdi, [gs:CPU_CURRENT]
	je	.restore
.work:
	mov	rsp, [gs:CPU_STACK_TOP]
	call	exit_work		; until nothing is left to do; a later event waits for the next exit
	mov	rdi, [gs:CPU_CURRENT]
	jmp	.restore

; The short way out, when C has just let current's handler in, with events masked: its rip and flags are fit for
; SYSRET, rcx and r11 are on its stack, and the registers that C preserves are still the guest's, nobody having
; switched vcpus.
leave_bounced:
	mov	rsp, [gs:CPU_CURRENT]
	cmp	dword [gs:CPU_SOFTIRQ], 0
	jne	exit_to_guest.work
	cmp	dword [rsp + VCPU_REGS + REGS_VECTOR], SYSCALL_FRAME
	mov	rcx, [rsp + VCPU_REGS + REGS_RIP]
	mov	r11, [rsp + VCPU_REGS + REGS_RFLAGS]
	lea	rsp, [rsp + VCPU_R10]
	jne	.iret
	SITE spec_leave_bounced, ON_EXIT
	pop	r10
	pop	r9
	pop	r8
.restored3:
	pop	rax
	add	rsp, 8
	pop	rdx
	pop	rsi
	pop	rdi
	mov	rsp, [rsp + REGS_RSP - REGS_VECTOR + 4]
	SITE spec_sysret, PATCH_VERW
	SITE pti_sysret, PATCH_PTI
	swapgs
	o64 sysret
.iret:	sub	rsp, VCPU_R10 - VCPU_REGS
	jmp	exit_to_guest.iret

; SYSCALL: a hypercall from the guest kernel, or a system call of its user space.
; In: rcx = rip, r11 = rflags, rsp = the guest's, IF, DF, TF, AC clear.
; Of the registers that C preserves only rbx, current here, is saved at once; the others on the long way out, unless
; spec.asm has saved and cleared them.
	align	16
syscall_entry:
	swapgs
	SITE pti_syscall, PATCH_PTI
	mov	[gs:CPU_SCRATCH], rsp
.frame:
	mov	rsp, [gs:CPU_FRAME_TOP]
	push	FLAT_SS
	push	qword [gs:CPU_SCRATCH]
	push	r11
	push	FLAT_CS64
	push	rcx
	push	SYSCALL_FRAME
	push	rdi
	push	rsi
	push	rdx
	push	rcx
	push	rax
	push	r8
	push	r9
	push	r10
	push	r11
	push	rbx
	SITE spec_syscall, ON_ENTRY
	mov	rsp, [gs:CPU_STACK_TOP]
.saved:
	mov	rbx, [gs:CPU_CURRENT]
	cmp	byte [rbx + VCPU_KERNEL_MODE], 0
	je	.user
	mov	qword [rbx + VCPU_CONT_DONE], 0
	; C wants the fourth argument in rcx. Numbers from 64 on have no slot, nor has speculation.
	mov	rcx, r10
	cmp	rax, 64
	jae	.nosys
	sbb	r10, r10
	and	r10, rax
	lea	r11, [rel hypercall_table]
	call	[r11 + r10 * 8]
; The short way out: nobody has switched vcpus, so the registers that C preserves are still the guest's (but
; rbx, which is current). -ERESTART comes only with a soft interrupt pending. In: rax = the guest's.
.leave:
	cmp	dword [gs:CPU_SOFTIRQ], 0
	jne	.long
	mov	rdx, [rbx + VCPU_INFO]
	cmp	byte [rdx + INFO_PENDING], 0
	jne	.pending
.quiet:
	cmp	dword [rbx + VCPU_REGS + REGS_VECTOR], SYSCALL_FRAME
	jne	.iret
	mov	rcx, [rbx + VCPU_REGS + REGS_RIP]
	mov	r11, [rbx + VCPU_REGS + REGS_RFLAGS]
	CHECK_SYSRET .slow
.sysret:
	SITE spec_leave_syscall, ON_EXIT
	lea	rsp, [rbx + VCPU_R10]
	mov	rbx, [rbx + VCPU_RBX]
.restore:
	pop	r10
	pop	r9
	pop	r8
	add	rsp, 16
	pop	rdx
	pop	rsi
	pop	rdi
	mov	rsp, [rsp + REGS_RSP - REGS_VECTOR + 4]
	SITE spec_sysret, PATCH_VERW
	SITE pti_sysret, PATCH_PTI
	swapgs
	o64 sysret
.iret:
	SITE spec_leave_syscall_iret, ON_EXIT
	lea	rsp, [rbx + VCPU_R11]
	mov	rbx, [rbx + VCPU_RBX]
.restore_iret:
	pop	r11
	pop	r10
	pop	r9
	pop	r8
	add	rsp, 8
	pop	rcx
	pop	rdx
	pop	rsi
	pop	rdi
	add	rsp, 8
	jmp	exit_to_guest.swapgs
.pending:
	cmp	byte [rdx + INFO_MASK], 0
	jne	.quiet
	mov	[rbx + VCPU_RAX], rax
	mov	rdi, rbx
	call	pv_deliver_event	; (struct vcpu *): false: there is no callback, or the guest is at its end
	test	al, al
	jnz	.bounced
	jmp	.save
.slow:	mov	[rbx + VCPU_RAX], rax
	SITE .slow_saved, PATCH_CLEAR
	SAVE_PRESERVED
.slow_saved:
	lea	rsp, [rbx + VCPU_REGS]
	jmp	exit_to_guest.iret
.nosys:	mov	rax, -38
	jmp	.leave
.user:
	mov	rdi, rbx
	call	user_syscall		; (struct vcpu *)
	test	al, al
	jz	.save
	mov	rdx, [rbx + VCPU_INFO]
	cmp	byte [rdx + INFO_PENDING], 0
	jne	.save
.bounced:
	cmp	dword [gs:CPU_SOFTIRQ], 0
	jne	.save
	mov	rax, [rbx + VCPU_RAX]
	mov	rcx, [rbx + VCPU_REGS + REGS_RIP]
	mov	r11, [rbx + VCPU_REGS + REGS_RFLAGS]
	jmp	.sysret
.long:	cmp	rax, -ERESTART
	je	.again
.answer:
	mov	[rbx + VCPU_RAX], rax
.save:
	SITE exit_to_guest, PATCH_CLEAR
	SAVE_PRESERVED
	jmp	exit_to_guest
; An iret's answer is what its frame had for rax, be it this: once more it would take its frame from another stack, perhaps
; of user space.
.again:	cmp	qword [rbx + VCPU_RAX], HYPERCALL_IRET
	je	.answer
	mov	byte [rbx + VCPU_RESTARTING], 1
	jmp	.save

; SYSCALL from compatibility mode (AMD): not offered. In as above but 32-bit; answers with #UD.
	align	16
syscall32_entry:
	swapgs
	SITE pti_syscall32, PATCH_PTI
	mov	[gs:CPU_SCRATCH], rsp
.frame:
	mov	rsp, [gs:CPU_FRAME_TOP]
	push	FLAT_SS
	push	qword [gs:CPU_SCRATCH]
	push	r11
	push	0xe023
	push	rcx
	sub	rsp, 8
	mov	qword [rsp], 0
	mov	dword [rsp + 4], 6
	jmp	trap_save

; An exception or interrupt while in the hypervisor. Stack as for trap_common.
trap_in_hv:
	push	rax
	SITE spec_iretq_address, PATCH_VERW
	lea	rax, [rel exit_to_guest.iretq]
.compare:
	cmp	[rsp + 16], rax
	pop	rax
	je	iret_fault
	cld
	PUSH_GPRS
	mov	rdi, rsp
	mov	rbp, rsp
	and	rsp, -16
	call	trap_from_hv
	mov	rsp, rbp
	POP_GPRS
	add	rsp, 8
	iretq

; IRETQ did not like the guest's cs, ss or rip. The fault's frame overwrote only saved registers, which
; are still in the CPU; rip, cs, rflags, rsp and ss of current->regs are intact.
iret_fault:
	swapgs
.frame:
	mov	rsp, [gs:CPU_FRAME_TOP]
	sub	rsp, 48
	mov	qword [rsp], 0
	PUSH_GPRS
	SITE spec_iret_fault, ON_ENTRY
	mov	rsp, [gs:CPU_STACK_TOP]
.saved:
	mov	rdi, [gs:CPU_CURRENT]
	call	iret_failed		; (struct vcpu *): failsafe callback
	jmp	exit_to_guest

; Debug exception, on its IST stack, which is in struct cpu. From a guest: as if it had come the usual way. From us
; (a guest's MOV SS before SYSCALL, a breakpoint on memory we touch for it): forget it.
db_entry:
	test	byte [rsp + 8], 3
	jz	.hv
	swapgs
	mov	rsp, [gs:CPU_HV_CR3]
	test	rsp, rsp
	jz	.ours
	mov	cr3, rsp
.ours:
	mov	rsp, [gs:CPU_FRAME_TOP]
%assign i 8
%rep 5
	push	qword [gs:CPU_DB_TOP - i]
%assign i i+8
%endrep
	push	0
	mov	dword [rsp + 4], 1
	jmp	trap_save
.hv:
	push	rax
	lea	rax, [rel db_entry]
	cmp	[rsp + 8], rax
	je	.lost
	xor	eax, eax
	mov	dr6, rax
	pop	rax
	iretq
; A second one right at db_entry (a MOV SS held it back until after an ICEBP; or a processor, QEMU's is one, does not
; make one exception of a step and a breakpoint that coincide): its frame lies where that of the first was. The guest
; cannot go on. GS may be the guest's: the stack says whose CPU this is. So may DF and AC, which no gate clears.
.lost:
	cld
	CLAC_SITE
	mov	rdi, [rsp + 48]
	mov	rax, [rdi + CPU_HV_CR3]
	test	rax, rax
	jz	.ours_again
	mov	cr3, rax
.ours_again:
	mov	rsp, [rdi + CPU_STACK_TOP]
	SITE spec_debug_lost, ON_ENTRY
	call	debug_frame_lost	; (struct cpu *): the end of the domain
.saved:
	jmp	exit_to_guest.work

; NMI: nobody sends any to us that would need an answer, but a CPU that panics: it wants the others to stop.
nmi_entry:
	cmp	byte [rel cpus_stopped], 0
	jne	.stop
	iretq
.stop:	hlt
	jmp	.stop

; Double fault and machine check: beyond repair. DF may be the guest's.
df_entry:
	mov	dword [rsp + 4], 8
	jmp	fatal
mc_entry:
	push	0
	mov	dword [rsp + 4], 18
fatal:
	cld
	PUSH_GPRS
	mov	rax, [rel pti_fatal_cr3]
	test	rax, rax
	jz	.ours
	mov	cr3, rax
.ours:
	mov	rdi, rsp
	and	rsp, -16
	call	fatal_exception		; does not return
	ud2

; Drops whatever is on the stack and leaves to cpu->current (the boot CPU's first step into dom0, idle's
; way out).
hv_resume:
	jmp	exit_to_guest.work
