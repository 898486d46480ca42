/* SPDX-License-Identifier: Apache-2.0 */
/* scan/body-a64.c - what a body of aarch64 code says in more than one instruction.
 *
 * Where a register holds a known address on the line that leads to an instruction
 * (adrp, or adrp and add), the instruction is told with the whole address as one
 * of x86-64 would be: base and index none, disp the address. What the line does
 * not show (the address was made before a branch) stays in two parts, which the
 * search puts together step by step. A stub's `br x17` becomes a jump through
 * its slot. */
#include "scan/body.h"
#include "scan/frame.h"

#include <stdlib.h>

struct known {
	uint32_t is_address, is_loaded; /* bits: the register holds, was loaded from */
	uint64_t v[GPR_NONE];
};

static void whole(struct insn *in, const struct known *k)
{
	uint64_t base = in->base < GPR_NONE && k->is_address >> in->base & 1 ? k->v[in->base] : 0;

	if (in->kind == INSN_ADD && in->width == 8 && k->is_address >> in->dst & 1) {
		in->kind = INSN_LEA;
		in->disp = (int64_t)k->v[in->dst] + in->imm;
		in->base = GPR_NONE;
	} else if (base && in->index == GPR_NONE && !in->step &&
		   (in->has_mem || (in->kind == INSN_LEA && in->width == 8))) {
		in->disp += (int64_t)base;
		in->base = GPR_NONE;
	} else if (in->kind == INSN_JUMP && in->src == 17 && k->is_loaded >> 17 & 1) {
		in->has_mem = true;
		in->disp = (int64_t)k->v[17];
	}
}

static void learn(const struct insn *in, const struct machine *m, struct known *k)
{
	bool is_known = in->dst < GPR_NONE && in->width == 8;
	bool is_copy = is_known && in->kind == INSN_MOVE && in->src < GPR_NONE &&
		       k->is_address >> in->src & 1;
	uint64_t v = is_copy ? k->v[in->src] : (uint64_t)in->disp;
	uint32_t written = in->kind == INSN_CALL ? m->caller_saved | in->written : in->written;

	k->is_address &= ~written;
	k->is_loaded &= ~written;
	if (!is_known || in->is_pair || in->base != GPR_NONE || in->index != GPR_NONE)
		return;
	if (is_copy || in->kind == INSN_LEA)
		k->is_address |= 1U << in->dst;
	else if (in->kind == INSN_LOAD)
		k->is_loaded |= 1U << in->dst;
	else
		return;
	k->v[in->dst] = v;
}

/* Does the number that it sets end the program or the thread? */
static bool is_exit(const struct insn *in)
{
	return in->kind == INSN_SET && in->dst == 8 && (in->imm == 93 || in->imm == 94);
}

static bool is_joined(const struct body *b, size_t i, const uint64_t *labels, size_t n)
{
	uint64_t at = b->v[i].at;
	size_t k = body_branches_to(b, at);

	if (i == 0 || b->v[i - 1].at + 4 != at || b->v[i - 1].kind == INSN_JUMP ||
	    b->v[i - 1].kind == INSN_STOP || b->v[i - 1].kind == INSN_RETURN ||
	    (k < b->n_branches && b->branches[k].to == at))
		return true;
	for (k = 0; k < n; k++) {
		if (labels[k] == at)
			return true;
	}
	return false;
}

bool body_read_a64(struct body *b, const struct graph *g)
{
	const struct code *c = &g->units[b->unit].code;
	const struct func *fn = graph_func(g, b->node);
	uint64_t *labels = calloc(fn[1].first_fact - fn->first_fact + 1, sizeof(*labels));
	struct known k = { 0 };
	size_t n = 0;
	bool ok;

	for (uint32_t i = fn->first_fact; labels && i < fn[1].first_fact; i++) {
		if (c->facts[i].kind == FACT_LABEL)
			labels[n++] = c->base + c->facts[i].to;
	}
	for (size_t i = 0; labels && !fn->is_open && i < b->n; i++) {
		if (is_joined(b, i, labels, n))
			k.is_address = k.is_loaded = 0;
		else if (b->v[i].kind == INSN_SYSCALL && is_exit(&b->v[i - 1]))
			b->v[i].kind = INSN_STOP;
		whole(&b->v[i], &k);
		learn(&b->v[i], g->machine, &k);
	}
	ok = labels && frame_read(b, g->machine, labels, n);
	free(labels);
	return ok;
}
