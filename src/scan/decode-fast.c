/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-fast.c - the common x86-64 instructions, without Zydis.
 *
 * Theory of operation
 * -------------------
 * The sweep over all code wants the length of each instruction and the few
 * facts that leave it, and nine of ten instructions are of a few dozen plain
 * forms. Two tables say what follows each opcode; an opcode, prefix or form
 * that is not in them is no guess but Zydis's work. So only encodings stand
 * here that are valid with any ModRM byte, or whose exceptions are tested for:
 * where Zydis would refuse, this must not answer.
 *
 * Source of the encodings: Intel's manual, volume 2, appendix A. */
#include "scan/decode-fast.h"

#include "scan/code.h"

#include <string.h>

enum {
	KNOWN = 1,
	MODRM = 2,
	IMM8 = 4,
	IMMZ = 8,   /* 32 bits, 16 behind 66 without REX.W */
	REL8 = 16,
	REL32 = 32,
	SPECIAL = 64, /* see one_byte() or two_bytes() */
	SSE = 128,    /* the prefixes in sse_prefixes[] belong to the opcode */
};

#define M (KNOWN | MODRM)
#define X (M | SPECIAL)

static const uint8_t one[256] = {
#define ALU(n) [n] = M, [n + 1] = M, [n + 2] = M, [n + 3] = M, [n + 4] = KNOWN | IMM8, \
	       [n + 5] = KNOWN | IMMZ
	ALU(0x00), ALU(0x08), ALU(0x10), ALU(0x18), ALU(0x20), ALU(0x28), ALU(0x30), ALU(0x38),
#undef ALU
	[0x50 ... 0x5f] = KNOWN,
	[0x63] = M,
	[0x68] = KNOWN | IMMZ, [0x69] = M | IMMZ, [0x6a] = KNOWN | IMM8, [0x6b] = M | IMM8,
	[0x70 ... 0x7f] = KNOWN | REL8,
	[0x80] = M | IMM8, [0x81] = M | IMMZ, [0x83] = M | IMM8,
	[0x84 ... 0x8b] = M,
	[0x8d] = X,
	[0x90] = KNOWN | SPECIAL,
	[0x98] = KNOWN, [0x99] = KNOWN,
	[0xa8] = KNOWN | IMM8, [0xa9] = KNOWN | IMMZ,
	[0xb0 ... 0xb7] = KNOWN | IMM8, [0xb8 ... 0xbf] = KNOWN | SPECIAL,
	[0xc0] = X | IMM8, [0xc1] = X | IMM8,
	[0xc3] = KNOWN | SPECIAL,
	[0xc6] = X | IMM8, [0xc7] = X | IMMZ,
	[0xc9] = KNOWN,
	[0xcc] = KNOWN | SPECIAL,
	[0xd0 ... 0xd3] = X,
	[0xe8] = KNOWN | REL32, [0xe9] = KNOWN | REL32, [0xeb] = KNOWN | REL8,
	[0xf6] = X, [0xf7] = X, [0xfe] = X, [0xff] = X,
};

/* Behind 0f. */
static const uint8_t two[256] = {
	[0x05] = KNOWN | SPECIAL, [0x0b] = KNOWN | SPECIAL,
	[0x1e] = KNOWN | SPECIAL, [0x1f] = X,
	[0x10] = M | SSE, [0x11] = M | SSE, [0x14] = M | SSE,
	[0x28] = M | SSE, [0x29] = M | SSE,
	[0x2e] = M | SSE, [0x2f] = M | SSE,
	[0x40 ... 0x4f] = M,
	[0x51] = M | SSE, [0x54] = M | SSE, [0x55] = M | SSE, [0x56] = M | SSE, [0x57] = M | SSE,
	[0x58] = M | SSE, [0x59] = M | SSE, [0x5a] = M | SSE, [0x5c ... 0x5f] = M | SSE,
	[0x60 ... 0x6d] = M | SSE, [0x6e] = M | SSE, [0x6f] = M | SSE,
	[0x70] = M | SSE | IMM8, [0x74 ... 0x76] = M | SSE,
	[0x7e] = M | SSE, [0x7f] = M | SSE,
	[0x80 ... 0x8f] = KNOWN | REL32,
	[0x90 ... 0x9f] = M,
	[0xa2] = KNOWN, [0xa3] = M, [0xa4] = M | IMM8, [0xa5] = M, [0xab] = M,
	[0xac] = M | IMM8, [0xad] = M, [0xaf] = M,
	[0xb0] = M, [0xb1] = M, [0xb3] = M, [0xb6] = M, [0xb7] = M,
	[0xba] = X | IMM8, [0xbb] = M, [0xbc] = M, [0xbd] = M, [0xbe] = M, [0xbf] = M,
	[0xc0] = M, [0xc1] = M, [0xc6] = M | SSE | IMM8,
	[0xc8 ... 0xcf] = KNOWN,
	[0xd4] = M | SSE, [0xdb] = M | SSE, [0xdf] = M | SSE, [0xeb] = M | SSE,
	[0xef] = M | SSE, [0xfa ... 0xfe] = M | SSE,
};

/* Which of the prefixes none, 66, f3, f2 (bits 0 to 3) an SSE opcode can have. */
static const uint8_t sse_prefixes[256] = {
	[0x10] = 15, [0x11] = 15, [0x14] = 3, [0x28] = 3, [0x29] = 3, [0x2e] = 3, [0x2f] = 3,
	[0x51] = 15, [0x54] = 3, [0x55] = 3, [0x56] = 3, [0x57] = 3, [0x58] = 15, [0x59] = 15,
	[0x5a] = 15, [0x5c ... 0x5f] = 15, [0x60 ... 0x6d] = 2, [0x6e] = 2, [0x6f] = 6,
	[0x70] = 14, [0x74 ... 0x76] = 2, [0x7e] = 6, [0x7f] = 6, [0xc6] = 3, [0xd4] = 2,
	[0xdb] = 2, [0xdf] = 2, [0xeb] = 2, [0xef] = 2, [0xfa ... 0xfe] = 2,
};

/* An instruction in pieces. */
struct pieces {
	const uint8_t *p; /* behind what is read */
	uint8_t prefix;   /* 0, 66, f3 or f2 */
	uint8_t rex, opcode, modrm, sib, flags;
	int64_t disp;
	bool has_disp32;
};

static int32_t read_i32(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void read_modrm(struct pieces *in)
{
	uint8_t mod, rm;

	in->modrm = *in->p++;
	mod = in->modrm >> 6;
	rm = in->modrm & 7;
	if (mod == 3)
		return;
	if (rm == 4)
		in->sib = *in->p++;
	if (mod == 1) {
		in->disp = (int8_t)*in->p++;
	} else if (mod == 2 || rm == 5 || (rm == 4 && (in->sib & 7) == 5)) {
		in->disp = read_i32(in->p);
		in->has_disp32 = true;
		in->p += 4;
	}
}

static uint8_t reg(const struct pieces *in)
{
	return in->modrm >> 3 & 7;
}

static bool one_byte(struct pieces *in, struct decoded *ret)
{
	switch (in->opcode) {
	case 0x8d:
		return in->modrm >> 6 != 3;
	case 0x90:
		ret->flow = FLOW_PADDING;
		return !in->prefix && !in->rex;
	case 0xcc:
		ret->flow = FLOW_PADDING;
		return true;
	case 0xc3:
		ret->flow = FLOW_STOP;
		return !in->prefix;
	case 0xc0: case 0xc1: case 0xd0: case 0xd1: case 0xd2: case 0xd3:
		return reg(in) != 6;
	case 0xc6: case 0xc7:
		return reg(in) == 0;
	case 0xf6: case 0xf7:
		if (reg(in) == 0)
			in->flags |= in->opcode == 0xf6 ? IMM8 : IMMZ;
		return reg(in) != 1;
	case 0xfe:
		return reg(in) <= 1;
	case 0xff:
		if ((reg(in) == 2 || reg(in) == 4) && in->prefix)
			return false;
		if (reg(in) == 2)
			ret->kind = FACT_CALL_ANY;
		else if (reg(in) == 4)
			ret->kind = FACT_JUMP_ANY, ret->flow = FLOW_STOP;
		return reg(in) <= 2 || reg(in) == 4 || reg(in) == 6;
	default: /* b8 to bf: the one with 64 bits */
		if (in->rex & 8)
			in->p += 8;
		else
			in->flags |= IMMZ;
		return true;
	}
}

static bool two_bytes(struct pieces *in, struct decoded *ret)
{
	switch (in->opcode) {
	case 0x05:
		ret->kind = FACT_SYSCALL;
		return !in->prefix && !in->rex;
	case 0x0b:
		ret->flow = FLOW_STOP;
		return !in->prefix && !in->rex;
	case 0x1e: /* endbr64 */
		return in->prefix == 0xf3 && !in->rex && *in->p++ == 0xfa;
	case 0x1f:
		ret->flow = FLOW_PADDING;
		return reg(in) == 0 && (!in->prefix || in->prefix == 0x66);
	default: /* ba */
		return reg(in) >= 4;
	}
}

static bool has_prefixes(const struct pieces *in, bool is_two)
{
	uint8_t bit = in->prefix == 0x66 ? 2 : in->prefix == 0xf3 ? 4 : in->prefix ? 8 : 1;

	if (in->flags & SSE)
		return sse_prefixes[in->opcode] & bit;
	if (in->flags & SPECIAL && is_two)
		return true;
	if (in->flags & (REL8 | REL32))
		return !in->prefix;
	if (is_two && (in->opcode == 0xbc || in->opcode == 0xbd))
		return bit != 8;
	return bit <= 2;
}

/* The address that the memory operand names without any register but rip. */
static bool fixed_address(const struct pieces *in, uint64_t end, uint64_t *ret)
{
	if (!(in->flags & MODRM) || in->modrm >> 6 != 0 || !in->has_disp32)
		return false;
	if ((in->modrm & 7) == 5) {
		*ret = end + (uint64_t)in->disp;
		return true;
	}
	if ((in->modrm & 7) == 4 && (in->sib >> 3 & 7) == 4 && !(in->rex & 2)) {
		*ret = (uint64_t)in->disp;
		return true;
	}
	return false;
}

static void take_address(const struct pieces *in, bool is_two, uint64_t end, struct decoded *ret)
{
	uint64_t to;

	if (!fixed_address(in, end, &to))
		return;
	ret->to = to;
	if (ret->kind == FACT_CALL_ANY)
		ret->kind = FACT_CALL_SLOT;
	else if (ret->kind == FACT_JUMP_ANY)
		ret->kind = FACT_JUMP_SLOT;
	else
		ret->kind = in->opcode == 0x8d && !is_two ? FACT_ADDRESS : FACT_ACCESS;
}

static void take_absolute(const struct pieces *in, uint64_t imm, bool has_imm, uint64_t start,
			  uint64_t end, struct decoded *ret)
{
	if (!has_imm || imm < start || imm >= end)
		imm = (uint64_t)in->disp;
	else
		in = NULL;
	if (in && (!in->has_disp32 || (in->modrm & 7) == 5 || imm < start || imm >= end))
		return;
	ret->also = FACT_ADDRESS;
	ret->also_to = imm;
}

static void take_branch(const struct pieces *in, bool is_two, int64_t distance, uint64_t end,
			struct decoded *ret)
{
	ret->to = end + (uint64_t)distance;
	if (!is_two && in->opcode == 0xe8) {
		ret->kind = FACT_CALL;
	} else if (!is_two && (in->opcode == 0xe9 || in->opcode == 0xeb)) {
		ret->kind = FACT_JUMP;
		ret->flow = FLOW_STOP;
	} else {
		ret->kind = FACT_BRANCH;
	}
}

bool decode_fast(const uint8_t *bytes, size_t room, uint64_t at, uint64_t image_start,
		 uint64_t image_end, struct decoded *ret)
{
	struct pieces in = { .p = bytes };
	uint64_t imm = 0, end;
	bool is_two, has_imm = false;

	if (room < 24 || image_end > 0x80000000U)
		return false;
	*ret = (struct decoded){ .kind = -1, .also = -1, .flow = FLOW_NEXT };
	if (*in.p == 0x66 || *in.p == 0xf3 || *in.p == 0xf2)
		in.prefix = *in.p++;
	if (*in.p >> 4 == 4)
		in.rex = *in.p++;
	is_two = *in.p == 0x0f;
	in.p += is_two;
	in.opcode = *in.p++;
	in.flags = is_two ? two[in.opcode] : one[in.opcode];
	if (!(in.flags & KNOWN) || !has_prefixes(&in, is_two))
		return false;
	if (in.flags & MODRM)
		read_modrm(&in);
	if (in.flags & SPECIAL && !(is_two ? two_bytes(&in, ret) : one_byte(&in, ret)))
		return false;
	if (in.flags & (REL8 | REL32)) {
		int64_t distance = in.flags & REL8 ? (int8_t)*in.p : read_i32(in.p);

		in.p += in.flags & REL8 ? 1 : 4;
		take_branch(&in, is_two, distance, at + (uint64_t)(in.p - bytes), ret);
	} else if (in.flags & IMM8) {
		in.p++;
	} else if (in.flags & IMMZ) {
		bool is_short = in.prefix == 0x66 && !(in.rex & 8);

		has_imm = !is_short;
		imm = (uint32_t)read_i32(in.p);
		in.p += is_short ? 2 : 4;
	} else if (!is_two && in.opcode >> 3 == 0xb8 >> 3 && in.rex & 8) {
		has_imm = true;
		memcpy(&imm, in.p - 8, sizeof(imm));
	}
	ret->length = (uint8_t)(in.p - bytes);
	end = at + ret->length;
	if (ret->flow == FLOW_PADDING)
		return true;
	take_address(&in, is_two, end, ret);
	if (image_start < image_end)
		take_absolute(&in, imm, has_imm, image_start, image_end, ret);
	return true;
}
