/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-a64.c - single aarch64 instructions.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487), C4.1, "A64
 * instruction set encoding": every word is of one group by its bits 28 to 25,
 * and of one class in it by a few more; names of fields below are the manual's.
 * A class is told by a mask and a value in `classes`, the first that fits.
 *
 * What is not in the manual that this was written from is taken as unknown in
 * the safe direction: a load, store, SVE or SME instruction of a class that we
 * do not know reads, writes and stores through every register its fields could
 * name. Register 31 is the stack pointer in some fields and no register (xzr,
 * which reads as 0) in the others; the latter becomes GPR_NONE. */
#include "scan/decode-a64.h"

#include "base/scope.h"
#include "scan/code.h"

#include <string.h>

#define FIELD(w, low, n) ((w) >> (low) & ((1U << (n)) - 1))
#define BIT(w, n) ((w) >> (n) & 1)

static int64_t sign_extend(uint64_t v, unsigned bits)
{
	return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

static uint32_t word_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A register field where 31 is xzr. */
static uint8_t reg(uint32_t w, unsigned low)
{
	uint8_t r = (uint8_t)FIELD(w, low, 5);

	return r == 31 ? GPR_NONE : r;
}

/* A register field where 31 is sp. */
static uint8_t reg_sp(uint32_t w, unsigned low)
{
	return (uint8_t)FIELD(w, low, 5);
}

static void reads(struct insn *in, uint8_t r)
{
	if (r < GPR_NONE)
		in->read |= 1U << r;
}

static void writes(struct insn *in, uint8_t r)
{
	if (r < GPR_NONE)
		in->written |= 1U << r;
}

static uint8_t width_of(uint32_t w)
{
	return BIT(w, 31) ? 8 : 4;
}

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

enum { LOGIC_AND, LOGIC_ORR, LOGIC_EOR, LOGIC_ANDS };

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

static bool undefined(uint32_t w, struct insn *in)
{
	(void)w;
	in->kind = INSN_STOP;
	return true;
}

/* ---- loads and stores (C4.1.94) ---- */

/* Everything that could be named: not known in detail. */
static bool unknown_memory(uint32_t w, struct insn *in)
{
	in->read = in->written = 1U << FIELD(w, 0, 5) | 1U << FIELD(w, 5, 5) |
				 1U << FIELD(w, 16, 5) | 1U << FIELD(w, 10, 5);
	in->writes_mem = true;
	return true;
}

static void plain_memory(uint32_t w, struct insn *in, int64_t disp)
{
	in->has_mem = true;
	in->base = reg_sp(w, 5);
	in->disp = disp;
	reads(in, in->base);
}

/* Makes it a load or a store of `width` bytes of the register. */
static void one_register(uint32_t w, struct insn *in, bool is_load, uint8_t width)
{
	in->width = width;
	if (is_load) {
		in->kind = INSN_LOAD;
		in->dst = reg(w, 0);
		writes(in, in->dst);
		if (in->dst == GPR_NONE)
			in->kind = INSN_OTHER;
		return;
	}
	in->kind = INSN_STORE;
	in->src = reg(w, 0);
	in->writes_mem = true;
	in->mem_width = width;
	reads(in, in->src);
}

static bool exclusive(uint32_t w, struct insn *in)
{
	unsigned size = FIELD(w, 30, 2);
	bool o2 = BIT(w, 23), is_load = BIT(w, 22), o1 = BIT(w, 21);

	plain_memory(w, in, 0);
	if (o2 && !o1) { /* stlr, ldar and the like */
		one_register(w, in, is_load, (uint8_t)(1U << size));
		return true;
	}
	in->writes_mem = true;
	reads(in, reg(w, 0));
	if (o2) { /* cas */
		reads(in, reg(w, 16));
		writes(in, reg(w, 16));
	} else if (o1 && size < 2) { /* casp: pairs */
		in->read |= 3U << (FIELD(w, 16, 5) & 30) | 3U << (FIELD(w, 0, 5) & 30);
		in->written |= 3U << (FIELD(w, 16, 5) & 30);
	} else if (is_load) {
		in->writes_mem = false;
		in->read = 0;
		reads(in, in->base);
		writes(in, reg(w, 0));
		if (o1)
			writes(in, reg(w, 10));
	} else {
		writes(in, reg(w, 16));
		if (o1)
			reads(in, reg(w, 10));
	}
	in->mem_width = in->writes_mem ? (uint8_t)((1U << (size < 2 && o1 ? size + 2 : size)) << o1)
				       : 0;
	return true;
}

/* ldapur, stlur: an offset, and release or acquire. */
static bool ordered(uint32_t w, struct insn *in)
{
	unsigned size = FIELD(w, 30, 2), opc = FIELD(w, 22, 2);

	if (size == 3 && opc > 1)
		return false;
	plain_memory(w, in, sign_extend(FIELD(w, 12, 9), 9));
	one_register(w, in, opc != 0, (uint8_t)(1U << size));
	if (opc > 1)
		in->kind = INSN_OTHER;
	return true;
}

static bool load_literal(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 30, 2);

	in->has_mem = true;
	in->disp = (int64_t)in->at + sign_extend(FIELD(w, 5, 19), 19) * 4;
	if (BIT(w, 26))
		return opc != 3;
	if (opc < 3)
		one_register(w, in, true, opc == 1 ? 8 : 4);
	return true;
}

static void write_back(struct insn *in, int64_t step, bool is_before)
{
	in->step = (int16_t)step;
	in->disp = is_before ? step : 0;
	writes(in, in->base);
}

static bool pair(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 30, 2), index = FIELD(w, 23, 2);
	bool is_vector = BIT(w, 26), is_load = BIT(w, 22);
	uint8_t width = is_vector ? (uint8_t)(4U << opc) : opc == 2 ? 8 : 4;
	int64_t disp = sign_extend(FIELD(w, 15, 7), 7) * width;

	if (opc == 3 || (opc == 1 && !is_vector && index == 0))
		return false;
	if (opc == 1 && !is_vector && !is_load) /* stgp: granules of 16 bytes */
		disp = sign_extend(FIELD(w, 15, 7), 7) * 16;
	plain_memory(w, in, disp);
	if (!is_vector) {
		one_register(w, in, is_load, width);
		in->pair = reg(w, 10);
		in->is_pair = true;
		if (is_load)
			writes(in, in->pair);
		else
			reads(in, in->pair);
		if (is_load && in->pair != GPR_NONE)
			in->kind = INSN_LOAD;
		if (opc == 1 && !is_load)
			in->kind = INSN_OTHER;
	}
	in->writes_mem = !is_load;
	in->mem_width = is_load ? 0 : (uint8_t)(opc == 1 && !is_vector ? 16 : 2 * width);
	if (index == 1 || index == 3)
		write_back(in, disp, index == 3);
	return true;
}

/* What size, V and opc of the single loads and stores say. */
static bool single(uint32_t w, struct insn *in)
{
	unsigned size = FIELD(w, 30, 2), opc = FIELD(w, 22, 2);
	bool is_load = opc & 1;

	if (BIT(w, 26)) {
		if (opc > 1 && size != 0)
			return false;
		in->writes_mem = !is_load;
		in->mem_width = is_load ? 0 : (uint8_t)(opc > 1 ? 16 : 1U << size);
		return true;
	}
	if (opc > 1 && size == 3)
		return opc == 2; /* prfm */
	if (opc == 3 && size == 2)
		return false;
	one_register(w, in, opc != 0, (uint8_t)(1U << size));
	/* Sign-extending loads of less than 4 bytes are not followed. */
	if (opc > 1 && size < 2)
		in->kind = INSN_OTHER;
	return true;
}

static unsigned scale_of(uint32_t w)
{
	return BIT(w, 26) && BIT(w, 23) ? 4 : FIELD(w, 30, 2);
}

static bool unsigned_offset(uint32_t w, struct insn *in)
{
	plain_memory(w, in, (int64_t)FIELD(w, 10, 12) << scale_of(w));
	return single(w, in);
}

static bool signed_offset(uint32_t w, struct insn *in)
{
	int64_t disp = sign_extend(FIELD(w, 12, 9), 9);
	unsigned type = FIELD(w, 10, 2);

	plain_memory(w, in, disp);
	if (!single(w, in))
		return false;
	if (type & 1)
		write_back(in, disp, type == 3);
	return true;
}

static bool register_offset(uint32_t w, struct insn *in)
{
	plain_memory(w, in, 0);
	in->index = reg(w, 16);
	in->scale = (uint8_t)(BIT(w, 12) ? 1U << scale_of(w) : 1);
	reads(in, in->index);
	return BIT(w, 14) && single(w, in);
}

static bool atomic(uint32_t w, struct insn *in)
{
	unsigned opc = FIELD(w, 12, 3);
	bool o3 = BIT(w, 15);

	if (BIT(w, 26)) /* FEAT_LSFE: vectors */
		return unknown_memory(w, in);
	plain_memory(w, in, 0);
	if (o3 && opc == 4) { /* ldapr */
		one_register(w, in, true, (uint8_t)(1U << FIELD(w, 30, 2)));
		return true;
	}
	if (o3 && opc != 0) { /* 64 bytes at once: 8 registers from Rt on */
		in->read = in->written = 0xffU << FIELD(w, 0, 5) | 1U << FIELD(w, 16, 5) |
					 1U << in->base;
		in->writes_mem = true;
		return true;
	}
	in->writes_mem = true;
	in->mem_width = (uint8_t)(1U << FIELD(w, 30, 2));
	reads(in, reg(w, 16));
	writes(in, reg(w, 0));
	return true;
}

/* ldraa, ldrab: a pointer is checked and loaded through. */
static bool load_checked(uint32_t w, struct insn *in)
{
	int64_t disp = sign_extend(BIT(w, 22) << 9 | FIELD(w, 12, 9), 10) * 8;

	if (FIELD(w, 30, 2) != 3 || BIT(w, 26))
		return false;
	plain_memory(w, in, disp);
	one_register(w, in, true, 8);
	if (BIT(w, 11))
		write_back(in, disp, true);
	return true;
}

/* Structures of vectors, ld1 to st4. */
static bool vectors(uint32_t w, struct insn *in)
{
	plain_memory(w, in, 0);
	in->writes_mem = !BIT(w, 22);
	if (BIT(w, 23)) {
		reads(in, reg(w, 16));
		writes(in, in->base);
	}
	return true;
}

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
			unknown_memory(w, in);
	}
	return true;
}

static bool three_sources(uint32_t w, struct insn *in)
{
	three_registers(w, in);
	reads(in, reg(w, 10));
	return true;
}

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

static bool scalable(uint32_t w, struct insn *in)
{
	return unknown_memory(w, in);
}

/* ---- classes ---- */

struct class {
	uint32_t mask, value;
	bool (*read)(uint32_t w, struct insn *in);
};

static const struct class immediates[] = {
	{ 0x1f000000, 0x10000000, pc_relative },
	{ 0x1f800000, 0x11000000, add_immediate },
	{ 0x1f800000, 0x11800000, add_tagged },
	{ 0x1f800000, 0x12000000, logical_immediate },
	{ 0x1f800000, 0x12800000, move_wide },
	{ 0x1f800000, 0x13000000, bitfield },
	{ 0x1f800000, 0x13800000, extract },
	{ 0 },
};

static const struct class branches[] = {
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

static const struct class memory[] = {
	{ 0x3f000000, 0x08000000, exclusive },
	{ 0xbf000000, 0x0c000000, vectors },
	{ 0xbf000000, 0x0d000000, vectors },
	{ 0x3f200c00, 0x19000000, ordered },
	{ 0x3f000000, 0x19000000, unknown_memory }, /* tags, MOPS, ldiapp */
	{ 0x3b000000, 0x18000000, load_literal },
	{ 0x3a000000, 0x28000000, pair },
	{ 0x3b000000, 0x39000000, unsigned_offset },
	{ 0x3b200000, 0x38000000, signed_offset },
	{ 0x3b200c00, 0x38200000, atomic },
	{ 0x3b200c00, 0x38200800, register_offset },
	{ 0x3b200400, 0x38200400, load_checked },
	{ 0, 0, unknown_memory },
	{ 0 },
};

static const struct class registers[] = {
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

static const struct class floats[] = {
	{ 0x5f20fc00, 0x1e200000, convert },
	{ 0x5f200000, 0x1e000000, convert_fixed },
	{ 0x9fe08400, 0x0e000400, vector_copy },
	{ 0, 0, no_general },
	{ 0 },
};

static const struct class sme[] = {
	{ 0xffff0000, 0x00000000, undefined },
	{ 0x80000000, 0x80000000, scalable },
	{ 0 },
};

static const struct class sve[] = {
	{ 0, 0, scalable },
	{ 0 },
};

/* By bits 28 to 25, "op1" of C4.1. */
static const struct class *const groups[16] = {
	[0] = sme, [2] = sve, [4] = memory, [5] = registers, [6] = memory, [7] = floats,
	[8] = immediates, [9] = immediates, [10] = branches, [11] = branches,
	[12] = memory, [13] = registers, [14] = memory, [15] = floats,
};

bool a64_insn(const uint8_t *bytes, size_t room, uint64_t at, struct insn *ret)
{
	const struct class *c;
	uint32_t w;

	if (room < 4 || at % 4)
		return false;
	w = word_at(bytes);
	*ret = (struct insn){ .at = at, .length = 4, .kind = INSN_OTHER, .dst = GPR_NONE,
			      .src = GPR_NONE, .pair = GPR_NONE, .base = GPR_NONE,
			      .index = GPR_NONE, .vector = VECTOR_NONE };
	c = groups[FIELD(w, 25, 4)];
	while (c && c->read && (w & c->mask) != c->value)
		c++;
	return c && c->read && c->read(w, ret);
}

static int fact_of(const struct insn *in)
{
	switch (in->kind) {
	case INSN_CALL:
		return in->is_direct ? FACT_CALL : FACT_CALL_ANY;
	case INSN_JUMP:
		return in->is_direct ? FACT_JUMP : FACT_JUMP_ANY;
	case INSN_BRANCH:
		return FACT_BRANCH;
	case INSN_SYSCALL:
		return FACT_SYSCALL;
	case INSN_LEA:
		return in->base == GPR_NONE ? FACT_ADDRESS : -1;
	default:
		return in->has_mem && in->base == GPR_NONE ? FACT_ACCESS : -1;
	}
}

/* mov x8 or w8, #93 or #94 */
bool a64_is_exit(uint32_t before)
{
	return (before & 0x7fffffff) == 0x52800ba8 || (before & 0x7fffffff) == 0x52800bc8;
}

bool a64_is_page(uint32_t word)
{
	return (word & 0x9f000000) == 0x90000000;
}

void a64_fact(const uint8_t *bytes, size_t room, uint64_t at, struct decoded *ret)
{
	struct insn in;

	*ret = (struct decoded){ .kind = -1, .also = -1 };
	if (!a64_insn(bytes, room, at, &in))
		return;
	ret->length = 4;
	if (in.is_padding)
		ret->flow = FLOW_PADDING;
	else if (in.kind == INSN_JUMP || in.kind == INSN_RETURN || in.kind == INSN_STOP)
		ret->flow = FLOW_STOP;
	ret->kind = a64_is_page(word_at(bytes)) ? -1 : fact_of(&in);
	ret->to = in.is_direct ? in.to : (uint64_t)in.disp;
}

/* The stubs that linkers make: adrp x16, page; ldr x17, [x16, #rest]; often
 * add x16, x16, #rest and autia1716; br x17. */
bool a64_stub(const uint8_t *bytes, size_t at, uint64_t base, size_t *ret_start,
	      uint64_t *ret_slot)
{
	struct insn page, load;
	size_t i = at;
	uint32_t w;

	if (at % 4 || at < 8 || word_at(bytes + at) != 0xd61f0220)
		return false;
	while (i >= 4 && at - i < 8 && ((w = word_at(bytes + i - 4)) == 0xd503219f ||
					(w & 0xffc003ff) == 0x91000210))
		i -= 4;
	if (i < 8 || (word_at(bytes + i - 4) & 0xffc003ff) != 0xf9400211 ||
	    (word_at(bytes + i - 8) & 0x9f00001f) != 0x90000010)
		return false;
	i -= 8;
	a64_insn(bytes + i, 4, base + i, &page);
	a64_insn(bytes + i + 4, 4, base + i + 4, &load);
	*ret_slot = (uint64_t)(page.disp + load.disp);
	/* bti c */
	*ret_start = i >= 4 && word_at(bytes + i - 4) == 0xd503245f ? i - 4 : i;
	return true;
}

bool a64_sum(uint32_t w, struct a64_sum *ret)
{
	static const uint8_t bits[8] = { 8, 16, 32, 0, 8, 16, 32, 0 };

	*ret = (struct a64_sum){ .dst = reg(w, 0), .base = reg_sp(w, 5), .index = reg(w, 16) };
	if ((w & 0xffe00000) == 0x8b000000) { /* add, lsl */
		ret->base = reg(w, 5);
		ret->shift = (uint8_t)FIELD(w, 10, 6);
		return true;
	}
	if ((w & 0xffe00000) != 0x8b200000) /* add, extended */
		return false;
	ret->bits = bits[FIELD(w, 13, 3)];
	ret->is_signed = BIT(w, 15);
	ret->shift = (uint8_t)FIELD(w, 10, 3);
	return true;
}
