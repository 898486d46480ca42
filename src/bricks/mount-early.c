/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/mount-early.c - mounts that the supervisor makes for the child.
 *
 * While the child enters its cgroups the supervisor has nothing to do. What
 * needs no namespace of the child's it makes meanwhile, detached: /dev with
 * devpts and the tmpfs below it, and the tree of v1 cgroups. The child then
 * moves each to its place, checked as any other (mounts.c, M1, M2), and skips
 * what came with it.
 *
 *  - Only for a container without a user namespace: a file system belongs to
 *    the user namespace that it was made in.
 *  - The order of config.json must not show. So only file systems that hold
 *    nothing of the image or the host are made early, and nothing after the
 *    first mount below /dev that could be something else.
 *  - A mount upon a detached one is possible since Linux 6.15. Where it is not,
 *    the slot stays empty, and the child does it all as before. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/mount-priv.h"
#include "bricks/table.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Plain: nothing that looks at the image or at other mounts. */
static bool is_plain(const struct conf_mount *m)
{
	return m->type && !(m->flags & MS_BIND) && !m->extra &&
	       !m->propagation;
}

static bool is_type(const struct conf_mount *m, const char *type)
{
	return is_plain(m) && strcmp(m->type, type) == 0;
}

/* "/dev/NAME", written as plainly as that: NAME; else NULL. */
static const char *name_in_dev(const struct conf_mount *m)
{
	const char *name = m->destination + strlen("/dev/");

	if (strncmp(m->destination, "/dev/", 5) != 0 || !*name ||
	    strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return NULL;
	return name;
}

/* Made by the devices brick, and by it alone. */
static bool is_customary(const char *name)
{
	static const char *const names[] = { "fd",     "stdin", "stdout",
					     "stderr", "core",	"ptmx" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool is_harmless(const struct conf_mount *m)
{
	return is_type(m, "proc") || is_type(m, "sysfs") ||
	       is_type(m, "mqueue") || is_type(m, "cgroup") ||
	       is_type(m, "cgroup2");
}

/* Which job is what. Whatever is strange makes fewer of them early. */
static bool choose(struct mount_job *const *jobs, size_t n)
{
	bool has_dev = false, has_cgroup = false, goes_on = true;

	for (size_t i = 0; i < n; i++) {
		const struct conf_mount *m = jobs[i]->m;
		const char *name = name_in_dev(m);

		if (name && is_customary(name))
			goes_on = false;
		if (is_type(m, "tmpfs") && goes_on && !has_dev &&
		    strcmp(m->destination, "/dev") == 0) {
			jobs[i]->early = EARLY_DEV;
			has_dev = true;
		} else if (has_dev && goes_on && name &&
			   (is_type(m, "tmpfs") || is_type(m, "devpts"))) {
			jobs[i]->early = EARLY_IN_DEV;
		} else if (!has_cgroup && is_type(m, "cgroup") &&
			   jobs[i]->host->cgroup_layout != CGROUP_V2 &&
			   jobs[i]->set.n_dirs > 0) {
			jobs[i]->early = EARLY_CGROUP;
			has_cgroup = true;
		} else if (has_dev && !is_harmless(m)) {
			goes_on = false;
		}
	}
	return has_dev || has_cgroup;
}

bool mount_early_plan(const struct conf *c, const struct host *h,
		      struct mount_job *const *jobs, size_t n)
{
	if (c->ns[NS_USER].mode != PART_OFF || h->in_userns || h->is_rootless ||
	    c->ns[NS_MNT].mode != PART_OWN)
		return false;
	return choose(jobs, n);
}

/* 0 when the kernel cannot do it: then *tree is closed and empty. */
static int put_in_dev(int *tree, int sub, const char *name, struct err *e)
{
	int r;

	if (mkdirat(*tree, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make /dev/%s", name);
	r = sys_move_mount_at(sub, *tree, name);
	if (r == -EINVAL)
		close(TAKE_FD(*tree));
	else if (r < 0)
		return err_set(e, r, "mount upon /dev/%s", name);
	return 0;
}

static int make_dev(struct mount_job *job, int *tree, struct err *e)
{
	const char *name = name_in_dev(job->m);
	auto_fd int sub = -EBADF;

	if (job->early == EARLY_DEV) {
		*tree = mount_new_tree(job, e);
		return *tree < 0 ? *tree : 0;
	}
	/* The child's way to what it mounts later: mqueue needs its IPC. */
	if (job->early != EARLY_IN_DEV) {
		if (*tree >= 0 && name && is_harmless(job->m))
			(void)mkdirat(*tree, name, 0755);
		return 0;
	}
	if (*tree < 0)
		return 0;
	sub = mount_new_tree(job, e);
	return sub < 0 ? sub : put_in_dev(tree, sub, name, e);
}

int mount_early(struct mount_job *const *jobs, size_t n, struct run *r,
		struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++) {
		struct mount_job *job = jobs[i];

		if (job->early == EARLY_CGROUP)
			ret = mount_cgroup_early(job, &r->trees[TREE_CGROUP],
						 e);
		else
			ret = make_dev(job, &r->trees[TREE_DEV], e);
		if (ret < 0)
			return err_ctx(e, ret, "%s", job->m->destination);
	}
	if (r->trees[TREE_DEV] < 0)
		return 0;
	r->made |= MADE_DEV;
	for (size_t i = 0; i < n; i++)
		if (jobs[i]->early == EARLY_IN_DEV &&
		    strcmp(jobs[i]->m->destination, "/dev/pts") == 0)
			r->made |= MADE_DEV_PTS;
	return 0;
}
