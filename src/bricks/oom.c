/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/oom.c - how early the kernel ends the process when memory runs out.
 *
 * Lowering the value needs CAP_SYS_RESOURCE of the host. A child in a user
 * namespace has lost that, so there the supervisor writes it (PHASE_ATTACH). */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>

enum { OOM_OWN, OOM_CHILD };

static int oom_plan(const struct conf *c, const struct host *h, struct plan *p,
		    struct err *e)
{
	struct op op = { .brick = &brick_oom,
			 .phase = PHASE_ENTER,
			 .kind = OOM_OWN,
			 .fd = -EBADF,
			 .arg = c,
			 .num = h->is_rootless };

	if (c->ns[NS_USER].mode != PART_OFF &&
	    h->caps & 1ULL << CAP_SYS_RESOURCE) {
		op.phase = PHASE_ATTACH;
		op.kind = OOM_CHILD;
	}
	p->uses_proc |= c->process.has_oom_score_adj;
	return c->process.has_oom_score_adj ? plan_add(p, op, e) : 0;
}

static int oom_apply(const struct op *op, struct run *r, struct err *e)
{
	const struct conf *c = op->arg;
	int proc_fd = run_proc(r, e), ret;
	char path[64] = "self/oom_score_adj", text[16];

	if (proc_fd < 0)
		return proc_fd;

	snprintf(text, sizeof(text), "%d", c->process.oom_score_adj);
	if (op->kind == OOM_CHILD)
		snprintf(path, sizeof(path), "%d/oom_score_adj", (int)r->pid);
	ret = sys_write_proc(proc_fd, path, text);
	if ((ret == -EACCES || ret == -EPERM) && op->num) {
		/* An ordinary user can only ask to go sooner. */
		run_warn(r,
			 "process.oomScoreAdj: %s is not allowed here; it "
			 "stays as it was",
			 text);
		return 0;
	}
	return ret < 0 ? err_set(e, ret, "process.oomScoreAdj: write %s to /proc/%s",
				 text, path)
		       : 0;
}

static void oom_show(const struct op *op, FILE *out)
{
	const struct conf *c = op->arg;

	fprintf(out, "oom_score_adj = %d%s", c->process.oom_score_adj,
		op->kind == OOM_CHILD ? ", by the supervisor" : "");
}

const struct brick brick_oom = {
	.name = "oom",
	.plan = oom_plan,
	.apply = oom_apply,
	.show = oom_show,
};
