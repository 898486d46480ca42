/* SPDX-License-Identifier: Apache-2.0 */
/* filter/verdict-priv.h - what a policy says about one call.
 *
 * The answer is a constant, or a chain: alternatives that are tried in order,
 * strictest first, each with conditions that must all hold, and the answer when
 * none of them does. Calls with the same chain share its code. */
#pragma once

#include "filter/code-priv.h"
#include "filter/policy.h"

struct arena;
struct err;

struct alternative {
	const struct filter_cond *conds;
	size_t n_conds; /* at least 1 */
	uint32_t ret;
	enum filter_action action;
	struct alternative *next;
};

struct chain {
	struct alternative *first;
	uint32_t otherwise;
	place at[2]; /* its code for arguments of 32 and of 64 bits; 0 before it
		      * was written */
	struct chain *next; /* all chains of a policy */
};

struct verdict {
	bool is_given;       /* false: the default action */
	struct chain *chain; /* NULL: ret, whatever the arguments */
	uint32_t ret;
	/* While the rules are read. */
	struct alternative *alternatives;
	enum filter_action action; /* of ret */
};

struct verdicts {
	const struct filter_policy *policy;
	uint32_t default_ret;
	struct verdict *by_id; /* filter/syscalls.h */
	struct chain *chains;
};

int verdicts_make(const struct filter_policy *policy, struct arena *a,
		  struct verdicts *ret, struct err *e);

/* The place to go to for a verdict: a return, or the chain's code, which is
 * written when it is first asked for. */
place verdict_place(struct code *c, const struct verdict *v, uint32_t default_ret,
		    bool is_64bit);

/* A tree over an architecture's numbers (both ABIs of x86-64 in one): its first
 * instruction loads the number. */
place tree_place(struct code *c, const struct verdicts *v, enum filter_arch arch,
		 uint32_t bad_arch_ret);
