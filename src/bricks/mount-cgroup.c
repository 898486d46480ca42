/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/mount-cgroup.c - /sys/fs/cgroup of a container.
 *
 * v2: a fresh cgroup2 mount shows the own cgroup as its root when there is a
 * cgroup namespace; else the own cgroup is bound. v1 and hybrid: a tmpfs with
 * one directory a hierarchy, upon each of which the container's own cgroup is
 * bound: the same view as a fresh mount inside a cgroup namespace, without its
 * price. Nothing of the host's other cgroups is to be seen either way, and
 * release_agent (CVE-2022-0492) is in the hierarchy's root only.
 *
 * Without cgroups of its own (--cgroup-manager disabled) a container sees the
 * runtime's, read-only. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/mount-priv.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tree of the runtime's own cgroups when the container has none. */
static int own_set(struct mount_job *job, const struct host *h, struct arena *a)
{
	for (size_t i = 0; i < h->n_cgroups && i < CGROUP_MAX; i++) {
		struct cgroup_dir *d = &job->set.dirs[job->set.n_dirs++];

		d->hierarchy = &h->cgroups[i];
		d->path = arena_printf(a, "%s%s", h->cgroups[i].mount,
				       h->cgroups[i].own);
		if (!d->path)
			return -ENOMEM;
	}
	return 0;
}

int mount_cgroup_plan(struct mount_job *job, const struct host *h,
		      struct arena *a, struct err *e)
{
	int r = cgroup_plan(&job->conf->cgroup, job->conf->id, h, a, &job->set,
			    e);

	if (r == 0 && job->set.n_dirs == 0)
		r = own_set(job, h, a);
	return r;
}

static int bound(const char *path, uint64_t attrs)
{
	return sys_open_tree_with(AT_FDCWD, path, OPEN_TREE_CLONE, attrs,
				  MS_PRIVATE);
}

static int unified(struct mount_job *job, uint64_t attrs, struct err *e)
{
	int tree = -EPERM;

	if (job->conf->ns[NS_CGROUP].mode != PART_OFF)
		tree = sys_fs_mount("cgroup2", "cgroup", NULL, attrs);
	if (tree < 0 && job->set.n_dirs > 0)
		tree = bound(job->set.dirs[0].path, attrs);
	return tree < 0 ? err_set(e, tree, "mount cgroup2") : tree;
}

/* "cpu,cpuacct" is reached as cpu and as cpuacct, too. */
static void link_parts(int dir_fd, const char *name)
{
	const char *p = name;
	char part[64];

	while (strchr(name, ',') && *p) {
		size_t n = strcspn(p, ",");

		snprintf(part, sizeof(part), "%.*s", (int)n, p);
		(void)symlinkat(name, dir_fd, part);
		p += n + (p[n] == ',');
	}
}

static int hang_in(int dir_fd, const struct cgroup_dir *d, int tree,
		   struct err *e)
{
	const char *slash = strrchr(d->hierarchy->mount, '/');
	const char *name = slash && slash[1] ? slash + 1 : "cgroup";
	int r;

	if (tree == -ENOENT)
		return 0;
	if (tree < 0)
		return err_set(e, tree, "bind %s", d->path);
	if (mkdirat(dir_fd, name, 0755) < 0)
		return err_sys(e, "make the directory %s", name);
	r = sys_move_mount_at(tree, dir_fd, name);
	if (r < 0)
		return err_set(e, r, "mount the hierarchy %s", name);
	link_parts(dir_fd, name);
	return 0;
}

static int put_on(struct mount_job *job, struct run *r, int tree, struct err *e)
{
	const char *where = job->m->destination;
	auto_exec_fd int target = sys_open_in(r->root_fd, where, O_PATH, 0, 0);
	int ret;

	if (target == -ENOENT)
		target = mount_make_target(r->root_fd, where, true);
	if (target < 0)
		return err_set(e, target, "make the destination %s", where);
	ret = sys_move_mount(tree, target);
	return ret < 0 ? err_set(e, ret, "mount upon %s", where) : 0;
}

static int new_top(uint64_t attrs, struct err *e)
{
	int tree = sys_fs_mount("tmpfs", "cgroup", "mode=755,size=64k",
				attrs & ~(uint64_t)MOUNT_ATTR_RDONLY);

	return tree < 0 ? err_set(e, tree, "mount tmpfs") : tree;
}

static int fill_top(const struct mount_job *job, int top, uint64_t attrs,
		    struct err *e)
{
	int trees[CGROUP_MAX] = { 0 }, r = 0;
	size_t n = job->set.n_dirs;

	for (size_t i = 0; i < n; i++)
		trees[i] = sys_open_tree(AT_FDCWD, job->set.dirs[i].path,
					 OPEN_TREE_CLONE);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = hang_in(top, &job->set.dirs[i], trees[i], e);
	sys_close_all(trees, n);
	if (r < 0)
		return r;
	r = sys_mount_setattr(top, AT_RECURSIVE, attrs, 0, MS_PRIVATE, -1);
	return r < 0 ? err_set(e, r, "set the mount options") : 0;
}

int mount_cgroup_early(struct mount_job *job, int *ret_tree, struct err *e)
{
	uint64_t attrs = sys_mount_attrs(job->m->flags);
	auto_fd int tree = new_top(attrs, e);
	int r;

	if (tree < 0)
		return tree;
	r = fill_top(job, tree, attrs, e);
	if (r == 0)
		*ret_tree = TAKE_FD(tree);
	return r == -EINVAL ? 0 : r;
}

int mount_cgroup(struct mount_job *job, struct run *r, struct err *e)
{
	uint64_t attrs = sys_mount_attrs(job->m->flags);
	auto_exec_fd int tree = -EBADF;
	int ret;

	if (job->host->cgroup_layout == CGROUP_NONE)
		return 0;
	if (job->host->cgroup_layout == CGROUP_V2) {
		tree = unified(job, attrs, e);
		return tree < 0 ? tree : put_on(job, r, tree, e);
	}
	if (job->early == EARLY_CGROUP && r->trees[TREE_CGROUP] >= 0) {
		tree = TAKE_FD(r->trees[TREE_CGROUP]);
		return put_on(job, r, tree, e);
	}
	tree = new_top(attrs, e);
	if (tree < 0)
		return tree;
	ret = put_on(job, r, tree, e);
	return ret < 0 ? ret : fill_top(job, tree, attrs, e);
}
