/* SPDX-License-Identifier: Apache-2.0 */
/* filter/tree.c - a search tree over an architecture's call numbers.
 *
 * Neighbouring numbers with the same answer are one range; of the ranges a
 * binary tree of ">= start?" is made. A number or two that differ from what is
 * around them (mount between two allowed ones) do not cut a range: the leaf
 * tests them by "==" (up to EXCEPTIONS).
 *
 * The tree is balanced by weight. A call whose answer is constant weighs
 * little: the kernel finds out when the filter is installed and keeps a bitmap
 * (Linux 5.11), so no filter runs for it ever again. A call with conditions
 * runs the filter each time and weighs more. Depth also matters when the filter
 * is installed, since the kernel walks it once for every number.
 *
 * Numbers above the highest one we know are a later kernel's. Where the policy
 * refuses by default they get ENOSYS, which C libraries understand as "do it
 * the old way" (EPERM broke clone3 and statx for years). */
#include "filter/verdict-priv.h"

#include "filter/syscalls.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

enum {
	MAX_NUMBERS = 640,
	MAX_RANGES = 2 * MAX_NUMBERS + 16,
	EXCEPTIONS = 3,
	WEIGHT_CONSTANT = 1,
	WEIGHT_CHAIN = 8,
	X32_BIT = 0x40000000,
	ARM_FIRST = 0x0f0000,
	ARM_LAST = 0x0f0010
};

struct range {
	uint32_t start;
	struct verdict v;
};

/* A range with the numbers in it that differ. */
struct leaf {
	uint32_t start;
	struct verdict v;
	struct range except[EXCEPTIONS];
	unsigned n_except, weight;
};

struct tree {
	struct range ranges[MAX_RANGES];
	size_t n_ranges;
	struct leaf leaves[MAX_RANGES];
	size_t n_leaves;
	uint32_t default_ret;
	bool is_64bit;
};

static struct verdict constant(uint32_t ret)
{
	return (struct verdict){ .is_given = true, .ret = ret };
}

static bool is_same(const struct verdict *a, const struct verdict *b)
{
	return a->chain == b->chain && (a->chain || a->ret == b->ret);
}

/* From `start` on (to the next call's start) the answer is v. */
static void add(struct tree *t, uint32_t start, const struct verdict *given)
{
	struct verdict v =
		given && given->is_given ? *given : constant(t->default_ret);

	if (t->n_ranges && is_same(&t->ranges[t->n_ranges - 1].v, &v))
		return;
	if (t->n_ranges && t->ranges[t->n_ranges - 1].start == start)
		t->n_ranges--;
	t->ranges[t->n_ranges++] = (struct range){ start, v };
}

static uint32_t first_number(enum filter_arch arch)
{
	switch (arch) {
	case FILTER_X32:
		return X32_BIT;
	case FILTER_MIPS:
	case FILTER_MIPSEL:
		return 4000;
	case FILTER_MIPS64:
	case FILTER_MIPSEL64:
		return 5000;
	case FILTER_MIPS64N32:
	case FILTER_MIPSEL64N32:
		return 6000;
	default:
		return 0;
	}
}

/* The answer for numbers that nobody has given out yet. */
static struct verdict unknown(const struct verdicts *v)
{
	enum filter_action a = v->policy->default_action;
	bool refuses = a == FILTER_ERRNO || a == FILTER_KILL_PROCESS ||
		       a == FILTER_KILL_THREAD || a == FILTER_TRAP;

	return constant(refuses ? filter_return(FILTER_ERRNO, ENOSYS)
				: v->default_ret);
}

static void add_arch(struct tree *t, const struct verdicts *v,
		     enum filter_arch arch)
{
	const struct verdict *by_number[MAX_NUMBERS] = { NULL };
	const struct verdict *arm[ARM_LAST - ARM_FIRST] = { NULL };
	uint32_t first = first_number(arch),
		 n = (uint32_t)syscall_max(arch) - first + 1;
	struct verdict later = unknown(v);

	for (int id = 0; id < syscall_id_max(); id++) {
		int nr = v->by_id[id].is_given ? syscall_number(arch, id) : -1;

		if (nr >= ARM_FIRST && nr < ARM_LAST)
			arm[nr - ARM_FIRST] = &v->by_id[id];
		else if (nr >= 0 && (uint32_t)nr - first < MAX_NUMBERS)
			by_number[(uint32_t)nr - first] = &v->by_id[id];
	}
	if (first && arch != FILTER_X32)
		add(t, 0, &later);
	for (uint32_t i = 0; i < n && i < MAX_NUMBERS; i++)
		add(t, first + i, by_number[i]);
	add(t, first + n, &later);
	if (arch != FILTER_ARM)
		return;
	for (uint32_t i = 0; i < ARM_LAST - ARM_FIRST; i++)
		add(t, ARM_FIRST + i, arm[i]);
	add(t, ARM_LAST, &later);
}

/* How many numbers from range i on can be exceptions of the range before. */
static unsigned exceptions_at(const struct tree *t, size_t i,
			      const struct verdict *around)
{
	bool is_single = i + 1 < t->n_ranges &&
			 t->ranges[i + 1].start == t->ranges[i].start + 1;

	return is_single && is_same(&t->ranges[i + 1].v, around);
}

static void make_leaves(struct tree *t)
{
	t->n_leaves = 0;
	for (size_t i = 0; i < t->n_ranges; i++) {
		struct leaf *l = &t->leaves[t->n_leaves++];

		*l = (struct leaf){ .start = t->ranges[i].start,
				    .v = t->ranges[i].v };
		l->weight = l->v.chain ? WEIGHT_CHAIN : WEIGHT_CONSTANT;
		while (l->n_except < EXCEPTIONS &&
		       exceptions_at(t, i + 1, &l->v)) {
			l->except[l->n_except++] = t->ranges[i + 1];
			l->weight += t->ranges[i + 1].v.chain ? WEIGHT_CHAIN
							      : WEIGHT_CONSTANT;
			i += 2;
		}
	}
}

static place leaf_place(struct code *c, const struct tree *t,
			const struct leaf *l)
{
	place at = verdict_place(c, &l->v, t->default_ret, t->is_64bit);

	for (unsigned i = l->n_except; i-- > 0;) {
		place other = verdict_place(c, &l->except[i].v, t->default_ret,
					    t->is_64bit);

		at = code_jump(c, BPF_JEQ, l->except[i].start, other, at);
	}
	return at;
}

/* Where to cut leaves lo..hi-1 so that both sides weigh alike. */
static size_t middle(const struct tree *t, size_t lo, size_t hi)
{
	unsigned total = 0, left = 0;
	size_t m = lo;

	for (size_t i = lo; i < hi; i++)
		total += t->leaves[i].weight;
	while (m < hi - 1 && 2 * left + t->leaves[m].weight < total)
		left += t->leaves[m++].weight;
	return m > lo ? m : lo + 1;
}

static place branch(struct code *c, const struct tree *t, size_t lo, size_t hi)
{
	size_t m;
	place low, high;

	if (hi - lo == 1)
		return leaf_place(c, t, &t->leaves[lo]);
	m = middle(t, lo, hi);
	high = branch(c, t, m, hi);
	low = branch(c, t, lo, m);
	return code_jump(c, BPF_JGE, t->leaves[m].start, high, low);
}

/* Chains first: they are the longest, and shared by all architectures. */
static void write_chains(struct code *c, const struct tree *t)
{
	for (size_t i = 0; i < t->n_ranges; i++)
		if (t->ranges[i].v.chain)
			(void)verdict_place(c, &t->ranges[i].v, t->default_ret,
					    t->is_64bit);
}

place tree_place(struct code *c, const struct verdicts *v,
		 enum filter_arch arch, uint32_t bad_arch_ret)
{
	struct tree t;
	struct verdict bad = constant(bad_arch_ret), later = unknown(v);

	t.n_ranges = 0;
	t.default_ret = v->default_ret;
	t.is_64bit = filter_arch_is_64bit(arch);
	add_arch(&t, v, arch);
	if (arch == FILTER_X86_64) {
		if (v->policy->archs & 1U << FILTER_X32)
			add_arch(&t, v, FILTER_X32);
		else
			add(&t, X32_BIT, &bad);
		/* -1 is nobody's: a tracer's word for "skip this call", and
		 * what programs try to see whether they get ENOSYS. */
		add(&t, UINT32_MAX, &later);
	}
	make_leaves(&t);
	write_chains(c, &t);
	(void)code_go(c, branch(c, &t, 0, t.n_leaves));
	return code_load(c, offsetof(struct seccomp_data, nr));
}
