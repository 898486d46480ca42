/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/paths.c - paths that are hidden, and paths that may only be read.
 *
 * Done from inside, after pivot_root, on the mount behind an fd. What masks is
 * an object of ours: for directories one empty read-only tmpfs, shared by all
 * of them (a file system each costs an RCU wait at its end), for files a clone
 * of the host's /dev/null that has proved to be character device 1:3 on its fd.
 * The container's own /dev/null has no part in it (CVE-2025-31133: it had
 * become a symlink). A path that is not there needs no mask; one that is a
 * symlink is followed inside the root only. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PATHS_EARLY, PATHS_PREPARE, PATHS_READONLY, PATHS_MASK };

/* What all masks are cloned from. A detached mount becomes the first mask; the
 * others are clones of it, since older kernels clone attached ones only. */
struct job {
	const struct conf *conf;
	int dir_fd, file_fd;
	bool dir_used, file_used;
};

static int add(struct plan *p, struct job *job, enum phase phase, int kind,
	       struct err *e)
{
	const struct op op = { .brick = &brick_paths,
			       .phase = phase,
			       .kind = kind,
			       .fd = -EBADF,
			       .arg = job };

	return plan_add(p, op, e);
}

static int paths_plan(const struct conf *c, const struct host *h,
		      struct plan *p, struct err *e)
{
	struct job *job = arena_new(p->arena, struct job);
	int r = 0;

	if (!job)
		return err_set(e, -ENOMEM, "plan");
	*job = (struct job){ .conf = c, .dir_fd = -EBADF, .file_fd = -EBADF };
	/* A file system belongs to the user namespace that it was made in. */
	if (c->masked_paths.n && c->ns[NS_USER].mode == PART_OFF &&
	    !h->in_userns && !h->is_rootless)
		r = add(p, job, PHASE_BESIDE, PATHS_EARLY, e);
	if (r == 0 && c->masked_paths.n)
		r = add(p, job, PHASE_BUILD, PATHS_PREPARE, e);
	if (r == 0 && c->readonly_paths.n)
		r = add(p, job, PHASE_PIVOT, PATHS_READONLY, e);
	if (r == 0 && c->masked_paths.n)
		r = add(p, job, PHASE_PIVOT, PATHS_MASK, e);
	return r;
}

/* Both, or the caller closes what there is. This is still the host's /dev. */
static int make_masks(int *dir_fd, int *file_fd, struct err *e)
{
	struct stat st;
	int r;

	*dir_fd = sys_fs_mount("tmpfs", NULL, NULL,
			       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
				       MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (*dir_fd < 0)
		return err_set(e, *dir_fd,
			       "linux.maskedPaths: mount an empty tmpfs");
	*file_fd = sys_open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE);
	if (*file_fd < 0 || fstat(*file_fd, &st) < 0)
		return err_set(e, *file_fd < 0 ? *file_fd : -errno,
			       "linux.maskedPaths: bind /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_plain(e, -ENODEV,
				 "linux.maskedPaths: the host's /dev/null is "
				 "not device 1:3");
	r = sys_mount_setattr(*file_fd, 0, 0, 0, MS_PRIVATE, -1);
	return r < 0 ? err_set(e, r,
			       "linux.maskedPaths: cut /dev/null off from the "
			       "host's")
		     : 0;
}

static int prepare(struct job *job, struct run *r, struct err *e)
{
	int ret = run_trees(r, e);

	if (ret < 0)
		return ret;
	if (r->trees[TREE_MASK_DIR] < 0 || r->trees[TREE_MASK_FILE] < 0)
		return make_masks(&job->dir_fd, &job->file_fd, e);
	job->dir_fd = TAKE_FD(r->trees[TREE_MASK_DIR]);
	job->file_fd = TAKE_FD(r->trees[TREE_MASK_FILE]);
	return 0;
}

/* -ENOENT when there is nothing to protect. */
static int open_path(const struct run *r, const char *path)
{
	int fd = sys_open_in(r->root_fd, path, O_PATH, 0, 0);

	return fd == -ENOTDIR ? -ENOENT : fd;
}

static int mask(struct job *job, struct run *r, const char *path, struct err *e)
{
	auto_exec_fd int target = open_path(r, path), clone = -EBADF;
	struct stat st;
	bool *used;
	int fd, ret;

	if (target == -ENOENT)
		return 0;
	if (target < 0 || fstat(target, &st) < 0)
		return err_set(e, target < 0 ? target : -errno, "open it");
	fd = S_ISDIR(st.st_mode) ? job->dir_fd : job->file_fd;
	used = S_ISDIR(st.st_mode) ? &job->dir_used : &job->file_used;
	if (*used) {
		clone = sys_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
		if (clone < 0)
			return err_set(e, clone, "clone the mask");
		fd = clone;
	}
	ret = sys_move_mount(fd, target);
	*used = true;
	return ret < 0 ? err_set(e, ret, "mount the mask") : 0;
}

static int make_readonly(struct run *r, const char *path, struct err *e)
{
	auto_exec_fd int target = open_path(r, path), tree = -EBADF;
	int ret;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return err_set(e, target, "open it");
	tree = sys_open_tree_with(
		target, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE,
		MOUNT_ATTR_RDONLY, MS_PRIVATE);
	if (tree < 0)
		return err_set(e, tree, "bind it read-only");
	ret = sys_move_mount(tree, target);
	return ret < 0 ? err_set(e, ret, "make it read-only") : 0;
}

static int paths_apply(const struct op *op, struct run *r, struct err *e)
{
	struct job *job = (struct job *)(uintptr_t)op->arg;
	const struct conf_strings *list = op->kind == PATHS_MASK
						  ? &job->conf->masked_paths
						  : &job->conf->readonly_paths;
	int ret = 0;

	if (op->kind == PATHS_EARLY)
		return make_masks(&r->trees[TREE_MASK_DIR],
				  &r->trees[TREE_MASK_FILE], e);
	if (op->kind == PATHS_PREPARE)
		return prepare(job, r, e);
	for (size_t i = 0; i < list->n && ret == 0; i++) {
		ret = op->kind == PATHS_MASK ? mask(job, r, list->v[i], e)
					     : make_readonly(r, list->v[i], e);
		if (ret < 0)
			err_ctx(e, ret, "%s", list->v[i]);
	}
	return ret;
}

static void paths_show(const struct op *op, FILE *out)
{
	const struct job *job = op->arg;
	const struct conf_strings *list = op->kind == PATHS_MASK
						  ? &job->conf->masked_paths
						  : &job->conf->readonly_paths;

	if (op->kind <= PATHS_PREPARE) {
		fprintf(out, op->kind == PATHS_EARLY
				     ? "make what masks, beside the child"
				     : "what masks, if it is not made yet");
		return;
	}
	fprintf(out, op->kind == PATHS_MASK ? "masked:" : "read-only:");
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, " %s", list->v[i]);
}

const struct brick brick_paths = {
	.name = "paths",
	.plan = paths_plan,
	.apply = paths_apply,
	.show = paths_show,
};
