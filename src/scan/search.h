/* SPDX-License-Identifier: Apache-2.0 */
/* scan/search.h - which values a register can have at an instruction.
 *
 * Asked for the number at each `syscall`, and for the strings that go into
 * dlopen() and the like. The answer is the set of constants that can get there
 * on any path through the reached code, callers included; where a path is lost
 * the answer says so, and why. */
#pragma once

#include "scan/flow.h"

struct err;

struct value {
	uint64_t n;
	size_t unit; /* whose code made it: an address is one of this object */
};

struct answer {
	struct value *v; /* without doubles */
	size_t n, room;
	bool is_unknown;
	const char *reason; /* the first reason; borrowed, static */
	uint32_t node;      /* where the path was lost */
	uint64_t address;
};

struct search;

struct search *search_free(struct search *s);
/* Borrows the graph, whose inbound list must be there. */
int search_new(const struct graph *g, struct search **ret_s, struct err *e);

void answer_done(struct answer *a);
/* The values of `reg` just before the instruction at `address` of a node.
 * `is_wide`: all 64 bits count (an address), else 32 (a number). */
int search_value(struct search *s, uint32_t node, uint64_t address, enum gpr reg, bool is_wide,
		 struct answer *ret_a, struct err *e);
/* The same for a number, where it is known that no callee writes to what the
 * function's pointer arguments lead to. */
int search_const_argument(struct search *s, uint32_t node, uint64_t address, enum gpr reg,
			  struct answer *ret_a, struct err *e);
/* The forward view of the same code; lives as long as the search. */
struct flow *search_flow(struct search *s);
