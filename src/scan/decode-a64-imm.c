/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-a64-imm.c - aarch64's arithmetic with immediates (Arm ARM, C4.1.92),
 * branches, exceptions and system instructions (C4.1.93). */
#include "scan/decode-a64-priv.h"

/* ---- data processing with an immediate (C4.1.92) ---- */

static bool pc_relative(uint32_t w, struct insn *in)
{
	int64_t imm = sign_extend(FIELD(w, 5, 19) << 2 | FIELD(w, 29, 2), 21);

	in->kind = INSN_LEA;
	in->dst = reg(w, 0);
	in->width = 8;
	in->disp = BIT(w, 31) ? (int64_t)(in->at & ~(uint64_t)0xfff) + imm * 4096
			      : (int64_t)in->at + imm;
	writes(in, in->dst);
	return true;
}

static bool add_immediate(uint32_t w, struct insn *in)
{
	int64_t imm = (int64_t)FIELD(w, 10, 12) << (BIT(w, 22) ? 12 : 0);
	bool sets_flags = BIT(w, 29);
	uint8_t src = reg_sp(w, 5);

	if (BIT(w, 30))
		imm = -imm;
	in->dst = sets_flags ? reg(w, 0) : reg_sp(w, 0);
	in->width = width_of(w);
	reads(in, src);
	writes(in, in->dst);
	if (sets_flags && in->dst == GPR_NONE) { /* cmp, cmn */
		in->is_test = in->tests_equal = true;
		in->dst = src;
		in->imm = -imm;
	} else if (imm == 0 && in->width == 8) {
		in->kind = INSN_MOVE;
		in->src = src;
	} else if (in->dst == src) {
		in->kind = INSN_ADD;
		in->imm = imm;
	} else {
		in->kind = INSN_LEA;
		in->base = src;
		in->disp = imm;
	}
	return true;
}

/* ADDG and SUBG (tags), and the minimum and maximum of CSSC. */
static bool add_tagged(uint32_t w, struct insn *in)
{
	bool is_minimum = BIT(w, 22);

	reads(in, is_minimum ? reg(w, 5) : reg_sp(w, 5));
	writes(in, is_minimum ? reg(w, 0) : reg_sp(w, 0));
	return true;
}

/* DecodeBitMasks() of the manual, for the immediates of logical instructions. */
static bool bit_mask(uint32_t w, uint64_t *ret)
{
	unsigned imms = FIELD(w, 10, 6), immr = FIELD(w, 16, 6);
	unsigned select = BIT(w, 22) << 6 | (~imms & 0x3f), size = 0;
	uint64_t v;

	while (select >> 1 >> size)
		size++;
	if (select == 0 || size == 0)
		return false;
	size = 1U << size;
	imms &= size - 1;
	immr &= size - 1;
	if (imms == size - 1)
		return false;
	v = ((uint64_t)1 << (imms + 1)) - 1;
	if (immr)
		v = v >> immr | v << (size - immr);
	if (size < 64)
		v &= ((uint64_t)1 << size) - 1;
	for (; size < 64; size *= 2)
		v |= v << size;
	*ret = BIT(w, 31) ? v : v & UINT32_MAX;
	return true;
}

static bool logical_immediate(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 29, 2);
	uint64_t imm;

	if ((BIT(w, 22) && !BIT(w, 31)) || !bit_mask(w, &imm))
		return false;
	in->dst = opc == LOGIC_ANDS ? reg(w, 0) : reg_sp(w, 0);
	in->width = width_of(w);
	in->imm = (int64_t)imm;
	reads(in, reg(w, 5));
	writes(in, in->dst);
	if (opc == LOGIC_ANDS && in->dst == GPR_NONE) {
		in->is_test = true;
	} else if (reg(w, 5) == GPR_NONE) {
		in->kind = INSN_SET;
		if (opc == LOGIC_AND || opc == LOGIC_ANDS)
			in->imm = 0;
	} else if (opc == LOGIC_AND || opc == LOGIC_ANDS) {
		in->kind = INSN_AND;
		in->src = reg(w, 5);
	}
	return true;
}

static bool move_wide(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 29, 2), shift = FIELD(w, 21, 2) * 16;
	uint64_t imm = FIELD(w, 5, 16);

	if (opc == 1 || (shift >= 32 && !BIT(w, 31)))
		return false;
	in->dst = reg(w, 0);
	in->width = width_of(w);
	writes(in, in->dst);
	if (opc == 3) {
		in->kind = INSN_INSERT;
		in->imm = (int64_t)imm;
		in->scale = (uint8_t)shift;
		reads(in, in->dst);
		return true;
	}
	in->kind = INSN_SET;
	imm <<= shift;
	if (opc == 0)
		imm = ~imm;
	in->imm = (int64_t)(BIT(w, 31) ? imm : imm & UINT32_MAX);
	return true;
}

static bool bitfield(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 29, 2), immr = FIELD(w, 16, 6), imms = FIELD(w, 10, 6);

	if (opc == 3 || BIT(w, 22) != BIT(w, 31) || (!BIT(w, 31) && (immr > 31 || imms > 31)))
		return false;
	in->dst = reg(w, 0);
	in->width = width_of(w);
	reads(in, reg(w, 5));
	writes(in, in->dst);
	if (opc == 1)
		reads(in, in->dst);
	if (immr != 0 || opc == 1 || reg(w, 5) == GPR_NONE)
		return true;
	if (opc == 2 && imms < 63) { /* uxtb, uxth */
		in->kind = INSN_AND;
		in->src = reg(w, 5);
		in->imm = (int64_t)(((uint64_t)1 << (imms + 1)) - 1);
	} else if (opc == 0 && imms == 31) { /* sxtw */
		in->kind = INSN_MOVE;
		in->src = reg(w, 5);
		in->width = 4;
	}
	return true;
}

static bool extract(uint32_t w, struct insn *in)
{
	if (FIELD(w, 29, 2) || BIT(w, 21) || BIT(w, 22) != BIT(w, 31) ||
	    (!BIT(w, 31) && BIT(w, 15)))
		return false;
	reads(in, reg(w, 5));
	reads(in, reg(w, 16));
	writes(in, reg(w, 0));
	return true;
}

/* ---- branches, exceptions, system (C4.1.93) ---- */

static void direct(struct insn *in, uint8_t kind, uint32_t imm, unsigned bits)
{
	in->kind = kind;
	in->is_direct = true;
	in->to = in->at + (uint64_t)(sign_extend(imm, bits) * 4);
}

static bool branch(uint32_t w, struct insn *in)
{
	direct(in, BIT(w, 31) ? INSN_CALL : INSN_JUMP, FIELD(w, 0, 26), 26);
	if (BIT(w, 31))
		writes(in, GPR_LR);
	return true;
}

static bool branch_if_condition(uint32_t w, struct insn *in)
{
	unsigned cond = FIELD(w, 0, 4);

	direct(in, cond >= 14 ? INSN_JUMP : INSN_BRANCH, FIELD(w, 5, 19), 19);
	in->tests_equal = cond == 0;
	in->tests_unequal = cond == 1;
	return true;
}

static bool branch_if_zero(uint32_t w, struct insn *in)
{
	direct(in, INSN_BRANCH, FIELD(w, 5, 19), 19);
	in->is_test = true;
	in->dst = reg(w, 0);
	in->width = width_of(w);
	in->tests_equal = !BIT(w, 24);
	in->tests_unequal = BIT(w, 24);
	reads(in, in->dst);
	return true;
}

static bool branch_if_bit(uint32_t w, struct insn *in)
{
	direct(in, INSN_BRANCH, FIELD(w, 5, 14), 14);
	reads(in, reg(w, 0));
	return true;
}

/* FEAT_CMPBR: cb<cc> with a register or an immediate. */
static bool branch_if_compared(uint32_t w, struct insn *in)
{
	direct(in, INSN_BRANCH, FIELD(w, 5, 9), 9);
	reads(in, reg(w, 0));
	if (!BIT(w, 24))
		reads(in, reg(w, 16));
	return true;
}

static bool branch_register(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 21, 4), op3 = FIELD(w, 10, 6), op4 = FIELD(w, 0, 5);
	bool has_key = op3 == 2 || op3 == 3;

	if (FIELD(w, 16, 5) != 31 || (op3 != 0 && !has_key) || (op3 == 0 && op4 != 0))
		return false;
	switch (opc) {
	case 0: case 1: case 8: case 9:
		if ((opc & 8) && !has_key)
			return false;
		in->kind = opc & 1 ? INSN_CALL : INSN_JUMP;
		in->src = reg(w, 5);
		/* longjmp() and the like. */
		if (!(opc & 1) && in->src == GPR_LR)
			in->kind = INSN_RETURN;
		reads(in, in->src);
		if (opc & 8)
			reads(in, reg_sp(w, 0));
		if (opc & 1)
			writes(in, GPR_LR);
		return true;
	case 2:
		in->kind = INSN_RETURN;
		if (has_key) {
			reads(in, GPR_LR);
			reads(in, GPR_SP);
		} else {
			reads(in, reg(w, 5));
		}
		return true;
	case 4: case 5: /* eret, drps */
		in->kind = INSN_STOP;
		in->is_privileged = true;
		return true;
	default:
		return false;
	}
}

static bool exception(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 21, 3), ll = FIELD(w, 0, 2);

	if (FIELD(w, 2, 3))
		return false;
	if (opc == 0 && ll == 1) { /* svc: Linux looks at no immediate */
		in->kind = INSN_SYSCALL;
		in->read = 0x3f | 1U << 8;
		writes(in, 0);
	} else if (opc == 0 && ll != 0) { /* hvc, smc */
		in->is_privileged = true;
		in->read = in->written = 0x3ffff;
	} else if (ll == 0 && (opc == 1 || opc == 2)) { /* brk, hlt */
		in->kind = INSN_STOP;
	} else if (ll == 0 && opc == 3) { /* tcancel */
		in->kind = INSN_STOP;
	} else {
		return opc == 5 && ll != 0 ? (in->is_privileged = true) : false;
	}
	return true;
}

/* Hints: what is not one of these is a nop on processors without it. */
static bool hint(uint32_t w, struct insn *in)
{
	unsigned n = FIELD(w, 5, 7);

	in->is_padding = n == 0;
	switch (n) {
	case 7: /* xpaclri */
		reads(in, GPR_LR);
		writes(in, GPR_LR);
		break;
	case 8: case 10: case 12: case 14: /* pacia1716 .. autib1716 */
		reads(in, 16);
		reads(in, 17);
		writes(in, 17);
		break;
	case 24: case 26: case 28: case 30: /* paciaz .. autibz */
		reads(in, GPR_LR);
		writes(in, GPR_LR);
		break;
	case 25: case 27: case 29: case 31: /* paciasp .. autibsp */
		reads(in, GPR_LR);
		reads(in, GPR_SP);
		writes(in, GPR_LR);
		break;
	case 40: /* chkfeat x16 */
		reads(in, 16);
		writes(in, 16);
		break;
	default:
		break;
	}
	return true;
}

static bool barrier(uint32_t w, struct insn *in)
{
	(void)w;
	(void)in;
	return true;
}

/* SYS, SYSL, MSR and MRS with a register. op1 3 is for programs. */
static bool system_register(uint32_t w, struct insn *in)
{
	unsigned op0 = FIELD(w, 19, 2), op1 = FIELD(w, 16, 3);

	if (op0 == 0)
		return false;
	/* The kernel lets programs read what identifies the processor. */
	in->is_privileged = op1 != 3 && !(op1 == 0 && BIT(w, 21) && FIELD(w, 12, 4) == 0);
	if (BIT(w, 21))
		writes(in, reg(w, 0));
	else
		reads(in, reg(w, 0));
	/* sysl and the pairs of FEAT_SYSREG128 may write a second. */
	if (BIT(w, 22)) {
		in->read |= 3U << (FIELD(w, 0, 5) & 30);
		in->written |= 3U << (FIELD(w, 0, 5) & 30);
	}
	return true;
}

/* wfet, wfit, tstart, ttest: a register that is read or written. */
static bool system_argument(uint32_t w, struct insn *in)
{
	reads(in, reg(w, 0));
	if (BIT(w, 21))
		writes(in, reg(w, 0));
	return true;
}

const struct a64_class a64_immediates[] = {
	{ 0x1f000000, 0x10000000, pc_relative },
	{ 0x1f800000, 0x11000000, add_immediate },
	{ 0x1f800000, 0x11800000, add_tagged },
	{ 0x1f800000, 0x12000000, logical_immediate },
	{ 0x1f800000, 0x12800000, move_wide },
	{ 0x1f800000, 0x13000000, bitfield },
	{ 0x1f800000, 0x13800000, extract },
	{ 0 },
};

const struct a64_class a64_branches[] = {
	{ 0x7c000000, 0x14000000, branch },
	{ 0xff000000, 0x54000000, branch_if_condition },
	{ 0x7e000000, 0x34000000, branch_if_zero },
	{ 0x7e000000, 0x36000000, branch_if_bit },
	{ 0x7e000000, 0x74000000, branch_if_compared },
	{ 0xfe000000, 0xd6000000, branch_register },
	{ 0xff000000, 0xd4000000, exception },
	{ 0xfffff01f, 0xd503201f, hint },
	{ 0xfffff000, 0xd5031000, system_argument },
	{ 0xfffffe00, 0xd5233000, system_argument },
	{ 0xfffff000, 0xd5033000, barrier },
	{ 0xfff8f01f, 0xd500401f, barrier },
	{ 0xff800000, 0xd5000000, system_register },
	{ 0 },
};
