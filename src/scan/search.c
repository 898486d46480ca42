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
#include "scan/search-priv.h"

#include "base/err.h"
#include "base/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

const struct body *search_body(struct search *s, uint32_t node)
{
	const struct body *b = flow_body(s->flow, node);

	s->is_out_of_memory |= !b;
	return b;
}

/* ---- answers and states ---- */

bool search_asks_bits(const struct search *s)
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
	search_before(s, s->step_node, s->step,
		    (struct place){ .waits = true, .add = i, .reg = GPR_NONE });
}

static bool must_wait(const struct search *s)
{
	return s->watches.n && s->step_node != NO_NODE;
}

uint64_t search_shifted(const struct place *p, uint64_t x)
{
	return p->shift < 0 ? x >> -p->shift : x << p->shift;
}

void search_found(struct search *s, const struct body *b, const struct place *p, uint64_t x)
{
	bool is_wide = p->mask > UINT32_MAX;
	uint64_t n = search_shifted(p, x & p->mask) + p->add;
	struct end end = { .value = { is_wide ? n : n & UINT32_MAX, b->unit, b->node, s->here } };

	if (s->collect)
		s->collect->is_met |= end.value.n == s->collect->is;
	else if (must_wait(s))
		wait_for_guards(s, &end);
	else
		add_value(s, &end.value, is_wide);
}

void search_lost(struct search *s, uint32_t node, uint64_t address, const char *reason)
{
	struct end end = { { .node = node, .at = address }, reason };

	if (search_asks_bits(s)) {
		/* Any of them may be set. */
		end.value.n = search_shifted(&s->from, s->from.mask);
		end.value.lost = reason;
		end.lost = NULL;
	}
	if (s->collect)
		s->collect->is_met = true;
	else if (search_asks_bits(s) && !must_wait(s))
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

void search_before(struct search *s, uint32_t node, uint32_t i, struct place p)
{
	struct state t = { .at = p, .node = node, .i = i, .watches = s->watches };
	size_t slot;

	if (s->collect) {
		collect_place(s, node, i, &p);
		return;
	}
	if (!p.mask && !p.waits && search_asks_bits(s))
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
		add_loss(s, node, search_body(s, node)->v[i].at, "too many paths lead to it");
		return;
	}
	s->states[s->n_states++] = t;
	s->table[slot] = (uint32_t)s->n_states;
}

/* Empties the table by walking what was put in. */
static void search_forget(struct search *s)
{
	for (size_t i = 0; i < s->n_states; i++) {
		size_t slot = mix(&s->states[i]) & s->table_mask;

		for (; s->table[slot]; slot = (slot + 1) & s->table_mask)
			s->table[slot] = 0;
	}
	s->n_states = s->next = s->n_ends = 0;
}

/* ---- questions ---- */

static int search_place(struct search *s, uint32_t node, uint64_t address, struct place p,
			struct answer *ret_a, struct err *e)
{
	const struct body *b = search_body(s, node);
	ptrdiff_t i = b ? body_at(b, address) : -1;

	*ret_a = (struct answer){ 0 };
	s->answer = ret_a;
	s->from = p;
	if (i < 0) {
		s->watches.n = 0;
		search_lost(s, node, address, "the code around it cannot be read in line");
	} else {
		search_before(s, node, (uint32_t)i, p);
		s->watches.n = 0;
		while (s->next < s->n_states && !s->is_out_of_memory &&
		       (s->bits || !s->is_bits)) {
			struct state t = s->states[s->next++];

			search_look_at(s, &t);
		}
		s->watches.n = 0;
		search_forget(s);
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
