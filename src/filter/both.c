/* SPDX-License-Identifier: Apache-2.0 */
/* filter/both.c - what two policies say together, as one.
 *
 * The kernel runs every installed filter and takes the strictest answer; one
 * program that gives it at once costs half, and calls with constant answers
 * stay in the kernel's bitmap either way. Of two chains for a call the second
 * is looked at wherever the first has come to an answer (chain.c, leaf()). */
#include "filter/verdict-priv.h"

#include "base/arena.h"
#include "filter/syscalls.h"

#include <errno.h>
#include <linux/seccomp.h>

/* Of equally strict answers the first: its errno. The kernel's order is that of
 * the actions as signed numbers (kernel/seccomp.c). */
uint32_t verdict_stricter(uint32_t a, uint32_t b)
{
	return (int32_t)(b & SECCOMP_RET_ACTION_FULL) <
			       (int32_t)(a & SECCOMP_RET_ACTION_FULL)
		       ? b
		       : a;
}

/* The chain of one policy with the constant answer of the other, which is the
 * first policy's or the second's. */
struct constant {
	uint32_t ret;
	bool is_first;
};

static uint32_t with(const struct constant *k, uint32_t ret)
{
	return k->is_first ? verdict_stricter(k->ret, ret)
			   : verdict_stricter(ret, k->ret);
}

static int narrow_chain(struct verdict *v, const struct chain *from,
			const struct constant k, struct arena *a)
{
	struct chain *c = arena_new(a, struct chain);
	struct alternative **end;
	bool is_constant = true;

	if (!c)
		return -ENOMEM;
	*c = (struct chain){ .otherwise = with(&k, from->otherwise) };
	end = &c->first;
	for (const struct alternative *x = from->first; x; x = x->next) {
		struct alternative *copy = arena_new(a, struct alternative);

		if (!copy)
			return -ENOMEM;
		*copy = *x;
		copy->ret = with(&k, x->ret);
		copy->next = NULL;
		is_constant &= copy->ret == c->otherwise;
		*end = copy;
		end = &copy->next;
	}
	v->ret = c->otherwise;
	v->chain = is_constant ? NULL : c;
	return 0;
}

/* Calls with the same two chains share one. */
static int join_chains(struct verdict *v, const struct chain *other,
		       struct chain **joined, struct arena *a)
{
	struct chain *c = *joined;

	while (c && (c->first != v->chain->first || c->also != other ||
		     c->otherwise != v->chain->otherwise))
		c = c->next;
	if (!c) {
		c = arena_new(a, struct chain);
		if (!c)
			return -ENOMEM;
		*c = *v->chain;
		c->also = other;
		c->next = *joined;
		*joined = c;
	}
	v->chain = c;
	return 0;
}

int verdicts_narrow(struct verdicts *v, const struct verdicts *other,
		    struct arena *a)
{
	struct chain *joined = NULL;
	int r = 0;

	for (int id = 0; r == 0 && id < syscall_id_max(); id++) {
		struct verdict *x = &v->by_id[id];
		const struct verdict *y = &other->by_id[id];

		if (x->chain && y->chain)
			r = join_chains(x, y->chain, &joined, a);
		else if (x->chain)
			r = narrow_chain(x, x->chain,
					 (struct constant){ y->ret, false }, a);
		else if (y->chain)
			r = narrow_chain(x, y->chain,
					 (struct constant){ x->ret, true }, a);
		else
			x->ret = verdict_stricter(x->ret, y->ret);
	}
	v->default_ret = verdict_stricter(v->default_ret, other->default_ret);
	v->later_ret = verdict_stricter(v->later_ret, other->later_ret);
	v->archs &= other->archs;
	return r;
}
