/* SPDX-License-Identifier: Apache-2.0 */
/* scan/args-rule.c - what was found of arguments, as one rule for a filter.
 *
 * A filter is inherited over execve, so its rules must hold for the program and
 * all that it executes, each with its own start-up. */
#include "scan/args.h"

#include "base/arena.h"
#include "base/err.h"
#include "scan/family.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>

/* What all sites of the family say together. */
struct sum {
	struct arg_value *v;
	size_t n, room;
	uint32_t bits;
	struct arg_loss from_bits; /* the first that was set */
	const struct arg_loss *list, *bits_loss;
	struct scan *list_loser, *bits_loser;
};

static bool is_same_rule(const struct arg_value *a, const struct arg_value *b)
{
	return a->v[0] == b->v[0] && a->is_any_second == b->is_any_second &&
	       (a->is_any_second || a->v[1] == b->v[1]);
}

static void take(struct sum *sum, const struct arg_value *v)
{
	if (v->is_bits) {
		sum->bits |= v->v[0];
		return;
	}
	for (size_t i = 0; i < sum->n; i++) {
		if (is_same_rule(&sum->v[i], v))
			return;
	}
	if (sum->n < sum->room)
		sum->v[sum->n++] = *v;
}

/* Where bits of the mask can come from, for people. */
static void note_bits(struct sum *sum, struct scan *s, const struct arg_value *v)
{
	if (!v->is_bits || sum->from_bits.reason)
		return;
	sum->from_bits = (struct arg_loss){ v->lost ? v->lost : "the value is set", v->site_node,
					    v->site, v->node, v->at };
	sum->bits_loser = s;
}

static void take_phase(struct sum *sum, struct scan *s, const struct arg_set *set, bool in_startup)
{
	if (set->list[in_startup].reason && !sum->list) {
		sum->list = &set->list[in_startup];
		sum->list_loser = s;
	}
	if (set->bits[in_startup].reason && !sum->bits_loss) {
		sum->bits_loss = &set->bits[in_startup];
		sum->bits_loser = s;
	}
	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i].is_startup != in_startup)
			continue;
		take(sum, &set->v[i]);
		note_bits(sum, s, &set->v[i]);
	}
}

static int by_value(const void *a, const void *b)
{
	const struct arg_value *x = a, *y = b;

	if (x->v[0] != y->v[0])
		return x->v[0] < y->v[0] ? -1 : 1;
	if (x->is_any_second != y->is_any_second)
		return x->is_any_second ? -1 : 1;
	return x->v[1] < y->v[1] ? -1 : x->v[1] > y->v[1];
}

/* A pair is nothing new beside its first half with any second. */
static void drop_covered(struct sum *sum)
{
	size_t n = 0;

	qsort(sum->v, sum->n, sizeof(*sum->v), by_value);
	for (size_t i = 0; i < sum->n; i++) {
		if (n && sum->v[n - 1].is_any_second && sum->v[n - 1].v[0] == sum->v[i].v[0])
			continue;
		sum->v[n++] = sum->v[i];
	}
	sum->n = n;
}

static struct arg_rule conclude(const struct arg_row *row, struct sum *sum)
{
	uint32_t zero = row->mask & ~sum->bits;

	if (row->has_list && !sum->list && sum->n && sum->n <= ARG_MAX_VALUES)
		return (struct arg_rule){ .kind = ARG_LIST, .row = row, .v = sum->v, .n = sum->n };
	if (zero && !sum->bits_loss)
		return (struct arg_rule){ .kind = ARG_MASK, .row = row, .mask = zero };
	if (row->has_list)
		return (struct arg_rule){ .row = row, .loss = sum->list, .loser = sum->list_loser };
	if (sum->bits_loss)
		return (struct arg_rule){ .row = row, .loss = sum->bits_loss,
					  .loser = sum->bits_loser };
	return (struct arg_rule){ .row = row, .loss = &sum->from_bits, .loser = sum->bits_loser };
}

/* clone3's flags are in memory. Where clone's are ruled and nobody but the C
 * library, which then takes clone, makes clone3, it is best not there. */
static int clone3_rule(const struct family *f, bool with_startup, struct arena *a,
		       struct arg_rule *ret, struct err *e)
{
	unsigned clone = (unsigned)f->v[0]->arg_numbers[ARG_CLONE];
	int r = args_rule(f, clone, with_startup, a, ret, e);
	bool is_ruled = ret->kind != ARG_ANY && family_allows(f, clone, with_startup);

	*ret = (struct arg_rule){ .kind = is_ruled ? ARG_NOSYS : ARG_ANY };
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i]->calls[SYS_clone3].is_allowed && !f->v[i]->has_clone_behind)
			ret->kind = ARG_ANY;
	}
	return r;
}

int args_rule(const struct family *f, unsigned number, bool with_startup, struct arena *a,
	      struct arg_rule *ret, struct err *e)
{
	const struct arg_row *row = arg_row(f->v[0], number);
	struct sum *sum = arena_new(a, struct sum);
	struct arg_value *v;
	size_t n = 0;

	*ret = (struct arg_rule){ .kind = ARG_ANY, .row = row };
	if (number == SYS_clone3)
		return clone3_rule(f, with_startup, a, ret, e);
	if (!row)
		return 0;
	for (size_t i = 0; i < f->n; i++)
		n += f->v[i]->args[row->id].n;
	v = arena_array(a, n + 1, sizeof(*v));
	if (!sum || !v)
		return err_set(e, -ENOMEM, "arguments");
	*sum = (struct sum){ .v = v, .room = n };
	for (size_t i = 0; i < f->n; i++) {
		take_phase(sum, f->v[i], &f->v[i]->args[row->id], false);
		if (with_startup || i > 0)
			take_phase(sum, f->v[i], &f->v[i]->args[row->id], true);
	}
	drop_covered(sum);
	*ret = conclude(row, sum);
	return 0;
}
