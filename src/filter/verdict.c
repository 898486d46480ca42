/* SPDX-License-Identifier: Apache-2.0 */
/* filter/verdict.c - a policy's rules sorted by call. */
#include "filter/verdict-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "filter/syscalls.h"

#include <errno.h>
#include <string.h>

/* Behind those that are as strict or stricter. */
static void insert(struct alternative **list, struct alternative *alt)
{
	while (*list && (*list)->action <= alt->action)
		list = &(*list)->next;
	alt->next = *list;
	*list = alt;
}

/* -E2BIG for more than any program has room for. */
static int add_alternative(struct verdict *v, const struct filter_rule *rule,
			   const struct filter_cond *conds, size_t n,
			   struct arena *a)
{
	struct alternative *alt = arena_new(a, struct alternative);

	if (!v->chain)
		v->chain = arena_new(a, struct chain);
	if (!alt || !v->chain)
		return -ENOMEM;
	if (v->chain->n++ == CODE_MAX)
		return -E2BIG;
	*alt = (struct alternative){ .conds = conds,
				     .n_conds = n,
				     .action = rule->action,
				     .ret = filter_return(rule->action,
							  rule->data) };
	insert(&v->chain->first, alt);
	return 0;
}

/* policy.h: two conditions about one argument stand each alone. */
static bool repeats_argument(const struct filter_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->n_conds; i++) {
		unsigned bit = 1U << rule->conds[i].index;

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static int add_conditional(struct verdict *v, const struct filter_rule *rule,
			   struct arena *a)
{
	int r = 0;

	if (!repeats_argument(rule))
		return add_alternative(v, rule, rule->conds, rule->n_conds, a);
	for (size_t i = 0; i < rule->n_conds && r == 0; i++)
		r = add_alternative(v, rule, &rule->conds[i], 1, a);
	return r;
}

static void add_otherwise(struct verdict *v, const struct filter_rule *rule)
{
	if (v->is_given)
		return;
	v->has_otherwise = true;
	v->ret = filter_return(rule->action, rule->data);
}

static void add_plain(struct verdict *v, const struct filter_rule *rule)
{
	if (v->is_given && v->action <= rule->action)
		return;
	v->is_given = true;
	v->action = (uint8_t)rule->action;
	v->ret = filter_return(rule->action, rule->data);
}

static int add_rule(struct verdicts *vs, const struct filter_rule *rule,
		    struct arena *a)
{
	for (size_t i = 0; i < rule->n_names; i++) {
		int id = syscall_id(rule->names[i]), r = 0;

		if (id < 0)
			continue;
		if (rule->is_otherwise)
			add_otherwise(&vs->by_id[id], rule);
		else if (rule->n_conds == 0)
			add_plain(&vs->by_id[id], rule);
		else
			r = add_conditional(&vs->by_id[id], rule, a);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Alternatives that are no stricter than what holds anyway cannot decide, and
 * the last ones need no test when they say what is said otherwise. */
static struct alternative *prune(const struct verdict *v)
{
	struct alternative *first = v->chain->first, **end = &first;

	for (struct alternative **at = &first; *at; at = &(*at)->next) {
		if (v->is_given && (*at)->action >= v->action)
			break;
		if ((*at)->ret != v->ret)
			end = &(*at)->next;
	}
	*end = NULL;
	return first;
}

static void finish(const struct verdicts *vs, struct verdict *v)
{
	if (!v->is_given && !v->has_otherwise)
		v->ret = vs->default_ret;
	if (!v->chain)
		return;
	v->chain->first = prune(v);
	v->chain->otherwise = v->ret;
	if (!v->chain->first)
		v->chain = NULL;
}

static bool is_same_chain(const struct chain *a, const struct chain *b)
{
	const struct alternative *x = a->first, *y = b->first;

	if (a->otherwise != b->otherwise)
		return false;
	for (; x && y; x = x->next, y = y->next)
		if (x->ret != y->ret || x->conds != y->conds ||
		    x->n_conds != y->n_conds)
			return false;
	return !x && !y;
}

/* The names of one rule have the same conditions, in memory even. */
static void share_chains(struct verdicts *vs)
{
	for (int id = 0; id < syscall_id_max(); id++) {
		struct verdict *v = &vs->by_id[id];
		struct chain *ch = vs->chains;

		if (!v->chain)
			continue;
		while (ch && !is_same_chain(ch, v->chain))
			ch = ch->next;
		if (ch) {
			v->chain = ch;
			continue;
		}
		v->chain->next = vs->chains;
		vs->chains = v->chain;
	}
}

static int check(const struct filter_policy *p, struct err *e)
{
	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].n_conds; k++)
			if (p->rules[i].conds[k].index > 5)
				return err_input(
					e,
					"syscalls[%zu].args[%zu].index: a call "
					"has arguments 0 to 5",
					i, k);
	return 0;
}

/* The answer for numbers that nobody has given out yet: where the policy
 * refuses by default, ENOSYS (tree.c). */
static uint32_t unknown(const struct filter_policy *p)
{
	enum filter_action a = p->default_action;
	bool refuses = a == FILTER_ERRNO || a == FILTER_KILL_PROCESS ||
		       a == FILTER_KILL_THREAD || a == FILTER_TRAP;

	return refuses ? filter_return(FILTER_ERRNO, ENOSYS)
		       : filter_return(a, p->default_data);
}

int verdicts_make(const struct filter_policy *policy, struct arena *a,
		  struct verdicts *ret, struct err *e)
{
	int r = check(policy, e);

	if (r < 0)
		return r;
	*ret = (struct verdicts){
		.policy = policy,
		.default_ret = filter_return(policy->default_action,
					     policy->default_data),
		.later_ret = unknown(policy),
		.archs = policy->archs,
		.by_id = arena_array(a, (size_t)syscall_id_max(),
				     sizeof(struct verdict)),
	};
	if (!ret->by_id)
		return err_set(e, -ENOMEM, "filter");
	for (size_t i = 0; i < policy->n_rules && r == 0; i++)
		r = add_rule(ret, &policy->rules[i], a);
	if (r == -E2BIG)
		return err_plain(e, r,
				 "more than %d rules with conditions for one "
				 "call",
				 CODE_MAX);
	if (r < 0)
		return err_set(e, r, "filter");
	for (int id = 0; id < syscall_id_max(); id++)
		finish(ret, &ret->by_id[id]);
	share_chains(ret);
	return 0;
}
