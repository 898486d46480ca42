/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode.c - single x86-64 instructions, by way of Zydis.
 *
 * The sweep sees every byte of code, so decode_fact() knows the plain forms by
 * itself (decode-fast.c) and asks Zydis about the others, for the instruction
 * without its operands (a third of the cost). It reads what it needs from the
 * raw encoding: a relative immediate is a direct target, ModRM 0/5 is an
 * address relative to the instruction's end.
 *
 * decode_insn() reduces an instruction to the few operations that carry system
 * call numbers and addresses about (enum insn_kind). Everything else is
 * INSN_OTHER with the set of registers it writes, hidden ones included: what
 * is not understood is unknown, never unchanged. */
#include "scan/decode.h"

#include "scan/code.h"
#include "scan/decode-a64.h"
#include "scan/decode-fast.h"

#include <Zydis/Zydis.h>
#include <elf.h>
#include <stdlib.h>

struct decoder {
	uint16_t machine;
	ZydisDecoder zydis;
};

struct decoder *decoder_new(uint16_t machine)
{
	struct decoder *d = malloc(sizeof(*d));

	if (!d)
		return NULL;
	d->machine = machine;
	ZydisDecoderInit(&d->zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	return d;
}

struct decoder *decoder_free(struct decoder *d)
{
	free(d);
	return NULL;
}

static enum control flow_of(const ZydisDecodedInstruction *in)
{
	switch (in->mnemonic) {
	case ZYDIS_MNEMONIC_NOP:
	case ZYDIS_MNEMONIC_INT3:
		return FLOW_PADDING;
	case ZYDIS_MNEMONIC_JMP:
	case ZYDIS_MNEMONIC_HLT:
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
		return FLOW_STOP;
	default:
		return in->meta.category == ZYDIS_CATEGORY_RET ||
				       in->meta.category == ZYDIS_CATEGORY_SYSRET
			       ? FLOW_STOP
			       : FLOW_NEXT;
	}
}

static bool is_kernel_entry(const ZydisDecodedInstruction *in, int *ret_kind)
{
	if (in->mnemonic == ZYDIS_MNEMONIC_SYSCALL)
		*ret_kind = FACT_SYSCALL;
	else if (in->mnemonic == ZYDIS_MNEMONIC_SYSENTER ||
		 (in->mnemonic == ZYDIS_MNEMONIC_INT && in->raw.imm[0].value.u == 0x80))
		*ret_kind = FACT_SYSCALL32;
	else
		return false;
	return true;
}

/* The address that a memory operand names without any register but rip. */
static bool fixed_address(const ZydisDecodedInstruction *in, uint64_t at, uint64_t *ret)
{
	bool has_modrm = in->attributes & ZYDIS_ATTRIB_HAS_MODRM;

	if (!has_modrm || in->raw.modrm.mod != 0 || in->raw.disp.size != 32)
		return false;
	if (in->raw.modrm.rm == 5) {
		*ret = at + in->length + (uint64_t)in->raw.disp.value;
		return true;
	}
	if (in->raw.modrm.rm == 4 && in->raw.sib.base == 5 && in->raw.sib.index == 4 &&
	    !in->raw.rex.X) {
		*ret = (uint64_t)in->raw.disp.value;
		return true;
	}
	return false;
}

/* Absolute operands of code that is linked to a fixed place. */
static void read_absolute(const ZydisDecodedInstruction *in, uint64_t start, uint64_t end,
			  struct decoded *ret)
{
	for (int i = 0; i < 2; i++) {
		uint64_t v = in->raw.imm[i].value.u;

		if (in->raw.imm[i].size >= 32 && !in->raw.imm[i].is_relative &&
		    v >= start && v < end) {
			ret->also = FACT_ADDRESS;
			ret->also_to = v;
			return;
		}
	}
	if (in->raw.disp.size == 32 && (uint64_t)in->raw.disp.value >= start &&
	    (uint64_t)in->raw.disp.value < end && in->raw.modrm.rm != 5) {
		ret->also = FACT_ADDRESS;
		ret->also_to = (uint64_t)in->raw.disp.value;
	}
}

static int branch_kind(const ZydisDecodedInstruction *in)
{
	if (in->meta.category == ZYDIS_CATEGORY_CALL)
		return FACT_CALL;
	if (in->mnemonic == ZYDIS_MNEMONIC_JMP)
		return FACT_JUMP;
	return FACT_BRANCH;
}

static void read_branch(const ZydisDecodedInstruction *in, uint64_t at, struct decoded *ret)
{
	bool is_call = in->meta.category == ZYDIS_CATEGORY_CALL;

	if (in->raw.imm[0].is_relative) {
		ret->kind = branch_kind(in);
		ret->to = at + in->length + in->raw.imm[0].value.u;
	} else if (fixed_address(in, at, &ret->to)) {
		ret->kind = is_call ? FACT_CALL_SLOT : FACT_JUMP_SLOT;
	} else {
		ret->kind = is_call ? FACT_CALL_ANY : FACT_JUMP_ANY;
	}
}

void decode_fact_by_zydis(const struct decoder *d, const uint8_t *bytes, size_t room, uint64_t at,
			  uint64_t image_start, uint64_t image_end, struct decoded *ret)
{
	ZydisDecodedInstruction in;

	*ret = (struct decoded){ .kind = -1, .also = -1 };
	if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&d->zydis, NULL, bytes, room, &in)))
		return;
	ret->length = in.length;
	ret->flow = (uint8_t)flow_of(&in);
	if (ret->flow == FLOW_PADDING)
		return;
	if (in.meta.category == ZYDIS_CATEGORY_CALL || in.mnemonic == ZYDIS_MNEMONIC_JMP ||
	    in.raw.imm[0].is_relative)
		read_branch(&in, at, ret);
	else if (!is_kernel_entry(&in, &ret->kind) && fixed_address(&in, at, &ret->to))
		ret->kind = in.mnemonic == ZYDIS_MNEMONIC_LEA ? FACT_ADDRESS : FACT_ACCESS;
	if (image_start < image_end)
		read_absolute(&in, image_start, image_end, ret);
}

void decode_fact(const struct decoder *d, const uint8_t *bytes, size_t room, uint64_t at,
		 uint64_t image_start, uint64_t image_end, struct decoded *ret)
{
	if (d->machine == EM_AARCH64)
		a64_fact(bytes, room, at, ret);
	else if (!decode_fast(bytes, room, at, image_start, image_end, ret))
		decode_fact_by_zydis(d, bytes, room, at, image_start, image_end, ret);
}

static uint8_t reg_of(ZydisRegister r)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);

	if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15)
		return GPR_NONE;
	return (uint8_t)(whole - ZYDIS_REGISTER_RAX);
}

static bool is_high_byte(ZydisRegister r)
{
	return r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH;
}

static void read_mem(const ZydisDecodedOperand *op, struct insn *ret)
{
	uint8_t base = reg_of(op->mem.base);

	ret->has_mem = true;
	ret->base = base;
	ret->index = reg_of(op->mem.index);
	ret->scale = op->mem.scale;
	ret->disp = op->mem.disp.value;
	if (op->mem.base == ZYDIS_REGISTER_RIP)
		ret->disp += (int64_t)(ret->at + ret->length);
	/* Thread-local memory and the like is nowhere that we know. */
	if (op->mem.segment == ZYDIS_REGISTER_FS || op->mem.segment == ZYDIS_REGISTER_GS) {
		ret->base = ret->index = GPR_NONE;
		ret->disp = -1;
	}
}

static void read_uses(const ZydisDecodedOperand *op, struct insn *ret)
{
	uint8_t v[2] = { GPR_NONE, GPR_NONE };

	if (op->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		v[0] = reg_of(op->mem.base);
		v[1] = reg_of(op->mem.index);
	} else if (op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		   op->actions & ZYDIS_OPERAND_ACTION_MASK_READ) {
		v[0] = reg_of(op->reg.value);
	}
	for (int i = 0; i < 2; i++) {
		if (v[i] != GPR_NONE)
			ret->read |= (1U << v[i]);
	}
}

static uint8_t vector_of(ZydisRegister r)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);

	if (whole < ZYDIS_REGISTER_ZMM0 || whole > ZYDIS_REGISTER_ZMM15)
		return VECTOR_NONE;
	return (uint8_t)(whole - ZYDIS_REGISTER_ZMM0);
}

/* Stores of whole vector registers, and the usual way to set one to zero. */
static void read_vectors(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op,
			 struct insn *ret)
{
	for (int i = 0; i < in->operand_count; i++) {
		uint8_t v = op[i].type == ZYDIS_OPERAND_TYPE_REGISTER ? vector_of(op[i].reg.value)
								      : VECTOR_NONE;

		if (v != VECTOR_NONE && op[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
			ret->vectors |= (uint16_t)(1U << v);
	}
	switch (in->mnemonic) {
	case ZYDIS_MNEMONIC_MOVUPS:
	case ZYDIS_MNEMONIC_MOVAPS:
	case ZYDIS_MNEMONIC_MOVDQU:
	case ZYDIS_MNEMONIC_MOVDQA:
		if (op[0].type != ZYDIS_OPERAND_TYPE_MEMORY)
			break;
		ret->is_vector_store = true;
		ret->width = (uint8_t)(op[0].size / 8);
		ret->vector = vector_of(op[1].reg.value);
		break;
	case ZYDIS_MNEMONIC_PXOR:
	case ZYDIS_MNEMONIC_XORPS:
		if (op[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    op[0].reg.value == op[1].reg.value)
			ret->vector = vector_of(op[0].reg.value);
		break;
	case ZYDIS_MNEMONIC_VZEROALL:
	case ZYDIS_MNEMONIC_FXRSTOR:
	case ZYDIS_MNEMONIC_FXRSTOR64:
	case ZYDIS_MNEMONIC_XRSTOR:
	case ZYDIS_MNEMONIC_XRSTOR64:
		ret->vectors = UINT16_MAX;
		break;
	default:
		break;
	}
}

static void read_effects(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op,
			 struct insn *ret)
{
	for (int i = 0; i < in->operand_count; i++) {
		bool writes = op[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;

		if (op[i].type == ZYDIS_OPERAND_TYPE_REGISTER && writes) {
			uint8_t r = reg_of(op[i].reg.value);

			if (r != GPR_NONE)
				ret->written |= (1U << r);
		}
		read_uses(&op[i], ret);
		if (op[i].type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		if (op[i].visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN)
			read_mem(&op[i], ret);
		/* Pushes write below the stack pointer: no slot that lives. */
		if (writes && op[i].mem.type == ZYDIS_MEMOP_TYPE_MEM &&
		    in->meta.category != ZYDIS_CATEGORY_PUSH &&
		    in->meta.category != ZYDIS_CATEGORY_CALL)
			ret->writes_mem = true;
	}
}

/* Where the other operand is a register or memory. */
static enum insn_kind bitwise_kind(const ZydisDecodedInstruction *in)
{
	if (in->mnemonic == ZYDIS_MNEMONIC_OR)
		return INSN_OR;
	return in->mnemonic == ZYDIS_MNEMONIC_AND ? INSN_AND_ANY : INSN_OTHER;
}

/* Forms with a register first: op dst, {reg, mem, imm}. */
static void read_two(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op,
		     struct insn *ret)
{
	bool is_mov = in->mnemonic == ZYDIS_MNEMONIC_MOV ||
		      in->mnemonic == ZYDIS_MNEMONIC_MOVZX ||
		      in->mnemonic == ZYDIS_MNEMONIC_MOVSXD;
	bool same = op[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    op[1].reg.value == op[0].reg.value;
	enum insn_kind kind = INSN_OTHER;

	ret->dst = reg_of(op[0].reg.value);
	if (ret->dst == GPR_NONE || is_high_byte(op[0].reg.value))
		return;
	if (op[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
		ret->src = reg_of(op[1].reg.value);
		if (is_high_byte(op[1].reg.value) || ret->src == GPR_NONE)
			return;
		ret->width = (uint8_t)(op[1].size / 8);
		if (is_mov)
			kind = INSN_MOVE;
		else if (in->meta.category == ZYDIS_CATEGORY_CMOV)
			kind = INSN_CHOOSE;
		else if (in->mnemonic == ZYDIS_MNEMONIC_XCHG)
			kind = INSN_SWAP;
		else if (same && in->mnemonic == ZYDIS_MNEMONIC_SBB)
			kind = INSN_BORROW;
		else if (same && (in->mnemonic == ZYDIS_MNEMONIC_XOR ||
				  in->mnemonic == ZYDIS_MNEMONIC_SUB))
			kind = INSN_SET;
		else
			kind = bitwise_kind(in);
	} else if (op[1].type == ZYDIS_OPERAND_TYPE_MEMORY) {
		ret->width = (uint8_t)(op[1].size / 8);
		if (in->mnemonic == ZYDIS_MNEMONIC_LEA)
			kind = INSN_LEA;
		else if (is_mov)
			kind = INSN_LOAD;
		else if (in->meta.category == ZYDIS_CATEGORY_CMOV)
			kind = INSN_CHOOSE;
		else
			kind = bitwise_kind(in);
	} else if (op[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		ret->imm = op[1].imm.value.s;
		ret->width = (uint8_t)(op[0].size / 8);
		if (is_mov || (in->mnemonic == ZYDIS_MNEMONIC_OR && ret->imm == -1))
			kind = INSN_SET;
		else if (in->mnemonic == ZYDIS_MNEMONIC_AND)
			kind = INSN_AND;
		else if (in->mnemonic == ZYDIS_MNEMONIC_ADD)
			kind = INSN_ADD;
		else if (in->mnemonic == ZYDIS_MNEMONIC_SUB) {
			kind = INSN_ADD;
			ret->imm = -ret->imm;
		} else if (in->mnemonic == ZYDIS_MNEMONIC_OR) {
			kind = INSN_OR;
		} else if (in->mnemonic == ZYDIS_MNEMONIC_SHL ||
			   in->mnemonic == ZYDIS_MNEMONIC_SHR) {
			/* The processor looks at 5 or 6 bits of it. */
			ret->imm &= op[0].size == 64 ? 63 : 31;
			if (in->mnemonic == ZYDIS_MNEMONIC_SHR)
				ret->imm = -ret->imm;
			kind = INSN_SHIFT;
		}
	}
	/* A write to a part leaves the rest as it was: of those only constants
	 * are followed. A write of 4 bytes clears the upper 4. */
	if (op[0].size >= 32)
		ret->kind = (uint8_t)kind;
	else if (op[0].size == 8 && kind == INSN_SET && in->mnemonic == ZYDIS_MNEMONIC_MOV)
		ret->kind = INSN_SET_LOW;
}

static void read_store(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op,
		       struct insn *ret)
{
	if (in->mnemonic != ZYDIS_MNEMONIC_MOV)
		return;
	ret->width = (uint8_t)(op[0].size / 8);
	if (op[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
		ret->src = reg_of(op[1].reg.value);
		if (ret->src == GPR_NONE || is_high_byte(op[1].reg.value))
			return;
	} else {
		ret->imm = op[1].imm.value.s;
	}
	ret->kind = INSN_STORE;
}

static void read_one(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op,
		     struct insn *ret)
{
	bool is_reg = op[0].type == ZYDIS_OPERAND_TYPE_REGISTER;

	if (in->meta.category == ZYDIS_CATEGORY_SETCC && is_reg &&
	    !is_high_byte(op[0].reg.value)) {
		ret->kind = INSN_BIT;
		ret->dst = reg_of(op[0].reg.value);
	} else if (in->mnemonic == ZYDIS_MNEMONIC_PUSH && in->operand_width == 64) {
		if (is_reg)
			ret->src = reg_of(op[0].reg.value);
		if (op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
			ret->imm = op[0].imm.value.s;
		if (op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE ||
		    (is_reg && ret->src != GPR_NONE) || ret->has_mem)
			ret->kind = INSN_PUSH;
	} else if (in->mnemonic == ZYDIS_MNEMONIC_POP && is_reg && op[0].size == 64) {
		ret->kind = INSN_POP;
		ret->dst = reg_of(op[0].reg.value);
	} else if ((in->mnemonic == ZYDIS_MNEMONIC_INC || in->mnemonic == ZYDIS_MNEMONIC_DEC) &&
		   is_reg && op[0].size >= 32) {
		ret->kind = INSN_ADD;
		ret->dst = reg_of(op[0].reg.value);
		ret->imm = in->mnemonic == ZYDIS_MNEMONIC_INC ? 1 : -1;
	}
}

/* test r, r and cmp r, imm, of at least 4 bytes. */
static void read_test(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op,
		      struct insn *ret)
{
	bool is_self = op[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		       op[1].reg.value == op[0].reg.value;

	if (op[0].type != ZYDIS_OPERAND_TYPE_REGISTER || op[0].size < 32)
		return;
	ret->dst = reg_of(op[0].reg.value);
	ret->width = (uint8_t)(op[0].size / 8);
	if (in->mnemonic == ZYDIS_MNEMONIC_TEST && is_self) {
		ret->tests_equal = ret->dst != GPR_NONE;
	} else if (in->mnemonic == ZYDIS_MNEMONIC_CMP &&
		   op[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		ret->imm = op[1].imm.value.s;
		ret->tests_equal = ret->dst != GPR_NONE;
	}
}

static void read_control(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op,
			 struct insn *ret)
{
	if (in->meta.category == ZYDIS_CATEGORY_CALL)
		ret->kind = INSN_CALL;
	else if (in->mnemonic == ZYDIS_MNEMONIC_JMP)
		ret->kind = INSN_JUMP;
	else
		ret->kind = INSN_BRANCH;
	ret->tests_equal = in->mnemonic == ZYDIS_MNEMONIC_JZ;
	ret->tests_unequal = in->mnemonic == ZYDIS_MNEMONIC_JNZ;
	if (op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		ret->is_direct = true;
		ret->to = ret->at + ret->length + in->raw.imm[0].value.u;
	} else if (op[0].type == ZYDIS_OPERAND_TYPE_REGISTER) {
		ret->src = reg_of(op[0].reg.value);
	}
}

/* movsxd rax, eax */
static void read_extension(struct insn *ret)
{
	ret->kind = INSN_MOVE;
	ret->dst = ret->src = GPR_RAX;
	ret->width = 4;
}

bool decode_insn(const struct decoder *d, const uint8_t *bytes, size_t room, uint64_t at,
		 struct insn *ret)
{
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction in;
	enum control flow;
	int kernel;

	if (d->machine == EM_AARCH64)
		return a64_insn(bytes, room, at, ret);
	if (ZYAN_FAILED(ZydisDecoderDecodeFull(&d->zydis, bytes, room, &in, op)))
		return false;
	*ret = (struct insn){ .at = at, .length = in.length, .kind = INSN_OTHER,
			      .dst = GPR_NONE, .src = GPR_NONE, .pair = GPR_NONE,
			      .base = GPR_NONE, .index = GPR_NONE,
			      .vector = VECTOR_NONE };
	flow = flow_of(&in);
	ret->is_padding = flow == FLOW_PADDING;
	ret->is_privileged = in.mnemonic != ZYDIS_MNEMONIC_HLT &&
			     (in.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED ||
			      in.meta.category == ZYDIS_CATEGORY_IO ||
			      in.meta.category == ZYDIS_CATEGORY_IOSTRINGOP);
	ret->is_test = in.mnemonic == ZYDIS_MNEMONIC_TEST || in.mnemonic == ZYDIS_MNEMONIC_CMP;
	read_effects(&in, op, ret);
	read_vectors(&in, op, ret);
	if (in.meta.category == ZYDIS_CATEGORY_CALL || in.mnemonic == ZYDIS_MNEMONIC_JMP ||
	    in.raw.imm[0].is_relative)
		read_control(&in, op, ret);
	else if (flow == FLOW_STOP)
		ret->kind = in.meta.category == ZYDIS_CATEGORY_RET ? INSN_RETURN : INSN_STOP;
	else if (is_kernel_entry(&in, &kernel))
		ret->kind = INSN_SYSCALL;
	else if (in.mnemonic == ZYDIS_MNEMONIC_LEAVE)
		ret->kind = INSN_LEAVE;
	else if (in.mnemonic == ZYDIS_MNEMONIC_CDQE)
		read_extension(ret);
	else if (ret->is_test)
		read_test(&in, op, ret);
	else if (in.operand_count_visible == 2 && op[0].type == ZYDIS_OPERAND_TYPE_REGISTER)
		read_two(&in, op, ret);
	else if (in.operand_count_visible == 2 && op[0].type == ZYDIS_OPERAND_TYPE_MEMORY)
		read_store(&in, op, ret);
	else if (in.operand_count_visible == 1)
		read_one(&in, op, ret);
	return true;
}
