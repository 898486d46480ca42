/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/affinity.c - the processors of a process that joins a container.
 *
 * process.execCPUAffinity of runtime-spec 1.2.1, which does not count for the
 * container's first process: this brick is in exec_bricks only. `initial` is
 * where the runtime itself is to run until the new process is in the
 * container's cgroup, so that a latency-critical processor is not disturbed;
 * the child inherits it. `final` comes after that; when it is not given, the
 * process may run on all that the cgroup has. */
#include "base/err.h"
#include "base/num.h"
#include "bricks/table.h"
#include "conf/conf.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_BITS = 8192 };

static int add(struct plan *p, enum phase phase, const char *list,
	       const char *field, struct err *e)
{
	const struct op op = { .brick = &brick_affinity,
			       .phase = phase,
			       .fd = -EBADF,
			       .str = list };
	unsigned long bits[MAX_BITS / 8 / sizeof(long)];

	if (list && num_list(list, bits, MAX_BITS) < 0)
		return err_input(e,
				 "process.execCPUAffinity.%s: \"%s\" is no "
				 "list like 0-3,7",
				 field, list);
	return plan_add(p, op, e);
}

static int affinity_plan(const struct conf *c, const struct host *h,
			 struct plan *p, struct err *e)
{
	const char *initial = c->process.affinity.initial;
	const char *final = c->process.affinity.final;
	int r = 0;

	(void)h;
	if (initial && !*initial)
		initial = NULL;
	if (final && !*final)
		final = NULL;
	if (initial)
		r = add(p, PHASE_HOST, initial, "initial", e);
	if (r == 0 && (initial || final))
		r = add(p, PHASE_LOCK, final, "final", e);
	return r;
}

static int affinity_apply(const struct op *op, struct run *r, struct err *e)
{
	unsigned long bits[MAX_BITS / 8 / sizeof(long)];

	(void)r;
	if (op->str)
		(void)num_list(op->str, bits, MAX_BITS);
	else
		memset(bits, 0xff, sizeof(bits));
	if (syscall(SYS_sched_setaffinity, 0, sizeof(bits), bits) < 0)
		return err_sys(e,
			       "process.execCPUAffinity: run on processors %s",
			       op->str ? op->str : "of the cgroup");
	return 0;
}

static void affinity_show(const struct op *op, FILE *out)
{
	if (op->phase == PHASE_HOST)
		fprintf(out, "the runtime on processors %s", op->str);
	else
		fprintf(out, "processors %s",
			op->str ? op->str : "of the cgroup");
}

const struct brick brick_affinity = {
	.name = "affinity",
	.plan = affinity_plan,
	.apply = affinity_apply,
	.show = affinity_show,
};
