/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-a64-priv.h - what the parts of the aarch64 decoder share. */
#pragma once

#include "scan/decode-a64.h"

#define FIELD(w, low, n) ((w) >> (low) & ((1U << (n)) - 1))
#define BIT(w, n) ((w) >> (n) & 1)

static inline int64_t sign_extend(uint64_t v, unsigned bits)
{
	return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

static inline uint32_t word_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A register field where 31 is xzr. */
static inline uint8_t reg(uint32_t w, unsigned low)
{
	uint8_t r = (uint8_t)FIELD(w, low, 5);

	return r == 31 ? GPR_NONE : r;
}

/* A register field where 31 is sp. */
static inline uint8_t reg_sp(uint32_t w, unsigned low)
{
	return (uint8_t)FIELD(w, low, 5);
}

static inline void reads(struct insn *in, uint8_t r)
{
	if (r < GPR_NONE)
		in->read |= 1U << r;
}

static inline void writes(struct insn *in, uint8_t r)
{
	if (r < GPR_NONE)
		in->written |= 1U << r;
}

static inline uint8_t width_of(uint32_t w)
{
	return BIT(w, 31) ? 8 : 4;
}

/* opc of the logical instructions */
enum { LOGIC_AND, LOGIC_ORR, LOGIC_EOR, LOGIC_ANDS };

/* Instructions whose bits under the mask are the value. */
struct a64_class {
	uint32_t mask, value;
	bool (*read)(uint32_t w, struct insn *in); /* NULL ends a table */
};

extern const struct a64_class a64_immediates[], a64_branches[], a64_memory[], a64_registers[],
	a64_floats[];

/* An instruction that is not known in detail: touches all that it could name. */
bool a64_unknown(uint32_t w, struct insn *in);
