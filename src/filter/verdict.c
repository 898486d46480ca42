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

static int add_alternative(struct chain *ch, const struct filter_rule *rule,
			   const struct filter_cond *conds, size_t n,
			   struct arena *a)
{
	struct alternative *alt = arena_new(a, struct alternative);

	if (!alt)
		return -ENOMEM;
	*alt = (struct alternative){ .conds = conds,
				     .n_conds = n,
				     .action = rule->action,
				     .ret = filter_return(rule->action,
							  rule->data) };
	insert(&ch->first, alt);
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

	if (v->is_given && !v->chain)
		return 0; /* decided without conditions */
	if (!v->chain)
		v->chain = arena_new(a, struct chain);
	if (!v->chain)
		return -ENOMEM;
	v->is_given = true;
	if (!repeats_argument(rule))
		return add_alternative(v->chain, rule, rule->conds,
				       rule->n_conds, a);
	for (size_t i = 0; i < rule->n_conds && r == 0; i++)
		r = add_alternative(v->chain, rule, &rule->conds[i], 1, a);
	return r;
}

static int add_rule(struct verdicts *vs, const struct filter_rule *rule,
		    struct arena *a)
{
	uint32_t ret = filter_return(rule->action, rule->data);

	if (ret == vs->default_ret)
		return 0;
	for (size_t i = 0; i < rule->n_names; i++) {
		int id = syscall_id(rule->names[i]), r;
		struct verdict *v;

		if (id < 0)
			continue;
		v = &vs->by_id[id];
		if (rule->n_conds == 0) {
			if (!v->is_given || v->chain)
				*v = (struct verdict){ .is_given = true,
						       .ret = ret };
			continue;
		}
		r = add_conditional(v, rule, a);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_same_chain(const struct chain *a, const struct chain *b)
{
	const struct alternative *x = a->first, *y = b->first;

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
		.by_id = arena_array(a, (size_t)syscall_id_max(),
				     sizeof(struct verdict)),
	};
	if (!ret->by_id)
		return err_set(e, -ENOMEM, "filter");
	for (size_t i = 0; i < policy->n_rules; i++)
		if (add_rule(ret, &policy->rules[i], a) < 0)
			return err_set(e, -ENOMEM, "filter");
	share_chains(ret);
	return 0;
}
