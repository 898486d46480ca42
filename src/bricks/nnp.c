/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/nnp.c - no_new_privs: execve() never gives more than there was.
 *
 * Last but for the filter, since LSM labels and file capabilities of the
 * runtime's own steps must still work, and an unprivileged filter needs it. */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"

#include <errno.h>
#include <sys/prctl.h>

static int nnp_plan(const struct conf *c, const struct host *h, struct plan *p,
		    struct err *e)
{
	struct op op = { .brick = &brick_nnp,
			 .phase = PHASE_SEAL,
			 .fd = -EBADF };

	(void)h;
	return c->process.no_new_privs ? plan_add(p, op, e) : 0;
}

static int nnp_apply(const struct op *op, struct run *r, struct err *e)
{
	(void)op, (void)r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "set no_new_privs");
	return 0;
}

static void nnp_show(const struct op *op, FILE *out)
{
	(void)op;
	fprintf(out, "on");
}

const struct brick brick_nnp = {
	.name = "no-new-privs",
	.plan = nnp_plan,
	.apply = nnp_apply,
	.show = nnp_show,
};
