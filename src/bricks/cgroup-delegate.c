/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/cgroup-delegate.c - a cgroup that the container manages itself.
 *
 * run.oci.delegate-cgroup (crun): a cgroup below the container's own, which
 * belongs to the container's root, and which its process is moved into. The
 * limits are on the one above, which stays ours, and which the cgroup namespace
 * has as its root: so the process moves when it has that namespace.
 *
 * It could not do that by itself, since moving takes rights over what is common
 * to both places. The kernel goes by who has opened the file (since 5.16), so
 * the supervisor opens it (PHASE_BESIDE) and the child writes. v1 is refused:
 * delegation is not safe there. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "cgroup/cgroup.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DELEGATE_MAKE, DELEGATE_ENTER };

/* What the ops share. */
struct job {
	struct cgroup set;
	const char *name;
	uint32_t uid, gid; /* the container's root, on the host */
};

static uint32_t host_id(const struct conf_idmap *maps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (maps[i].container_id == 0)
			return maps[i].host_id;
	return 0;
}

static int delegate_plan(const struct conf *c, const struct host *h,
			 struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_cgroup_delegate, .fd = -EBADF };
	struct job *job;
	int r;

	if (!c->cgroup.delegate || c->cgroup.manager == CGROUP_DISABLED)
		return 0;
	if (h->cgroup_layout != CGROUP_V2)
		return err_input(e, "annotations: run.oci.delegate-cgroup: "
				    "needs a host with cgroup v2 only");
	job = arena_new(p->arena, struct job);
	if (!job)
		return err_set(e, -ENOMEM, "plan");
	r = cgroup_plan(&c->cgroup, c->id, h, p->arena, &job->set, e);
	if (r < 0 || job->set.n_dirs == 0)
		return r;
	job->name = c->cgroup.delegate + strspn(c->cgroup.delegate, "/");
	if (c->ns[NS_USER].mode != PART_OFF) {
		job->uid = host_id(c->idmaps.uid, c->idmaps.n_uid);
		job->gid = host_id(c->idmaps.gid, c->idmaps.n_gid);
	}
	op.arg = job;
	op.kind = DELEGATE_MAKE;
	op.phase = PHASE_BESIDE;
	r = plan_add(p, op, e);
	op.kind = DELEGATE_ENTER;
	op.phase = PHASE_BUILD;
	return r < 0 ? r : plan_add(p, op, e);
}

/* Those of /sys/kernel/cgroup/delegate that let one make and fill cgroups. */
static int give(const struct job *job, int dir_fd, struct err *e)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads",
					     "cgroup.subtree_control" };

	if (fchown(dir_fd, job->uid, job->gid) < 0)
		return err_sys(e, "give the cgroup %s away", job->name);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (fchownat(dir_fd, files[i], job->uid, job->gid,
			     AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "give %s of the cgroup %s away",
				       files[i], job->name);
	return 0;
}

static int open_file(const struct job *job, struct run *r, int dir_fd,
		     struct err *e)
{
	int fd = openat(dir_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int ret;

	if (fd < 0)
		return err_sys(e, "open cgroup.procs of %s", job->name);
	ret = give(job, dir_fd, e);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	r->trees[TREE_DELEGATE] = fd;
	return 0;
}

/* Goes with the container's own cgroup (cgroup_remove()). */
static int make(const struct job *job, struct run *r, struct err *e)
{
	auto_fd int fd = -EBADF;
	char path[PATH_MAX];
	size_t top;
	int n = snprintf(path, sizeof(path), "%s%s/", job->set.dirs[0].hierarchy->mount,
			 r->cgroup_path ? r->cgroup_path : job->set.path);

	top = (size_t)n;
	if (n < 0 || top + strlen(job->name) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "make the cgroup %s", job->name);
	memcpy(path + top, job->name, strlen(job->name) + 1);
	for (char *p = path + top;; p++) {
		char c = *p;

		if (c != '/' && c)
			continue;
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "make the cgroup %s", path);
		*p = c;
		if (!c)
			break;
	}
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", path) : open_file(job, r, fd, e);
}

static int enter(const struct job *job, struct run *r, struct err *e)
{
	auto_fd int fd = -EBADF;
	int ret = run_trees(r, e);

	if (ret < 0)
		return ret;
	fd = TAKE_FD(r->trees[TREE_DELEGATE]);
	ret = sys_write_fd(fd, "0");
	return ret < 0 ? err_set(e, ret, "enter the cgroup %s", job->name) : 0;
}

static int delegate_apply(const struct op *op, struct run *r, struct err *e)
{
	return op->kind == DELEGATE_MAKE ? make(op->arg, r, e)
					 : enter(op->arg, r, e);
}

static void delegate_show(const struct op *op, FILE *out)
{
	const struct job *job = op->arg;

	if (op->kind == DELEGATE_ENTER)
		fprintf(out, "enter %s below it", job->name);
	else
		fprintf(out, "make %s/%s, of uid %u, gid %u", job->set.path,
			job->name, job->uid, job->gid);
}

const struct brick brick_cgroup_delegate = {
	.name = "cgroup",
	.plan = delegate_plan,
	.apply = delegate_apply,
	.show = delegate_show,
};
