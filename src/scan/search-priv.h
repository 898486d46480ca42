/* SPDX-License-Identifier: Apache-2.0 */
/* scan/search-priv.h - what the parts of the backward search share: search.c (the
 * theory, states, answers), search-step.c (one instruction backwards) and
 * search-before.c (which instructions come before one). */
#pragma once

#include "scan/search.h"

#include "scan/body.h"

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

/* The instructions of a node; NULL: no memory, which is noted. */
const struct body *search_body(struct search *s, uint32_t node);
bool search_asks_bits(const struct search *s);
/* A constant, where x of the place is looked for, as the place has it. */
uint64_t search_shifted(const struct place *p, uint64_t x);
/* What became of the place: a value, or nobody knows. */
void search_found(struct search *s, const struct body *b, const struct place *p, uint64_t x);
void search_lost(struct search *s, uint32_t node, uint64_t address, const char *reason);
/* The place is to be looked for before instruction i of the node. */
void search_before(struct search *s, uint32_t node, uint32_t i, struct place p);

/* search-step.c */
/* search_before() for an instruction that is no predecessor: without the guards. */
void search_elsewhere(struct search *s, uint32_t node, uint32_t i, struct place p);
bool search_is_stack(const struct search *s, const struct body *b, uint8_t reg);
bool search_is_trusted(const struct search *s, const struct body *b, const struct place *p);
/* What the place is before instruction i, guards included. */
void search_step(struct search *s, const struct body *b, uint32_t i, struct place p);

/* search-before.c */
/* Goes from a state to all that can come before it. */
void search_look_at(struct search *s, const struct state *t);
