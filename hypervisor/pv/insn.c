/* SPDX-License-Identifier: MIT */
/* Fetching and the common part of decoding instructions that we emulate (contract in insn.h). */
#include "insn.h"
#include <xen/xen.h>
#include "lib.h"
#include "pv.h"
#include "uaccess.h"

bool insn_fetch(const struct cpu_user_regs *r, struct insn *i)
{
	uint64_t va = 0;

	*i = (struct insn){ .len = INSN_MAX, .code64 = pv_code_is_64bit(r->cs) };
	if (!i->code64 && !pv_code_base(r->cs, &va))
		return false;
	va = i->code64 ? r->rip : (uint32_t)(va + r->rip);
	if (!copy_from_guest_bytes(i->byte, (const void *)va, sizeof(i->byte)))
		return true;
	i->len = MIN((uint64_t)INSN_MAX, PAGE_SIZE - va % PAGE_SIZE);
	return !copy_from_guest_bytes(i->byte, (const void *)va, i->len);
}

uint8_t insn_opcode(struct insn *i)
{
	while (insn_complete(i)) {
		uint8_t b = insn_next(i);

		switch (b) {
		case 0x66:
			i->opsize = true;
			break;
		case 0xf2:
		case 0xf3:
			i->rep = true;
			break;
		case 0xf0: case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
			break;
		case 0x40 ... 0x4f:
			if (!i->code64)
				return b;
			i->rex = b;
			return insn_next(i);
		default:
			return b;
		}
	}
	return 0;
}

uint64_t insn_immediate(struct insn *i, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned k = 0; k < bytes; k++)
		v |= (uint64_t)insn_next(i) << (8 * k);
	return bytes == 1 ? (uint64_t)(int8_t)v : bytes == 2 ? (uint64_t)(int16_t)v : (uint64_t)(int32_t)v;
}

void insn_skip_operand(struct insn *i, uint8_t modrm)
{
	unsigned mod = modrm >> 6, rm = modrm & 7;

	if (rm == 4 && mod != 3 && (insn_next(i) & 7) == 5 && mod == 0)
		i->pos += 4;
	i->pos += mod == 1 ? 1 : mod == 2 || (mod == 0 && rm == 5) ? 4 : 0;
}

uint64_t *insn_gpr(struct cpu_user_regs *r, unsigned n)
{
#define REG(name) (offsetof(struct cpu_user_regs, name) / sizeof(uint64_t))
	static const uint8_t word[16] = {
		REG(rax), REG(rcx), REG(rdx), REG(rbx), REG(rsp), REG(rbp), REG(rsi), REG(rdi),
		REG(r8), REG(r9), REG(r10), REG(r11), REG(r12), REG(r13), REG(r14), REG(r15),
	};

	return (uint64_t *)r + word[n & 15];
}
