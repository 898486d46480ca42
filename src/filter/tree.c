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

/* What is written here is the memory that compiling touches, and each new page
 * of it costs as much as a hundred system call names: so ranges point at their
 * verdicts, and leaves at their ranges. */
struct range {
	uint32_t start;
	const struct verdict *v;
};

/* Range `first`, with the numbers in it that differ: every second range behind
 * it (between them are pieces of the first). */
struct leaf {
	uint16_t first, weight;
	uint8_t n_except;
};

struct tree {
	struct verdict standard, later, bad;
	bool is_64bit;
	size_t n_ranges, n_leaves;
	struct range ranges[MAX_RANGES];
	struct leaf leaves[MAX_RANGES];
};

static struct verdict constant(uint32_t ret)
{
	return (struct verdict){ .ret = ret };
}

static bool is_same(const struct verdict *a, const struct verdict *b)
{
	return a == b ||
	       (a->chain == b->chain && (a->chain || a->ret == b->ret));
}

/* From `start` on (to the next call's start) the answer is v. */
static void add(struct tree *t, uint32_t start, const struct verdict *v)
{
	if (t->n_ranges && is_same(t->ranges[t->n_ranges - 1].v, v))
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

/* The calls that are numbered from `first` on; ids[n] is an id + 1, or 0. */
static void add_calls(struct tree *t, const struct verdicts *v, uint32_t first,
		      const uint16_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		add(t, first + i,
		    ids[i] ? &v->by_id[ids[i] - 1] : &t->standard);
	add(t, first + n, &t->later);
}

static void add_arch(struct tree *t, const struct verdicts *v,
		     enum filter_arch arch)
{
	uint16_t ids[MAX_NUMBERS] = { 0 }, arm[ARM_LAST - ARM_FIRST] = { 0 };
	uint32_t first = first_number(arch),
		 n = (uint32_t)syscall_max(arch) - first + 1;

	for (int id = 0; id < syscall_id_max(); id++) {
		int nr = syscall_number(arch, id);

		if (nr >= ARM_FIRST && nr < ARM_LAST)
			arm[nr - ARM_FIRST] = (uint16_t)(id + 1);
		else if (nr >= 0 && (uint32_t)nr - first < MAX_NUMBERS)
			ids[(uint32_t)nr - first] = (uint16_t)(id + 1);
	}
	if (first && arch != FILTER_X32)
		add(t, 0, &t->later);
	add_calls(t, v, first, ids, n < MAX_NUMBERS ? n : MAX_NUMBERS);
	if (arch == FILTER_ARM)
		add_calls(t, v, ARM_FIRST, arm, ARM_LAST - ARM_FIRST);
}

/* Whether range i is one number with the same on both sides of it. */
static bool is_exception(const struct tree *t, size_t i,
			 const struct verdict *around)
{
	return i + 1 < t->n_ranges &&
	       t->ranges[i + 1].start == t->ranges[i].start + 1 &&
	       is_same(t->ranges[i + 1].v, around);
}

static unsigned weight(const struct verdict *v)
{
	return v->chain ? WEIGHT_CHAIN : WEIGHT_CONSTANT;
}

static void make_leaves(struct tree *t)
{
	t->n_leaves = 0;
	for (size_t i = 0; i < t->n_ranges; i++) {
		struct leaf *l = &t->leaves[t->n_leaves++];
		const struct verdict *v = t->ranges[i].v;

		*l = (struct leaf){ .first = (uint16_t)i,
				    .weight = (uint16_t)weight(v) };
		while (l->n_except < EXCEPTIONS && is_exception(t, i + 1, v)) {
			l->n_except++;
			l->weight = (uint16_t)(l->weight +
					       weight(t->ranges[i + 1].v));
			i += 2;
		}
	}
}

static place leaf_place(struct code *c, const struct tree *t,
			const struct leaf *l)
{
	const struct range *r = &t->ranges[l->first];
	place at = verdict_place(c, r->v, t->is_64bit);

	for (size_t i = l->n_except; i-- > 0;) {
		const struct range *x = &r[2 * i + 1];
		place other = verdict_place(c, x->v, t->is_64bit);

		at = code_jump(c, BPF_JEQ, x->start, other, at);
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
	return code_jump(c, BPF_JGE, t->ranges[t->leaves[m].first].start, high,
			 low);
}

/* Chains first: they are the longest, and shared by all architectures. */
static void write_chains(struct code *c, const struct tree *t)
{
	for (size_t i = 0; i < t->n_ranges; i++)
		if (t->ranges[i].v->chain)
			(void)verdict_place(c, t->ranges[i].v, t->is_64bit);
}

static void add_x32(struct tree *t, const struct verdicts *v)
{
	if (v->archs & 1U << FILTER_X32)
		add_arch(t, v, FILTER_X32);
	else
		add(t, X32_BIT, &t->bad);
	/* -1 is nobody's: a tracer's word for "skip this call", and what
	 * programs try to see whether they get ENOSYS. */
	add(t, UINT32_MAX, &t->later);
}

place tree_place(struct code *c, const struct verdicts *v,
		 enum filter_arch arch, uint32_t bad_arch_ret)
{
	struct tree t;

	t.n_ranges = 0;
	t.standard = constant(v->default_ret);
	t.later = constant(v->later_ret);
	t.bad = constant(bad_arch_ret);
	t.is_64bit = filter_arch_is_64bit(arch);
	add_arch(&t, v, arch);
	if (arch == FILTER_X86_64)
		add_x32(&t, v);
	make_leaves(&t);
	write_chains(c, &t);
	(void)code_go(c, branch(c, &t, 0, t.n_leaves));
	return code_load(c, offsetof(struct seccomp_data, nr));
}
