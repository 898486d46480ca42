/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/root-overlay.c - a root that is somebody else's, and private all the
 * same.
 *
 * An overlay over the whole root is one mount. In a user namespace the kernel
 * refuses it for a root with other mounts in it (what they cover would come to
 * light), as the host's own has; then the root becomes a tmpfs with an overlay
 * for each directory, or a read-only bind for those that have mounts in them.
 * Kernel interfaces and temporary directories are left out: the container
 * mounts its own.
 *
 * overlayfs takes paths, and on kernels before 6.13 no fds: the tmpfs for what
 * is written is mounted upon /tmp of this mount namespace, which nobody else
 * sees and pivot_root drops, and the upper directories are given relative to
 * it. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/root-priv.h"
#include "sys/mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* getdents64(2) */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* What is under way. The working directory is where `uppers` and `works` are.
 */
struct overlay {
	const char *path;
	int root_fd; /* the tmpfs that becomes the root */
	struct err *e;
};

static int mount_overlay(const char *lower, const char *upper, const char *work)
{
	char data[3 * PATH_MAX];
	int fd;

	if ((size_t)snprintf(data, sizeof(data),
			     "lowerdir=%s,upperdir=%s,workdir=%s,userxattr",
			     lower, upper, work) >= sizeof(data))
		return -ENAMETOOLONG;
	fd = sys_fs_mount("overlay", "overlay", data, SAFE);
	return fd;
}

static int bind_readonly(const char *path)
{
	auto_fd int tree =
		sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE);
	int r;

	if (tree < 0)
		return tree;
	r = sys_mount_setattr(tree, AT_RECURSIVE,
			      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0,
			      MS_SLAVE, -1);
	return r < 0 ? r : TAKE_FD(tree);
}

static int show_dir(const struct overlay *o, const char *name, mode_t mode)
{
	char lower[PATH_MAX], upper[NAME_MAX + 8], work[NAME_MAX + 8];
	auto_fd int tree = -EBADF, target = -EBADF;
	int r;

	snprintf(lower, sizeof(lower), "%s/%s",
		 strcmp(o->path, "/") == 0 ? "" : o->path, name);
	snprintf(upper, sizeof(upper), "uppers/%s", name);
	snprintf(work, sizeof(work), "works/%s", name);
	if (mkdir(upper, mode) < 0 || mkdir(work, 0755) < 0 ||
	    mkdirat(o->root_fd, name, 0755) < 0)
		return err_sys(o->e,
			       "make the directories of the overlay over %s",
			       lower);
	target = openat(o->root_fd, name,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	tree = mount_overlay(lower, upper, work);
	if (tree < 0)
		tree = bind_readonly(lower);
	r = target < 0 ? -errno
	    : tree < 0 ? tree
		       : sys_move_mount(tree, target);
	return r < 0 ? err_set(o->e, r, "show %s", lower) : 0;
}

static int show_link(const struct overlay *o, int from_fd, const char *name)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(from_fd, name, text, sizeof(text) - 1);

	if (n < 0)
		return err_sys(o->e, "read the symlink %s", name);
	text[n] = '\0';
	return symlinkat(text, o->root_fd, name) < 0
		       ? err_sys(o->e, "make the symlink %s", name)
		       : 0;
}

static int show(const struct overlay *o, int from_fd, const char *name)
{
	static const char *const own[] = { ".",	  "..",	 "proc", "sys",
					   "dev", "run", "tmp",	 "lost+found" };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(name, own[i]) == 0)
			return 0;
	if (fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(o->e, "stat %s", name);
	if (S_ISLNK(st.st_mode))
		return show_link(o, from_fd, name);
	return S_ISDIR(st.st_mode) ? show_dir(o, name, st.st_mode & 0777) : 0;
}

static int show_all(const struct overlay *o)
{
	auto_fd int from = openat(AT_FDCWD, o->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct entry) char buf[4096];
	long n;

	if (from < 0)
		return err_sys(o->e, "open %s", o->path);
	while ((n = syscall(SYS_getdents64, from, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *d =
				(const struct entry *)(buf + at);
			int r = show(o, from, d->name);

			if (r < 0)
				return r;
			at += d->len;
		}
	}
	return n < 0 ? err_sys(o->e, "read %s", o->path) : 0;
}

static int by_directory(const char *path, const char *data, int target_fd,
			struct err *e)
{
	auto_fd int root = sys_fs_mount("tmpfs", "overlay", data, SAFE);
	struct overlay o = { path, root, e };
	int r = root < 0 ? root : sys_move_mount(root, target_fd);

	if (r < 0)
		return err_set(e, r, "mount a tmpfs as the root");
	/* Not in "work": the attempt over the whole root has left things there.
	 */
	if (mkdir("uppers", 0755) < 0 || mkdir("works", 0755) < 0)
		return err_sys(e, "make the directories of the overlays");
	r = show_all(&o);
	return r < 0 ? r : TAKE_FD(root);
}

int root_overlay(const char *path, const char *size, int target_fd,
		 struct err *e)
{
	auto_fd int tmp = -EBADF, target = -EBADF, tree = -EBADF;
	char data[64];
	int r;

	snprintf(data, sizeof(data), "mode=755,size=%s", size);
	tmp = sys_fs_mount("tmpfs", "overlay", data, SAFE);
	target = openat(AT_FDCWD, "/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = tmp < 0 ? tmp : target < 0 ? -errno : sys_move_mount(tmp, target);
	if (r < 0)
		return err_set(e, r, "mount a tmpfs for what is written");
	if (mkdirat(tmp, "upper", 0755) < 0 || mkdirat(tmp, "work", 0755) < 0 ||
	    fchdir(tmp) < 0)
		return err_sys(e, "make the directories of the overlay");
	tree = mount_overlay(path, "upper", "work");
	if (tree == -EINVAL || tree == -EPERM)
		return by_directory(path, data, target_fd, e);
	r = tree < 0 ? tree : sys_move_mount(tree, target_fd);
	return r < 0 ? err_set(e, r, "mount an overlay over %s", path)
		     : TAKE_FD(tree);
}
