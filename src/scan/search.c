/* SPDX-License-Identifier: Apache-2.0 */
/* scan/search.c - which values a register can have at an instruction.
 *
 * Theory of operation
 * -------------------
 * A search backwards. What is looked for is a place, `(x & mask) << shift` + add
 * where x is a register or the memory at a register plus a distance. Before an
 * instruction that does not touch the place it is the same place; before one
 * that makes it from another place it is that one (mov, lea, add, push, pop,
 * stores and loads of stack slots); before one that makes it from a constant
 * the search has found a value. Any other write to it loses the path, and a
 * lost path makes the answer unknown. A work list holds the pairs of
 * instruction and place that are still to be looked at, a hash table those that
 * were; both end, since places only get far away by adding constants in loops,
 * and there is a limit on that.
 *
 * The predecessors of an instruction are
 *   1. the one that ends where it begins and lets control run on;
 *   2. direct jumps to it, from its own function or another (.cold parts);
 *   3. computed jumps of its function, when it is a label of a jump table;
 *   4. at the entry of a function, all calls of it, through the PLT and tail
 *      jumps too: that is how wrappers like syscall() are told apart by caller;
 *   5. the function before it, when control runs on over the border.
 * A function whose address is taken may be called from anywhere: unknown. An
 * instruction without predecessors is dead, unless the unwinder may enter it.
 *
 * What a call does: it destroys rax, rcx, rdx, rsi, rdi, r8-r11 (System V ABI;
 * x0-x18 on aarch64)
 * and keeps the rest. Stack slots live through it unless an address of the
 * frame has got into a register. A call that cannot return (abort and whatever
 * only leads to it) is no predecessor; whether it can is found out by looking
 * for a return instruction that its callee can get to.
 *
 * Guards. An argument is looked for only on paths on which the number is that
 * of its call: else a wrapper like syscall() would mix up the arguments of all
 * its callers. A state then holds a second place, the guard's, which takes the
 * same steps. Where it turns out to be another constant, the path ends; where
 * it is the constant that is wanted, the argument goes on alone. Where it is
 * lost, too: not knowing adds paths. When the argument is found (or lost)
 * first, it waits, as a place that no instruction changes, for its guards.
 *
 * Bits. Asked for the bits that can be set, a place's mask is those that are
 * still looked for: `or` leads to both operands, `and` cuts the mask, shifts
 * move it. Nothing is added, for a carry may set any bit. */
#include "scan/search.h"

#include "base/err.h"
#include "base/scope.h"
#include "scan/frame.h"
#include "scan/variable.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STATES = 60000 };

struct place {
	uint64_t mask, add; /* add of one that waits: which end */
	int64_t disp;
	int8_t shift;       /* left, of x & mask; negative: right */
	uint8_t reg;
	bool is_mem;
	bool waits; /* no place any more, but an end */
	bool is_vector; /* in vector register `reg`, where it can only be zero */
};

/* A guard on its way. */
struct watch {
	struct place at;
	uint32_t is;
};

struct watches {
	struct watch v[MAX_GUARDS];
	uint8_t n;
};

/* "The place, just before instruction i of the node." */
struct state {
	struct place at;
	uint32_t node, i;
	struct watches watches;
};

/* What became of an argument that waits for its guards. */
struct end {
	struct value value;
	const char *lost; /* the reason; NULL: a value */
};

/* What one step makes of a guard. */
struct collect {
	struct place v[8];
	size_t n;
	uint32_t is;
	bool is_met; /* or not known: no guard any more */
};

struct search {
	const struct graph *graph;
	struct flow *flow;

	struct state *states; /* the seen ones; those from `next` on are to do */
	size_t n_states, next;
	uint32_t *table; /* hash table of states: index + 1 */
	size_t table_mask;
	struct answer *answer;
	bool is_out_of_memory;
	bool trusts_callees; /* with memory that an argument points to */
	size_t trusted_unit; /* only in code of this one; SIZE_MAX: in all */
	bool is_bits;        /* only which bits can be set is asked */
	uint32_t bits;       /* and those are not known to be, yet */

	/* The step that is being made: back over instruction `step` of
	 * step_node, with these guards; NO_NODE: no single instruction. */
	struct watches watches;
	uint32_t step_node, step;
	uint64_t here; /* the instruction's address */
	struct place from; /* where the argument was before the step */
	struct collect *collect; /* it is a guard's; NULL: the argument's */
	struct end *ends;
	size_t n_ends;
};

void answer_done(struct answer *a)
{
	free(a->v);
	*a = (struct answer){ 0 };
}

struct search *search_free(struct search *s)
{
	if (s) {
		flow_free(s->flow);
		free(s->states);
		free(s->table);
		free(s->ends);
		free(s);
	}
	return NULL;
}

int search_new(const struct graph *g, struct search **ret_s, struct err *e)
{
	struct search *s = calloc(1, sizeof(*s));

	if (s) {
		s->graph = g;
		s->flow = flow_new(g);
		s->step_node = NO_NODE;
		s->states = malloc(MAX_STATES * sizeof(*s->states));
		s->table_mask = 4 * 65536 - 1;
		s->table = calloc(s->table_mask + 1, sizeof(*s->table));
	}
	if (!s || !s->flow || !s->states || !s->table) {
		search_free(s);
		return err_set(e, -ENOMEM, "search for numbers");
	}
	*ret_s = s;
	return 0;
}

int search_renew(const struct graph *g, struct search **s, struct err *e)
{
	if (!*s)
		return search_new(g, s, e);
	if (flow_renew((*s)->flow))
		return 0;
	*s = search_free(*s);
	return err_set(e, -ENOMEM, "search for numbers");
}

struct flow *search_flow(struct search *s)
{
	return s->flow;
}

static const struct body *body_of(struct search *s, uint32_t node)
{
	const struct body *b = flow_body(s->flow, node);

	s->is_out_of_memory |= !b;
	return b;
}

/* ---- answers and states ---- */

static void look_before(struct search *s, uint32_t node, uint32_t i, struct place p);

static bool asks_bits(const struct search *s)
{
	return s->is_bits && !s->collect;
}

static void add_value(struct search *s, const struct value *v, bool is_wide)
{
	struct answer *a = s->answer;

	s->bits &= ~(uint32_t)v->n;
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].n == v->n && (a->v[i].unit == v->unit || !is_wide))
			return;
	}
	if (a->n == a->room) {
		size_t room = a->room ? a->room * 2 : 8;
		struct value *bigger = realloc(a->v, room * sizeof(*bigger));

		if (!bigger) {
			s->is_out_of_memory = true;
			return;
		}
		a->v = bigger;
		a->room = room;
	}
	a->v[a->n++] = *v;
}

static void note_loss(struct search *s, uint32_t node, uint64_t address, const char *reason)
{
	struct answer *a = s->answer;

	for (size_t i = 0; i < a->n_losses && i < ANSWER_LOSSES; i++) {
		if (a->losses[i].node == node)
			return;
	}
	if (a->n_losses < ANSWER_LOSSES)
		a->losses[a->n_losses] = (struct loss){ node, address, reason };
	if (a->n_losses <= ANSWER_LOSSES)
		a->n_losses++;
}

static void add_loss(struct search *s, uint32_t node, uint64_t address, const char *reason)
{
	note_loss(s, node, address, reason);
	if (s->answer->is_unknown)
		return;
	s->answer->is_unknown = true;
	s->answer->reason = reason;
	s->answer->node = node;
	s->answer->address = address;
}

/* The search of the argument has ended, but that of its guards has not. */
static void wait_for_guards(struct search *s, const struct end *end)
{
	size_t i = 0;

	while (i < s->n_ends && (s->ends[i].lost != end->lost ||
				 s->ends[i].value.n != end->value.n ||
				 s->ends[i].value.at != end->value.at))
		i++;
	if (i == s->n_ends) {
		struct end *v = realloc(s->ends, (i + 1) * sizeof(*v));

		if (!v) {
			s->is_out_of_memory = true;
			return;
		}
		s->ends = v;
		s->ends[s->n_ends++] = *end;
	}
	look_before(s, s->step_node, s->step,
		    (struct place){ .waits = true, .add = i, .reg = GPR_NONE });
}

static bool must_wait(const struct search *s)
{
	return s->watches.n && s->step_node != NO_NODE;
}

static uint64_t shifted(const struct place *p, uint64_t x)
{
	return p->shift < 0 ? x >> -p->shift : x << p->shift;
}

static void found(struct search *s, const struct body *b, const struct place *p, uint64_t x)
{
	bool is_wide = p->mask > UINT32_MAX;
	uint64_t n = shifted(p, x & p->mask) + p->add;
	struct end end = { .value = { is_wide ? n : n & UINT32_MAX, b->unit, b->node, s->here } };

	if (s->collect)
		s->collect->is_met |= end.value.n == s->collect->is;
	else if (must_wait(s))
		wait_for_guards(s, &end);
	else
		add_value(s, &end.value, is_wide);
}

static void lost(struct search *s, uint32_t node, uint64_t address, const char *reason)
{
	struct end end = { { .node = node, .at = address }, reason };

	if (asks_bits(s)) {
		/* Any of them may be set. */
		end.value.n = shifted(&s->from, s->from.mask);
		end.value.lost = reason;
		end.lost = NULL;
	}
	if (s->collect)
		s->collect->is_met = true;
	else if (asks_bits(s) && !must_wait(s))
		add_value(s, &end.value, false);
	else if (must_wait(s))
		wait_for_guards(s, &end);
	else
		add_loss(s, node, address, reason);
}

/* An argument that has waited, and its guards are met or lost. */
static void end_waiting(struct search *s, const struct place *p)
{
	const struct end *end = &s->ends[p->add];

	if (end->lost)
		add_loss(s, end->value.node, end->value.at, end->lost);
	else
		add_value(s, &end->value, false);
}

static uint64_t mix_place(uint64_t h, const struct place *p)
{
	h = (h ^ p->mask) * 0xc4ceb9fe1a85ec53U;
	h = (h ^ p->add ^ h >> 29) * 0x9e3779b97f4a7c15U;
	h = (h ^ (uint64_t)p->disp ^ h >> 32) * 0xff51afd7ed558ccdU;
	return h ^ h >> 31 ^ (uint64_t)p->reg << 1 ^ p->is_mem ^ (uint64_t)p->waits << 9 ^
	       (uint64_t)(uint8_t)p->shift << 16 ^ (uint64_t)p->is_vector << 10;
}

static uint64_t mix(const struct state *t)
{
	uint64_t h = t->node * 0x9e3779b97f4a7c15U;

	h = mix_place((h ^ t->i) * 0xff51afd7ed558ccdU, &t->at);
	for (uint8_t k = 0; k < t->watches.n; k++)
		h = mix_place(h ^ t->watches.v[k].is, &t->watches.v[k].at);
	return h;
}

static bool is_same_place(const struct place *a, const struct place *b)
{
	return a->mask == b->mask && a->add == b->add && a->disp == b->disp && a->reg == b->reg &&
	       a->shift == b->shift && a->is_mem == b->is_mem && a->waits == b->waits &&
	       a->is_vector == b->is_vector;
}

static bool is_same(const struct state *a, const struct state *b)
{
	if (a->node != b->node || a->i != b->i || !is_same_place(&a->at, &b->at) ||
	    a->watches.n != b->watches.n)
		return false;
	for (uint8_t k = 0; k < a->watches.n; k++) {
		if (a->watches.v[k].is != b->watches.v[k].is ||
		    !is_same_place(&a->watches.v[k].at, &b->watches.v[k].at))
			return false;
	}
	return true;
}

/* A guard's step has led to a place; elsewhere it cannot be followed. */
static void collect_place(struct search *s, uint32_t node, uint32_t i, const struct place *p)
{
	struct collect *c = s->collect;

	if (node != s->step_node || i != s->step || c->n == ARRAY_SIZE(c->v))
		c->is_met = true;
	else
		c->v[c->n++] = *p;
}

static void look_before(struct search *s, uint32_t node, uint32_t i, struct place p)
{
	struct state t = { .at = p, .node = node, .i = i, .watches = s->watches };
	size_t slot;

	if (s->collect) {
		collect_place(s, node, i, &p);
		return;
	}
	if (!p.mask && !p.waits && asks_bits(s))
		return;
	if (p.waits && !s->watches.n) {
		end_waiting(s, &p);
		return;
	}
	for (slot = mix(&t) & s->table_mask; s->table[slot]; slot = (slot + 1) & s->table_mask) {
		if (is_same(&s->states[s->table[slot] - 1], &t))
			return;
	}
	if (s->n_states == MAX_STATES) {
		add_loss(s, node, body_of(s, node)->v[i].at, "too many paths lead to it");
		return;
	}
	s->states[s->n_states++] = t;
	s->table[slot] = (uint32_t)s->n_states;
}

/* Empties the table by walking what was put in. */
static void forget(struct search *s)
{
	for (size_t i = 0; i < s->n_states; i++) {
		size_t slot = mix(&s->states[i]) & s->table_mask;

		for (; s->table[slot]; slot = (slot + 1) & s->table_mask)
			s->table[slot] = 0;
	}
	s->n_states = s->next = s->n_ends = 0;
}

/* ---- one instruction backwards ---- */

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
static void look_elsewhere(struct search *s, uint32_t node, uint32_t i, struct place p)
{
	struct watches kept = s->watches;

	s->watches.n = 0;
	look_before(s, node, i, p);
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
	const struct body *w = body_of(s, v->node);
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
		lost(s, v->node, v->at, "a variable is written in a way that is not followed");
	else if (reg == GPR_NONE)
		found(s, w, &p, n);
	else
		look_elsewhere(s, v->node, (uint32_t)j, as_reg(p, reg, st->width));
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
		lost(s, b->node, b->v[i].at, "the value is read from a variable");
		return;
	}
	/* What is behind the file's end is zero: a variable may be the last. */
	for (unsigned k = 0; k < bytes_of(&p); k++) {
		const uint8_t *byte = elf_at(f, address + k, 1);

		x |= byte ? (uint64_t)*byte << (8 * k) : 0;
	}
	found(s, b, &p, x);
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
	found(s, b, &p, x);
}

/* A read of memory by instruction i, at a distance from its place: constant, a
 * slot to follow, or lost. */
static void read_memory(struct search *s, const struct body *b, uint32_t i, int64_t at,
			struct place p)
{
	const struct insn *in = &b->v[i];

	p.mask &= mask_of(in->width);
	if (in->index != GPR_NONE) {
		lost(s, b->node, in->at, "the value is read from a table");
	} else if (in->base != GPR_NONE) {
		p.is_mem = true;
		p.reg = in->base;
		p.disp = in->disp + at;
		look_before(s, b->node, i, p);
	} else {
		read_address(s, b, i, (uint64_t)(in->disp + at), p);
	}
}

static void read_push(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	if (in->has_mem)
		lost(s, b->node, in->at, "the value is pushed from memory");
	else if (in->src == GPR_NONE)
		found(s, b, &p, (uint64_t)in->imm);
	else
		look_before(s, b->node, i, as_reg(p, in->src, 8));
}

/* What is left of the bits of a place. */
static void look_for_rest(struct search *s, const struct body *b, uint32_t i, struct place p,
			  uint64_t rest)
{
	p.mask &= rest;
	if (p.mask)
		look_before(s, b->node, i, p);
	else
		found(s, b, &p, 0);
}

static void before_or(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	look_before(s, b->node, i, p);
	if (in->src != GPR_NONE)
		look_before(s, b->node, i, as_reg(p, in->src, in->width));
	else if (in->has_mem)
		read_memory(s, b, i, 0, p);
	else
		found(s, b, &p, (uint64_t)in->imm & mask_of(in->width));
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
		lost(s, b->node, in->at, "the value is computed");
}

static bool is_whole(const struct place *p)
{
	return (p->mask == UINT32_MAX || p->mask == UINT64_MAX) && !p->shift;
}

/* Adding inside a mask that cuts is more than a place can say. */
static void add_to(struct search *s, const struct body *b, uint32_t i, struct place p, uint8_t reg,
		   int64_t by)
{
	if ((!is_whole(&p) || asks_bits(s)) && by != 0) {
		lost(s, b->node, b->v[i].at, "the value is computed");
		return;
	}
	p.reg = reg;
	p.add += (uint64_t)by;
	look_before(s, b->node, i, p);
}

/* lea disp(, index, scale). */
static void before_scaled(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	if (in->base != GPR_NONE || !is_whole(&p) || asks_bits(s)) {
		lost(s, b->node, in->at, "the value is computed");
		return;
	}
	p.reg = in->index;
	p.shift = (int8_t)__builtin_ctz(in->scale ? in->scale : 1);
	p.mask >>= p.shift;
	p.add += (uint64_t)in->disp;
	look_before(s, b->node, i, p);
}

/* The low byte gets a value, the rest stays as it was. */
static void before_low_byte(struct search *s, const struct body *b, uint32_t i, struct place p,
			    uint64_t byte)
{
	if (asks_bits(s))
		found(s, b, &p, byte & 0xff);
	else
		p.add += shifted(&p, byte & p.mask & 0xff);
	look_for_rest(s, b, i, p, ~(uint64_t)0xff);
}

/* csel and its like, of registers or xzr. */
static void before_select(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	p.mask &= mask_of(in->width);
	if (in->src == GPR_NONE)
		found(s, b, &p, 0);
	else
		look_before(s, b->node, i, as_reg(p, in->src, in->width));
	if (in->pair == GPR_NONE)
		found(s, b, &p, (uint64_t)in->imm);
	else
		add_to(s, b, i, p, in->pair, in->imm);
}

/* movk: 16 bits are known, the others are as before. */
static void before_insert(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];
	uint64_t bits = (uint64_t)0xffff << in->scale;

	if (asks_bits(s))
		found(s, b, &p, (uint64_t)in->imm << in->scale);
	else
		p.add += shifted(&p, (uint64_t)in->imm << in->scale & p.mask);
	look_for_rest(s, b, i, p, ~bits & mask_of(in->width));
}

/* A register place, before an instruction that writes it. */
static void before_write(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];

	if (in->kind == INSN_SWAP) {
		look_before(s, b->node, i,
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
		lost(s, b->node, in->at, "the value is computed");
		return;
	}
	switch (in->kind) {
	case INSN_SET:
		found(s, b, &p, (uint64_t)in->imm & mask_of(in->width));
		break;
	case INSN_SET_LOW:
		before_low_byte(s, b, i, p, (uint64_t)in->imm);
		break;
	case INSN_CHOOSE:
		look_before(s, b->node, i, p);
		/* fallthrough */
	case INSN_MOVE:
		if (in->src != GPR_NONE)
			look_before(s, b->node, i, as_reg(p, in->src, in->width));
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
			found(s, b, &p, (uint64_t)in->disp);
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
		if (!asks_bits(s))
			lost(s, b->node, in->at, "the value is computed");
		else if (in->kind == INSN_OR)
			before_or(s, b, i, p);
		else
			look_before(s, b->node, i, p);
		break;
	case INSN_BIT:
		before_low_byte(s, b, i, p, 0);
		before_low_byte(s, b, i, p, 1);
		break;
	case INSN_BORROW:
		found(s, b, &p, 0);
		found(s, b, &p, UINT64_MAX);
		break;
	case INSN_POP:
		p.is_mem = true;
		p.reg = GPR_RSP;
		p.disp = 0;
		look_before(s, b->node, i, p);
		break;
	case INSN_CALL:
		lost(s, b->node, in->at, "the value is what a call returned or left over");
		break;
	default:
		lost(s, b->node, in->at, "the value is computed");
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
		lost(s, b->node, in->at, "the value is in memory that a computed pointer leads to");
		return;
	}
	look_before(s, b->node, i, p);
}

static bool is_stack(const struct search *s, const struct body *b, uint8_t reg)
{
	return reg == s->graph->machine->sp ||
	       (reg == s->graph->machine->fp && b->has_frame);
}

/* What an argument points to, which nobody changes (search_const_argument). */
static bool is_trusted(const struct search *s, const struct body *b, const struct place *p)
{
	return s->trusts_callees && !is_stack(s, b, p->reg) &&
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
		look_before(s, b->node, i, p);
		return;
	}
	if (in->kind == INSN_STORE && in->base == p.reg && in->index == GPR_NONE) {
		if (is_stored(in, p.disp - in->disp, (unsigned)size, &reg, &n)) {
			if (reg == GPR_NONE)
				found(s, b, &p, n);
			else
				look_before(s, b->node, i, as_reg(p, reg, in->width));
			return;
		}
		if (in->disp >= p.disp + size || in->disp + stored_bytes(in) <= p.disp) {
			look_before(s, b->node, i, p);
			return;
		}
	} else if (in->is_vector_store && in->base == p.reg && in->index == GPR_NONE) {
		if (in->disp >= p.disp + size || in->disp + in->width <= p.disp) {
			look_before(s, b->node, i, p);
			return;
		}
		if (in->disp <= p.disp && in->disp + in->width >= p.disp + size &&
		    in->vector != VECTOR_NONE) {
			p = as_reg(p, in->vector, 8);
			p.is_vector = true;
			look_before(s, b->node, i, p);
			return;
		}
	} else if (in->base != p.reg && is_trusted(s, b, &p)) {
		look_before(s, b->node, i, p);
		return;
	} else if (in->has_mem && is_stack(s, b, p.reg) && !is_stack(s, b, in->base) &&
		   !is_shared(s, b, i, &p)) {
		look_before(s, b->node, i, p);
		return;
	} else if (in->has_mem && in->base == p.reg && in->index == GPR_NONE && in->width == 0 &&
		   in->disp > p.disp + size) {
		/* A wide store (vectors) behind the slot. */
		look_before(s, b->node, i, p);
		return;
	}
	lost(s, b->node, in->at, "other memory may be the one that holds the value");
}

static void step_vector(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];
	bool is_call = in->kind == INSN_CALL;

	if (is_call && !flow_call_returns(s->flow, b, in))
		return;
	if (!is_call && !(in->vectors >> p.reg & 1))
		look_before(s, b->node, i, p);
	else if (!is_call && in->vector == p.reg)
		found(s, b, &p, 0);
	else
		lost(s, b->node, in->at, "the value is computed");
}

/* The place that was meant after instruction i, before it. */
static void step_place(struct search *s, const struct body *b, uint32_t i, struct place p)
{
	const struct insn *in = &b->v[i];
	const struct machine *m = s->graph->machine;
	uint32_t written = in->written;

	if (p.waits) {
		look_before(s, b->node, i, p);
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
			look_before(s, b->node, i, p);
		return;
	}
	if (in->step && in->base == p.reg && in->kind != INSN_CALL) {
		p.disp += in->step;
		written &= ~(1U << p.reg);
	}
	if (written >> p.reg & 1)
		before_base(s, b, i, p);
	else if (in->kind == INSN_CALL && !is_trusted(s, b, &p) &&
		 (!is_stack(s, b, p.reg) || is_shared(s, b, i, &p)))
		lost(s, b->node, in->at, "a callee may change the memory that holds the value");
	else if (in->writes_mem)
		before_store(s, b, i, p);
	else
		look_before(s, b->node, i, p);
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
static void step_over(struct search *s, const struct body *b, uint32_t i, struct place p)
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

/* ---- predecessors ---- */

static bool flows_on(const struct insn *in)
{
	return in->kind != INSN_JUMP && in->kind != INSN_STOP && in->kind != INSN_RETURN;
}

/* A place that a pointer argument leads to, as a stack slot of the caller when
 * the pointer was made just before the call: then stores to the slot between
 * the two are seen for what they are. */
static struct place as_slot(const struct search *s, const struct body *b, ptrdiff_t call,
			    struct place p)
{
	uint8_t sp = s->graph->machine->sp;

	for (ptrdiff_t i = call; p.is_mem && !is_stack(s, b, p.reg) && i-- > 0 && call - i < 64;) {
		const struct insn *in = &b->v[i];

		if (in->at + in->length != b->v[i + 1].at || in->kind == INSN_JUMP ||
		    in->kind == INSN_CALL || insn_writes(in, sp))
			break;
		if (!insn_writes(in, p.reg))
			continue;
		if (in->kind == INSN_MOVE && in->src == sp && in->width == 8) {
			p.reg = sp;
		} else if (in->kind == INSN_LEA && in->base == sp && in->index == GPR_NONE) {
			p.reg = sp;
			p.disp += in->disp;
		}
		break;
	}
	return p;
}

/* A place of the callee's entry as one of the caller. False: the return address. */
static bool before_call(struct search *s, const struct body *b, ptrdiff_t call, struct place *p)
{
	const struct machine *m = s->graph->machine;

	if (p->is_mem && p->reg == m->sp) {
		if (p->disp < m->pushed)
			return false;
		p->disp -= m->pushed;
	}
	*p = as_slot(s, b, call, *p);
	return true;
}

static void guards_before_call(struct search *s, const struct body *b, ptrdiff_t call)
{
	struct watches w = { .n = 0 };

	for (uint8_t k = 0; k < s->watches.n; k++) {
		w.v[w.n] = s->watches.v[k];
		if (before_call(s, b, call, &w.v[w.n].at))
			w.n++;
	}
	s->watches = w;
}

/* The place at a function's entry, in the caller before its call. */
static void look_in_caller(struct search *s, const struct inbound *in, struct place p)
{
	struct watches kept = s->watches;
	const struct body *b = body_of(s, in->from);
	uint64_t at = graph_unit(s->graph, in->from)->code.base + in->at;
	ptrdiff_t i = b ? body_at(b, at) : -1;

	if (i < 0) {
		lost(s, in->from, at, "it is called from code that cannot be read in line");
		return;
	}
	if (in->kind == FACT_CALL || in->kind == FACT_CALL_SLOT) {
		if (!before_call(s, b, i, &p)) {
			lost(s, in->from, at, "the value is the return address");
			return;
		}
		guards_before_call(s, b, i);
	}
	look_before(s, in->from, (uint32_t)i, p);
	s->watches = kept;
}

/* musl hands set*id()'s struct to a callback: register(callback, struct). What
 * the callback's argument leads to is what the call's second does. */
static bool look_in_registrar(struct search *s, const struct inbound *in, struct place p)
{
	const struct body *b;
	ptrdiff_t i;

	if (in->from == NO_NODE || s->graph->nodes[in->from].is_region)
		return false;
	b = body_of(s, in->from);
	i = b ? body_at(b, graph_unit(s->graph, in->from)->code.base + in->at) : -1;
	while (i >= 0 && (size_t)i < b->n && b->v[i].kind != INSN_CALL && flows_on(&b->v[i]))
		i++;
	if (i < 0 || (size_t)i >= b->n || b->v[i].kind != INSN_CALL)
		return false;
	p.reg = s->graph->machine->args[1];
	look_elsewhere(s, in->from, (uint32_t)i, as_slot(s, b, i, p));
	return true;
}

/* The function's address is taken, by `in`. When that is only to call it there
 * and then, these calls are the callers; else anybody may be. */
static void look_in_takers(struct search *s, const struct inbound *in, uint64_t address,
			   const struct body *of, struct place p)
{
	const struct body *b = NULL;
	uint8_t *sites;
	ptrdiff_t i = -1;
	bool ok = false;

	if (is_trusted(s, of, &p) && p.is_mem && p.reg == s->graph->machine->args[0] &&
	    look_in_registrar(s, in, p))
		return;
	if (in->from != NO_NODE && !s->graph->nodes[in->from].is_region) {
		b = body_of(s, in->from);
		i = b ? body_at(b, graph_unit(s->graph, in->from)->code.base + in->at) : -1;
	}
	sites = b ? calloc(b->n + 1, 1) : NULL;
	if (i >= 0 && sites && (b->v[i].kind == INSN_LOAD || b->v[i].kind == INSN_LEA ||
				b->v[i].kind == INSN_ADD))
		ok = flow_pointer_is_called(s->graph->machine, b, (size_t)i, sites);
	for (size_t k = 0; ok && k < b->n; k++) {
		uint64_t base = graph_unit(s->graph, in->from)->code.base;
		struct inbound call = { .from = in->from, .at = (uint32_t)(b->v[k].at - base),
					.kind = b->v[k].kind == INSN_CALL ? FACT_CALL : FACT_JUMP };

		if (sites[k])
			look_in_caller(s, &call, p);
	}
	free(sites);
	if (!ok)
		lost(s, b ? b->node : of->node, b ? b->v[i >= 0 ? i : 0].at : address,
		     in->from == NO_NODE ? "it is entered from outside of the program"
					 : "its function's address is taken: anybody may call it");
}

/* The computed jumps of the body that knows the label's table. */
static void look_in_computed(struct search *s, const struct body *b, uint64_t label,
			     struct place p)
{
	for (size_t i = 0; i < b->n_computed; i++)
		look_before(s, b->node, b->computed[i], p);
	if (!b->n_computed)
		lost(s, b->node, label, "a jump table leads to it, but no jump uses the table");
}

/* Who leads to an address of the body from outside; false: nobody. */
static bool look_outside(struct search *s, const struct body *b, uint64_t address, struct place p)
{
	const struct graph *g = s->graph;
	uint64_t base = g->units[b->unit].code.base;
	bool any = false;

	for (uint32_t k = g->first_in[b->node]; k < g->first_in[b->node + 1]; k++) {
		const struct inbound *in = &g->inbound[k];
		const struct body *other;

		if (base + in->to != address)
			continue;
		if (in->kind == FACT_LABEL) {
			other = body_of(s, in->from);
			any = true;
			if (other)
				look_in_computed(s, other, address, p);
			continue;
		}
		any = true;
		if (in->kind == FACT_ADDRESS) {
			/* A label's address in data is no entry (graph.c, G2). */
			if (address != b->start && graph_func(g, b->node)->is_described &&
			    in->from != NO_NODE && g->nodes[in->from].is_region)
				look_in_computed(s, b, address, p);
			else
				look_in_takers(s, in, address, b, p);
		} else {
			look_in_caller(s, in, p);
		}
	}
	return any;
}

static bool is_own_label(const struct graph *g, const struct body *b, uint64_t address)
{
	const struct unit *u = &g->units[b->unit];
	const struct func *fn = graph_func(g, b->node);

	for (uint32_t i = fn->first_fact; i < fn[1].first_fact; i++) {
		if (u->code.facts[i].kind == FACT_LABEL &&
		    u->code.base + u->code.facts[i].to == address)
			return true;
	}
	return false;
}

/* Control that runs on from the function before. */
static bool look_in_neighbour(struct search *s, const struct body *b, uint64_t address,
			      struct place p)
{
	const struct unit *u = &s->graph->units[b->unit];
	const struct body *other;
	uint32_t v[4];
	size_t n;

	if (address != b->start || b->node == u->first_func ||
	    !s->graph->nodes[b->node - 1].is_reached || !graph_func(s->graph, b->node - 1)->falls ||
	    graph_func(s->graph, b->node - 1)->end != graph_func(s->graph, b->node)->start)
		return false;
	other = body_of(s, b->node - 1);
	n = other ? body_before(other, address, v) : 0;
	for (size_t i = 0; i < n; i++)
		step_over(s, other, v[i], p);
	return n;
}

/* Behind `test r, r; je` and `cmp r, imm; je` r has the value it was compared
 * with; also behind jne where it is not taken. */
static bool is_known_equal(struct search *s, const struct body *b, uint32_t branch, bool is_taken,
			   const struct place *p)
{
	const struct insn *in = &b->v[branch], *test = in->is_test ? in : in - 1;

	if (p->is_mem || p->waits || p->is_vector || in->kind != INSN_BRANCH ||
	    (branch == 0 && !in->is_test) ||
	    !(is_taken ? in->tests_equal : in->tests_unequal) || test->dst != p->reg ||
	    (test != in && (!test->tests_equal || test->at + test->length != in->at)) ||
	    (test->width < 8 && p->mask > UINT32_MAX))
		return false;
	s->step_node = b->node;
	s->step = branch;
	s->here = in->at;
	found(s, b, p, (uint64_t)test->imm);
	s->step_node = NO_NODE;
	return true;
}

static bool look_inside(struct search *s, const struct body *b, uint64_t address, struct place p)
{
	uint32_t v[4];
	size_t n = body_before(b, address, v);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!flows_on(&b->v[v[i]]))
			continue;
		any = true;
		if (!is_known_equal(s, b, v[i], false, &p))
			step_over(s, b, v[i], p);
	}
	for (size_t k = body_branches_to(b, address);
	     k < b->n_branches && b->branches[k].to == address; k++) {
		any = true;
		if (!is_known_equal(s, b, b->branches[k].from, true, &p))
			step_over(s, b, b->branches[k].from, p);
	}
	if (is_own_label(s->graph, b, address)) {
		any = true;
		look_in_computed(s, b, address, p);
	}
	return any;
}

/* Looks at all that may have run before instruction i of the node. */
static void look_at(struct search *s, const struct state *t)
{
	const struct body *b = body_of(s, t->node);
	uint64_t address;
	bool any;

	s->watches = t->watches;
	s->from = t->at;
	if (!b)
		return;
	address = b->v[t->i].at;
	if (b->is_partial) {
		lost(s, t->node, address, "its function's code overlaps too often");
		return;
	}
	any = look_inside(s, b, address, t->at);
	any |= look_outside(s, b, address, t->at);
	any |= look_in_neighbour(s, b, address, t->at);
	if (!any && graph_func(s->graph, t->node)->has_landing_pads && !b->v[t->i].is_padding)
		lost(s, t->node, address, "it follows the start of an exception handler");
	else if (!any && graph_func(s->graph, t->node)->is_open && !b->v[t->i].is_padding)
		lost(s, t->node, address, "a computed jump with an unknown table may lead to it");
}

static int search_place(struct search *s, uint32_t node, uint64_t address, struct place p,
			struct answer *ret_a, struct err *e)
{
	const struct body *b = body_of(s, node);
	ptrdiff_t i = b ? body_at(b, address) : -1;

	*ret_a = (struct answer){ 0 };
	s->answer = ret_a;
	s->from = p;
	if (i < 0) {
		s->watches.n = 0;
		lost(s, node, address, "the code around it cannot be read in line");
	} else {
		look_before(s, node, (uint32_t)i, p);
		s->watches.n = 0;
		while (s->next < s->n_states && !s->is_out_of_memory &&
		       (s->bits || !s->is_bits)) {
			struct state t = s->states[s->next++];

			look_at(s, &t);
		}
		s->watches.n = 0;
		forget(s);
	}
	if (s->is_out_of_memory)
		return err_set(e, -ENOMEM, "search for numbers");
	return 0;
}

int search_value(struct search *s, uint32_t node, uint64_t address, enum gpr reg, bool is_wide,
		 struct answer *ret_a, struct err *e)
{
	return search_place(s, node, address,
			    (struct place){ .reg = (uint8_t)reg,
					    .mask = is_wide ? UINT64_MAX : UINT32_MAX },
			    ret_a, e);
}

int search_const_argument(struct search *s, uint32_t node, uint64_t address, enum gpr reg,
			  struct answer *ret_a, struct err *e)
{
	int r;

	search_trust(s, SIZE_MAX);
	r = search_value(s, node, address, reg, false, ret_a, e);
	search_distrust(s);
	return r;
}

void search_trust(struct search *s, size_t unit)
{
	s->trusts_callees = true;
	s->trusted_unit = unit;
}

void search_distrust(struct search *s)
{
	s->trusts_callees = false;
}

int search_guarded(struct search *s, uint32_t node, uint64_t address, enum gpr reg,
		   const struct guard *guards, size_t n_guards, struct answer *ret_a,
		   struct err *e)
{
	return search_bits(s, node, address, reg, 0, guards, n_guards, ret_a, e);
}

int search_bits(struct search *s, uint32_t node, uint64_t address, enum gpr reg, uint32_t mask,
		const struct guard *guards, size_t n_guards, struct answer *ret_a, struct err *e)
{
	int r;

	for (size_t k = 0; k < n_guards; k++)
		s->watches.v[k] = (struct watch){
			{ .reg = (uint8_t)guards[k].reg, .mask = UINT32_MAX }, guards[k].is };
	s->watches.n = (uint8_t)n_guards;
	s->is_bits = mask != 0;
	s->bits = mask;
	r = search_place(s, node, address,
			 (struct place){ .reg = (uint8_t)reg, .mask = mask ? mask : UINT32_MAX },
			 ret_a, e);
	s->is_bits = false;
	return r;
}
