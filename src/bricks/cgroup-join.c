/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/cgroup-join.c - a further process into a user's scope.
 *
 * An ordinary user may move processes within the cgroups of the user's own
 * systemd, but not into them from a login session: the kernel wants a right
 * over what is common to both, which is root's. The user's systemd asks the
 * host's to do it, which looks whether the process is the user's. So it has to
 * be done while it is, before it takes the container's ids (PHASE_ATTACH). */
#include "base/err.h"
#include "bricks/table.h"
#include "cgroup/cgroup.h"
#include "cgroup/unit.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"

#include <errno.h>
#include <stdio.h>

static int join_plan(const struct conf *c, const struct host *h, struct plan *p,
		     struct err *e)
{
	const struct op op = { .brick = &brick_cgroup_join,
			       .phase = PHASE_ATTACH,
			       .fd = -EBADF };

	if (!h->is_rootless || c->cgroup.manager != CGROUP_SYSTEMD)
		return 0;
	return plan_add(p, op, e);
}

static int join_apply(const struct op *op, struct run *r, struct err *e)
{
	(void)op;
	if (!r->join || cgroup_attach(r->join, r->join_sub, r->pid, NULL) == 0)
		return 0;
	return unit_attach(r->join, r->join_sub, r->pid, e);
}

static void join_show(const struct op *op, FILE *out)
{
	(void)op;
	fprintf(out, "enter the scope, moved by the user's systemd where need be");
}

const struct brick brick_cgroup_join = {
	.name = "cgroup",
	.plan = join_plan,
	.apply = join_apply,
	.show = join_show,
};
