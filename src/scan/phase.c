/* SPDX-License-Identifier: Apache-2.0 */
/* scan/phase.c - what a program can still do after it has called hull_phase().
 *
 * Theory of operation
 * -------------------
 * When hull_phase("serving") returns, the thread goes on behind the call, and
 * behind the calls that led there, one function after the other up to main()
 * and the exit. Everything else that can run then is entered from its start: by
 * those functions, or through a pointer that somebody has kept (handlers,
 * callbacks, thread functions). So the roots of a phase are
 *   - the code behind the call, in each function of the chain of callers;
 *   - every function whose address is taken anywhere in the program;
 *   - what was a root for another reason: fini, dlsym, plugins, ld.so;
 *   - what the entry point calls: the way from main() to the exit.
 * What is reached from them is the phase; a system call belongs to it when one
 * of its instructions does.
 *
 * The chain is exact only while it consists of direct calls from main() down.
 * Where it is not (hull_phase() is called through a pointer, from a thread, in
 * a coroutine), the phase is the whole program. main() is the one function that
 * may be called through a pointer: when only the start code has its address.
 *
 *  P1  longjmp() and exceptions enter a function of the chain in its middle:
 *      of functions with landing pads, and of those that call setjmp(), the
 *      whole counts.
 *  P2  Other threads are inside of functions that they were started with, whose
 *      addresses were taken. hull_phase() is for the thread that runs main(). */
#include "scan/scan-priv.h"

#include "base/err.h"
#include "base/scope.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

enum { MAX_DEFS = 16, MAX_NAMES = 16 };

/* A call that the thread is in the middle of. */
struct site {
	uint32_t node;
	uint64_t at;
};

struct chain {
	struct scan *s;
	struct search *search;
	uint8_t *is_in; /* by node: in the chain */
	uint8_t *jumps; /* and setjmp() is called there */
	uint32_t *todo;
	size_t n_todo;
	struct site *sites;
	size_t n_sites, room;
	uint32_t entry, main; /* NO_NODE: not found */
	bool is_lost;
};

static bool is_jump(uint8_t kind)
{
	return kind == FACT_JUMP || kind == FACT_BRANCH || kind == FACT_JUMP_SLOT ||
	       kind == FACT_LABEL;
}

static void enter(struct chain *c, uint32_t node)
{
	if (c->is_in[node])
		return;
	c->is_in[node] = 1;
	c->todo[c->n_todo++] = node;
}

static int add_site(struct chain *c, uint32_t node, uint64_t at)
{
	if (c->n_sites == c->room) {
		size_t room = c->room ? c->room * 2 : 64;
		struct site *v = realloc(c->sites, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		c->sites = v;
		c->room = room;
	}
	c->sites[c->n_sites++] = (struct site){ node, at };
	return 0;
}

/* The entry point, or what only that calls (musl's _start_c). */
static bool is_start_code(const struct chain *c, uint32_t node)
{
	const struct graph *g = c->s->graph;

	if (node == c->entry)
		return true;
	if (node == NO_NODE || g->nodes[node].is_region ||
	    g->first_in[node] == g->first_in[node + 1])
		return false;
	for (uint32_t i = g->first_in[node]; i < g->first_in[node + 1]; i++) {
		if (g->inbound[i].from != c->entry)
			return false;
	}
	return true;
}

/* Only the start code knows where it is: main(). */
static bool is_main(const struct chain *c, uint32_t node)
{
	const struct graph *g = c->s->graph;
	bool is = false;

	for (uint32_t i = g->first_in[node]; i < g->first_in[node + 1]; i++) {
		if (g->inbound[i].kind != FACT_ADDRESS)
			continue;
		if (!is_start_code(c, g->inbound[i].from))
			return false;
		is = true;
	}
	return is;
}

static int climb(struct chain *c, uint32_t node)
{
	const struct graph *g = c->s->graph;
	int r = 0;

	if (is_main(c, node))
		c->main = node;
	for (uint32_t i = g->first_in[node]; r == 0 && i < g->first_in[node + 1]; i++) {
		const struct inbound *in = &g->inbound[i];
		bool by_address = in->from == NO_NODE || g->nodes[in->from].is_region ||
				  (!is_jump(in->kind) && in->kind != FACT_CALL &&
				   in->kind != FACT_CALL_SLOT);

		if (by_address) {
			c->is_lost |= node != c->main;
			continue;
		}
		if (!is_jump(in->kind))
			r = add_site(c, in->from, graph_unit(g, in->from)->code.base + in->at);
		enter(c, in->from);
	}
	/* Control that runs on from the function before. */
	if (node > graph_unit(g, node)->first_func && g->nodes[node - 1].is_reached &&
	    graph_func(g, node - 1)->falls)
		enter(c, node - 1);
	return r;
}

/* The reached functions of a name: dynamic symbols, and the program's own. */
static size_t nodes_named(const struct scan *s, const char *name, uint32_t *nodes)
{
	const struct elf *f = s->closure->v[0]->elf;
	struct definition v[MAX_DEFS];
	size_t n = symbols_named(s->graph->symbols, name, v, MAX_DEFS), k = 0;

	for (size_t i = 0; i < n; i++)
		nodes[k++] = graph_func_at(s->graph, v[i].object->index, v[i].symbol->value);
	for (size_t i = 0; i < f->n_syms && k < 2 * MAX_DEFS; i++) {
		if (f->syms[i].section != SHN_UNDEF && strcmp(f->syms[i].name, name) == 0)
			nodes[k++] = graph_func_at(s->graph, 0, f->syms[i].value);
	}
	n = 0;
	for (size_t i = 0; i < k; i++) {
		if (nodes[i] != NO_NODE && s->graph->nodes[nodes[i]].is_reached)
			nodes[n++] = nodes[i];
	}
	return n;
}

static bool has_one(const struct scan *s, const char *const *names)
{
	uint32_t nodes[2 * MAX_DEFS];

	for (; *names; names++) {
		if (nodes_named(s, *names, nodes))
			return true;
	}
	return false;
}

/* Does the function call one of them, by way of a PLT entry or not? */
static bool is_called_from(const struct graph *g, uint32_t node, uint32_t caller, int depth)
{
	for (uint32_t i = g->first_in[node]; i < g->first_in[node + 1]; i++) {
		const struct inbound *in = &g->inbound[i];

		if (in->from == caller)
			return true;
		if (in->kind == FACT_JUMP_SLOT && depth == 0 && in->from != NO_NODE &&
		    is_called_from(g, in->from, caller, 1))
			return true;
	}
	return false;
}

static bool calls_setjmp(const struct scan *s, uint32_t node)
{
	static const char *const names[] = { "setjmp", "_setjmp", "sigsetjmp", "__sigsetjmp",
					     "getcontext" };
	uint32_t nodes[2 * MAX_DEFS];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = nodes_named(s, names[i], nodes);

		for (size_t k = 0; k < n; k++) {
			if (is_called_from(s->graph, nodes[k], node, 0))
				return true;
		}
	}
	return false;
}

/* ---- the phase itself ---- */

static bool is_only_a_start(const struct node *n)
{
	return n->root && (strcmp(n->root, "entry point") == 0 ||
			   strcmp(n->root, "init function") == 0);
}

static bool is_address_taken(const struct chain *c, uint32_t node)
{
	const struct graph *g = c->s->graph;

	for (uint32_t i = g->first_in[node]; i < g->first_in[node + 1]; i++) {
		const struct inbound *in = &g->inbound[i];

		if (in->kind == FACT_ADDRESS && in->from != NO_NODE && node != c->main)
			return true;
	}
	return false;
}

/* Roots that stand in no function of the chain; `old` is how all was reached. */
static void add_roots(struct chain *c, const struct node *old)
{
	struct graph *g = c->s->graph;

	for (uint32_t i = 0; i < g->n_nodes; i++) {
		if (!old[i].is_reached || old[i].is_region)
			continue;
		if ((old[i].parent == NO_NODE && !is_only_a_start(&old[i])) ||
		    is_address_taken(c, i))
			graph_reach(g, i, "a phase");
	}
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		if (old[i].is_reached && old[i].is_region)
			graph_reach(g, i, "a phase");
	}
}

/* The calls of the entry point: from main() to the exit. */
static void add_exit(struct chain *c)
{
	const struct unit *u = graph_unit(c->s->graph, c->entry);
	const struct func *fn = graph_func(c->s->graph, c->entry);

	for (uint32_t i = fn->first_fact; i < fn[1].first_fact; i++) {
		if (u->code.facts[i].kind != FACT_ADDRESS)
			graph_follow(c->s->graph, c->entry, &u->code.facts[i]);
	}
}

static void add_rest(struct chain *c, const struct site *site)
{
	struct graph *g = c->s->graph;
	const struct unit *u = graph_unit(g, site->node);
	const struct func *fn = graph_func(g, site->node);
	auto_free uint8_t *seen = NULL;
	const struct body *b = NULL;

	if (!c->jumps[site->node] && !fn->has_landing_pads)
		b = flow_after(search_flow(c->search), site->node, site->at, &seen);
	if (!b) {
		graph_reach(g, site->node, "a phase");
		return;
	}
	for (uint32_t i = fn->first_fact; i < fn[1].first_fact; i++) {
		const struct fact *t = &u->code.facts[i];
		ptrdiff_t k = body_at(b, u->code.base + t->at);
		/* The walk has followed it. */
		bool is_inside = is_jump(t->kind) && t->kind != FACT_JUMP_SLOT &&
				 t->to >= fn->start && t->to < fn->end;

		if ((k < 0 || seen[k]) && !is_inside)
			graph_follow(g, site->node, t);
	}
	if (fn->falls && site->node + 1 < u->first_region)
		graph_reach(g, site->node + 1, "a phase");
}

static void take_calls(struct chain *c, const uint8_t *marks, struct scan_phase *p)
{
	const struct scan *s = c->s;

	for (size_t i = 0; i < s->n_made; i++) {
		const struct scan_made *m = &s->made[i];

		if (m->node == NO_NODE || marks[m->node] || c->is_in[m->node])
			p->calls[m->number / 64] |= 1ULL << (m->number % 64);
	}
}

static int spread(struct chain *c, struct scan_phase *p)
{
	struct graph *g = c->s->graph;
	struct graph_part part;
	auto_free uint8_t *marks = calloc(g->n_nodes + 1, 1);

	if (!marks || graph_part_begin(g, &part) < 0)
		return -ENOMEM;
	add_roots(c, part.nodes);
	add_exit(c);
	for (size_t i = 0; i < c->n_sites; i++)
		add_rest(c, &c->sites[i]);
	graph_spread(g);
	for (size_t i = 0; i < g->n_queue; i++)
		marks[g->queue[i]] = 1;
	graph_part_end(g, &part);
	take_calls(c, marks, p);
	return 0;
}

/* The phase that begins behind one call of hull_phase(). */
static int find_phase(struct scan *s, struct search *search, const struct inbound *call,
		      struct scan_phase *p)
{
	static const char *const stacks[] = { "makecontext", "swapcontext", NULL };
	struct graph *g = s->graph;
	struct chain c = { .s = s, .search = search, .main = NO_NODE,
			   .is_in = calloc(g->n_nodes + 1, 1),
			   .jumps = calloc(g->n_nodes + 1, 1),
			   .todo = calloc(g->n_nodes + 1, sizeof(*c.todo)),
			   .entry = graph_func_at(g, 0, s->closure->v[0]->elf->entry) };
	int r = c.is_in && c.jumps && c.todo ? 0 : -ENOMEM;

	c.is_lost = has_one(s, stacks) || c.entry == NO_NODE;
	if (r == 0 && !is_jump(call->kind))
		r = add_site(&c, call->from, graph_unit(g, call->from)->code.base + call->at);
	if (r == 0)
		enter(&c, call->from);
	while (r == 0 && c.n_todo)
		r = climb(&c, c.todo[--c.n_todo]);
	c.is_lost |= c.main == NO_NODE;
	for (uint32_t i = 0; r == 0 && !c.is_lost && i < g->n_nodes; i++)
		c.jumps[i] = c.is_in[i] && calls_setjmp(s, i);
	if (r == 0 && !c.is_lost)
		r = spread(&c, p);
	for (size_t i = 0; c.is_lost && i < s->n_made; i++)
		p->calls[s->made[i].number / 64] |= 1ULL << (s->made[i].number % 64);
	p->is_whole |= c.is_lost;
	free(c.is_in);
	free(c.jumps);
	free(c.todo);
	free(c.sites);
	return r;
}

static struct scan_phase *phase_named(struct scan *s, const char *name)
{
	struct scan_phase *v;

	for (size_t i = 0; i < s->n_phases; i++) {
		if (strcmp(s->phases[i].name, name) == 0)
			return &s->phases[i];
	}
	v = arena_array(&s->arena, s->n_phases + 1, sizeof(*v));
	if (!v)
		return NULL;
	if (s->n_phases)
		memcpy(v, s->phases, s->n_phases * sizeof(*v));
	v[s->n_phases] = (struct scan_phase){ .name = name };
	s->phases = v;
	return &v[s->n_phases++];
}

/* One caller of hull_phase(): the names that it can pass, each a phase. */
static int follow_call(struct scan *s, struct search *search, const struct inbound *in)
{
	const struct unit *u = graph_unit(s->graph, in->from);
	struct answer a;
	int r = search_value(search, in->from, u->code.base + in->at, s->graph->machine->args[0],
			     true, &a, NULL);

	for (size_t i = 0; r == 0 && i < a.n && i < MAX_NAMES; i++) {
		const char *name = scan_string(s, &a.v[i]);
		struct scan_phase *p = name ? phase_named(s, name) : NULL;

		if (name)
			r = p ? find_phase(s, search, in, p) : -ENOMEM;
	}
	answer_done(&a);
	return r;
}

/* The callers of a function, those behind its PLT entries as well. */
static int follow_callers(struct scan *s, struct search *search, uint32_t node, int depth)
{
	const struct graph *g = s->graph;
	int r = 0;

	for (uint32_t i = g->first_in[node]; r == 0 && i < g->first_in[node + 1]; i++) {
		const struct inbound in = g->inbound[i];

		if (in.from == NO_NODE || g->nodes[in.from].is_region)
			continue;
		if (in.kind == FACT_JUMP_SLOT && depth == 0)
			r = follow_callers(s, search, in.from, 1);
		else if (is_jump(in.kind) || in.kind == FACT_CALL || in.kind == FACT_CALL_SLOT)
			r = follow_call(s, search, &in);
	}
	return r;
}

int phases_find(struct scan *s, struct search *search, struct err *e)
{
	static const char *const lock[] = { "hull_lock", NULL };
	uint32_t nodes[2 * MAX_DEFS];
	size_t n = nodes_named(s, "hull_phase", nodes);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = follow_callers(s, search, nodes[i], 0);
	s->has_lock = s->n_phases || has_one(s, lock);
	return r < 0 ? err_set(e, r, "find phases") : 0;
}
