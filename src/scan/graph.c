/* SPDX-License-Identifier: Apache-2.0 */
/* scan/graph.c - what of a program and its libraries can run at all.
 *
 * Theory of operation
 * -------------------
 * A work list of reached nodes. From a function: every fact of it, the next
 * function when control can run on. From a region: every pointer in it. Edges
 * between objects are those that ld.so makes: a GOT entry or a pointer with a
 * symbol leads to whatever definitions symbols_find() gives.
 *
 *  G1  The address of a function, in reached code or living data, reaches it.
 *  G2  A pointer into the middle of a described function is a label of it (an
 *      entry of a jump table or a computed goto) and reaches nothing: only
 *      that function can use it. In code that nobody described it reaches.
 *  G3  The definition of a GNU_IFUNC symbol is its resolver; the candidates
 *      are the addresses that the resolver forms: G1 takes them all.
 *  G4  IRELATIVE resolvers run at start-up: they are roots.
 *  G6  Gates: a few functions that reached code calls under a condition that
 *      only other functions, the keys, can make true (scan/model.c). What is
 *      tried at a gate waits until a key is reached.
 *  G5  Data that a copy relocation moves into the program keeps its source in
 *      the library alive. */
#include "scan/graph.h"

#include "base/err.h"
#include "base/scope.h"
#include "scan/store.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEFS = 64, MAX_UNITS = 65535 };

DEFINE_SCOPE(graph, struct graph, graph_free)
#define auto_graph __attribute__((cleanup(scope_graph)))

struct graph *graph_free(struct graph *g)
{
	if (g) {
		for (size_t i = 0; i < g->n_units; i++) {
			code_done(&g->units[i].code);
			data_done(&g->units[i].data);
			elf_free(g->units[i].debug);
		}
		symbols_free(g->symbols);
		free(g->units);
		free(g->nodes);
		free(g->queue);
		free(g->inbound);
		free(g->first_in);
		inbound_list_free(g->list);
		free(g);
	}
	return NULL;
}

/* DIR/.build-id/ab/cdef....debug, when it is there and fits. */
static struct elf *open_debug(const struct graph *g, const struct elf *f)
{
	char path[512];
	int at, fd;
	struct elf *d = NULL;

	if (!g->debug_dir || f->n_syms || f->build_id_size < 2 || f->build_id_size > 64)
		return NULL;
	at = snprintf(path, sizeof(path) - 2 * 64 - 8, "%s/.build-id/%02x/", g->debug_dir,
		      f->build_id[0]);
	if (at < 0 || at >= (int)sizeof(path) - 2 * 64 - 8)
		return NULL;
	for (size_t i = 1; i < f->build_id_size; i++)
		at += snprintf(path + at, 3, "%02x", f->build_id[i]);
	memcpy(path + at, ".debug", 7);
	fd = root_open_file(&g->closure->root, path);
	if (fd < 0)
		return NULL;
	if (elf_read(fd, &d, NULL) == 0 &&
	    (d->build_id_size != f->build_id_size ||
	     memcmp(d->build_id, f->build_id, f->build_id_size) != 0 || d->base != f->base))
		d = elf_free(d);
	close(fd);
	return d;
}

/* Where code begins by what relocations point at; the caller frees it. */
static uint64_t *pointed_at(const struct elf *f, size_t *ret_n)
{
	uint64_t *v = calloc(f->n_rels + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v && i < f->n_rels; i++) {
		if (f->rels[i].kind == ELF_REL_IRELATIVE)
			v[n++] = f->rels[i].addend;
	}
	*ret_n = n;
	return v;
}

static int read_unit(struct graph *g, struct unit *u, struct err *e)
{
	const struct elf *f = u->object->elf;
	auto_free uint64_t *extra = NULL;
	size_t n = 0;
	int r;

	extra = pointed_at(f, &n);
	if (!extra)
		return err_set(e, -ENOMEM, "read %s", u->object->path);
	u->debug = open_debug(g, f);
	u->is_go = elf_sect_named(f, ".gopclntab") || elf_sect_named(f, ".go.buildinfo");
	if (store_get(g->store, f, &u->code)) {
		r = 0;
	} else {
		r = code_read(f, extra, n, &u->code, e);
		if (r == 0)
			store_put(g->store, f, &u->code);
	}
	if (r == 0)
		r = data_read(f, u->debug, &u->data, e);
	return r < 0 ? err_ctx(e, r, "%s", u->object->path) : 0;
}

static int add_nodes(struct graph *g, size_t unit)
{
	struct unit *u = &g->units[unit];
	size_t n = g->n_nodes + u->code.n_funcs + u->data.n_regions;
	struct node *nodes = realloc(g->nodes, n * sizeof(*nodes));
	uint32_t *queue;

	if (nodes)
		g->nodes = nodes;
	queue = realloc(g->queue, n * sizeof(*queue));
	if (queue)
		g->queue = queue;
	if (!nodes || !queue || n >= NO_NODE)
		return -ENOMEM;
	u->first_func = (uint32_t)g->n_nodes;
	u->first_region = u->first_func + (uint32_t)u->code.n_funcs;
	for (; g->n_nodes < n; g->n_nodes++)
		g->nodes[g->n_nodes] = (struct node){
			.parent = NO_NODE, .unit = (uint16_t)unit,
			.is_region = g->n_nodes >= u->first_region
		};
	return 0;
}

int graph_extend(struct graph *g, struct err *e)
{
	const struct closure *c = g->closure;
	struct unit *units;
	int r;

	if (c->n > MAX_UNITS)
		return err_set(e, -E2BIG, "more than %d objects", MAX_UNITS);
	units = realloc(g->units, (c->n + 1) * sizeof(*units));
	if (!units)
		return err_set(e, -ENOMEM, "read objects");
	g->units = units;
	while (g->n_units < c->n) {
		struct unit *u = &g->units[g->n_units];

		*u = (struct unit){ .object = c->v[g->n_units] };
		g->n_units++;
		r = read_unit(g, u, e);
		if (r < 0)
			return r;
		if (add_nodes(g, g->n_units - 1) < 0)
			return err_set(e, -ENOMEM, "read %s", u->object->path);
	}
	g->symbols = symbols_free(g->symbols);
	graph_forget_inbound(g);
	return symbols_new(c, &g->symbols, e);
}

int graph_new(const struct closure *c, const char *debug_dir, struct store *store,
	      struct graph **ret_g, struct err *e)
{
	auto_graph struct graph *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return err_set(e, -ENOMEM, "make graph");
	g->closure = c;
	g->machine = machine_of(c->v[0]->elf->machine);
	g->debug_dir = debug_dir;
	g->store = store;
	r = graph_extend(g, e);
	if (r < 0)
		return r;
	*ret_g = TAKE_PTR(g);
	return 0;
}

uint32_t graph_func_at(const struct graph *g, size_t unit, uint64_t address)
{
	const struct unit *u = &g->units[unit];
	ptrdiff_t k = code_func(&u->code, address);

	return k < 0 ? NO_NODE : u->first_func + (uint32_t)k;
}

void graph_add_gate(struct graph *g, uint32_t node)
{
	if (g->n_gates < GRAPH_GATES && node != NO_NODE && !g->nodes[node].is_reached)
		g->gates[g->n_gates++] = (struct gate){ .node = node, .parent = NO_NODE };
}

void graph_add_key(struct graph *g, uint32_t node)
{
	/* One key too many: then there are no gates. */
	if (g->n_keys == GRAPH_GATES || node == NO_NODE || g->nodes[node].is_reached)
		g->is_open = true;
	else
		g->keys[g->n_keys++] = node;
}

/* G6: a call that is tried at a closed gate waits there. */
static bool waits(struct graph *g, uint32_t node, uint32_t parent, uint32_t at)
{
	for (size_t i = 0; !g->is_open && parent != NO_NODE && i < g->n_gates; i++) {
		struct gate *t = &g->gates[i];

		if (t->node != node)
			continue;
		if (t->parent == NO_NODE) {
			t->parent = parent;
			t->at = at;
		}
		return true;
	}
	return false;
}

static void reach(struct graph *g, uint32_t node, uint32_t parent, uint32_t at, const char *root);

static void open_gates(struct graph *g, uint32_t node)
{
	for (size_t i = 0; i < g->n_keys; i++)
		g->is_open |= g->keys[i] == node;
	for (size_t i = 0; g->is_open && i < g->n_gates; i++) {
		if (g->gates[i].parent != NO_NODE)
			reach(g, g->gates[i].node, g->gates[i].parent, g->gates[i].at, NULL);
	}
}

static void reach(struct graph *g, uint32_t node, uint32_t parent, uint32_t at, const char *root)
{
	struct node *n;

	if (node == NO_NODE)
		return;
	n = &g->nodes[node];
	if (n->is_reached || waits(g, node, parent, at))
		return;
	n->is_reached = true;
	n->parent = parent;
	n->at = at;
	n->root = parent == NO_NODE && !root ? "init and fini arrays" : root;
	g->queue[g->n_queue++] = node;
	if (g->n_keys && !g->is_open)
		open_gates(g, node);
}

static void reach_address(struct graph *g, size_t unit, uint64_t address, uint32_t parent,
			  uint32_t at, const char *root);

/* The definitions of a symbol, each by its object's unit and address. */
static void reach_symbol(struct graph *g, size_t unit, const struct elf_rel *rel, uint32_t parent,
			 uint32_t at)
{
	const struct object *o = g->units[unit].object;
	struct definition v[MAX_DEFS];
	size_t n;

	if (rel->symbol >= o->elf->n_dynsyms)
		return;
	n = symbols_find(g->symbols, o, &o->elf->dynsyms[rel->symbol],
			 rel->kind == ELF_REL_COPY, v, MAX_DEFS);
	for (size_t i = 0; i < n; i++) {
		uint64_t to = v[i].symbol->value;

		if (v[i].symbol->type == STT_TLS)
			continue;
		if (rel->kind == ELF_REL_SYMBOL)
			to += rel->addend;
		reach_address(g, v[i].object->index, to, parent, at, NULL);
	}
}

static void reach_rel(struct graph *g, size_t unit, const struct elf_rel *rel, uint32_t parent,
		      uint32_t at)
{
	const struct unit *u = &g->units[unit];
	uint32_t node;

	switch (rel->kind) {
	case ELF_REL_RELATIVE:
		node = graph_func_at(g, unit, rel->addend);
		if (node != NO_NODE && graph_func(g, node)->is_described &&
		    graph_func(g, node)->start + u->code.base != rel->addend)
			return; /* G2 */
		reach_address(g, unit, rel->addend, parent, at, NULL);
		break;
	case ELF_REL_IRELATIVE:
		reach_address(g, unit, rel->addend, parent, at, NULL);
		break;
	case ELF_REL_SYMBOL:
	case ELF_REL_SLOT:
	case ELF_REL_COPY:
		reach_symbol(g, unit, rel, parent, at);
		break;
	case ELF_REL_OTHER:
		break;
	}
}

/* All GOT entries of an object: somebody has formed the address of the table. */
static void reach_slots(struct graph *g, size_t unit, uint32_t parent, uint32_t at)
{
	struct unit *u = &g->units[unit];
	const struct elf *f = u->object->elf;

	if (u->keeps_slots)
		return;
	u->keeps_slots = true;
	for (size_t i = 0; i < f->n_rels; i++) {
		if (f->rels[i].kind == ELF_REL_SLOT)
			reach_rel(g, unit, &f->rels[i], parent, at);
	}
}

static void reach_data(struct graph *g, size_t unit, uint64_t address, uint32_t parent,
		       uint32_t at)
{
	const struct unit *u = &g->units[unit];
	uint32_t v[2];
	size_t n = data_regions_at(&u->data, address, v);

	for (size_t i = 0; i < n; i++)
		reach(g, u->first_region + v[i], parent, at, NULL);
}

/* Code or data at an address of the unit. */
static void reach_address(struct graph *g, size_t unit, uint64_t address, uint32_t parent,
			  uint32_t at, const char *root)
{
	uint32_t node = graph_func_at(g, unit, address);

	if (node != NO_NODE)
		reach(g, node, parent, at, root);
	else
		reach_data(g, unit, address, parent, at);
}

/* The relocation that fills the word at an address by name; NULL: none. */
static const struct elf_rel *slot_rel(const struct elf *f, uint64_t address)
{
	size_t i = elf_slot_rel(f, address);

	return i < f->n_rels ? &f->rels[i] : NULL;
}

size_t graph_slot(const struct graph *g, size_t unit, uint64_t address,
		  struct definition *v, size_t room)
{
	const struct object *o = g->units[unit].object;
	const struct elf_rel *r = slot_rel(o->elf, address);

	if (!r || r->kind != ELF_REL_SLOT || r->symbol >= o->elf->n_dynsyms)
		return 0;
	return symbols_find(g->symbols, o, &o->elf->dynsyms[r->symbol], false, v, room);
}

/* All that has an address on the page: somebody has formed half of one. */
static void reach_page(struct graph *g, size_t unit, uint64_t page, uint32_t parent, uint32_t at)
{
	const struct unit *u = &g->units[unit];
	const struct elf *f = u->object->elf;
	uint64_t start = page - u->code.base, end = (page | 4095) + 1 - u->code.base;

	for (size_t i = 0; i < u->code.n_funcs; i++) {
		if (u->code.funcs[i].start >= start && u->code.funcs[i].start < end)
			reach(g, u->first_func + (uint32_t)i, parent, at, NULL);
	}
	for (size_t i = 0; i < u->data.n_extents; i++) {
		const struct extent *x = &u->data.extents[i];

		if (x->start < end && x->end > start)
			reach(g, u->first_region + x->region, parent, at, NULL);
	}
	for (size_t i = elf_rel_from(f, page);
	     i < f->n_rels && f->rels[i].where < end + u->code.base; i++) {
		if (f->rels[i].kind == ELF_REL_SLOT || f->rels[i].kind == ELF_REL_IRELATIVE)
			reach_rel(g, unit, &f->rels[i], parent, at);
	}
}

static bool is_got_start(const struct elf *f, uint64_t address)
{
	const struct elf_sect *s = elf_sect_of(f, address);

	return s && s->start == address && strncmp(s->name, ".got", 4) == 0;
}

static void follow_edge(struct graph *g, size_t unit, uint32_t node, const struct edge *x)
{
	const struct unit *u = &g->units[unit];
	const struct elf *f = u->object->elf;
	const struct fact *t = &u->code.facts[x->fact];
	uint64_t to = u->code.base + t->to;
	uint32_t func = x->func == NO_INDEX ? NO_NODE : u->first_func + x->func;

	switch (t->kind) {
	case FACT_CALL:
	case FACT_JUMP:
	case FACT_BRANCH:
	case FACT_LABEL:
		reach(g, func, node, t->at, NULL);
		break;
	case FACT_PAGE:
		reach_page(g, unit, to, node, t->at);
		break;
	case FACT_ADDRESS:
		if (is_got_start(f, to))
			reach_slots(g, unit, node, t->at);
		/* fallthrough */
	case FACT_ACCESS:
	case FACT_CALL_SLOT:
	case FACT_JUMP_SLOT:
		if (x->rel != NO_INDEX)
			reach_rel(g, unit, &f->rels[x->rel], node, t->at);
		else if (func == NO_NODE)
			reach_data(g, unit, to, node, t->at);
		else if (t->kind == FACT_ADDRESS || !elf_is_code(f, to))
			reach(g, func, node, t->at, NULL);
		break;
	default:
		break;
	}
}

static void follow_func(struct graph *g, uint32_t node)
{
	size_t unit = g->nodes[node].unit;
	const struct unit *u = &g->units[unit];
	const struct func *fn = graph_func(g, node);
	const struct elf *f = u->object->elf;

	for (uint32_t i = fn->first_edge; i < fn[1].first_edge; i++)
		follow_edge(g, unit, node, &u->code.edges[i]);
	/* Relocations of the code itself. */
	for (size_t i = elf_rel_from(f, u->code.base + fn->start);
	     i < f->n_rels && f->rels[i].where < u->code.base + fn->end; i++)
		reach_rel(g, unit, &f->rels[i], node, fn->start);
	if (fn->falls && node + 1 < u->first_region)
		reach(g, node + 1, node, fn->end, NULL);
	/* The parts of what was one function before it was split. */
	if (fn->is_open && node + 1 < u->first_region && fn[1].is_open && fn[1].start == fn->end)
		reach(g, node + 1, node, fn->end, NULL);
	if (fn->is_open && node > u->first_func && fn[-1].is_open && fn[-1].end == fn->start)
		reach(g, node - 1, node, fn->start, NULL);
}

static void follow_region(struct graph *g, uint32_t node)
{
	size_t unit = g->nodes[node].unit;
	const struct unit *u = &g->units[unit];
	uint32_t region = node - u->first_region;

	for (uint32_t i = u->data.first[region]; i < u->data.first[region + 1]; i++) {
		const struct elf_rel *p = &u->data.pointers[i];

		reach_rel(g, unit, p, node, (uint32_t)(p->where - u->data.base));
	}
}

void graph_spread(struct graph *g)
{
	while (g->done < g->n_queue) {
		uint32_t node = g->queue[g->done++];

		if (g->nodes[node].is_region)
			follow_region(g, node);
		else
			follow_func(g, node);
	}
}

void graph_reach(struct graph *g, uint32_t node, const char *why)
{
	reach(g, node, NO_NODE, 0, why);
}

void graph_follow(struct graph *g, uint32_t node, const struct fact *t)
{
	size_t unit = g->nodes[node].unit;
	const struct unit *u = &g->units[unit];
	uint64_t to = u->code.base + t->to;
	ptrdiff_t func = code_func(&u->code, to);
	const struct elf_rel *rel = slot_rel(u->object->elf, to);
	const struct edge x = { (uint32_t)(t - u->code.facts),
				func < 0 ? NO_INDEX : (uint32_t)func,
				rel ? (uint32_t)(rel - u->object->elf->rels) : NO_INDEX };

	follow_edge(g, unit, node, &x);
}

int graph_part_begin(struct graph *g, struct graph_part *p)
{
	struct node *nodes = calloc(g->n_nodes + 1, sizeof(*nodes));
	uint32_t *queue = calloc(g->n_nodes + 1, sizeof(*queue));
	bool *keeps = calloc(g->n_units + 1, sizeof(*keeps));

	if (!nodes || !queue || !keeps) {
		free(nodes);
		free(queue);
		free(keeps);
		return -ENOMEM;
	}
	for (size_t i = 0; i < g->n_nodes; i++)
		nodes[i] = (struct node){ .parent = NO_NODE, .unit = g->nodes[i].unit,
					  .is_region = g->nodes[i].is_region };
	for (size_t i = 0; i < g->n_units; i++) {
		keeps[i] = g->units[i].keeps_slots;
		g->units[i].keeps_slots = false;
	}
	*p = (struct graph_part){ g->nodes, g->queue, g->n_queue, g->done, keeps };
	g->nodes = nodes;
	g->queue = queue;
	g->n_queue = g->done = 0;
	graph_forget_inbound(g);
	return 0;
}

void graph_part_end(struct graph *g, struct graph_part *p)
{
	free(g->nodes);
	free(g->queue);
	g->nodes = p->nodes;
	g->queue = p->queue;
	g->n_queue = p->n_queue;
	g->done = p->done;
	graph_forget_inbound(g);
	for (size_t i = 0; i < g->n_units; i++)
		g->units[i].keeps_slots = p->keeps_slots[i];
	free(p->keeps_slots);
}

void graph_root(struct graph *g, size_t unit, uint64_t address, const char *why)
{
	reach_address(g, unit, address, NO_NODE, 0, why);
}

void graph_root_symbol(struct graph *g, const char *name, const char *why)
{
	struct definition v[MAX_DEFS];
	size_t n = symbols_named(g->symbols, name, v, MAX_DEFS);

	for (size_t i = 0; i < n; i++)
		graph_root(g, v[i].object->index, v[i].symbol->value, why);
}

void graph_reach_all(struct graph *g, size_t unit, const char *why)
{
	const struct unit *u = &g->units[unit];

	for (size_t i = 0; i < u->code.n_funcs; i++)
		reach(g, u->first_func + (uint32_t)i, NO_NODE, 0, why);
}

void graph_root_exports(struct graph *g, size_t unit, const char *why)
{
	const struct elf *f = g->units[unit].object->elf;

	for (size_t i = 1; i < f->n_dynsyms; i++) {
		const struct elf_sym *s = &f->dynsyms[i];

		if (s->section != SHN_UNDEF && s->type != STT_TLS && s->bind != STB_LOCAL)
			graph_root(g, unit, s->value, why);
	}
}

void graph_root_start(struct graph *g, size_t unit)
{
	const struct unit *u = &g->units[unit];
	const struct elf *f = u->object->elf;

	reach(g, u->first_region, NO_NODE, 0, "thread-local data"); /* D2 */
	if (u->object == g->closure->v[0])
		graph_root(g, unit, f->entry, "entry point");
	if (f->dyn.init)
		graph_root(g, unit, f->dyn.init, "init function");
	if (f->dyn.fini)
		graph_root(g, unit, f->dyn.fini, "fini function");
	for (int k = 0; k < 3; k++) {
		for (uint64_t at = f->dyn.arrays[k].start; at < f->dyn.arrays[k].end; at += 8) {
			size_t i = elf_rel_from(f, at);
			const uint8_t *p = elf_at(f, at, 8);
			bool is_rel = i < f->n_rels && f->rels[i].where == at;

			if (is_rel)
				reach_rel(g, unit, &f->rels[i], NO_NODE, 0);
			else if (p && elf_u64(p))
				graph_root(g, unit, elf_u64(p), "init and fini arrays");
		}
	}
	for (size_t i = 0; i < f->n_rels; i++) {
		if (f->rels[i].kind == ELF_REL_IRELATIVE) /* G4 */
			graph_root(g, unit, f->rels[i].addend, "IFUNC resolver");
	}
}

static void nearest(const struct elf_sym *v, size_t n, uint64_t address, const char **name,
		    uint64_t *distance)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t d = address - v[i].value;

		if (v[i].section == SHN_UNDEF || !v[i].value || v[i].value > address ||
		    v[i].type == STT_TLS || v[i].type == STT_SECTION || !*v[i].name ||
		    (v[i].size && d >= v[i].size))
			continue;
		if (d < *distance) {
			*distance = d;
			*name = v[i].name;
		}
	}
}

const char *graph_symbol_at(const struct graph *g, size_t unit, uint64_t address,
			    uint64_t *ret_distance)
{
	const struct unit *u = &g->units[unit];
	const struct elf *f = u->object->elf;
	uint64_t distance = 1 << 20;
	const char *name = "";

	nearest(f->dynsyms, f->n_dynsyms, address, &name, &distance);
	nearest(f->syms, f->n_syms, address, &name, &distance);
	if (u->debug)
		nearest(u->debug->syms, u->debug->n_syms, address, &name, &distance);
	*ret_distance = *name ? distance : 0;
	return name;
}
