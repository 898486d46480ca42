/* SPDX-License-Identifier: Apache-2.0 */
/* run/graft.c - mounts put into, and taken out of, a running container.
 *
 * Theory of operation
 * -------------------
 * The mount is made here, detached, where the source is known: open_tree() for
 * a bind, fsmount() for a tmpfs. Then this process enters the mount namespace
 * of the container's init, by its pidfd, and moves the mounts in. From there on
 * every path is resolved with the container's own root, so its symlinks lead to
 * nothing of the host's.
 *
 *  G1  PR_SET_DUMPABLE is 0 before the namespace is entered: a container that
 *      shares the host's pids must not get at our fds or our binary by
 *      /proc/PID (CVE-2019-5736, CVE-2016-9962).
 *  G2  Nothing is written to files of the container; a missing mount point is
 *      made, as create does it.
 *
 * An ordinary user may not copy mounts (open_tree() wants CAP_SYS_ADMIN where
 * the source is), so this is for root. */
#include "run/graft.h"

#include "base/err.h"
#include "base/scope.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GRAFT_MAX = 64, UMOUNT_DETACH = 2, UMOUNT_NOFOLLOW_FLAG = 8, REC = 1 << 14 };

/* umount2() is declared next to names that <linux/mount.h> has, too. */
extern int umount2(const char *target, int flags);

static bool is_bind(const struct conf_mount *m)
{
	return !m->type || strcmp(m->type, "bind") == 0 || (m->flags & 1 << 12);
}

static int make_detached(const struct conf_mount *m, struct err *e)
{
	auto_fd int fd = -EBADF;
	unsigned rec = m->flags & REC ? AT_RECURSIVE : 0;
	uint64_t attrs = sys_mount_attrs(m->flags);
	int r = 0;

	if (m->extra || m->idmaps.n_uid || m->idmaps.n_gid)
		return err_input(e, "%s: idmap, tmpcopyup and symlink options are for create only", m->destination);
	if (is_bind(m)) {
		if (!m->source)
			return err_input(e, "%s: a bind mount needs a source", m->destination);
		fd = sys_open_tree(AT_FDCWD, m->source,
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | rec);
		if (fd >= 0 && attrs)
			r = sys_mount_setattr(fd, 0, attrs, 0, 0, -1);
		if (fd >= 0 && r == 0 && (m->rec_set || m->rec_clear))
			r = sys_mount_setattr(fd, AT_RECURSIVE, m->rec_set, m->rec_clear, 0, -1);
	} else if (strcmp(m->type, "tmpfs") == 0) {
		fd = sys_fs_mount("tmpfs", m->source, m->data, attrs);
	} else {
		return err_input(e, "%s: type %s: only bind and tmpfs can be added to a running container",
				 m->destination, m->type);
	}
	if (fd >= 0 && r == 0)
		r = sys_mount_setattr(fd, rec, 0, 0, 1 << 18 /* MS_PRIVATE */, -1);
	if (fd < 0 || r < 0)
		return err_set(e, fd < 0 ? fd : r, "mount %s: %s", m->destination,
			       m->source ? m->source : m->type);
	return TAKE_FD(fd);
}

static int enter(const struct state *s, struct err *e)
{
	auto_fd int pidfd = state_pidfd(s, e);
	int r;

	if (pidfd < 0)
		return pidfd;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) /* G1 */
		return err_sys(e, "hide from the container");
	r = sys_setns(pidfd, CLONE_NEWNS);
	if (r < 0)
		return err_set(e, r, "enter the mount namespace of container \"%s\"", s->id);
	return 0;
}

/* An O_PATH fd of the mount point, made when it is missing. */
static int mount_point(int root_fd, const char *path, bool is_dir)
{
	auto_fd int parent_fd = -EBADF, fd = -EBADF;
	const char *name;

	fd = sys_open_in(root_fd, path, O_PATH | O_CLOEXEC, 0, 0);
	if (fd != -ENOENT)
		return TAKE_FD(fd);
	if (is_dir)
		return sys_mkdirs_in(root_fd, path, 0755);
	parent_fd = sys_parent_in(root_fd, path, 0755, true, &name);
	if (parent_fd < 0)
		return parent_fd;
	fd = openat(parent_fd, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? -errno : TAKE_FD(fd);
}

static int move_in(int root_fd, int mount_fd, const struct conf_mount *m,
		   struct err *e)
{
	auto_fd int target_fd = -EBADF;
	struct stat st;
	int r;

	if (fstat(mount_fd, &st) < 0)
		return err_sys(e, "mount %s", m->destination);
	target_fd = mount_point(root_fd, m->destination, S_ISDIR(st.st_mode));
	if (target_fd < 0)
		return err_set(e, target_fd, "mount %s: mount point", m->destination);
	r = sys_move_mount(mount_fd, target_fd);
	return r < 0 ? err_set(e, r, "mount %s", m->destination) : 0;
}

static int move_all(const int *fds, const struct conf_mount *m, size_t n,
		    struct err *e)
{
	auto_fd int root_fd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = root_fd < 0 ? err_sys(e, "open the container's root") : 0;
	size_t done = 0;

	while (r == 0 && done < n) {
		r = move_in(root_fd, fds[done], &m[done], e);
		done += r == 0;
	}
	while (r < 0 && done > 0)
		(void)umount2(m[--done].destination, UMOUNT_DETACH | UMOUNT_NOFOLLOW_FLAG);
	return r;
}

int graft_mounts(const struct state *s, const struct conf_mount *m, size_t n,
		 struct err *e)
{
	int fds[GRAFT_MAX], r = 0;
	size_t made = 0;

	if (n > GRAFT_MAX)
		return err_input(e, "more than %d mounts at once", GRAFT_MAX);
	while (r == 0 && made < n) {
		fds[made] = make_detached(&m[made], e);
		r = fds[made] < 0 ? fds[made] : 0;
		made += r == 0;
	}
	if (r == 0)
		r = enter(s, e);
	if (r == 0)
		r = move_all(fds, m, n, e);
	while (made > 0)
		close(fds[--made]);
	return r;
}

int graft_remove(const struct state *s, const struct conf_mount *m, size_t n,
		 struct err *e)
{
	int r = enter(s, e);

	if (r < 0)
		return r;
	while (n-- > 0)
		if (umount2(m[n].destination, UMOUNT_DETACH | UMOUNT_NOFOLLOW_FLAG) < 0 && r == 0)
			r = err_sys(e, "unmount %s", m[n].destination);
	return r;
}
