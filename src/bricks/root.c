/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/root.c - the root file system: where "/" of the container is.
 *
 * BUILD clones the mount tree at root.path and lays it over "/" of the child's
 * own mount namespace; all that other bricks mount goes below run->root_fd, by
 * fd. PIVOT makes it "/" and drops the host's tree for good.
 *
 *  R1  The host never sees a mount of ours: the first thing done in the new
 *      namespace is to make everything in it a slave of the host's.
 *  R2  pivot_root(".", ".") stacks the old root upon the new one and one
 *      umount2() takes it away: there is no directory in the image for it, so
 *      none that the image could have made a symlink.
 *
 * A host's root that starts a container with a user namespace may have its
 * images below directories that the container's root cannot pass: then the
 * supervisor clones the tree and hands the child the fd. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/root-priv.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const void *data);
int umount2(const char *target, int flags);
enum { DETACH = 2 /* MNT_DETACH */ };

enum {
	ROOT_OPEN,
	ROOT_BIND,
	ROOT_PIVOT,
	ROOT_MOVE,
	ROOT_CWD,
	ROOT_READONLY,
	ROOT_SPREAD
};

struct job {
	const struct conf *conf;
	const char *path; /* absolute */
	int tree_fd;	  /* from the supervisor; -EBADF */
};

static int add(struct plan *p, struct job *job, enum phase phase, int kind,
	       struct err *e)
{
	const struct op op = { .brick = &brick_root,
			       .phase = phase,
			       .kind = kind,
			       .fd = -EBADF,
			       .arg = job };

	return plan_add(p, op, e);
}

static int root_plan(const struct conf *c, const struct host *h, struct plan *p,
		     struct err *e)
{
	struct job *job = arena_new(p->arena, struct job);
	int r = 0;

	if (c->ns[NS_MNT].mode == PART_OFF) {
		err_input(e, "linux.namespaces: no mount namespace");
		return err_hint(e, -EINVAL,
				"add {\"type\": \"mount\"}: without it the "
				"root file system would be the host's");
	}
	if (!c->root.path)
		return err_input(e, "root.path: missing");
	if (!job)
		return err_set(e, -ENOMEM, "plan");
	*job = (struct job){ .conf = c,
			     .path = c->root.path,
			     .tree_fd = -EBADF };
	if (c->root.path[0] != '/')
		job->path =
			arena_printf(p->arena, "%s/%s",
				     c->bundle ? c->bundle : "", c->root.path);
	if (!job->path)
		return err_set(e, -ENOMEM, "plan");
	if (c->ns[NS_USER].mode != PART_OFF && !h->is_rootless &&
	    !c->root.is_overlaid)
		r = add(p, job, PHASE_HOST, ROOT_OPEN, e);
	if (r == 0)
		r = add(p, job, PHASE_BUILD, ROOT_BIND, e);
	if (r == 0)
		r = add(p, job, PHASE_PIVOT,
			c->root.no_pivot ? ROOT_MOVE : ROOT_PIVOT, e);
	if (r == 0 && c->has_process)
		r = add(p, job, PHASE_PIVOT, ROOT_CWD, e);
	return r;
}

static int clone_tree(const char *path, struct err *e)
{
	int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE);
	struct stat st;

	if (fd < 0)
		return err_set(e, fd, "root.path %s", path);
	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(e, -ENOTDIR, "root.path %s", path);
	}
	return fd;
}

/* R1. rootfsPropagation "shared" and "slave" want the host's later mounts to
 * come in; "private" does not. */
static int cut_off(const struct conf *c, struct err *e)
{
	unsigned long flags = MS_SLAVE | MS_REC;

	if (c->root.propagation & MS_PRIVATE)
		flags = MS_PRIVATE | MS_REC;
	if (mount(NULL, "/", NULL, flags, NULL) < 0)
		return err_sys(e,
			       "cut the mount namespace off from the host's");
	return 0;
}

static int bind_overlay(struct job *job, struct run *r, struct err *e)
{
	auto_fd int slash =
		openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (slash < 0)
		return err_sys(e, "open /");
	r->root_fd = root_overlay(job->path, job->conf->root.overlay_size,
				  slash, e);
	return r->root_fd < 0 ? r->root_fd : 0;
}

static int bind(struct job *job, struct run *r, struct err *e)
{
	bool is_from_host = job->tree_fd >= 0;
	auto_fd int tree = -EBADF;
	int ret = cut_off(job->conf, e);

	if (ret < 0)
		return ret;
	if (job->conf->root.is_overlaid)
		return bind_overlay(job, r, e);
	tree = job->tree_fd >= 0 ? TAKE_FD(job->tree_fd)
				 : clone_tree(job->path, e);
	if (tree < 0)
		return tree;
	/* The clone is a peer of what was cloned, or a slave as that: after
	 * cut_off() only the supervisor's can be a peer of the host's. */
	if (is_from_host)
		ret = sys_mount_setattr(tree, AT_RECURSIVE, 0, 0,
					job->conf->root.propagation & MS_PRIVATE
						? MS_PRIVATE
						: MS_SLAVE,
					-1);
	if (ret == 0)
		ret = sys_move_mount_at(tree, AT_FDCWD, "/");
	if (ret < 0)
		return err_set(e, ret, "mount the root file system %s",
			       job->path);
	r->root_fd = TAKE_FD(tree);
	return 0;
}

static int pivot(struct run *r, struct err *e)
{
	if (fchdir(r->root_fd) < 0)
		return err_sys(e, "enter the new root");
	if (syscall(SYS_pivot_root, ".", ".") < 0) {
		err_sys(e, "pivot_root");
		if (e && e->code == -EINVAL)
			return err_hint(e, -EINVAL,
					"a root on the initial ramfs cannot be "
					"left by pivot_root: use --no-pivot");
		return e ? e->code : -EINVAL;
	}
	if (umount2(".", DETACH) < 0) /* R2 */
		return err_sys(e, "unmount the host's root");
	return chdir("/") < 0 ? err_sys(e, "enter the new root") : 0;
}

/* Without pivot_root the host's mounts stay below ours, out of reach of paths
 * since chroot() cannot be left without CAP_SYS_CHROOT: weaker, and only done
 * when asked for by name. */
static int move(struct run *r, struct err *e)
{
	if (fchdir(r->root_fd) < 0)
		return err_sys(e, "enter the new root");
	if (chroot(".") < 0 || chdir("/") < 0)
		return err_sys(e, "chroot to the new root");
	return 0;
}

static int make_cwd(const struct conf *c, const struct run *r, struct err *e)
{
	int fd;

	(void)e;
	if (!c->process.cwd || c->process.cwd[1] == '\0')
		return 0;
	/* What cannot be made (a read-only image) is told by chdir() later. */
	fd = sys_mkdirs_in(r->root_fd, c->process.cwd, 0755);
	if (fd >= 0)
		close(fd);
	return 0;
}

static int root_apply(const struct op *op, struct run *r, struct err *e)
{
	struct job *job = (struct job *)(uintptr_t)op->arg;

	switch (op->kind) {
	case ROOT_OPEN:
		job->tree_fd = clone_tree(job->path, e);
		return job->tree_fd < 0 ? job->tree_fd : 0;
	case ROOT_BIND:
		return bind(job, r, e);
	case ROOT_PIVOT:
		return pivot(r, e);
	case ROOT_MOVE:
		return move(r, e);
	}
	return make_cwd(job->conf, r, e);
}

static void root_undo(const struct op *op, struct run *r)
{
	struct job *job = (struct job *)(uintptr_t)op->arg;

	(void)r;
	if (op->kind == ROOT_OPEN && job->tree_fd >= 0)
		close(TAKE_FD(job->tree_fd));
}

static void root_show(const struct op *op, FILE *out)
{
	const struct job *job = op->arg;

	switch (op->kind) {
	case ROOT_OPEN:
		fprintf(out, "open %s for the user namespace", job->path);
		break;
	case ROOT_BIND:
		fprintf(out, "%s%s", job->path,
			job->conf->root.is_overlaid
				? ", read-only below an overlay in memory"
				: "");
		break;
	case ROOT_PIVOT:
		fprintf(out, "pivot_root, the host's tree dropped");
		break;
	case ROOT_MOVE:
		fprintf(out, "chroot (--no-pivot)");
		break;
	case ROOT_CWD:
		fprintf(out, "working directory %s", job->conf->process.cwd);
		break;
	}
}

const struct brick brick_root = {
	.name = "root",
	.plan = root_plan,
	.apply = root_apply,
	.undo = root_undo,
	.show = root_show,
};

/* The last word on the root file system comes after all that had to be made in
 * it, so it stands further down in the table. */

static int final_plan(const struct conf *c, const struct host *h,
		      struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_root_final,
			 .phase = PHASE_PIVOT,
			 .fd = -EBADF,
			 .kind = ROOT_READONLY,
			 .num = c->root.propagation };
	int r = 0;

	(void)h;
	if (c->root.is_readonly)
		r = plan_add(p, op, e);
	op.kind = ROOT_SPREAD;
	if (r == 0 && c->root.propagation & (MS_SHARED | MS_UNBINDABLE))
		r = plan_add(p, op, e);
	return r;
}

static int final_apply(const struct op *op, struct run *r, struct err *e)
{
	int ret;

	if (op->kind == ROOT_SPREAD) {
		if (mount(NULL, "/", NULL, (unsigned long)op->num, NULL) < 0)
			return err_sys(e, "linux.rootfsPropagation: set it");
		return 0;
	}
	ret = sys_mount_setattr(r->root_fd, 0, MOUNT_ATTR_RDONLY, 0, 0, -1);
	return ret < 0 ? err_set(e, ret,
				 "root.readonly: make the root read-only")
		       : 0;
}

static void final_show(const struct op *op, FILE *out)
{
	fprintf(out, op->kind == ROOT_SPREAD ? "mounts spread to peers"
					     : "read-only");
}

const struct brick brick_root_final = {
	.name = "root",
	.plan = final_plan,
	.apply = final_apply,
	.show = final_show,
};
