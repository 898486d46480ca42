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
	unsigned n;  /* alternatives, while the rules are read */
	/* A second policy's chain for the same call, of which the stricter
	 * answer counts (both.c); NULL: none. */
	const struct chain *also;
	place at[2]; /* its code for arguments of 32 and of 64 bits; 0 before it
		      * was written */
	struct chain *next; /* all chains of a policy */
};

/* Small, for there is one for each call that any architecture has, and a
 * container's start pays 2 us for each page that is touched first. */
struct verdict {
	struct chain *chain; /* NULL: ret, whatever the arguments */
	uint32_t ret;
	/* While the rules are read: whether ret is a rule's, and its action. */
	bool is_given;
	bool has_otherwise; /* ret is that of a rule with is_otherwise */
	uint8_t action;
};

struct verdicts {
	const struct filter_policy *policy;
	uint32_t default_ret;
	uint32_t later_ret; /* for numbers that nobody has given out yet */
	uint32_t archs;	    /* that are covered, as in the policy */
	struct verdict *by_id; /* filter/syscalls.h */
	struct chain *chains;
};

int verdicts_make(const struct filter_policy *policy, struct arena *a,
		  struct verdicts *ret, struct err *e);

/* What the kernel makes of two filters' answers. */
uint32_t verdict_stricter(uint32_t a, uint32_t b);
/* Makes of *v what both say: of two answers the stricter. Borrows other. */
int verdicts_narrow(struct verdicts *v, const struct verdicts *other,
		    struct arena *a);

/* The place to go to for a verdict: a return, or the chain's code, which is
 * written when it is first asked for. */
place verdict_place(struct code *c, const struct verdict *v, bool is_64bit);

/* A tree over an architecture's numbers (both ABIs of x86-64 in one): its first
 * instruction loads the number. */
place tree_place(struct code *c, const struct verdicts *v,
		 enum filter_arch arch, uint32_t bad_arch_ret);
