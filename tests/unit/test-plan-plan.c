/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include "base/arena.h"
#include "base/err.h"
#include "plan/brick.h"
#include "plan/run.h"
#include "tap.h"

#include <errno.h>

static char trace[64];
static int fail_at;

static void note(char c)
{
	size_t n = strlen(trace);

	if (n + 1 < sizeof(trace)) {
		trace[n] = c;
		trace[n + 1] = '\0';
	}
}

static int no_plan(const struct conf *c, const struct host *h, struct plan *p,
		   struct err *e)
{
	(void)c, (void)h, (void)p, (void)e;
	return 0;
}

static int apply(const struct op *op, struct run *r, struct err *e)
{
	(void)r;
	if (op->kind == fail_at)
		return err_set(e, -EIO, "step %d", op->kind);
	note((char)('0' + op->kind));
	return 0;
}

static void undo(const struct op *op, struct run *r)
{
	(void)r;
	note((char)('a' + op->kind));
}

static void show(const struct op *op, FILE *out)
{
	fprintf(out, "%d", op->kind);
}

static const struct brick brick = { "fake", no_plan, apply, undo, show };

static struct plan *five_steps(struct arena *a)
{
	struct plan *p;

	CHECK_INT(plan_new(a, &p, NULL), 0);
	for (int i = 0; i < 5; i++) {
		struct op op = { .brick = &brick, .kind = i,
				 .phase = i == 2 ? PHASE_ATTACH : PHASE_HOST };

		CHECK_INT(plan_add(p, op, NULL), 0);
	}
	trace[0] = '\0';
	return p;
}

static void a_phase_runs_its_own_ops_in_order(void)
{
	struct arena a;
	struct run r;

	arena_init(&a);
	run_init(&r, NULL);
	struct plan *p = five_steps(&a);

	fail_at = -1;
	CHECK_INT(plan_apply(p, PHASE_HOST, &r, NULL), 0);
	CHECK_STR(trace, "0134");
	plan_undo(p, PHASE_HOST, &r);
	CHECK_STR(trace, "0134edba");
	arena_done(&a);
}

/* P3: what was done before the failure is undone, last first; what failed and
 * what was never tried is not. */
static void a_failure_undoes_what_came_before(void)
{
	struct err e = { 0 };
	struct arena a;
	struct run r;

	arena_init(&a);
	run_init(&r, NULL);
	struct plan *p = five_steps(&a);

	fail_at = 3;
	CHECK_INT(plan_apply(p, PHASE_HOST, &r, &e), -EIO);
	CHECK_STR(trace, "01ba");
	CHECK_STR(e.text, "fake: step 3");
	arena_done(&a);
}

static void a_plan_grows(void)
{
	struct arena a;
	struct plan *p;

	arena_init(&a);
	CHECK_INT(plan_new(&a, &p, NULL), 0);
	for (int i = 0; i < 1000; i++)
		CHECK_INT(plan_add(p, (struct op){ .brick = &brick, .kind = i }, NULL), 0);
	for (int i = 0; i < 1000; i++)
		CHECK_INT(p->ops[i].kind, i);
	arena_done(&a);
}

int main(void)
{
	TEST(a_phase_runs_its_own_ops_in_order);
	TEST(a_failure_undoes_what_came_before);
	TEST(a_plan_grows);
	return tap_end();
}
