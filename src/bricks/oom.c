/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/oom.c - how early the kernel ends the process when memory runs out. */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static int oom_plan(const struct conf *c, const struct host *h, struct plan *p,
		    struct err *e)
{
	struct op op = { .brick = &brick_oom,
			 .phase = PHASE_ENTER,
			 .fd = -EBADF,
			 .arg = c,
			 .num = h->is_rootless };

	return c->process.has_oom_score_adj ? plan_add(p, op, e) : 0;
}

static int oom_apply(const struct op *op, struct run *r, struct err *e)
{
	const struct conf *c = op->arg;
	char text[16];
	int ret;

	snprintf(text, sizeof(text), "%d", c->process.oom_score_adj);
	/* In PHASE_ENTER /proc is still the host's own. */
	ret = sys_write_file(AT_FDCWD, "/proc/self/oom_score_adj", text);
	if ((ret == -EACCES || ret == -EPERM) && op->num) {
		/* An ordinary user can only ask to go sooner. */
		run_warn(r,
			 "process.oomScoreAdj: %s is not allowed here; it "
			 "stays as it was",
			 text);
		return 0;
	}
	if (ret < 0)
		return err_set(e, ret,
			       "process.oomScoreAdj: write %s to "
			       "/proc/self/oom_score_adj",
			       text);
	return 0;
}

static void oom_show(const struct op *op, FILE *out)
{
	const struct conf *c = op->arg;

	fprintf(out, "oom_score_adj = %d", c->process.oom_score_adj);
}

const struct brick brick_oom = {
	.name = "oom",
	.plan = oom_plan,
	.apply = oom_apply,
	.show = oom_show,
};
