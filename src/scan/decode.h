/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode.h - single instructions, told alike for all machines.
 *
 * Two depths: decode_fact() is for the sweep over all code and tells only what
 * leaves the instruction; decode_insn() is for the searches and tells what it
 * does to registers and memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum control { FLOW_NEXT, FLOW_STOP, FLOW_PADDING };

/* What decode_fact() found: kind is an enum fact_kind or -1 for nothing. */
struct decoded {
	uint8_t length; /* 0: no instruction */
	uint8_t flow;
	int kind;
	uint64_t to;
	int also;       /* a second address: an absolute operand */
	uint64_t also_to;
};

/* The general registers as the hardware numbers them: x86-64's, and for aarch64
 * 0 to 30 with 31 for the stack pointer (what reads or writes xzr is told as
 * constants and as nothing). */
enum gpr {
	GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15,
	GPR_FP = 29, GPR_LR, GPR_SP, /* aarch64 */
	GPR_NONE,
};

enum { VECTOR_NONE = 0xff };

enum insn_kind {
	INSN_OTHER,  /* writes `written`, nothing more is known */
	INSN_SET,    /* dst = imm */
	INSN_SET_LOW, /* the low byte of dst = imm, the rest stays */
	INSN_MOVE,   /* dst = src */
	INSN_LEA,    /* dst = [mem] as an address */
	INSN_LOAD,   /* dst = value at [mem] */
	INSN_STORE,  /* value at [mem] = src, or imm when src is none */
	INSN_ADD,    /* dst += imm */
	INSN_AND,    /* dst = dst & imm; aarch64: src & imm */
	INSN_AND_ANY, /* dst &= something */
	INSN_OR,     /* dst |= src, value at [mem], or imm when both are none */
	INSN_SHIFT,  /* dst <<= imm; >>= -imm, filled with zeros */
	INSN_SWAP,   /* dst and src change places (xchg) */
	INSN_CHOOSE, /* dst = src or stays (cmov) */
	INSN_SELECT, /* dst = src, or pair + imm (csel); no register: 0 */
	INSN_INSERT, /* 16 bits of dst, from bit `scale` on, = imm; the rest stays (movk) */
	INSN_BIT,    /* dst = 0 or 1 (setcc), low byte only */
	INSN_BORROW, /* dst = 0 or -1 (sbb same, same) */
	INSN_PUSH,   /* src, or imm when src is none */
	INSN_POP,
	INSN_LEAVE,
	INSN_CALL, INSN_JUMP, INSN_BRANCH, /* to: direct; else mem or src */
	INSN_STOP,   /* ret, ud2, hlt */
	INSN_RETURN,
	INSN_SYSCALL,
};

struct insn {
	uint64_t at, to; /* to: target of a direct call, jump or branch */
	uint8_t length, kind;
	uint8_t dst, src, width; /* enum gpr; width of the operation in bytes */
	uint8_t pair;            /* a second register, for the place behind the first */
	uint8_t mem_width;       /* how many bytes are written; 0: not known */
	int16_t step;            /* is added to base when all else is done */
	bool is_direct, is_padding;
	bool is_privileged;      /* only the kernel can execute it */
	bool is_test;            /* test or cmp: looks, and keeps nothing */
	bool tests_equal;        /* of dst with imm; for branches: taken when equal */
	bool tests_unequal;      /* branches: taken when not */
	bool has_mem, writes_mem;
	bool is_pair;            /* loads or stores two; a pair of no register: 0 */
	uint8_t base, index;     /* of [mem]; both none: disp is an address */
	uint8_t scale;
	uint32_t written, read;  /* one bit for each general register */
	uint16_t vectors;        /* written vector registers, the first 16 */
	uint8_t vector;          /* whose value is stored, with width; or which
				  * is set to zero; else VECTOR_NONE */
	bool is_vector_store;
	int64_t disp, imm;
};

static inline bool insn_writes(const struct insn *in, uint8_t reg)
{
	return reg < GPR_NONE && in->written >> reg & 1;
}

static inline bool insn_reads(const struct insn *in, uint8_t reg)
{
	return reg < GPR_NONE && in->read >> reg & 1;
}

/* One instruction at `at`; `bytes` has room bytes. `image` is the range of
 * addresses that an absolute operand can mean; empty for code that is
 * position-independent. */
struct decoder;
struct decoder *decoder_new(uint16_t machine); /* EM_ */
struct decoder *decoder_free(struct decoder *d);
void decode_fact(const struct decoder *d, const uint8_t *bytes, size_t room, uint64_t at,
		 uint64_t image_start, uint64_t image_end, struct decoded *ret);
/* False: no instruction. */
bool decode_insn(const struct decoder *d, const uint8_t *bytes, size_t room, uint64_t at,
		 struct insn *ret);
