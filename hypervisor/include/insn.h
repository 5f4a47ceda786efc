/* SPDX-License-Identifier: MIT */
/*
 * A guest's instruction, fetched once and taken apart from the copy. Reading past what could be
 * fetched gives zeros; insn_complete tells in the end.
 */
#ifndef HV_INSN_H
#define HV_INSN_H

#include "types.h"

#define INSN_MAX 15
#define REX_B 1
#define REX_R 4
#define REX_W 8

struct cpu_user_regs;

struct insn {
	uint8_t byte[INSN_MAX + 1];	/* fetched as two quadwords */
	unsigned len, pos;		/* bytes fetched, bytes consumed */
	uint8_t rex;
	bool code64;			/* else 16 or 32-bit code: REX prefixes are instructions there */
	bool opsize, rep;
};

/* At rip in the code segment; false: not readable. */
bool insn_fetch(const struct cpu_user_regs *r, struct insn *i);
/* Legacy prefixes, then REX; returns the opcode. */
uint8_t insn_opcode(struct insn *i);
static inline uint8_t insn_next(struct insn *i) { return i->pos++ < i->len ? i->byte[i->pos - 1] : 0; }
static inline bool insn_complete(const struct insn *i) { return i->pos <= i->len; }
/* Of 1, 2 or 4 bytes, sign extended. */
uint64_t insn_immediate(struct insn *i, unsigned bytes);
/* Steps over the SIB and displacement of a memory operand. */
void insn_skip_operand(struct insn *i, uint8_t modrm);
/* General register by number as instructions count them. */
uint64_t *insn_gpr(struct cpu_user_regs *r, unsigned n);

#endif
