; SPDX-License-Identifier: MIT
;
; The other domain: its whole program, copied into its one page of code. It never enables events.
; In: rbx = its struct peer_page (peer.c), rsi = shared info.

%define HYPERVISOR_SCHED_OP 29
%define HYPERVISOR_EVENT_CHANNEL_OP 32
%define SCHEDOP_YIELD 0
%define SCHEDOP_POLL 3
%define EVTCHNOP_SEND 4
%define EVTCHN_PENDING 2048		; in the shared info page

%define POLL 0				; struct peer_page
%define SEND 32
%define PORT 36
%define REQ_PROD 64
%define RSP_PROD 68
%define SLOTS 128
%define SLOT_SIZE 64
%define NR_SLOTS 32

global peer_code, peer_code_end, peer_echo, peer_ring, peer_yield

section .rodata
	align	16
peer_code:

; Waits for the port's event and forgets it.
%macro await_event 0
	mov	eax, HYPERVISOR_SCHED_OP
	mov	edi, SCHEDOP_POLL
	lea	rsi, [rbx + POLL]
	syscall
	mov	ecx, [rbx + PORT]
	lock btr [r12 + EVTCHN_PENDING], ecx
%endmacro

%macro send_event 0
	mov	eax, HYPERVISOR_EVENT_CHANNEL_OP
	mov	edi, EVTCHNOP_SEND
	lea	rsi, [rbx + SEND]
	syscall
%endmacro

; Each event is answered by one.
peer_echo:
	mov	r12, rsi
.again:	await_event
	send_event
	jmp	.again

; The same, and every request in the ring gets a response: its first word plus one.
peer_ring:
	mov	r12, rsi
	mov	r13d, [rbx + RSP_PROD]
.again:	await_event
.more:	cmp	r13d, [rbx + REQ_PROD]
	je	.sent
	mov	ecx, r13d
	and	ecx, NR_SLOTS - 1
	imul	ecx, SLOT_SIZE
	mov	rax, [rbx + rcx + SLOTS]
	inc	rax
	mov	[rbx + rcx + SLOTS], rax
	inc	r13d
	jmp	.more
.sent:	mov	[rbx + RSP_PROD], r13d
	send_event
	jmp	.again

; Gives the processor back whenever it gets it.
peer_yield:
	mov	eax, HYPERVISOR_SCHED_OP
	mov	edi, SCHEDOP_YIELD
	syscall
	jmp	peer_yield
peer_code_end:

section .note.GNU-stack noalloc noexec nowrite progbits
