; SPDX-License-Identifier: MIT
;
; The measuring loop's core, the same in a guest and on the bare machine.

global bench_sample, bench_count, bench_nothing, cpuid_native

section .text

; in: rdi = function; out: rax = counter after it less counter before it.
bench_sample:
	push	rbp
	push	rbx
	rdtsc
	shl	rdx, 32
	lea	rbp, [rdx + rax]
	call	rdi			; may spoil rbx
	rdtsc
	shl	rdx, 32
	add	rax, rdx
	sub	rax, rbp
	pop	rbx
	pop	rbp
	ret

bench_count:
	rdtsc
	shl	rdx, 32
	or	rax, rdx
bench_nothing:
	ret

cpuid_native:
	mov	eax, 1
	xor	ecx, ecx
	cpuid
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
