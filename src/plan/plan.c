/* SPDX-License-Identifier: Apache-2.0 */
/* plan/plan.c - what will be done to the system, as data, before it is done. */
#include "plan/plan.h"

#include "base/arena.h"
#include "base/err.h"
#include "plan/brick.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int plan_new(struct arena *a, struct plan **ret_plan, struct err *e)
{
	struct plan *p = arena_new(a, struct plan);

	if (!p)
		return err_set(e, -ENOMEM, "plan");
	p->arena = a;
	*ret_plan = p;
	return 0;
}

int plan_add(struct plan *p, struct op op, struct err *e)
{
	assert(op.brick && op.phase < PHASE_MAX_);
	if (p->n_ops == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 64;
		struct op *ops = arena_array(p->arena, cap, sizeof(*ops));

		if (!ops)
			return err_set(e, -ENOMEM, "plan");
		if (p->n_ops)
			memcpy(ops, p->ops, p->n_ops * sizeof(*ops));
		p->ops = ops;
		p->cap = cap;
	}
	p->ops[p->n_ops++] = op;
	return 0;
}

int plan_make(const struct brick *const *table, const struct conf *c,
	      const struct host *h, struct arena *a, struct plan **ret_plan,
	      struct err *e)
{
	struct plan *p;
	int r = plan_new(a, &p, e);

	for (; r == 0 && *table; table++)
		r = (*table)->plan(c, h, p, e);
	if (r < 0)
		return r;
	*ret_plan = p;
	return 0;
}

static void undo_before(const struct plan *p, size_t k, enum phase phase,
			struct run *r)
{
	while (k-- > 0) {
		const struct op *op = &p->ops[k];

		if (op->phase == phase && op->brick->undo)
			op->brick->undo(op, r);
	}
}

void plan_undo(const struct plan *p, enum phase phase, struct run *r)
{
	undo_before(p, p->n_ops, phase, r);
}

int plan_apply(const struct plan *p, enum phase phase, struct run *r,
	       struct err *e)
{
	for (size_t k = 0; k < p->n_ops; k++) {
		const struct op *op = &p->ops[k];
		int ret;

		if (op->phase != phase)
			continue;
		ret = op->brick->apply(op, r, e);
		if (ret < 0) {
			undo_before(p, k, phase, r); /* P3 */
			return err_ctx(e, ret, "%s", op->brick->name);
		}
	}
	return 0;
}

const char *phase_name(enum phase phase)
{
	static const char *const names[] = { "host",  "join",  "begin", "attach",
					     "beside", "enter", "build", "pivot",
					     "lock",  "seal" };

	_Static_assert(sizeof(names) / sizeof(names[0]) == PHASE_MAX_, "names");
	return phase < PHASE_MAX_ ? names[phase] : "?";
}
