/* SPDX-License-Identifier: Apache-2.0 */
/* scan/search-step.c - the backward search over one instruction: what a place was
 * before it. The theory is in scan/search.c. */
#include "scan/search-priv.h"

#include "base/scope.h"
#include "scan/frame.h"
#include "scan/variable.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static unsigned bytes_of(const struct place *p)
{
	return p->mask <= 0xff ? 1 : p->mask <= 0xffff ? 2 : p->mask <= UINT32_MAX ? 4 : 8;
}

static uint64_t mask_of(unsigned width)
{
	return width >= 8 ? UINT64_MAX : ((uint64_t)1 << (width * 8)) - 1;
}

/* The place for register `reg` in the stead of p's own. */
static struct place as_reg(struct place p, uint8_t reg, unsigned width)
{
	p.is_mem = false;
	p.reg = reg;
	p.disp = 0;
	p.mask &= mask_of(width);
	return p;
}

/* Before an instruction that is no predecessor: what the guards' registers are
 * there says nothing. */
void search_elsewhere(struct search *s, uint32_t node, uint32_t i, struct place p)
{
	struct watches kept = s->watches;

	s->watches.n = 0;
	search_before(s, node, i, p);
	s->watches = kept;
}

/* Does a store put a register (GPR_NONE: *ret_n) at a distance from its place? */
static bool is_stored(const struct insn *st, int64_t at, unsigned size, uint8_t *ret_reg,
		      uint64_t *ret_n)
{
	if (st->kind != INSN_STORE || st->width < size || st->index != GPR_NONE ||
	    (at != 0 && (!st->is_pair || at != st->width)))
		return false;
	*ret_reg = at ? st->pair : st->src;
	*ret_n = at ? 0 : (uint64_t)st->imm;
	return true;
}

/* How many bytes a store writes; 0: not known. */
static unsigned stored_bytes(const struct insn *st)
{
	return st->mem_width ? st->mem_width : st->kind == INSN_STORE ? st->width : 0;
}

/* One of the instructions that touch the variable at an address. */
static void read_writer(struct search *s, uint64_t address, const struct writer *v, struct place p)
{
	const struct body *w = search_body(s, v->node);
	ptrdiff_t j = w ? body_at(w, v->at) : -1;
	const struct insn *st = j >= 0 ? &w->v[j] : NULL;
	/* The base of a pair may be the one or the other's. */
	bool is_clear = st && (st->base == GPR_NONE || !st->is_pair);
	uint64_t to = is_clear && st->base == GPR_NONE ? (uint64_t)st->disp : v->to, n;
	int64_t at = (int64_t)(address - to);
	uint8_t reg;

	if (st && !st->writes_mem)
		return;
	if (is_clear && (at + (int64_t)bytes_of(&p) <= 0 ||
			 (stored_bytes(st) && at >= (int64_t)stored_bytes(st))))
		return;
	if (!is_clear || !is_stored(st, at, bytes_of(&p), &reg, &n))
		search_lost(s, v->node, v->at, "a variable is written in a way that is not followed");
	else if (reg == GPR_NONE)
		search_found(s, w, &p, n);
	else
		search_elsewhere(s, v->node, (uint32_t)j, as_reg(p, reg, st->width));
}

/* A read of a static variable by instruction i: what it is at the start, and
 * what the instructions that write it put there. */
static void read_variable(struct search *s, const struct body *b, uint32_t i, uint64_t address,
			  struct place p)
{
	uint64_t x = 0;
	const struct elf *f = s->graph->units[b->unit].object->elf;
	struct writer *v;
	size_t n;

	if (!variable_writers(s->graph, b->unit, address, &v, &n)) {
		search_lost(s, b->node, b->v[i].at, "the value is read from a variable");
		return;
	}
	/* What is behind the file's end is zero: a variable may be the last. */
	for (unsigned k = 0; k < bytes_of(&p); k++) {
		const uint8_t *byte = elf_at(f, address + k, 1);

		x |= byte ? (uint64_t)*byte << (8 * k) : 0;
	}
	search_found(s, b, &p, x);
	for (size_t k = 0; k < n; k++)
		read_writer(s, address, &v[k], p);
	free(v);
}

/* The value at an address. */
static void read_address(struct search *s, const struct body *b, uint32_t i, uint64_t address,
			 struct place p)
{
	const struct elf *f = s->graph->units[b->unit].object->elf;
	const struct elf_seg *seg = elf_seg_of(f, address);
	const uint8_t *bytes = elf_at(f, address, bytes_of(&p));
	uint64_t x = 0;

	if (!bytes || seg->is_write) {
		read_variable(s, b, i, address, p);
		return;
	}
	memcpy(&x, bytes, bytes_of(&p));
	search_found(s, b, &p, x);
}

/* A read of memory by instruction i, at a distance from its place: constant, a
 * slot to follow, or lost. */
static void read_memory(struct search *s, const struct body *b, uint32_t i, int64_t at,
			struct place p)
{
	const struct insn *in = &b->v[i];

	p.mask &= mask_of(in->width);
	if (in->index != GPR_NONE) {
		search_lost(s, b->node, in->at, "the value is read from a table");
	} else if (in->base != GPR_NONE) {
		p.is_mem = true;
		p.reg = in->base;
		p.disp = in->disp + at;
		search_before(s, b->node, i, p);
	} else {
		read_address(s, b, i, (uint64_t)(in->disp + at), p);
	}
}

static void read_push(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	if (in->has_mem)
		search_lost(s, b->node, in->at, "the value is pushed from memory");
	else if (in->src == GPR_NONE)
		search_found(s, b, &p, (uint64_t)in->imm);
	else
		search_before(s, b->node, i, as_reg(p, in->src, 8));
}

/* What is left of the bits of a place. */
static void look_for_rest(struct search *s, const struct body *b, uint32_t i, struct place p,
			  uint64_t rest)
{
	p.mask &= rest;
	if (p.mask)
		search_before(s, b->node, i, p);
	else
		search_found(s, b, &p, 0);
}

static void before_or(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	search_before(s, b->node, i, p);
	if (in->src != GPR_NONE)
		search_before(s, b->node, i, as_reg(p, in->src, in->width));
	else if (in->has_mem)
		read_memory(s, b, i, 0, p);
	else
		search_found(s, b, &p, (uint64_t)in->imm & mask_of(in->width));
}

static void before_shift(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	p.mask &= mask_of(in->width);
	p.mask = in->imm < 0 ? p.mask << -in->imm & mask_of(in->width) : p.mask >> in->imm;
	p.shift = (int8_t)(p.shift + in->imm);
	if (p.shift > -64 && p.shift < 64)
		look_for_rest(s, b, i, p, UINT64_MAX);
	else
		search_lost(s, b->node, in->at, "the value is computed");
}

static bool is_whole(const struct place *p)
{
	return (p->mask == UINT32_MAX || p->mask == UINT64_MAX) && !p->shift;
}

/* Adding inside a mask that cuts is more than a place can say. */
static void add_to(struct search *s, const struct body *b, uint32_t i, struct place p, uint8_t reg,
		   int64_t by)
{
	if ((!is_whole(&p) || search_asks_bits(s)) && by != 0) {
		search_lost(s, b->node, b->v[i].at, "the value is computed");
		return;
	}
	p.reg = reg;
	p.add += (uint64_t)by;
	search_before(s, b->node, i, p);
}

/* lea disp(, index, scale). */
static void before_scaled(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	if (in->base != GPR_NONE || !is_whole(&p) || search_asks_bits(s)) {
		search_lost(s, b->node, in->at, "the value is computed");
		return;
	}
	p.reg = in->index;
	p.shift = (int8_t)__builtin_ctz(in->scale ? in->scale : 1);
	p.mask >>= p.shift;
	p.add += (uint64_t)in->disp;
	search_before(s, b->node, i, p);
}

/* The low byte gets a value, the rest stays as it was. */
static void before_low_byte(struct search *s, const struct body *b, uint32_t i, struct place p,
			    uint64_t byte)
{
	if (search_asks_bits(s))
		search_found(s, b, &p, byte & 0xff);
	else
		p.add += search_shifted(&p, byte & p.mask & 0xff);
	look_for_rest(s, b, i, p, ~(uint64_t)0xff);
}

/* csel and its like, of registers or xzr. */
static void before_select(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	p.mask &= mask_of(in->width);
	if (in->src == GPR_NONE)
		search_found(s, b, &p, 0);
	else
		search_before(s, b->node, i, as_reg(p, in->src, in->width));
	if (in->pair == GPR_NONE)
		search_found(s, b, &p, (uint64_t)in->imm);
	else
		add_to(s, b, i, p, in->pair, in->imm);
}

/* movk: 16 bits are known, the others are as before. */
static void before_insert(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];
	uint64_t bits = (uint64_t)0xffff << in->scale;

	if (search_asks_bits(s))
		search_found(s, b, &p, (uint64_t)in->imm << in->scale);
	else
		p.add += search_shifted(&p, (uint64_t)in->imm << in->scale & p.mask);
	look_for_rest(s, b, i, p, ~bits & mask_of(in->width));
}

/* A register place, before an instruction that writes it. */
static void before_write(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	if (in->kind == INSN_SWAP) {
		search_before(s, b->node, i,
			    as_reg(p, p.reg == in->dst ? in->src : in->dst, in->width));
		return;
	}
	if (in->step && in->base == p.reg) {
		add_to(s, b, i, p, p.reg, in->step);
		return;
	}
	if (in->is_pair && in->kind == INSN_LOAD && in->pair == p.reg) {
		read_memory(s, b, i, in->width, p);
		return;
	}
	if (in->dst != p.reg && in->kind != INSN_CALL && in->kind != INSN_SYSCALL) {
		search_lost(s, b->node, in->at, "the value is computed");
		return;
	}
	switch (in->kind) {
	case INSN_SET:
		search_found(s, b, &p, (uint64_t)in->imm & mask_of(in->width));
		break;
	case INSN_SET_LOW:
		before_low_byte(s, b, i, p, (uint64_t)in->imm);
		break;
	case INSN_CHOOSE:
		search_before(s, b->node, i, p);
		/* fallthrough */
	case INSN_MOVE:
		if (in->src != GPR_NONE)
			search_before(s, b->node, i, as_reg(p, in->src, in->width));
		else
			read_memory(s, b, i, 0, p);
		break;
	case INSN_SELECT:
		before_select(s, b, i, p);
		break;
	case INSN_INSERT:
		before_insert(s, b, i, p);
		break;
	case INSN_LOAD:
		read_memory(s, b, i, 0, p);
		break;
	case INSN_LEA:
		if (in->index != GPR_NONE)
			before_scaled(s, b, i, p);
		else if (in->base == GPR_NONE)
			search_found(s, b, &p, (uint64_t)in->disp);
		else
			add_to(s, b, i, p, in->base, in->disp);
		break;
	case INSN_ADD:
		add_to(s, b, i, p, p.reg, in->imm);
		break;
	case INSN_AND:
		if (in->src != GPR_NONE)
			p.reg = in->src;
		look_for_rest(s, b, i, p, (uint64_t)in->imm & mask_of(in->width));
		break;
	case INSN_SHIFT:
		before_shift(s, b, i, p);
		break;
	case INSN_OR:
	case INSN_AND_ANY:
		if (!search_asks_bits(s))
			search_lost(s, b->node, in->at, "the value is computed");
		else if (in->kind == INSN_OR)
			before_or(s, b, i, p);
		else
			search_before(s, b->node, i, p);
		break;
	case INSN_BIT:
		before_low_byte(s, b, i, p, 0);
		before_low_byte(s, b, i, p, 1);
		break;
	case INSN_BORROW:
		search_found(s, b, &p, 0);
		search_found(s, b, &p, UINT64_MAX);
		break;
	case INSN_POP:
		p.is_mem = true;
		p.reg = GPR_RSP;
		p.disp = 0;
		search_before(s, b->node, i, p);
		break;
	case INSN_CALL:
		search_lost(s, b->node, in->at, "the value is what a call returned or left over");
		break;
	default:
		search_lost(s, b->node, in->at, "the value is computed");
		break;
	}
}

/* The base register of a memory place, before an instruction that writes it. */
static void before_base(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	if (in->kind == INSN_PUSH && p.reg == GPR_RSP) {
		if (p.disp >= 0 && p.disp < 8) {
			read_push(s, b, i, p);
			return;
		}
		p.disp -= 8;
	} else if (in->kind == INSN_POP && p.reg == GPR_RSP && in->dst != GPR_RSP) {
		p.disp += 8;
	} else if (in->kind == INSN_LEAVE && p.reg == GPR_RSP) {
		p.reg = GPR_RBP;
		p.disp += 8;
	} else if (in->kind == INSN_ADD && in->dst == p.reg) {
		p.disp += in->imm;
	} else if (in->kind == INSN_LEA && in->dst == p.reg && in->base == GPR_NONE &&
		   in->index == GPR_NONE) {
		p.is_mem = false;
		read_address(s, b, i, (uint64_t)(in->disp + p.disp), p);
		return;
	} else if (in->kind == INSN_MOVE && in->dst == p.reg && in->src != GPR_NONE &&
		   in->width == 8) {
		p.reg = in->src;
	} else if (in->kind == INSN_LEA && in->dst == p.reg && in->base != GPR_NONE &&
		   in->index == GPR_NONE) {
		p.reg = in->base;
		p.disp += in->disp;
	} else {
		search_lost(s, b->node, in->at, "the value is in memory that a computed pointer leads to");
		return;
	}
	search_before(s, b->node, i, p);
}

bool search_is_stack(const struct search *s, const struct body *b, uint8_t reg)
{
	return reg == s->graph->machine->sp ||
	       (reg == s->graph->machine->fp && b->has_frame);
}

/* What an argument points to, which nobody changes (search_const_argument). */
bool search_is_trusted(const struct search *s, const struct body *b, const struct place *p)
{
	return s->trusts_callees && !search_is_stack(s, b, p->reg) &&
	       (s->trusted_unit == SIZE_MAX || s->trusted_unit == b->unit);
}

/* May writes through unknown pointers, or a callee, change the stack slot? */
static bool is_shared(const struct search *s, const struct body *b, uint32_t i,
		      const struct place *p)
{
	const struct machine *m = s->graph->machine;

	if (b->levels) {
		int64_t at = b->levels[i] + p->disp;
		bool is_go = s->graph->units[b->unit].is_go;

		if (p->reg != m->sp || b->levels[i] == LEVEL_UNKNOWN)
			return b->leaks_stack != INT64_MAX;
		/* Go's arguments are on the stack: nobody else has their address. */
		return (at >= 0 && !is_go) || at + (int64_t)bytes_of(p) > b->leaks_stack;
	}
	/* Go never moves sp inside a function, so distances compare. */
	if (p->reg == m->sp && s->graph->units[b->unit].is_go)
		return b->leaks_stack <= p->disp;
	if (p->reg == m->sp)
		return b->leaks_stack != INT64_MAX;
	if (p->reg == m->fp)
		return b->leaks_frame <= p->disp;
	return true;
}

/* A memory place, before an instruction that writes memory. */
static void before_store(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];
	int64_t size = bytes_of(&p);
	uint8_t reg;
	uint64_t n;

	if (in->mem_width && in->base == p.reg && in->index == GPR_NONE &&
	    (in->disp >= p.disp + size || in->disp + in->mem_width <= p.disp)) {
		search_before(s, b->node, i, p);
		return;
	}
	if (in->kind == INSN_STORE && in->base == p.reg && in->index == GPR_NONE) {
		if (is_stored(in, p.disp - in->disp, (unsigned)size, &reg, &n)) {
			if (reg == GPR_NONE)
				search_found(s, b, &p, n);
			else
				search_before(s, b->node, i, as_reg(p, reg, in->width));
			return;
		}
		if (in->disp >= p.disp + size || in->disp + stored_bytes(in) <= p.disp) {
			search_before(s, b->node, i, p);
			return;
		}
	} else if (in->is_vector_store && in->base == p.reg && in->index == GPR_NONE) {
		if (in->disp >= p.disp + size || in->disp + in->width <= p.disp) {
			search_before(s, b->node, i, p);
			return;
		}
		if (in->disp <= p.disp && in->disp + in->width >= p.disp + size &&
		    in->vector != VECTOR_NONE) {
			p = as_reg(p, in->vector, 8);
			p.is_vector = true;
			search_before(s, b->node, i, p);
			return;
		}
	} else if (in->base != p.reg && search_is_trusted(s, b, &p)) {
		search_before(s, b->node, i, p);
		return;
	} else if (in->has_mem && search_is_stack(s, b, p.reg) &&
		   !search_is_stack(s, b, in->base) &&
		   !is_shared(s, b, i, &p)) {
		search_before(s, b->node, i, p);
		return;
	} else if (in->has_mem && in->base == p.reg && in->index == GPR_NONE && in->width == 0 &&
		   in->disp > p.disp + size) {
		/* A wide store (vectors) behind the slot. */
		search_before(s, b->node, i, p);
		return;
	}
	search_lost(s, b->node, in->at, "other memory may be the one that holds the value");
}

static void step_vector(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];
	bool is_call = in->kind == INSN_CALL;

	if (is_call && !flow_call_returns(s->flow, b, in))
		return;
	if (!is_call && !(in->vectors >> p.reg & 1))
		search_before(s, b->node, i, p);
	else if (!is_call && in->vector == p.reg)
		search_found(s, b, &p, 0);
	else
		search_lost(s, b->node, in->at, "the value is computed");
}

/* The place that was meant after instruction i, before it. */
static void step_place(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];
	const struct machine *m = s->graph->machine;
	uint32_t written = in->written;

	if (p.waits) {
		search_before(s, b->node, i, p);
		return;
	}
	if (p.is_vector) {
		step_vector(s, b, i, p);
		return;
	}
	if (in->kind == INSN_CALL) {
		written = s->graph->units[b->unit].is_go ? m->go_caller_saved : m->caller_saved;
		if ((written >> p.reg & 1 || p.is_mem) && !flow_call_returns(s->flow, b, in))
			return;
	}
	if (!p.is_mem) {
		if (written >> p.reg & 1)
			before_write(s, b, i, p);
		else
			search_before(s, b->node, i, p);
		return;
	}
	if (in->step && in->base == p.reg && in->kind != INSN_CALL) {
		p.disp += in->step;
		written &= ~(1U << p.reg);
	}
	if (written >> p.reg & 1)
		before_base(s, b, i, p);
	else if (in->kind == INSN_CALL && !search_is_trusted(s, b, &p) &&
		 (!search_is_stack(s, b, p.reg) || is_shared(s, b, i, &p)))
		search_lost(s, b->node, in->at, "a callee may change the memory that holds the value");
	else if (in->writes_mem)
		before_store(s, b, i, p);
	else
		search_before(s, b->node, i, p);
}

/* What became of guard k by the step: one guard for each place, or none. */
static void step_guard(struct search *s, const struct body *b, uint32_t i, uint8_t k,
		       struct collect *ret_c)
{
	*ret_c = (struct collect){ .is = s->watches.v[k].is };
	s->collect = ret_c;
	step_place(s, b, i, s->watches.v[k].at);
	s->collect = NULL;
	if (ret_c->is_met)
		ret_c->n = 0;
}

/* With all that the guards from `k`th on can be. */
static void step_with(struct search *s, const struct body *b, uint32_t i, struct place p,
		      const struct collect *c, uint8_t n, uint8_t k)
{
	if (k == n) {
		step_place(s, b, i, p);
		return;
	}
	if (c[k].is_met) {
		step_with(s, b, i, p, c, n, k + 1);
		return;
	}
	for (size_t j = 0; j < c[k].n; j++) {
		s->watches.v[s->watches.n++] = (struct watch){ c[k].v[j], c[k].is };
		step_with(s, b, i, p, c, n, k + 1);
		s->watches.n--;
	}
}

/* All places that were meant after instruction i, before it. A guard that is
 * another constant, or is behind a call that does not return, ends the path. */
void search_step(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	struct collect c[MAX_GUARDS];
	struct watches kept = s->watches;

	s->step_node = b->node;
	s->step = i;
	s->here = b->v[i].at;
	for (uint8_t k = 0; k < kept.n; k++)
		step_guard(s, b, i, k, &c[k]);
	s->watches.n = 0;
	step_with(s, b, i, p, c, kept.n, 0);
	s->watches = kept;
	s->step_node = NO_NODE;
}
