/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/rdt.c - the class of service for caches and memory bandwidth (Intel
 * RDT, AMD QoS), and its monitoring.
 *
 * The supervisor makes the directories, puts the child in while it waits, and
 * takes away what it made when the start fails; `delete` removes the one that
 * is the container's own (conf/rdt.h). A further process joins. */
#include "conf/rdt.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/rdt-priv.h"
#include "bricks/rdt.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>

#ifndef RDTGROUP_SUPER_MAGIC
#define RDTGROUP_SUPER_MAGIC 0x7655821
#endif

enum { RDT_MAKE, RDT_JOIN };

struct job {
	const struct conf *conf;
	const char *class, *monitor;
	bool made_class, made_monitor;
};

static int add(struct plan *p, const struct brick *brick, struct job *job,
	       enum phase phase, int kind, struct err *e)
{
	const struct op op = { .brick = brick,
			       .phase = phase,
			       .kind = kind,
			       .fd = -EBADF,
			       .arg = job };

	return plan_add(p, op, e);
}

static int job_new(const struct conf *c, struct plan *p, struct job **ret,
		   struct err *e)
{
	struct job *job = arena_new(p->arena, struct job);

	if (!job)
		return err_set(e, -ENOMEM, "plan");
	*job = (struct job){ .conf = c, .class = conf_rdt_class(c) };
	if (c->rdt.enable_monitoring) {
		job->monitor = conf_rdt_monitor(c, p->arena);
		if (!job->monitor)
			return err_set(e, -ENOMEM, "plan");
	}
	*ret = job;
	return 0;
}

static int rdt_plan(const struct conf *c, const struct host *h, struct plan *p,
		    struct err *e)
{
	struct job *job;
	int ret;

	(void)h;
	if (!c->rdt.given)
		return 0;
	ret = job_new(c, p, &job, e);
	if (ret == 0)
		ret = add(p, &brick_rdt, job, PHASE_HOST, RDT_MAKE, e);
	return ret < 0 ? ret
		       : add(p, &brick_rdt, job, PHASE_ATTACH, RDT_JOIN, e);
}

static int rdt_join_plan(const struct conf *c, const struct host *h,
			 struct plan *p, struct err *e)
{
	struct job *job;
	int ret;

	(void)h;
	if (!c->rdt.given)
		return 0;
	ret = job_new(c, p, &job, e);
	return ret < 0 ? ret
		       : add(p, &brick_rdt_join, job, PHASE_ATTACH, RDT_JOIN,
			     e);
}

static int make_dir(int root_fd, const char *name)
{
	return mkdirat(root_fd, name, 0755) < 0 ? -errno : 0;
}

static int open_root(struct err *e)
{
	auto_fd int fd = open(RDT_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && sys_fs_magic(fd) == RDTGROUP_SUPER_MAGIC)
		return TAKE_FD(fd);
	err_input(e, "linux.intelRdt: no resctrl is mounted at %s", RDT_ROOT);
	return err_hint(e, -EINVAL,
			"mount -t resctrl resctrl %s, on a machine that has it",
			RDT_ROOT);
}

static int make(struct job *job, const struct rdt_tree *t, struct err *e)
{
	int ret =
		rdt_class(t, job->class, &job->conf->rdt, &job->made_class, e);

	if (ret == 0 && job->monitor)
		ret = rdt_monitor(t, job->monitor, &job->made_monitor, e);
	if (ret == 0)
		return 0;
	if (job->made_class)
		(void)unlinkat(t->root_fd, job->class, AT_REMOVEDIR);
	return ret;
}

static int join(const struct job *job, const struct rdt_tree *t, pid_t pid,
		struct err *e)
{
	int ret = rdt_add_task(t, job->class, pid, e);

	return ret < 0 || !job->monitor ? ret
					: rdt_add_task(t, job->monitor, pid, e);
}

static int rdt_apply(const struct op *op, struct run *r, struct err *e)
{
	struct job *job = (struct job *)(uintptr_t)op->arg;
	auto_fd int root = -EBADF;
	struct rdt_tree tree;

	root = open_root(e);
	if (root < 0)
		return root;
	tree = (struct rdt_tree){ .root_fd = root, .make = make_dir };
	return op->kind == RDT_MAKE ? make(job, &tree, e)
				    : join(job, &tree, r->pid, e);
}

static void rdt_undo(const struct op *op, struct run *r)
{
	const struct job *job = op->arg;
	auto_fd int root = -EBADF;

	(void)r;
	if (op->kind != RDT_MAKE)
		return;
	root = open_root(NULL);
	if (root >= 0 && job->made_monitor)
		(void)unlinkat(root, job->monitor, AT_REMOVEDIR);
	if (root >= 0 && job->made_class)
		(void)unlinkat(root, job->class, AT_REMOVEDIR);
}

int rdt_update(const struct conf *c, const struct conf_intel_rdt *change, struct err *e)
{
	auto_fd int root = -EBADF;
	struct rdt_tree tree = { .make = make_dir };

	if (!c->rdt.given || c->rdt.clos_id) {
		err_input(e, "the container has no Intel RDT class of its own");
		return err_hint(e, -EINVAL, "its config.json needs linux.intelRdt without closID; a "
					    "shared class is changed in " RDT_ROOT);
	}
	root = open_root(e);
	if (root < 0)
		return root;
	tree.root_fd = root;
	return rdt_change(&tree, conf_rdt_class(c), change, e);
}

static void rdt_show(const struct op *op, FILE *out)
{
	const struct job *job = op->arg;

	fprintf(out, "%s class %s",
		op->kind == RDT_MAKE ? "make or check" : "join", job->class);
	if (job->monitor)
		fprintf(out, ", monitored as %s", job->monitor);
}

const struct brick brick_rdt = {
	.name = "intel-rdt",
	.plan = rdt_plan,
	.apply = rdt_apply,
	.undo = rdt_undo,
	.show = rdt_show,
};

/* For a further process. */
const struct brick brick_rdt_join = {
	.name = "intel-rdt",
	.plan = rdt_join_plan,
	.apply = rdt_apply,
	.show = rdt_show,
};
