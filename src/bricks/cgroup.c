/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/cgroup.c - the container's control groups and their limits.
 *
 * The supervisor makes the directories, writes the limits and opens what the
 * child needs to enter them (PHASE_HOST); the child enters v1 hierarchies by
 * writing "0" to `tasks` (PHASE_ENTER): a process that moves itself, alone in
 * its thread group, does not take the kernel's global lock on thread groups,
 * whose price is an RCU grace period, several milliseconds. v2 is entered by
 * clone3() itself (CLONE_INTO_CGROUP). */
#include "cgroup/cgroup.h"
#include "base/arena.h"
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <unistd.h>

enum { CGROUP_MAKE, CGROUP_LIMIT, CGROUP_DEVICES, CGROUP_OPEN, CGROUP_ENTER };

/* What the ops share. */
struct job {
	struct cgroup set;
	const struct conf *conf;
};

static int cgroup_brick_plan(const struct conf *c, const struct host *h,
			     struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_cgroup,
			 .phase = PHASE_HOST,
			 .fd = -EBADF };
	struct job *job = arena_new(p->arena, struct job);
	int r;

	if (!job)
		return err_set(e, -ENOMEM, "plan");
	job->conf = c;
	r = cgroup_plan(&c->cgroup, c->id, h, p->arena, &job->set, e);
	if (r < 0 || job->set.n_dirs == 0)
		return r;
	op.arg = job;
	for (int kind = CGROUP_MAKE; kind <= CGROUP_ENTER && r == 0; kind++) {
		/* Without privilege no node can be made that a rule could be
		 * about, and the kernel would not take the rules. */
		if (kind == CGROUP_DEVICES && h->is_rootless)
			continue;
		op.kind = kind;
		op.phase = kind == CGROUP_ENTER ? PHASE_ENTER : PHASE_HOST;
		r = plan_add(p, op, e);
	}
	return r;
}

static int enter(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->n_attach; i++) {
		int ret = sys_write_fd(r->attach_fds[i], "0");

		if (ret < 0)
			return err_set(e, ret, "enter the container's cgroup");
	}
	return 0;
}

static bool has_limits(const struct conf_resources *res)
{
	return res->mem_limit.given || res->pids_limit.given ||
	       res->cpu_quota.given || res->cpu_shares.given || res->cpus ||
	       res->n_unified || res->io_weight.given;
}

/* The set loses the hierarchies that an ordinary user may not write to; the ops
 * behind this one go by what is left. */
static int make(struct job *job, struct run *r, struct err *e)
{
	const struct conf_cgroup *cc = &job->conf->cgroup;
	size_t n = job->set.n_dirs;
	int ret = cgroup_make(&job->set, cc->best_effort, e);

	if (ret == 0 && job->set.n_dirs < n && has_limits(&cc->res) && r->warn)
		r->warn(r, "linux.resources: limits are left out where the "
			   "cgroups are not ours to write");
	return ret;
}

static int cgroup_apply(const struct op *op, struct run *r, struct err *e)
{
	struct job *job = (void *)(uintptr_t)op->arg; /* our own, see make() */
	const struct conf_cgroup *cc = &job->conf->cgroup;

	switch (op->kind) {
	case CGROUP_MAKE:
		return make(job, r, e);
	case CGROUP_LIMIT:
		return cgroup_limit(&job->set, &cc->res, false, cc->best_effort,
				    e);
	case CGROUP_DEVICES:
		return cgroup_devices(&job->set, cc->res.dev_rules,
				      cc->res.n_dev_rules, e);
	case CGROUP_OPEN:
		return cgroup_open_attach(&job->set, NULL, r->attach_fds,
					  RUN_ATTACH_MAX, &r->n_attach,
					  &r->cgroup_fd, e);
	}
	return enter(r, e);
}

static void cgroup_undo(const struct op *op, struct run *r)
{
	const struct job *job = op->arg;

	(void)r;
	if (op->kind == CGROUP_MAKE)
		(void)cgroup_remove(&job->set, NULL);
}

static void show_limits(const struct conf_resources *res, FILE *out)
{
	if (res->mem_limit.given)
		fprintf(out, ", memory %lld", (long long)res->mem_limit.v);
	if (res->cpu_quota.given)
		fprintf(out, ", cpu quota %lld", (long long)res->cpu_quota.v);
	if (res->cpu_shares.given)
		fprintf(out, ", cpu shares %llu",
			(unsigned long long)res->cpu_shares.v);
	if (res->cpus)
		fprintf(out, ", cpus %s", res->cpus);
	if (res->pids_limit.given)
		fprintf(out, ", pids %lld", (long long)res->pids_limit.v);
}

static void cgroup_show(const struct op *op, FILE *out)
{
	const struct job *job = op->arg;

	switch (op->kind) {
	case CGROUP_MAKE:
		fprintf(out, "make %s in %zu hierarchies", job->set.path,
			job->set.n_dirs);
		break;
	case CGROUP_LIMIT:
		fprintf(out, "limits");
		show_limits(&job->conf->cgroup.res, out);
		break;
	case CGROUP_DEVICES:
		fprintf(out, "device rules: %zu and the defaults",
			job->conf->cgroup.res.n_dev_rules);
		break;
	case CGROUP_OPEN:
		fprintf(out, "open what the child enters by");
		break;
	case CGROUP_ENTER:
		fprintf(out, "enter %s", job->set.path);
		break;
	}
}

const struct brick brick_cgroup = {
	.name = "cgroup",
	.plan = cgroup_brick_plan,
	.apply = cgroup_apply,
	.undo = cgroup_undo,
	.show = cgroup_show,
};
