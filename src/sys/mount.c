/* SPDX-License-Identifier: Apache-2.0 */
/* sys/mount.c - the fd-based mount API of Linux 5.2 and later. */
#include "sys/mount.h"

#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One "key" or "key=value" of n bytes to the file system's context. */
static int set_param(int fs_fd, const char *param, size_t n)
{
	char text[4096], *value;

	if (n == 0)
		return 0;
	if (n >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(text, param, n);
	text[n] = '\0';
	value = strchr(text, '=');
	if (value)
		*value++ = '\0';
	if (value && *value == '"') { /* the quotes are mount(8)'s, not the value's */
		value++;
		value[strcspn(value, "\"")] = '\0';
	}
	if (syscall(SYS_fsconfig, fs_fd,
		    value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, text,
		    value, 0) < 0)
		return -errno;
	return 0;
}

/* Up to a comma that is not in quotes: context="system_u:object_r:x:s0:c1,c2". */
static size_t param_length(const char *data)
{
	size_t n = 0;

	for (bool quoted = false; data[n] && (quoted || data[n] != ','); n++)
		quoted ^= data[n] == '"';
	return n;
}

static int set_params(int fs_fd, const char *data)
{
	while (data && *data) {
		size_t n = param_length(data);
		int r = set_param(fs_fd, data, n);

		if (r < 0)
			return r;
		data += n + (data[n] == ',');
	}
	return 0;
}

static int configure(int fs_fd, const char *source, const char *data,
		     uint64_t attrs)
{
	int fd, r;

	if (source && syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING,
			      "source", source, 0) < 0)
		return -errno;
	r = set_params(fs_fd, data);
	if (r < 0)
		return r;
	if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) <
	    0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, (unsigned)attrs);
	return fd < 0 ? -errno : fd;
}

/* syscalls: fsopen fsconfig fsmount close */
int sys_fs_mount(const char *type, const char *source, const char *data,
		 uint64_t attrs)
{
	int fs_fd = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), r;

	if (fs_fd < 0)
		return -errno;
	r = configure(fs_fd, source, data, attrs & ~SYS_FS_CHILD);
	if (attrs & SYS_FS_CHILD)
		scope_close_high(&fs_fd);
	else
		scope_close(&fs_fd);
	return r;
}

/* syscalls: open_tree */
int sys_open_tree(int dir_fd, const char *path, unsigned flags)
{
	int fd = (int)syscall(SYS_open_tree, dir_fd, path,
			      flags | OPEN_TREE_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* syscalls: move_mount */
int sys_move_mount(int mount_fd, int target_fd)
{
	return syscall(SYS_move_mount, mount_fd, "", target_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
		       ? -errno
		       : 0;
}

/* syscalls: move_mount */
int sys_move_mount_at(int mount_fd, int dir_fd, const char *name)
{
	return syscall(SYS_move_mount, mount_fd, "", dir_fd, name,
		       MOVE_MOUNT_F_EMPTY_PATH) < 0
		       ? -errno
		       : 0;
}

/* syscalls: mount_setattr */
int sys_mount_setattr(int fd, unsigned flags, uint64_t set, uint64_t clear,
		      uint64_t propagation, int userns_fd)
{
	struct mount_attr attr = {
		.attr_set = set,
		.attr_clr = clear,
		.propagation = propagation,
		.userns_fd = userns_fd >= 0 ? (uint64_t)userns_fd : 0,
	};

	return syscall(SYS_mount_setattr, fd, "", flags | AT_EMPTY_PATH, &attr,
		       sizeof(attr)) < 0
		       ? -errno
		       : 0;
}

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467 /* on every architecture */
#endif

/* syscalls: open_tree_attr open_tree mount_setattr */
int sys_open_tree_with(int dir_fd, const char *path, unsigned flags,
		       uint64_t set, uint64_t propagation)
{
	struct mount_attr attr = { .attr_set = set,
				   .propagation = propagation };
	int fd = (int)syscall(SYS_open_tree_attr, dir_fd, path,
			      flags | OPEN_TREE_CLOEXEC, &attr, sizeof(attr)),
	    r;

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd >= 0 ? fd : -errno;
	/* Before Linux 6.15, or below a filter that does not know it. */
	fd = sys_open_tree(dir_fd, path, flags);
	if (fd < 0)
		return fd;
	r = sys_mount_setattr(fd, flags & AT_RECURSIVE, set, 0, propagation,
			      -1);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

uint64_t sys_mount_attrs(uint64_t ms_flags)
{
	static const struct {
		uint64_t ms, attr;
	} map[] = {
		{ MS_RDONLY, MOUNT_ATTR_RDONLY },
		{ MS_NOSUID, MOUNT_ATTR_NOSUID },
		{ MS_NODEV, MOUNT_ATTR_NODEV },
		{ MS_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ MS_NOATIME, MOUNT_ATTR_NOATIME },
		{ MS_STRICTATIME, MOUNT_ATTR_STRICTATIME },
		{ MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
		{ 256 /* MS_NOSYMFOLLOW */, MOUNT_ATTR_NOSYMFOLLOW },
	};
	uint64_t attrs = 0;

	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (ms_flags & map[i].ms)
			attrs |= map[i].attr;
	return attrs;
}
