/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-a64-reg.c - aarch64's arithmetic with registers (Arm ARM, C4.1.95),
 * and what vectors have to do with them (C4.1.96). */
#include "scan/decode-a64-priv.h"

/* ---- data processing with registers (C4.1.95) ---- */

static bool three_registers(uint32_t w, struct insn *in)
{
	in->dst = reg(w, 0);
	in->width = width_of(w);
	reads(in, reg(w, 5));
	reads(in, reg(w, 16));
	writes(in, in->dst);
	return true;
}

static bool logical_register(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 29, 2);
	bool is_plain = FIELD(w, 10, 6) == 0 && FIELD(w, 22, 2) == 0, is_not = BIT(w, 21);
	uint8_t n = reg(w, 5), m = reg(w, 16);

	if (!BIT(w, 31) && BIT(w, 15))
		return false;
	three_registers(w, in);
	if (opc == LOGIC_ANDS && in->dst == GPR_NONE) {
		in->is_test = true;
		in->tests_equal = n == m && is_plain && !is_not && n != GPR_NONE;
		in->dst = n;
	} else if (opc == LOGIC_ORR && n == GPR_NONE && m == GPR_NONE) {
		in->kind = INSN_SET;
		in->imm = is_not ? -1 : 0;
	} else if (opc == LOGIC_ORR && n == GPR_NONE && is_plain && !is_not) {
		in->kind = INSN_MOVE;
		in->src = m;
	} else if (opc == LOGIC_EOR && n == m && is_plain && !is_not) {
		in->kind = INSN_SET;
	}
	return true;
}

static bool add_shifted(uint32_t w, struct insn *in)
{
	if (FIELD(w, 22, 2) == 3 || (!BIT(w, 31) && BIT(w, 15)))
		return false;
	three_registers(w, in);
	in->is_test = BIT(w, 29) && in->dst == GPR_NONE;
	if (in->is_test)
		in->dst = reg(w, 5);
	/* neg xD, xzr and the like make 0. */
	if (!in->is_test && reg(w, 5) == GPR_NONE && reg(w, 16) == GPR_NONE)
		in->kind = INSN_SET;
	return true;
}

static bool add_extended(uint32_t w, struct insn *in)
{
	if (FIELD(w, 22, 2) || FIELD(w, 10, 3) > 4)
		return false;
	three_registers(w, in);
	reads(in, reg_sp(w, 5));
	if (!BIT(w, 29)) {
		in->dst = reg_sp(w, 0);
		writes(in, in->dst);
	}
	in->is_test = BIT(w, 29) && in->dst == GPR_NONE;
	if (in->is_test)
		in->dst = reg_sp(w, 5);
	return true;
}

static bool add_with_carry(uint32_t w, struct insn *in)
{
	unsigned op2 = FIELD(w, 10, 6);

	if (op2 == 0 || (op2 & 0x38) == 8) { /* adc, sbc; addpt, subpt */
		three_registers(w, in);
		if (op2) {
			reads(in, reg_sp(w, 5));
			writes(in, reg_sp(w, 0));
		}
		return true;
	}
	if ((op2 & 0x1f) != 1 && (op2 & 0xf) != 2) /* rmif; setf8, setf16 */
		return false;
	reads(in, reg(w, 5));
	return true;
}

static bool compare_if(uint32_t w, struct insn *in)
{
	if (!BIT(w, 29) || BIT(w, 10) || BIT(w, 4))
		return false;
	reads(in, reg(w, 5));
	if (!BIT(w, 11))
		reads(in, reg(w, 16));
	return true;
}

static bool select_one(uint32_t w, struct insn *in)
{
	bool op = BIT(w, 30);
	unsigned op2 = FIELD(w, 10, 2);
	uint8_t m = reg(w, 16);

	if (BIT(w, 29) || op2 > 1)
		return false;
	three_registers(w, in);
	if (op && m != GPR_NONE) /* csinv, csneg of a register */
		return true;
	in->kind = INSN_SELECT;
	in->src = reg(w, 5);
	in->pair = m;
	in->imm = op ? (op2 ? 0 : -1) : (int)op2;
	return true;
}

/* Of two sources: divisions, shifts, checksums, pointer authentication. */
static bool two_sources(uint32_t w, struct insn *in)
{
	unsigned opcode = FIELD(w, 10, 6);

	three_registers(w, in);
	if (opcode == 0 || opcode == 4 || opcode == 5 || opcode == 12) {
		/* subp, irg, gmi, pacga take the stack pointer somewhere. */
		reads(in, reg_sp(w, 5));
		reads(in, reg_sp(w, 16));
		if (opcode == 4)
			writes(in, reg_sp(w, 0));
	}
	return true;
}

static bool one_source(uint32_t w, struct insn *in)
{
	in->dst = reg(w, 0);
	reads(in, reg(w, 5));
	writes(in, in->dst);
	if (FIELD(w, 16, 5) == 1) { /* pacia .. xpacd */
		reads(in, in->dst);
		if (FIELD(w, 10, 6) < 8)
			reads(in, reg_sp(w, 5));
		if (FIELD(w, 10, 6) > 17) /* FEAT_PAuth_LR */
			a64_unknown(w, in);
	}
	return true;
}

static bool three_sources(uint32_t w, struct insn *in)
{
	three_registers(w, in);
	reads(in, reg(w, 10));
	return true;
}

const struct a64_class a64_registers[] = {
	{ 0x1f000000, 0x0a000000, logical_register },
	{ 0x1f200000, 0x0b000000, add_shifted },
	{ 0x1f200000, 0x0b200000, add_extended },
	{ 0x1fe00000, 0x1a000000, add_with_carry },
	{ 0x1fe00000, 0x1a400000, compare_if },
	{ 0x1fe00000, 0x1a800000, select_one },
	{ 0x5fe00000, 0x1ac00000, two_sources },
	{ 0x7fe00000, 0x5ac00000, one_source },
	{ 0x1f000000, 0x1b000000, three_sources },
	{ 0 },
};

/* ---- floating point, vectors (C4.1.96), SVE and SME ---- */

/* Between a general register and a vector: which side is which. */
static bool convert(uint32_t w, struct insn *in)
{
	unsigned opcode = FIELD(w, 16, 3);

	if (opcode == 2 || opcode == 3 || opcode == 7)
		reads(in, reg(w, 5));
	else
		writes(in, reg(w, 0));
	return true;
}

static bool convert_fixed(uint32_t w, struct insn *in)
{
	return convert(w, in);
}

static bool vector_copy(uint32_t w, struct insn *in)
{
	unsigned imm4 = FIELD(w, 11, 4);

	if (BIT(w, 29))
		return true;
	if (imm4 == 1 || imm4 == 3)
		reads(in, reg(w, 5));
	if (imm4 == 5 || imm4 == 7)
		writes(in, reg(w, 0));
	return true;
}

static bool no_general(uint32_t w, struct insn *in)
{
	(void)w;
	(void)in;
	return true;
}

const struct a64_class a64_floats[] = {
	{ 0x5f20fc00, 0x1e200000, convert },
	{ 0x5f200000, 0x1e000000, convert_fixed },
	{ 0x9fe08400, 0x0e000400, vector_copy },
	{ 0, 0, no_general },
	{ 0 },
};
