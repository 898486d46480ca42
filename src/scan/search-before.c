/* SPDX-License-Identifier: Apache-2.0 */
/* scan/search-before.c - the backward search from instruction to instruction: which
 * come before one, in its function, in callers and neighbours. The theory is in
 * scan/search.c. */
#include "scan/search-priv.h"

#include "base/scope.h"
#include "scan/frame.h"
#include "scan/variable.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

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

	for (ptrdiff_t i = call;
	     p.is_mem && !search_is_stack(s, b, p.reg) && i-- > 0 && call - i < 64;) {
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
	const struct body *b = search_body(s, in->from);
	uint64_t at = graph_unit(s->graph, in->from)->code.base + in->at;
	ptrdiff_t i = b ? body_at(b, at) : -1;

	if (i < 0) {
		search_lost(s, in->from, at, "it is called from code that cannot be read in line");
		return;
	}
	if (in->kind == FACT_CALL || in->kind == FACT_CALL_SLOT) {
		if (!before_call(s, b, i, &p)) {
			search_lost(s, in->from, at, "the value is the return address");
			return;
		}
		guards_before_call(s, b, i);
	}
	search_before(s, in->from, (uint32_t)i, p);
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
	b = search_body(s, in->from);
	i = b ? body_at(b, graph_unit(s->graph, in->from)->code.base + in->at) : -1;
	while (i >= 0 && (size_t)i < b->n && b->v[i].kind != INSN_CALL && flows_on(&b->v[i]))
		i++;
	if (i < 0 || (size_t)i >= b->n || b->v[i].kind != INSN_CALL)
		return false;
	p.reg = s->graph->machine->args[1];
	search_elsewhere(s, in->from, (uint32_t)i, as_slot(s, b, i, p));
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

	if (search_is_trusted(s, of, &p) && p.is_mem && p.reg == s->graph->machine->args[0] &&
	    look_in_registrar(s, in, p))
		return;
	if (in->from != NO_NODE && !s->graph->nodes[in->from].is_region) {
		b = search_body(s, in->from);
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
		search_lost(s, b ? b->node : of->node, b ? b->v[i >= 0 ? i : 0].at : address,
		     in->from == NO_NODE ? "it is entered from outside of the program"
					 : "its function's address is taken: anybody may call it");
}

/* The computed jumps of the body that knows the label's table. */
static void look_in_computed(struct search *s, const struct body *b, uint64_t label,
			     struct place p)
{
	for (size_t i = 0; i < b->n_computed; i++)
		search_before(s, b->node, b->computed[i], p);
	if (!b->n_computed)
		search_lost(s, b->node, label, "a jump table leads to it, but no jump uses the table");
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
			other = search_body(s, in->from);
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
	other = search_body(s, b->node - 1);
	n = other ? body_before(other, address, v) : 0;
	for (size_t i = 0; i < n; i++)
		search_step(s, other, v[i], p);
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
	search_found(s, b, p, (uint64_t)test->imm);
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
			search_step(s, b, v[i], p);
	}
	for (size_t k = body_branches_to(b, address);
	     k < b->n_branches && b->branches[k].to == address; k++) {
		any = true;
		if (!is_known_equal(s, b, b->branches[k].from, true, &p))
			search_step(s, b, b->branches[k].from, p);
	}
	if (is_own_label(s->graph, b, address)) {
		any = true;
		look_in_computed(s, b, address, p);
	}
	return any;
}

/* Looks at all that may have run before instruction i of the node. */
void search_look_at(struct search *s, const struct state *t)
{
	const struct body *b = search_body(s, t->node);
	uint64_t address;
	bool any;

	s->watches = t->watches;
	s->from = t->at;
	if (!b)
		return;
	address = b->v[t->i].at;
	if (b->is_partial) {
		search_lost(s, t->node, address, "its function's code overlaps too often");
		return;
	}
	any = look_inside(s, b, address, t->at);
	any |= look_outside(s, b, address, t->at);
	any |= look_in_neighbour(s, b, address, t->at);
	if (!any && graph_func(s->graph, t->node)->has_landing_pads && !b->v[t->i].is_padding)
		search_lost(s, t->node, address, "it follows the start of an exception handler");
	else if (!any && graph_func(s->graph, t->node)->is_open && !b->v[t->i].is_padding)
		search_lost(s, t->node, address, "a computed jump with an unknown table may lead to it");
}
