/* SPDX-License-Identifier: Apache-2.0 */
/* filter/chain.c - conditions on arguments as code.
 *
 * Arguments have 64 bits and cBPF's words 32, so a comparison looks at the high
 * half first and at the low half where the high ones are equal. Both halves are
 * always looked at: a filter that compares the low half alone is passed by
 * setting a bit above it. (What the kernel itself cuts to 32 bits, like ioctl's
 * request, a policy compares with a mask of 32 bits: CVE-2017-5226.) */
#include "filter/verdict-priv.h"

#include <endian.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stddef.h>

enum { SEEN = 4 };

/* Where code goes, and how wide arguments are. */
struct writer {
	struct code *code;
	bool is_64bit;
	/* What is to be looked at next, wherever the chain has an answer... */
	const struct chain *also;
	/* ...with that answer, which counts when it is the stricter one. */
	uint32_t floor;
	/* Where the second chain has been written for an answer. */
	struct {
		uint32_t floor;
		place at;
	} seen[SEEN];
	unsigned n_seen;
};

struct halves {
	uint32_t hi, lo;
};

static struct halves split(uint64_t v)
{
	return (struct halves){ (uint32_t)(v >> 32), (uint32_t)v };
}

/* All that hull runs on has the low half first; a program for another byte
 * order is only ever simulated, in ours. */
_Static_assert(BYTE_ORDER == LITTLE_ENDIAN, "offsets of the halves");

static place load_hi(struct code *c, unsigned index)
{
	return code_load(c, (unsigned)(offsetof(struct seccomp_data, args) +
				       8 * index + 4));
}

static place load_lo(struct code *c, unsigned index)
{
	return code_load(
		c, (unsigned)(offsetof(struct seccomp_data, args) + 8 * index));
}

static place equal(struct writer *w, unsigned index, uint64_t value, place yes,
		   place no)
{
	struct halves v = split(value);
	place low;

	code_jump(w->code, BPF_JEQ, v.lo, yes, no);
	low = load_lo(w->code, index);
	if (!w->is_64bit)
		return low;
	code_jump(w->code, BPF_JEQ, v.hi, low, no);
	return load_hi(w->code, index);
}

/* arg > value (op BPF_JGT) or arg >= value (BPF_JGE) */
static place above(struct writer *w, unsigned index, unsigned op,
		   uint64_t value, place yes, place no)
{
	struct halves v = split(value);
	place low, same;

	if (!w->is_64bit && v.hi)
		return no;
	code_jump(w->code, op, v.lo, yes, no);
	low = load_lo(w->code, index);
	if (!w->is_64bit)
		return low;
	same = code_jump(w->code, BPF_JEQ, v.hi, low, no);
	code_jump(w->code, BPF_JGT, v.hi, yes, same);
	return load_hi(w->code, index);
}

/* One half under its mask; a mask of nothing looks at nothing. */
static place masked_half(struct code *c, unsigned index, bool high,
			 uint32_t mask, uint32_t value, place yes, place no)
{
	if (mask == 0)
		return yes;
	code_jump(c, BPF_JEQ, value, yes, no);
	if (mask != UINT32_MAX)
		code_and(c, mask);
	return high ? load_hi(c, index) : load_lo(c, index);
}

static place masked(struct writer *w, unsigned index, uint64_t mask,
		    uint64_t value, place yes, place no)
{
	struct halves m = split(mask), v = split(value & mask);
	place low = masked_half(w->code, index, false, m.lo, v.lo, yes, no);

	if (!w->is_64bit)
		return low;
	return masked_half(w->code, index, true, m.hi, v.hi, low, no);
}

static place condition(struct writer *w, const struct filter_cond *k, place yes,
		       place no)
{
	switch (k->op) {
	case FILTER_EQ:
		return equal(w, k->index, k->value, yes, no);
	case FILTER_NE:
		return equal(w, k->index, k->value, no, yes);
	case FILTER_GE:
		return above(w, k->index, BPF_JGE, k->value, yes, no);
	case FILTER_LT:
		return above(w, k->index, BPF_JGE, k->value, no, yes);
	case FILTER_GT:
		return above(w, k->index, BPF_JGT, k->value, yes, no);
	case FILTER_LE:
		return above(w, k->index, BPF_JGT, k->value, no, yes);
	case FILTER_MASKED_EQ:
		return masked(w, k->index, k->value, k->value_two, yes, no);
	case FILTER_OP_MAX_:
		break;
	}
	return no;
}

/* An alternative of one comparison for equality. */
static bool is_choice(const struct alternative *a)
{
	return a->n_conds == 1 && a->conds[0].op == FILTER_EQ;
}

static bool is_same_choice(const struct alternative *a,
			   const struct alternative *b)
{
	return b && is_choice(b) && a->ret == b->ret &&
	       a->conds[0].index == b->conds[0].index &&
	       split(a->conds[0].value).hi == split(b->conds[0].value).hi;
}

static place alternatives(struct writer *w, const struct alternative *a,
			  place otherwise);

/* Could `floor` be changed by an answer of the chain? */
static bool is_final(const struct chain *c, uint32_t floor)
{
	bool is = verdict_stricter(floor, c->otherwise) == floor;

	for (const struct alternative *a = c->first; a && is; a = a->next)
		is = verdict_stricter(floor, a->ret) == floor;
	return is;
}

/* The end of a chain, or of the first of two. */
static place leaf(struct writer *w, uint32_t ret)
{
	struct writer second = { w->code, w->is_64bit, .floor = ret };
	place at;

	if (!w->also || is_final(w->also, ret))
		return code_return(w->code, verdict_stricter(w->floor, ret));
	for (unsigned i = 0; i < w->n_seen; i++)
		if (w->seen[i].floor == ret)
			return w->seen[i].at;
	at = alternatives(&second, w->also->first,
			  leaf(&second, w->also->otherwise));
	if (w->n_seen < SEEN) {
		w->seen[w->n_seen].floor = ret;
		w->seen[w->n_seen++].at = at;
	}
	return at;
}

/* "personality is 0, 8 or 0x20000": the argument is loaded once for all of the
 * alternatives from a on that are alike. */
static place low_choices(struct writer *w, const struct alternative *a,
			 place yes, place no)
{
	place next = is_same_choice(a, a->next)
			     ? low_choices(w, a->next, yes, no)
			     : no;

	return code_jump(w->code, BPF_JEQ, split(a->conds[0].value).lo, yes,
			 next);
}

static place choices(struct writer *w, const struct alternative *a,
		     place otherwise)
{
	const struct alternative *last = a;
	place yes, no, low;

	while (is_same_choice(a, last->next))
		last = last->next;
	no = alternatives(w, last->next, otherwise);
	yes = leaf(w, a->ret);
	low_choices(w, a, yes, no);
	low = load_lo(w->code, a->conds[0].index);
	if (!w->is_64bit)
		return low;
	code_jump(w->code, BPF_JEQ, split(a->conds[0].value).hi, low, no);
	return load_hi(w->code, a->conds[0].index);
}

static place alternatives(struct writer *w, const struct alternative *a,
			  place otherwise)
{
	place yes, no;

	if (!a)
		return otherwise;
	if (is_choice(a) && is_same_choice(a, a->next))
		return choices(w, a, otherwise);
	no = alternatives(w, a->next, otherwise);
	yes = leaf(w, a->ret);
	for (size_t i = a->n_conds; i-- > 0;)
		yes = condition(w, &a->conds[i], yes, no);
	return yes;
}

place verdict_place(struct code *c, const struct verdict *v, bool is_64bit)
{
	struct writer w = { c, is_64bit, .floor = SECCOMP_RET_ALLOW };
	place *at;

	if (!v->chain)
		return code_return(c, v->ret);
	at = &v->chain->at[is_64bit];
	w.also = v->chain->also;
	if (!*at)
		*at = alternatives(&w, v->chain->first,
				   leaf(&w, v->chain->otherwise));
	return *at;
}
