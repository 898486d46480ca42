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
	uint32_t node;
	uint64_t at; /* the instruction that made it */
	const char *lost; /* search_bits: not made but lost there, and why */
};

/* "On paths on which this register, at the same instruction, is that." */
struct guard {
	enum gpr reg;
	uint32_t is; /* 32 bits count */
};

enum { MAX_GUARDS = 2 };

/* Where a path was lost. */
struct loss {
	uint32_t node;
	uint64_t address;
	const char *reason; /* borrowed, static */
};

enum { ANSWER_LOSSES = 16 };

struct answer {
	struct value *v; /* without doubles */
	size_t n, room;
	bool is_unknown;
	const char *reason; /* the first loss */
	uint32_t node;
	uint64_t address;
	struct loss losses[ANSWER_LOSSES]; /* the first in each function */
	size_t n_losses; /* one more than fit: there are others */
};

struct search;

struct search *search_free(struct search *s);
/* Borrows the graph, whose inbound list must be there. */
int search_new(const struct graph *g, struct search **ret_s, struct err *e);
/* The same for a graph that has grown; *s may be an old one, whose decoded
 * functions are taken over. When it fails *s is NULL. */
int search_renew(const struct graph *g, struct search **s, struct err *e);

void answer_done(struct answer *a);
/* The values of `reg` just before the instruction at `address` of a node.
 * `is_wide`: all 64 bits count (an address), else 32 (a number). */
int search_value(struct search *s, uint32_t node, uint64_t address, enum gpr reg, bool is_wide,
		 struct answer *ret_a, struct err *e);
/* The same for a number, where it is known that no callee writes to what the
 * function's pointer arguments lead to. */
int search_const_argument(struct search *s, uint32_t node, uint64_t address, enum gpr reg,
			  struct answer *ret_a, struct err *e);
/* From now on: nobody changes what a function's pointer arguments lead to, in
 * code of this unit (SIZE_MAX: of all). */
void search_trust(struct search *s, size_t unit);
void search_distrust(struct search *s);
/* The values that an argument (32 bits of it) can have where the guards hold. A
 * path on which it is not known whether they do counts as if they did. */
int search_guarded(struct search *s, uint32_t node, uint64_t address, enum gpr reg,
		   const struct guard *guards, size_t n_guards, struct answer *ret_a,
		   struct err *e);
/* Which of the bits of `mask` can be set in it: all that are set in one of the
 * values of the answer. For what is put together by `or` that is more than
 * search_guarded() can tell; and where a path is lost, only the bits that come
 * along it are. */
int search_bits(struct search *s, uint32_t node, uint64_t address, enum gpr reg, uint32_t mask,
		const struct guard *guards, size_t n_guards, struct answer *ret_a,
		struct err *e);
/* The forward view of the same code; lives as long as the search. */
struct flow *search_flow(struct search *s);
