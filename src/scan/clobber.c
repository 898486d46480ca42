/* SPDX-License-Identifier: Apache-2.0 */
/* scan/clobber.c - which registers the functions of aarch64 code overwrite.
 *
 * What its own instructions write, what the functions that it calls or jumps to
 * overwrite, and all that a call may change where it calls what is not known
 * here. Code that nobody described may be several functions in one: there nothing
 * is certain, and nothing is said to be overwritten. */
#include "scan/clobber.h"

#include "scan/decode-a64.h"
#include "scan/machine.h"

#include <elf.h>
#include <stdlib.h>

static uint32_t written_in(const struct elf *f, const struct code *c, const struct func *fn)
{
	uint64_t start = c->base + fn->start;
	const uint8_t *p = elf_at(f, start, fn->end - fn->start);
	uint32_t mask = 0;
	struct insn in;

	for (uint32_t i = (uint32_t)(-start & 3); p && i + 4 <= fn->end - fn->start; i += 4) {
		if (a64_insn(p + i, 4, start + i, &in) && in.kind != INSN_CALL)
			mask |= in.written;
	}
	return mask;
}

/* Takes what fact t adds to its function. True when that is new. */
static bool take(const struct code *c, const struct fact *t, uint32_t *v)
{
	ptrdiff_t from = code_func(c, c->base + t->at), to;
	uint32_t more = 0;

	if (from < 0)
		return false;
	if (t->kind == FACT_CALL_ANY || t->kind == FACT_CALL_SLOT || t->kind == FACT_JUMP_SLOT) {
		more = machine_of(EM_AARCH64)->caller_saved;
	} else if (t->kind <= FACT_BRANCH) {
		to = code_func(c, c->base + t->to);
		more = to < 0 ? 0 : v[to];
	}
	/* A stub is one whoever described it. */
	if (!c->funcs[from].is_described && t->kind != FACT_JUMP_SLOT)
		more = 0;
	if (!(more & ~v[from]))
		return false;
	v[from] |= more;
	return true;
}

uint32_t *clobber_find(const struct elf *f, const struct code *c)
{
	uint32_t *v = calloc(c->n_funcs + 1, sizeof(*v));
	bool more = v;

	for (size_t i = 0; v && i < c->n_funcs; i++) {
		if (c->funcs[i].is_described)
			v[i] = written_in(f, c, &c->funcs[i]);
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < c->n_facts; i++)
			more |= take(c, &c->facts[i], v);
	}
	return v;
}
