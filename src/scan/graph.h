/* SPDX-License-Identifier: Apache-2.0 */
/* scan/graph.h - what of a program and its libraries can run at all.
 *
 * Nodes are functions and regions of data. A node that is reached reaches what
 * it refers to: calls and jumps by where they lead, and the address of a
 * function as if it were called, since any indirect call may use it. So the
 * result is all code that an execution beginning at the roots can get to, as
 * long as it obeys the assumptions of docs/scan.md.
 *
 * Nodes are numbered through all objects; the search is breadth first, so the
 * parents of a node spell the shortest chain from a root. */
#pragma once

#include "scan/code.h"
#include "scan/data.h"
#include "scan/machine.h"
#include "scan/symbol.h"

#define NO_NODE UINT32_MAX

struct store;

/* One object's code and data, and its place among the nodes. */
struct unit {
	const struct object *object;
	struct elf *debug;   /* its separate debug file, or NULL; owned */
	struct code code;
	struct data data;
	uint32_t first_func; /* node of its function 0 */
	uint32_t first_region;
	bool keeps_slots; /* the whole GOT has been referred to */
	bool is_go;       /* made by the Go compiler */
};

struct node {
	uint32_t parent;  /* NO_NODE: a root */
	uint32_t at;      /* of the instruction or pointer in the parent */
	const char *root; /* why it is a root; borrowed */
	uint16_t unit;
	bool is_region, is_reached;
};

/* A jump or call from one function into another, or its like. */
struct inbound {
	uint32_t from; /* node */
	uint32_t at;   /* the instruction's offset in from's object; to: where in ours */
	uint32_t to;
	uint8_t kind;  /* enum fact_kind: FACT_CALL.., FACT_ADDRESS = address taken */
};

enum { GRAPH_GATES = 8 };

struct gate {
	uint32_t node, parent, at; /* parent: who tried first; NO_NODE: nobody */
};

struct graph {
	const struct closure *closure;
	const struct machine *machine;
	struct symbols *symbols;
	const char *debug_dir; /* borrowed; NULL: no separate debug files */
	struct store *store;   /* borrowed; NULL: no summaries from before */
	struct unit *units;    /* as many as objects, in their order */
	size_t n_units;
	struct node *nodes;
	size_t n_nodes;
	uint32_t *queue; /* the reached nodes in order */
	size_t n_queue, done;

	/* Functions that nothing reaches until one of the keys is reached. */
	struct gate gates[GRAPH_GATES];
	uint32_t keys[GRAPH_GATES];
	size_t n_gates, n_keys;
	bool is_open;

	struct inbound_list *list; /* what inbound is made from: graph_find_inbound() */
	struct inbound *inbound; /* those of node n: [n]..[n + 1] of first_in */
	uint32_t *first_in;
};

struct graph *graph_free(struct graph *g);
/* Borrows all of them; debug_dir and store may be NULL. */
int graph_new(const struct closure *c, const char *debug_dir, struct store *store,
	      struct graph **ret_g, struct err *e);
/* Takes in the objects that the closure has got since. */
int graph_extend(struct graph *g, struct err *e);

/* Makes the function that holds an address a root. */
void graph_root(struct graph *g, size_t unit, uint64_t address, const char *why);
void graph_root_symbol(struct graph *g, const char *name, const char *why);
/* All code of a unit, for the reason given, without saying that it is entered
 * from outside. */
void graph_reach_all(struct graph *g, size_t unit, const char *why);
/* All that an object exports, as dlsym could find it. */
void graph_root_exports(struct graph *g, size_t unit, const char *why);
/* The start-up code of an object: entry (a program's), init, fini. */
void graph_root_start(struct graph *g, size_t unit);
/* A function that is reached only when one of the keys is (scan/model.c). */
void graph_add_gate(struct graph *g, uint32_t node);
void graph_add_key(struct graph *g, uint32_t node);
/* Reaches all that can be reached. */
void graph_spread(struct graph *g);
/* For a look at what a part of the program can do: takes everything reached
 * away, until graph_part_end() puts it back. -ENOMEM. */
struct graph_part {
	struct node *nodes;
	uint32_t *queue;
	size_t n_queue, done;
	bool *keeps_slots;
};
int graph_part_begin(struct graph *g, struct graph_part *p);
void graph_part_end(struct graph *g, struct graph_part *p);
/* Makes a node a root; reaches what one fact of a function refers to. */
void graph_reach(struct graph *g, uint32_t node, const char *why);
void graph_follow(struct graph *g, uint32_t node, const struct fact *t);
/* Lists who calls and jumps into each reached function; what it knows from the
 * time before is kept until it is told to forget (scan/inbound.c). */
int graph_find_inbound(struct graph *g, struct err *e);
void graph_forget_inbound(struct graph *g);
struct inbound_list *inbound_list_free(struct inbound_list *l);

/* The node of the function at an address; NO_NODE. */
uint32_t graph_func_at(const struct graph *g, size_t unit, uint64_t address);
static inline const struct unit *graph_unit(const struct graph *g, uint32_t node)
{
	return &g->units[g->nodes[node].unit];
}
static inline const struct func *graph_func(const struct graph *g, uint32_t node)
{
	const struct unit *u = graph_unit(g, node);

	return &u->code.funcs[node - u->first_func];
}
/* Where a reference through the pointer at an address leads: the definitions
 * of the symbol that ld.so puts there. 0: it is no such pointer. */
size_t graph_slot(const struct graph *g, size_t unit, uint64_t address,
		  struct definition *v, size_t room);
/* The symbol at or before an address, for people; "" when there is none. */
const char *graph_symbol_at(const struct graph *g, size_t unit, uint64_t address,
			    uint64_t *ret_distance);
