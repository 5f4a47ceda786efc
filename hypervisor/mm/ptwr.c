/* SPDX-License-Identifier: MIT */
/*
 * Writable page tables: a guest kernel that writes straight into one of its L1 tables, which it can
 * only have mapped read-only, finds the store done for it, checked like an mmu_update (with or
 * without VMASST_TYPE_writable_pagetables, as Xen does). Only L1, only the stores kernels use: MOV,
 * XCHG, CMPXCHG, AND, OR, XOR, BTS, BTR, BTC, MOVNTI, STOS and MOVS (one element a fault), all
 * naturally aligned.
 *
 * The address comes from the fault, so the instruction is decoded only for operation, operand and
 * length, from a copy fetched once. What is not understood or not allowed becomes the guest's page
 * fault.
 */
#include "cpu.h"
#include "domain.h"
#include "insn.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"
#include "pv.h"
#include "uaccess.h"
#include "x86.h"

#define FLAGS_LOGIC (0x8d5ULL)		/* OF SF ZF AF PF CF */

enum op {
	OP_MOV, OP_XCHG, OP_CMPXCHG, OP_OR, OP_AND, OP_XOR, OP_BTS, OP_BTR, OP_BTC, OP_STOS, OP_MOVS
};

struct store {
	struct insn in;
	enum op op;
	unsigned size;			/* operand bytes */
	uint64_t *reg;			/* the register operand, or NULL: imm */
	uint64_t imm;
};

/* The middle field of ModRM, and past the memory operand. false: a register operand. */
static bool modrm(struct store *i, unsigned *field)
{
	uint8_t m = insn_next(&i->in);

	*field = m >> 3 & 7;
	insn_skip_operand(&i->in, m);
	return m >> 6 != 3;
}

static bool with_reg(struct store *i, struct cpu_user_regs *r, enum op op)
{
	unsigned field;

	if (!modrm(i, &field))
		return false;
	/* AH..BH cannot be told apart from SPL..DIL here: byte registers only up to BL */
	if (i->size == 1 && !i->in.rex && field >= 4)
		return false;
	i->op = op;
	i->reg = insn_gpr(r, field | (i->in.rex & REX_R ? 8 : 0));
	return true;
}

/* Groups of opcodes that share a byte: what field selects; imm bytes follow. */
static bool with_imm(struct store *i, unsigned bytes, const int8_t *op_of_field)
{
	unsigned field;

	if (!modrm(i, &field) || op_of_field[field] < 0)
		return false;
	i->op = op_of_field[field];
	i->imm = insn_immediate(&i->in, bytes);
	return true;
}

static bool decode_0f(struct store *i, struct cpu_user_regs *r)
{
	static const int8_t bit_group[8] = { -1, -1, -1, -1, -1, OP_BTS, OP_BTR, OP_BTC };

	switch (insn_next(&i->in)) {
	case 0xb1:
		return with_reg(i, r, OP_CMPXCHG);
	case 0xc3:
		return with_reg(i, r, OP_MOV);
	case 0xab:
		return with_reg(i, r, OP_BTS);
	case 0xb3:
		return with_reg(i, r, OP_BTR);
	case 0xbb:
		return with_reg(i, r, OP_BTC);
	case 0xba:
		return with_imm(i, 1, bit_group);
	}
	return false;
}

static bool decode(struct store *i, struct cpu_user_regs *r)
{
	static const int8_t alu_group[8] = { -1, OP_OR, -1, -1, OP_AND, -1, OP_XOR, -1 };
	static const int8_t mov_group[8] = { OP_MOV, -1, -1, -1, -1, -1, -1, -1 };
	uint8_t b = insn_opcode(&i->in);

	i->size = i->in.rex & REX_W ? 8 : i->in.opsize ? 2 : 4;
	if (b == 0x0f)
		return decode_0f(i, r);
	if (!(b & 1))
		i->size = 1;
	switch (b) {
	case 0x88: case 0x89:
		return with_reg(i, r, OP_MOV);
	case 0x86: case 0x87:
		return with_reg(i, r, OP_XCHG);
	case 0x08: case 0x09:
		return with_reg(i, r, OP_OR);
	case 0x20: case 0x21:
		return with_reg(i, r, OP_AND);
	case 0x30: case 0x31:
		return with_reg(i, r, OP_XOR);
	case 0x80: case 0x83:
		return with_imm(i, 1, alu_group);
	case 0x81:
		return with_imm(i, MIN(i->size, 4u), alu_group);
	case 0xc6: case 0xc7:
		return with_imm(i, MIN(i->size, 4u), mov_group);
	case 0xaa: case 0xab:
		i->op = OP_STOS;
		i->reg = &r->rax;
		return true;
	case 0xa4: case 0xa5:
		i->op = OP_MOVS;
		return true;
	}
	return false;
}

static uint64_t logic_flags(uint64_t flags, uint64_t val, unsigned size)
{
	unsigned top = size * 8 - 1;

	val &= ~0ULL >> (63 - top);
	return (flags & ~FLAGS_LOGIC) | (val ? 0 : 0x40) | (val >> top & 1 ? 0x80 : 0) |
	       (__builtin_parity(val & 0xff) ? 0 : 4);
}

static uint64_t compare_flags(uint64_t flags, uint64_t a, uint64_t b, unsigned size)
{
	unsigned shift = 64 - size * 8;
	uint64_t f, af = (a ^ b ^ (a - b)) & 0x10;

	/* At the top of the word the carry, sign, overflow and zero of any size come out right. */
	__asm__("cmp %2, %1; pushf; pop %0" : "=r"(f) : "r"(a << shift), "r"(b << shift) : "cc");
	f = (f & ~0x14ULL) | af | (__builtin_parity((a - b) & 0xff) ? 0 : 4);
	return (flags & ~FLAGS_LOGIC) | (f & FLAGS_LOGIC);
}

/*
 * What the operation makes of old (the operand's bytes, right-aligned): *val, and the registers and
 * flags it changes. false: nothing is to be written.
 */
static bool compute(const struct store *i, struct cpu_user_regs *r, uint64_t old, uint64_t *val)
{
	uint64_t src = i->reg ? *i->reg : i->imm, mask = ~0ULL >> (64 - i->size * 8),
		 bit = BIT(src % (i->size * 8));

	switch (i->op) {
	case OP_CMPXCHG:
		r->rflags = compare_flags(r->rflags, r->rax & mask, old, i->size);
		*val = src;
		if (r->rflags & 0x40)
			return true;
		r->rax = i->size == 8 ? old : i->size == 4 ? old : (r->rax & ~mask) | old;
		return false;
	case OP_OR:
	case OP_AND:
	case OP_XOR:
		*val = i->op == OP_OR ? old | src : i->op == OP_AND ? old & src : old ^ src;
		r->rflags = logic_flags(r->rflags, *val, i->size);
		return true;
	case OP_BTS:
	case OP_BTR:
	case OP_BTC:
		*val = i->op == OP_BTS ? old | bit : i->op == OP_BTR ? old & ~bit : old ^ bit;
		r->rflags = (r->rflags & ~EFLAGS_CF) | (old & bit ? EFLAGS_CF : 0);
		return true;
	default:
		*val = src;
		return true;
	}
}

/* String instructions move on by one element; others go to the next instruction. */
static void retire(const struct store *i, struct cpu_user_regs *r, uint64_t old)
{
	uint64_t step = r->rflags & EFLAGS_DF ? -(uint64_t)i->size : i->size;
	uint64_t mask = i->size < 4 ? ~0ULL >> (64 - i->size * 8) : ~0ULL;

	if (i->op == OP_XCHG)
		*i->reg = (*i->reg & ~mask) | old;
	if (i->op == OP_STOS || i->op == OP_MOVS) {
		r->rdi += step;
		r->rsi += i->op == OP_MOVS ? step : 0;
		if (i->in.rep && --r->rcx)
			return;
	}
	r->rip += i->in.pos;
}

/* The table entry that va writes to, if the guest has an L1 table mapped there. mm_lock held. */
static pte_t *entry_at(struct vcpu *v, uint64_t va)
{
	struct frame *table, *f;
	pte_t *map = pt_walk(v, va, &table), e = map ? READ_ONCE(*map) : 0;

	if (!(e & PTE_P) || (e & PTE_RW) || !mfn_valid(pte_mfn(e)))
		return NULL;
	f = mfn_to_frame_nospec(pte_mfn(e));
	if (f->owner != v->domain || frame_type(f->state) != FT_L1 || !(f->state & FRAME_VALID))
		return NULL;
	return (pte_t *)mfn_to_virt(pte_mfn(e)) + PT_SLOT(va << 9, 1);
}

/* Sub-words are put into the whole entry; taken together with the CPU's own A and D bits. */
static bool emulate(struct vcpu *v, uint64_t va, struct store *i, pte_t *ptep, struct cpu_user_regs *regs)
{
	const uint64_t rax = regs->rax, rflags = regs->rflags;
	unsigned shift = va % sizeof(pte_t) * 8;
	uint64_t mask = ~0ULL >> (64 - i->size * 8);
	uint64_t part, val;
	pte_t old;
	int rc = 0;

	do {
		regs->rax = rax;
		regs->rflags = rflags;
		old = READ_ONCE(*ptep);
		part = old >> shift & mask;
		if (!compute(i, regs, part, &val))
			break;
		val = (old & ~(mask << shift)) | (val & mask) << shift;
	} while (!pt_cmpxchg_l1(v->domain, ptep, old, val, &rc));
	if (rc) {
		regs->rax = rax;
		regs->rflags = rflags;
		return false;
	}
	retire(i, regs, part);
	return true;
}

/* Fetches and decodes the instruction; is it a store to va that we do? */
static bool understand(struct store *i, uint64_t va, struct cpu_user_regs *regs)
{
	bool ok = insn_fetch(regs, &i->in) && decode(i, regs) && insn_complete(&i->in) &&
		  va % i->size == 0;

	if (ok && (i->op == OP_STOS || i->op == OP_MOVS))
		ok = regs->rdi == va && !(i->in.rep && !regs->rcx);
	if (ok && i->op == OP_MOVS)
		ok = !copy_from_guest_bytes(&i->imm, (void *)regs->rsi, i->size);
	return ok;
}

bool ptwr_fault(struct vcpu *v, uint64_t va, struct cpu_user_regs *regs)
{
	struct store i = { .reg = NULL };
	bool ok = false;
	pte_t *ptep;

	/* Only a code segment in the LDT would need mm_lock to be read. */
	if (!pv_code_is_64bit(regs->cs))
		return false;
	spin_lock(&v->domain->mm_lock);
	ptep = entry_at(v, va);
	if (ptep && understand(&i, va, regs))
		ok = emulate(v, va, &i, ptep, regs);
	else if (ptep)
		guest_log(LOG_WARN, "write to the page table mapped at 0x%lx not emulated: "
			  "instruction at 0x%lx\n", va, regs->rip);
	spin_unlock(&v->domain->mm_lock);
	return ok;
}
