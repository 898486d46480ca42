/* SPDX-License-Identifier: Apache-2.0 */
/* sys/file.c - files: whole reads and writes, and paths that cannot escape. */
#include "sys/file.h"

#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* syscalls: openat2 */
int sys_open_in(int root_fd, const char *path, int flags, mode_t mode,
		uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd;

	/* A rename somewhere below the root while the kernel walked through
	 * ".." gives EAGAIN: try again, an attacker may keep us busy but not
	 * for ever. */
	for (int tries = 0; tries < 128; tries++) {
		fd = (int)syscall(SYS_openat2, root_fd, *path ? path : ".",
				  &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : fd;
}

int sys_open_beneath(int dir_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)flags | O_CLOEXEC,
				.resolve = resolve };
	int fd = (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Opens or makes one directory below dir_fd, whose root is root_fd. `upto` is
 * the path so far, from the root: symlinks may lead through all of it. */
static int step(int root_fd, const char *upto, const char *name, int dir_fd,
		mode_t mode)
{
	int fd = sys_open_in(root_fd, upto, O_PATH | O_DIRECTORY, 0, 0);

	if (fd != -ENOENT)
		return fd;
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	return sys_open_in(root_fd, upto, O_PATH | O_DIRECTORY, 0, 0);
}

/* The last component of a path whose parent is there; -ENOENT when that is
 * missing, too, or a name that needs the long way. */
static int make_last(int root_fd, const char *path, mode_t mode)
{
	auto_fd int parent = -EBADF;
	const char *name;
	int fd;

	parent = sys_parent_in(root_fd, path, mode, false, &name);
	if (parent < 0)
		return -ENOENT;
	if (mkdirat(parent, name, mode) < 0)
		return -ENOENT;
	/* Whatever is there now was made here or is refused. */
	fd = openat(parent, name,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* syscalls: openat2 mkdirat */
int sys_mkdirs_in(int root_fd, const char *path, mode_t mode)
{
	char upto[PATH_MAX], name[NAME_MAX + 1];
	auto_fd int dir_fd = -EBADF;
	size_t len = 0;

	/* Mostly it is there, or only the last component is not. */
	dir_fd = sys_open_in(root_fd, path, O_PATH | O_DIRECTORY, 0, 0);
	if (dir_fd == -ENOENT)
		dir_fd = make_last(root_fd, path, mode);
	if (dir_fd != -ENOENT)
		return TAKE_FD(dir_fd);
	dir_fd = sys_open_in(root_fd, "", O_PATH | O_DIRECTORY, 0, 0);
	while (dir_fd >= 0) {
		size_t n;
		int next;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0)
			break;
		if (n > NAME_MAX || len + n + 2 > sizeof(upto))
			return -ENAMETOOLONG;
		memcpy(name, path, n);
		name[n] = '\0';
		upto[len++] = '/';
		memcpy(upto + len, name, n + 1);
		len += n;
		path += n;
		next = step(root_fd, upto, name, dir_fd, mode);
		close(dir_fd);
		dir_fd = next;
	}
	return TAKE_FD(dir_fd);
}

int sys_parent_in(int root_fd, const char *path, mode_t mode, bool make,
		  const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	size_t n = slash ? (size_t)(slash - path) : 0;
	int fd;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (n >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, path, n);
	parent[n] = '\0';
	if (make)
		fd = sys_mkdirs_in(root_fd, parent, mode);
	else
		fd = sys_open_in(root_fd, parent, O_PATH | O_DIRECTORY, 0, 0);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}

/* syscalls: openat */
int sys_reopen(int proc_fd, int fd, int flags)
{
	char path[64];
	int copy;

	snprintf(path, sizeof(path), "self/fd/%d", fd);
	copy = openat(proc_fd, path, flags | O_CLOEXEC);
	return copy < 0 ? -errno : copy;
}

/* syscalls: openat2 */
int sys_open_proc(int proc_fd, const char *path, int flags)
{
	const struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};
	int fd = (int)syscall(SYS_openat2, proc_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* syscalls: openat2 write */
int sys_write_proc(int proc_fd, const char *path, const char *text)
{
	auto_fd int fd = sys_open_proc(proc_fd, path, O_WRONLY | O_NOCTTY);

	return fd < 0 ? fd : sys_write_fd(fd, text);
}

/* syscalls: readlink */
int sys_fd_path(int fd, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size);
	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	path[n] = '\0';
	return path[0] == '/' ? 0 : -ENOENT;
}

/* syscalls: openat read */
ssize_t sys_read_file(int dir_fd, const char *path, char *buf, size_t size)
{
	auto_fd int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + have, size - have)) > 0) {
		have += (size_t)n;
		if (have == size)
			return -EFBIG;
	}
	if (n < 0)
		return -errno;
	buf[have] = '\0';
	return (ssize_t)have;
}

/* syscalls: openat read */
ssize_t sys_read_line(int dir_fd, const char *path, char *buf, size_t size)
{
	auto_fd int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0)
		return -errno;
	if (n > 0 && buf[n - 1] != '\n')
		return -EFBIG;
	buf[n] = '\0';
	return n;
}

/* syscalls: write */
int sys_write_fd(int fd, const char *text)
{
	size_t n = strlen(text);
	ssize_t done;

	do
		done = write(fd, text, n);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	return (size_t)done == n ? 0 : -EIO;
}

/* syscalls: openat */
int sys_write_file(int dir_fd, const char *path, const char *text)
{
	auto_fd int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : sys_write_fd(fd, text);
}

int sys_write_all(int fd, const void *buf, size_t n)
{
	const char *p = buf;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* syscalls: fstatfs */
int64_t sys_fs_magic(int fd)
{
	struct statfs s;

	return fstatfs(fd, &s) < 0 ? -errno : (int64_t)s.f_type;
}
