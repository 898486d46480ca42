/* SPDX-License-Identifier: Apache-2.0 */
/* scan/inbound.c - who leads into a function.
 *
 * The edges of all reached nodes, turned round: for the backward search, which
 * goes on in callers.
 *
 *  I1  The queue of reached nodes only grows, so a round adds the edges of those
 *      that are new. Roots are listed anew each time: a node may become one.
 *  I2  Whoever changes what an edge leads to (new objects: symbols may be bound
 *      to them) or the queue itself (a part of the graph) calls
 *      graph_forget_inbound(), and the list is made from the start. */
#include "scan/graph.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>

enum { MAX_DEFS = 64 };

struct inbound_list {
	struct inbound *v;
	uint32_t *node; /* whom it leads into */
	size_t n, room;
	size_t n_edges; /* those before the roots' */
	size_t done;    /* nodes of the queue whose edges are listed */
};

struct inbound_list *inbound_list_free(struct inbound_list *l)
{
	if (l) {
		free(l->v);
		free(l->node);
		free(l);
	}
	return NULL;
}

void graph_forget_inbound(struct graph *g)
{
	if (g->list)
		g->list->n_edges = g->list->done = 0;
}

static int note_node_in(struct inbound_list *l, uint32_t node, struct inbound in)
{
	if (node == NO_NODE || (node == in.from && in.kind != FACT_CALL && in.kind != FACT_ADDRESS))
		return 0;
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 65536;
		struct inbound *v = realloc(l->v, room * sizeof(*v));
		uint32_t *nodes;

		if (v)
			l->v = v;
		nodes = realloc(l->node, room * sizeof(*nodes));
		if (nodes)
			l->node = nodes;
		if (!v || !nodes)
			return -ENOMEM;
		l->room = room;
	}
	l->node[l->n] = node;
	l->v[l->n++] = in;
	return 0;
}

static int note(struct inbound_list *l, const struct graph *g, size_t unit, uint64_t address,
		struct inbound in)
{
	in.to = (uint32_t)(address - g->units[unit].code.base);
	return note_node_in(l, graph_func_at(g, unit, address), in);
}

static int note_rel(struct inbound_list *l, const struct graph *g, size_t unit,
		    const struct elf_rel *rel, struct inbound in)
{
	const struct object *o = g->units[unit].object;
	struct definition v[MAX_DEFS];
	size_t n;
	int r = 0;

	if (rel->kind == ELF_REL_RELATIVE || rel->kind == ELF_REL_IRELATIVE)
		return note(l, g, unit, rel->addend, in);
	if (rel->kind == ELF_REL_OTHER || rel->symbol >= o->elf->n_dynsyms)
		return 0;
	n = symbols_find(g->symbols, o, &o->elf->dynsyms[rel->symbol], false, v, MAX_DEFS);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = note(l, g, v[i].object->index, v[i].symbol->value, in);
	return r;
}

static int note_page(struct inbound_list *l, const struct graph *g, size_t unit, uint64_t page,
		     struct inbound in)
{
	const struct unit *u = &g->units[unit];
	const struct elf *f = u->object->elf;
	uint64_t start = page - u->code.base, end = (page | 4095) + 1 - u->code.base;
	int r = 0;

	in.kind = FACT_ADDRESS;
	for (size_t i = 0; r == 0 && i < u->code.n_funcs; i++) {
		if (u->code.funcs[i].start >= start && u->code.funcs[i].start < end)
			r = note(l, g, unit, u->code.base + u->code.funcs[i].start, in);
	}
	for (size_t i = elf_rel_from(f, page);
	     r == 0 && i < f->n_rels && f->rels[i].where < end + u->code.base; i++) {
		if (f->rels[i].kind == ELF_REL_SLOT || f->rels[i].kind == ELF_REL_IRELATIVE)
			r = note_rel(l, g, unit, &f->rels[i], in);
	}
	return r;
}

/* The same for a function of the object itself, through a slot that the linker
 * did not see through (Rust). It is a pointer in data all the same. */
static const struct elf_rel *own_slot(const struct elf *f, uint64_t address)
{
	size_t i = elf_rel_from(f, address);

	return i < f->n_rels && f->rels[i].where == address && f->rels[i].kind == ELF_REL_RELATIVE
		       ? &f->rels[i]
		       : NULL;
}

static int note_edge(struct inbound_list *l, const struct graph *g, uint32_t node,
		     const struct edge *x)
{
	size_t unit = g->nodes[node].unit;
	const struct unit *u = &g->units[unit];
	const struct elf *f = u->object->elf;
	const struct fact *t = &u->code.facts[x->fact];
	struct inbound in = { .from = node, .at = t->at, .to = t->to, .kind = t->kind };
	const struct elf_rel *rel = x->rel == NO_INDEX ? NULL : &f->rels[x->rel];
	uint32_t func = x->func == NO_INDEX ? NO_NODE : u->first_func + x->func;

	switch (t->kind) {
	case FACT_CALL:
	case FACT_JUMP:
	case FACT_BRANCH:
	case FACT_LABEL:
		return note_node_in(l, func, in);
	case FACT_CALL_SLOT:
	case FACT_JUMP_SLOT:
		if (!rel)
			rel = own_slot(f, u->code.base + t->to);
		return rel ? note_rel(l, g, unit, rel, in) : 0;
	case FACT_PAGE:
		return note_page(l, g, unit, u->code.base + t->to, in);
	case FACT_ACCESS:
	case FACT_ADDRESS:
		in.kind = FACT_ADDRESS;
		if (rel)
			return note_rel(l, g, unit, rel, in);
		return t->kind == FACT_ADDRESS ? note_node_in(l, func, in) : 0;
	default:
		return 0;
	}
}

static int note_node(struct inbound_list *l, const struct graph *g, uint32_t node)
{
	const struct unit *u = graph_unit(g, node);
	size_t unit = g->nodes[node].unit;
	int r = 0;

	if (g->nodes[node].is_region) {
		uint32_t k = node - u->first_region;

		for (uint32_t i = u->data.first[k]; r == 0 && i < u->data.first[k + 1]; i++)
			r = note_rel(l, g, unit, &u->data.pointers[i],
				     (struct inbound){ .from = node, .kind = FACT_ADDRESS,
						       .at = (uint32_t)(u->data.pointers[i].where -
									u->data.base) });
		return r;
	}
	for (uint32_t i = graph_func(g, node)->first_edge;
	     r == 0 && i < graph_func(g, node)[1].first_edge; i++)
		r = note_edge(l, g, node, &u->code.edges[i]);
	return r;
}

/* Sorts the list into g->inbound by counting. */
static int sort_inbound(struct graph *g, const struct inbound_list *l)
{
	free(g->inbound);
	free(g->first_in);
	g->inbound = calloc(l->n + 1, sizeof(*g->inbound));
	g->first_in = calloc(g->n_nodes + 2, sizeof(*g->first_in));
	if (!g->inbound || !g->first_in)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++)
		g->first_in[l->node[i] + 2]++;
	for (size_t i = 2; i < g->n_nodes + 2; i++)
		g->first_in[i] += g->first_in[i - 1];
	for (size_t i = 0; i < l->n; i++)
		g->inbound[g->first_in[l->node[i] + 1]++] = l->v[i];
	return 0;
}

int graph_find_inbound(struct graph *g, struct err *e)
{
	struct inbound_list *l = g->list;
	int r = 0;

	if (!l)
		l = g->list = calloc(1, sizeof(*l));
	if (!l)
		return err_set(e, -ENOMEM, "list callers");
	l->n = l->n_edges; /* without the roots of the time before (I1) */
	for (; r == 0 && l->done < g->n_queue; l->done++)
		r = note_node(l, g, g->queue[l->done]);
	l->n_edges = l->n;
	/* Roots are entered from outside, with registers that nobody knows. */
	for (size_t i = 0; r == 0 && i < g->n_queue; i++) {
		uint32_t node = g->queue[i];

		if (g->nodes[node].parent == NO_NODE && !g->nodes[node].is_region &&
		    !graph_unit(g, node)->is_go)
			r = note(l, g, g->nodes[node].unit,
				 graph_unit(g, node)->code.base + graph_func(g, node)->start,
				 (struct inbound){ .from = NO_NODE, .kind = FACT_ADDRESS });
	}
	if (r == 0)
		r = sort_inbound(g, l);
	if (r < 0)
		graph_forget_inbound(g);
	return r < 0 ? err_set(e, r, "list callers") : 0;
}
