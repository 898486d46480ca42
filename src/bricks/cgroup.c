/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/cgroup.c - the container's control groups and their limits.
 *
 * v2 is entered by clone3() itself (CLONE_INTO_CGROUP), so its directory is
 * made before (PHASE_HOST). v1 hierarchies are entered by the child, which
 * writes "0" to their `tasks` (PHASE_ENTER): a process that moves itself, alone
 * in its thread group, does not take the kernel's global lock on thread groups,
 * whose price is an RCU grace period, several milliseconds.
 *
 * Making the v1 directories and their limits takes about as long as the kernel
 * needs for a network namespace, so the supervisor does the one (PHASE_ATTACH)
 * while the child does the other (PHASE_BEGIN). That needs to know beforehand
 * which directories there will be: a caller that may not make all of them does
 * everything in PHASE_HOST and hands the child open files.
 *
 * With the systemd manager the cgroup is a scope unit, which cannot be without
 * a process: systemd makes it around the waiting child (PHASE_ATTACH). The child
 * enters v1 hierarchies itself, as ever: systemd uses only some of them. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "cgroup/cgroup.h"
#include "cgroup/unit.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum {
	CGROUP_UNIT,	/* by systemd */
	CGROUP_MAKE_V2, /* in parallel: what clone3() needs */
	CGROUP_MAKE,	/* the rest, or all */
	CGROUP_LIMIT,
	CGROUP_DEVICES,
	CGROUP_OPEN,
	CGROUP_ENTER,
};

/* What the ops share. */
struct job {
	struct cgroup set, v1, v2; /* all; the two halves when in parallel */
	bool is_parallel;
	const struct conf *conf;
	struct arena *arena;
	const char *request; /* to systemd; NULL */
};

static void split(struct job *job)
{
	job->v1 = job->v2 = job->set;
	job->v1.n_dirs = job->v2.n_dirs = 0;
	for (size_t i = 0; i < job->set.n_dirs; i++) {
		struct cgroup *half =
			job->set.dirs[i].hierarchy->is_v2 ? &job->v2 : &job->v1;

		half->dirs[half->n_dirs++] = job->set.dirs[i];
	}
}

static enum phase phase_of(const struct job *job, int kind)
{
	if (kind == CGROUP_ENTER)
		return PHASE_ENTER;
	if (job->request)
		return PHASE_ATTACH;
	if (!job->is_parallel || kind == CGROUP_MAKE_V2 || kind == CGROUP_OPEN)
		return PHASE_HOST;
	return PHASE_ATTACH;
}

/* Has this job that step? Without privilege no node can be made that a device
 * rule could be about, and the kernel would not take the rules. */
static bool has_step(const struct job *job, const struct host *h, int kind)
{
	switch (kind) {
	case CGROUP_UNIT:
		return job->request;
	case CGROUP_MAKE_V2:
		return job->is_parallel && job->v2.n_dirs > 0;
	case CGROUP_DEVICES:
		return !h->is_rootless;
	case CGROUP_OPEN:
		return !job->request;
	case CGROUP_ENTER:
		return !job->request || job->v1.n_dirs > 0;
	}
	return true;
}

static int add_ops(struct job *job, const struct host *h, struct plan *p,
		   struct err *e)
{
	struct op op = { .brick = &brick_cgroup, .fd = -EBADF, .arg = job };
	int r = 0;

	for (int kind = CGROUP_UNIT; kind <= CGROUP_ENTER && r == 0; kind++) {
		if (!has_step(job, h, kind))
			continue;
		op.kind = kind;
		op.phase = phase_of(job, kind);
		r = plan_add(p, op, e);
	}
	return r;
}

static int cgroup_brick_plan(const struct conf *c, const struct host *h,
			     struct plan *p, struct err *e)
{
	struct job *job = arena_new(p->arena, struct job);
	int r;

	if (!job)
		return err_set(e, -ENOMEM, "plan");
	job->conf = c;
	r = cgroup_plan(&c->cgroup, c->id, h, p->arena, &job->set, e);
	if (r < 0 || job->set.n_dirs == 0)
		return r;
	split(job);
	job->arena = p->arena;
	if (job->set.manager == CGROUP_SYSTEMD) {
		r = unit_request(&job->set, c, p->arena, &job->request, e);
		return r < 0 ? r : add_ops(job, h, p, e);
	}
	job->is_parallel = job->v1.n_dirs > 0 && !h->is_rootless &&
			   !c->cgroup.best_effort &&
			   job->set.manager == CGROUP_CGROUPFS;
	return add_ops(job, h, p, e);
}

/* In parallel the directories were made after our birth, by the supervisor that
 * has told us so: they are opened here. */
static int enter_v1(const struct cgroup *v1, struct err *e)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < v1->n_dirs; i++) {
		auto_exec_fd int fd = -EBADF;
		int r;

		snprintf(path, sizeof(path), "%s/tasks", v1->dirs[i].path);
		fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		r = fd < 0 ? -errno : sys_write_fd(fd, "0");
		if (r < 0)
			return err_set(e, r, "enter the cgroup %s",
				       v1->dirs[i].path);
	}
	return 0;
}

static int enter(const struct job *job, struct run *r, struct err *e)
{
	if (job->is_parallel || job->request)
		return enter_v1(&job->v1, e);
	for (size_t i = 0; i < r->n_attach; i++) {
		int ret = sys_write_fd(r->attach_fds[i], "0");

		if (ret < 0)
			return err_set(e, ret, "enter the container's cgroup");
	}
	return 0;
}

/* The child, and who looks for the container later, must agree with systemd
 * about the place; the child was made when it was only expected. */
static int start_unit(struct job *job, struct run *r, struct err *e)
{
	const char *expected = job->set.path;
	int ret = unit_start(&job->set, job->request, r->pid, job->arena, e);

	if (ret < 0 || job->set.path == expected)
		return ret;
	r->cgroup_path = job->set.path;
	if (job->v1.n_dirs == 0)
		return 0;
	(void)unit_stop(&job->set, NULL);
	return err_input(e, "systemd has put %s into %s, not %s",
			 job->set.scope, job->set.path, expected);
}

/* A path that was asked for has to be there; else the set loses the hierarchies
 * that an ordinary user may not write to, and the ops behind this one go by
 * what is left: a limit that needs another is an error there. */
static int make(struct job *job, struct run *r, struct err *e)
{
	const struct conf_cgroup *cc = &job->conf->cgroup;
	int ret;

	if (job->is_parallel)
		return cgroup_make(&job->v1, false, e);
	ret = job->request ? cgroup_adopt(&job->set, &cc->res, cc->best_effort,
					  r->pid, job->arena, e)
			   : cgroup_make(&job->set,
					 cc->best_effort && !cc->path, e);

	if (ret == -EACCES || ret == -EPERM || ret == -EROFS)
		return err_hint(e, ret,
				"%srun it as root, or have cgroups delegated "
				"to the user",
				cc->path ? "leave out linux.cgroupsPath, " : "");
	return ret;
}

static int limit(const struct job *job, struct run *r, struct err *e)
{
	const struct conf_cgroup *cc = &job->conf->cgroup;
	struct err why = { 0 };
	int ret;

	if (!cc->default_limits)
		return cgroup_limit(&job->set, &cc->res, false, false, e);
	ret = cgroup_limit(&job->set, &cc->res, false, false, &why);
	if (ret == 0)
		return 0;
	run_warn(r, "the default limits are not all set: %s", why.text);
	return cgroup_limit(&job->set, &cc->res, false, true, e);
}

static int cgroup_apply(const struct op *op, struct run *r, struct err *e)
{
	struct job *job = (void *)(uintptr_t)op->arg; /* our own, see make() */
	const struct conf_cgroup *cc = &job->conf->cgroup;

	switch (op->kind) {
	case CGROUP_UNIT:
		return start_unit(job, r, e);
	case CGROUP_MAKE_V2:
		return cgroup_make(&job->v2, false, e);
	case CGROUP_MAKE:
		return make(job, r, e);
	case CGROUP_LIMIT:
		return limit(job, r, e);
	case CGROUP_DEVICES:
		return cgroup_devices(&job->set, cc->res.dev_rules,
				      cc->res.n_dev_rules, e);
	case CGROUP_OPEN:
		return cgroup_open_attach(job->is_parallel ? &job->v2
							   : &job->set,
					  NULL, r->attach_fds, RUN_ATTACH_MAX,
					  &r->n_attach, &r->cgroup_fd, e);
	}
	return enter(job, r, e);
}

static void cgroup_undo(const struct op *op, struct run *r)
{
	const struct job *job = op->arg;

	(void)r;
	if (op->kind == CGROUP_UNIT)
		(void)unit_stop(&job->set, NULL);
	if (op->kind == CGROUP_MAKE_V2)
		(void)cgroup_remove(&job->v2, NULL);
	if (op->kind == CGROUP_MAKE)
		(void)cgroup_remove(job->is_parallel ? &job->v1 : &job->set,
				    NULL);
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
	case CGROUP_UNIT:
		fprintf(out, "%s systemd makes the scope %s",
			job->set.is_user ? "the user's" : "the host's",
			job->set.scope);
		break;
	case CGROUP_MAKE_V2:
		fprintf(out, "make %s in cgroup v2", job->set.path);
		break;
	case CGROUP_MAKE:
		fprintf(out, "%s %s in %zu hierarchies",
			job->request ? "complete" : "make", job->set.path,
			job->is_parallel ? job->v1.n_dirs : job->set.n_dirs);
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
