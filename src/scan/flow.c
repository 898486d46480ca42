/* SPDX-License-Identifier: Apache-2.0 */
/* scan/flow.c - where control goes from an instruction, inside functions.
 *
 * Theory of operation
 * -------------------
 * Three questions that the backward search has, each answered by walking
 * forward over one body and, for the first, over those it calls:
 *   - can a call return? It can when its callee can get to a return
 *     instruction, or leaves by a jump whose target can or is not known. Calls
 *     on the way that cannot return end it. Functions that are being asked
 *     about already (recursion) count as returning.
 *   - is a function pointer only called? Its register is followed until it is
 *     overwritten; any use but a call, a jump or a comparison says no.
 *   - is there any way to an instruction? Asked only of code that nobody
 *     described in a file where the rest is described: assembly, with tables
 *     among it that decode as instructions, too. Code there is what is called
 *     or jumped to from code. Where only the address is known, it is code when
 *     every path from there on decodes, without instructions that only the
 *     kernel may execute: tables fail that within a few bytes. */
#include "scan/flow.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 200, MAX_DEFS = 16 };
enum { CODE_UNKNOWN, CODE_ASKED, CODE_YES, CODE_NO };
enum { RETURNS_UNKNOWN, RETURNS_ASKED, RETURNS_YES, RETURNS_NO };

struct flow {
	const struct graph *graph;
	struct decoder *decoder;
	struct body **bodies; /* by node */
	uint8_t *returns;     /* by node; RETURNS_ */
	uint8_t *code;        /* by node; CODE_ */
	size_t n;             /* nodes there were: the graph may grow */
};

struct flow *flow_free(struct flow *f)
{
	if (f) {
		for (size_t i = 0; f->bodies && i < f->n; i++)
			body_free(f->bodies[i]);
		decoder_free(f->decoder);
		free(f->bodies);
		free(f->returns);
		free(f->code);
		free(f);
	}
	return NULL;
}

struct flow *flow_new(const struct graph *g)
{
	struct flow *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->graph = g;
	f->n = g->n_nodes;
	f->decoder = decoder_new(g->machine->elf);
	f->bodies = calloc(g->n_nodes + 1, sizeof(struct body *));
	f->returns = calloc(g->n_nodes + 1, 1);
	f->code = calloc(g->n_nodes + 1, 1);
	return f->decoder && f->bodies && f->returns && f->code ? f : flow_free(f);
}

bool flow_renew(struct flow *f)
{
	size_t n = f->graph->n_nodes, old = f->n;
	struct body **bodies = realloc(f->bodies, (n + 1) * sizeof(*bodies));
	uint8_t *returns, *code;

	if (bodies)
		f->bodies = bodies;
	returns = realloc(f->returns, n + 1);
	if (returns)
		f->returns = returns;
	code = realloc(f->code, n + 1);
	if (code)
		f->code = code;
	if (!bodies || !returns || !code)
		return false;
	memset(bodies + old, 0, (n + 1 - old) * sizeof(*bodies));
	memset(returns, RETURNS_UNKNOWN, n + 1);
	memset(code, CODE_UNKNOWN, n + 1);
	f->n = n;
	return true;
}

const struct body *flow_body(struct flow *f, uint32_t node)
{
	if (!f->bodies[node])
		f->bodies[node] = body_new(f->graph, f->decoder, node);
	return f->bodies[node];
}

/* ---- calls that do not return ---- */

static bool returns(struct flow *f, uint32_t node, int depth);

static bool target_returns(struct flow *f, const struct body *b, const struct insn *in, int depth)
{
	struct definition v[MAX_DEFS];
	uint32_t node;
	size_t n;

	if (in->is_direct) {
		node = graph_func_at(f->graph, b->unit, in->to);
		return node == NO_NODE || returns(f, node, depth);
	}
	if (!in->has_mem || in->base != GPR_NONE || in->index != GPR_NONE)
		return true;
	n = graph_slot(f->graph, b->unit, (uint64_t)in->disp, v, MAX_DEFS);
	for (size_t i = 0; i < n; i++) {
		node = graph_func_at(f->graph, v[i].object->index, v[i].symbol->value);
		if (node == NO_NODE || v[i].symbol->type == STT_GNU_IFUNC ||
		    returns(f, node, depth))
			return true;
	}
	return n == 0;
}

bool flow_call_returns(struct flow *f, const struct body *b, const struct insn *in)
{
	return target_returns(f, b, in, 0);
}

/* Can control get from instruction i of the body on to a return? Marks what it
 * has been to in `seen`. */
static bool walk_to_return(struct flow *f, const struct body *b, size_t i, uint8_t *seen, int depth)
{
	for (;;) {
		const struct insn *in = &b->v[i];
		ptrdiff_t k;

		if (seen[i])
			return false;
		seen[i] = 1;
		if (in->kind == INSN_RETURN || depth > MAX_DEPTH)
			return true;
		if (in->kind == INSN_STOP ||
		    (in->kind == INSN_CALL && !target_returns(f, b, in, depth + 1)))
			return false;
		if (in->kind == INSN_JUMP || in->kind == INSN_BRANCH) {
			k = in->is_direct ? body_at(b, in->to) : -1;
			if (k < 0 && target_returns(f, b, in, depth + 1))
				return true;
			if (k >= 0 && walk_to_return(f, b, (size_t)k, seen, depth + 1))
				return true;
			if (in->kind == INSN_JUMP)
				return false;
		}
		k = body_at(b, in->at + in->length);
		if (k < 0)
			return in->at + in->length >= b->end &&
			       graph_func(f->graph, b->node)->falls;
		i = (size_t)k;
	}
}

static bool returns(struct flow *f, uint32_t node, int depth)
{
	const struct body *b;
	uint8_t *seen;
	bool yes;

	if (f->returns[node] != RETURNS_UNKNOWN)
		return f->returns[node] != RETURNS_NO;
	if (depth > MAX_DEPTH)
		return true;
	f->returns[node] = RETURNS_ASKED;
	b = flow_body(f, node);
	seen = b ? calloc(b->n + 1, 1) : NULL;
	yes = !seen || b->n == 0 || b->is_partial || b->n_computed ||
	      walk_to_return(f, b, 0, seen, depth);
	free(seen);
	f->returns[node] = yes ? RETURNS_YES : RETURNS_NO;
	return yes;
}

/* ---- walks over one body ---- */

struct walk {
	const struct body *b;
	uint32_t *todo;
	uint8_t *seen;
	size_t n;
};

static bool walk_init(struct walk *w, const struct body *b)
{
	*w = (struct walk){ .b = b, .todo = calloc(b->n + 1, sizeof(*w->todo)),
			    .seen = calloc(b->n + 1, 1) };
	return w->todo && w->seen;
}

static void walk_done(struct walk *w)
{
	free(w->todo);
	free(w->seen);
}

/* False when the address is outside of the body. */
static bool walk_to(struct walk *w, uint64_t address)
{
	ptrdiff_t k = body_at(w->b, address);

	if (k < 0)
		return false;
	if (!w->seen[k]) {
		w->seen[k] = 1;
		w->todo[w->n++] = (uint32_t)k;
	}
	return true;
}

static bool flows_on(const struct insn *in)
{
	return in->kind != INSN_JUMP && in->kind != INSN_STOP && in->kind != INSN_RETURN;
}

/* False when the walk may have left the body. */
static bool walk_on(struct walk *w, const struct insn *in)
{
	bool inside = true;

	if (in->is_direct && in->kind != INSN_CALL)
		inside = walk_to(w, in->to);
	/* A call at the very end does not come back (code.c). */
	if (flows_on(in) && !(in->kind == INSN_CALL && in->at + in->length == w->b->end &&
			      !w->b->falls))
		inside = walk_to(w, in->at + in->length) && inside;
	return inside;
}

static bool calls_through(const struct insn *in, uint8_t reg)
{
	return (in->kind == INSN_CALL || in->kind == INSN_JUMP) && !in->is_direct &&
	       !in->has_mem && in->src == reg;
}

/* What one instruction does with the pointer in `reg`. */
static enum { KEPT, GONE, ESCAPED } use_pointer(const struct machine *m, const struct insn *in,
						uint8_t reg)
{
	bool calls = calls_through(in, reg);
	bool is_lost_in_calls = m->caller_saved >> reg & 1;
	/* Of those, these pass no argument. */
	bool is_scratch = m->scratch >> reg & 1;

	if (insn_reads(in, reg) && !calls && !in->is_test)
		return ESCAPED;
	if (calls && in->kind == INSN_JUMP)
		return GONE;
	if (in->kind == INSN_CALL && is_lost_in_calls)
		return calls || is_scratch ? GONE : ESCAPED;
	if (in->kind == INSN_RETURN || (in->kind == INSN_JUMP && !in->is_direct))
		return reg == m->result ? ESCAPED : GONE;
	return insn_writes(in, reg) ? GONE : KEPT;
}

bool flow_pointer_is_called(const struct machine *m, const struct body *b, size_t from,
			    uint8_t *sites)
{
	uint8_t reg = b->v[from].dst;
	struct walk w;
	bool ok = walk_init(&w, b) && !b->is_partial && reg != GPR_NONE &&
		  walk_to(&w, b->v[from].at + b->v[from].length);

	while (ok && w.n) {
		uint32_t i = w.todo[--w.n];
		int use = use_pointer(m, &b->v[i], reg);

		if (calls_through(&b->v[i], reg))
			sites[i] = 1;
		ok = use != ESCAPED && (use == GONE || walk_on(&w, &b->v[i]));
	}
	walk_done(&w);
	return ok;
}

/* Does every path from an address on decode? */
static bool is_clean(const struct graph *g, const struct body *b, uint64_t address)
{
	const struct elf *elf = g->units[b->unit].object->elf;
	struct walk w;
	bool clean = walk_init(&w, b) && walk_to(&w, address);

	while (clean && w.n) {
		const struct insn *in = &b->v[w.todo[--w.n]];
		uint64_t next = in->at + in->length;

		clean = !in->is_privileged && (!in->is_direct || elf_is_code(elf, in->to));
		if (clean && !walk_on(&w, in))
			clean = next >= b->end || !flows_on(in) || body_at(b, next) >= 0;
	}
	walk_done(&w);
	return clean;
}

static bool is_code(struct flow *f, uint32_t node);

/* Does this one show that its target is code? */
static bool shows_code(struct flow *f, const struct body *b, const struct inbound *in)
{
	if (in->from == NO_NODE)
		return true;
	if (!f->graph->nodes[in->from].is_region && !is_code(f, in->from))
		return false;
	return in->kind != FACT_ADDRESS ||
	       is_clean(f->graph, b, f->graph->units[b->unit].code.base + in->to);
}

static bool is_code(struct flow *f, uint32_t node)
{
	const struct graph *g = f->graph;
	const struct body *b;
	bool yes = false;

	if (graph_func(g, node)->is_described || !graph_unit(g, node)->code.is_described)
		return true;
	if (f->code[node] != CODE_UNKNOWN)
		return f->code[node] == CODE_YES;
	f->code[node] = CODE_ASKED;
	b = flow_body(f, node);
	if (!b)
		return true;
	for (uint32_t i = g->first_in[node]; !yes && i < g->first_in[node + 1]; i++)
		yes = shows_code(f, b, &g->inbound[i]);
	if (!yes && node > graph_unit(g, node)->first_func && g->nodes[node - 1].is_reached)
		yes = graph_func(g, node - 1)->falls && is_code(f, node - 1);
	f->code[node] = yes ? CODE_YES : CODE_NO;
	return yes;
}

bool flow_reaches(struct flow *f, uint32_t node, uint64_t address)
{
	const struct graph *g = f->graph;
	const struct body *b = flow_body(f, node);
	struct walk w = { 0 };
	bool yes = true;
	ptrdiff_t k;

	if (!is_code(f, node))
		return false;
	if (b && !b->n_computed && !b->is_partial && !graph_func(g, node)->is_open &&
	    walk_init(&w, b)) {
		walk_to(&w, b->start);
		for (uint32_t i = g->first_in[node]; i < g->first_in[node + 1]; i++) {
			if (shows_code(f, b, &g->inbound[i]))
				walk_to(&w, graph_unit(g, node)->code.base + g->inbound[i].to);
		}
		while (w.n)
			walk_on(&w, &b->v[w.todo[--w.n]]);
		k = body_at(b, address);
		yes = k < 0 || w.seen[k];
	}
	walk_done(&w);
	return yes;
}

const struct body *flow_after(struct flow *f, uint32_t node, uint64_t address,
			      uint8_t **ret_seen)
{
	const struct body *b = flow_body(f, node);
	struct walk w = { 0 };
	ptrdiff_t k = b ? body_at(b, address) : -1;
	bool ok;

	if (k < 0 || b->n_computed || b->is_partial || graph_func(f->graph, node)->is_open)
		return NULL;
	ok = walk_init(&w, b) && walk_to(&w, b->v[k].at + b->v[k].length);
	while (ok && w.n)
		walk_on(&w, &b->v[w.todo[--w.n]]);
	if (ok) {
		*ret_seen = w.seen;
		w.seen = NULL;
	}
	walk_done(&w);
	return ok ? b : NULL;
}
