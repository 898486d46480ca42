/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-a64.c - single aarch64 instructions.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487), C4.1, "A64
 * instruction set encoding": every word is of one group by its bits 28 to 25,
 * and of one class in it by a few more; names of fields below are the manual's.
 * A class is told by a mask and a value, the first that fits; the tables of classes
 * stand in decode-a64-imm.c, -mem.c and -reg.c.
 *
 * What is not in the manual that this was written from is taken as unknown in
 * the safe direction: a load, store, SVE or SME instruction of a class that we
 * do not know reads, writes and stores through every register its fields could
 * name. Register 31 is the stack pointer in some fields and no register (xzr,
 * which reads as 0) in the others; the latter becomes GPR_NONE. */
#include "scan/decode-a64.h"

#include "scan/code.h"
#include "scan/decode-a64-priv.h"

static bool undefined(uint32_t w, struct insn *in)
{
	(void)w;
	in->kind = INSN_STOP;
	return true;
}

static const struct a64_class sme[] = {
	{ 0xffff0000, 0x00000000, undefined },
	{ 0x80000000, 0x80000000, a64_unknown },
	{ 0 },
};

static const struct a64_class sve[] = {
	{ 0, 0, a64_unknown },
	{ 0 },
};

/* By bits 28 to 25, "op1" of C4.1. */
static const struct a64_class *const groups[16] = {
	[0] = sme, [2] = sve, [4] = a64_memory, [5] = a64_registers,
	[6] = a64_memory, [7] = a64_floats, [8] = a64_immediates, [9] = a64_immediates,
	[10] = a64_branches, [11] = a64_branches, [12] = a64_memory, [13] = a64_registers,
	[14] = a64_memory, [15] = a64_floats,
};

bool a64_insn(const uint8_t *bytes, size_t room, uint64_t at, struct insn *ret)
{
	const struct a64_class *c;
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
