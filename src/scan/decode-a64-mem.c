/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-a64-mem.c - aarch64's loads and stores (Arm ARM, C4.1.94). */
#include "scan/decode-a64-priv.h"

/* Everything that could be named: not known in detail. */
bool a64_unknown(uint32_t w, struct insn *in)
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
		return a64_unknown(w, in);
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

const struct a64_class a64_memory[] = {
	{ 0x3f000000, 0x08000000, exclusive },
	{ 0xbf000000, 0x0c000000, vectors },
	{ 0xbf000000, 0x0d000000, vectors },
	{ 0x3f200c00, 0x19000000, ordered },
	{ 0x3f000000, 0x19000000, a64_unknown }, /* tags, MOPS, ldiapp */
	{ 0x3b000000, 0x18000000, load_literal },
	{ 0x3a000000, 0x28000000, pair },
	{ 0x3b000000, 0x39000000, unsigned_offset },
	{ 0x3b200000, 0x38000000, signed_offset },
	{ 0x3b200c00, 0x38200000, atomic },
	{ 0x3b200c00, 0x38200800, register_offset },
	{ 0x3b200400, 0x38200400, load_checked },
	{ 0, 0, a64_unknown },
	{ 0 },
};
