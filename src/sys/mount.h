/* SPDX-License-Identifier: Apache-2.0 */
/* sys/mount.h - the fd-based mount API of Linux 5.2 and later.
 *
 * Neither musl nor older C libraries have wrappers. All return an fd (O_CLOEXEC)
 * or 0, -errno on failure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A new instance of a file system, ready to be moved somewhere: fsopen(),
 * a parameter for every "key" or "key=value" of `data` (commas between; a value
 * in double quotes may hold some),
 * FSCONFIG_CMD_CREATE, fsmount() with MOUNT_ATTR_* `attrs`. `source` may be
 * NULL. */
/* Among `attrs`: leave the context's fd to execve(), see auto_exec_fd. */
#define SYS_FS_CHILD (1ULL << 63)
int sys_fs_mount(const char *type, const char *source, const char *data,
		 uint64_t attrs);
/* A copy of the mount at (dir_fd, path): flags OPEN_TREE_CLONE, AT_RECURSIVE,
 * AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW. */
int sys_open_tree(int dir_fd, const char *path, unsigned flags);
/* Puts a detached mount upon target_fd itself (no path is walked). */
int sys_move_mount(int mount_fd, int target_fd);
/* The same upon a name in a directory that nobody else can write to. */
int sys_move_mount_at(int mount_fd, int dir_fd, const char *name);
/* flags: AT_RECURSIVE or 0; on the mount behind fd. userns_fd: with
 * MOUNT_ATTR_IDMAP in set, else -1. */
int sys_mount_setattr(int fd, unsigned flags, uint64_t set, uint64_t clear,
		      uint64_t propagation, int userns_fd);
/* sys_open_tree() of a clone that has `set` and `propagation` from the start. */
int sys_open_tree_with(int dir_fd, const char *path, unsigned flags,
		       uint64_t set, uint64_t propagation);
/* MOUNT_ATTR_* for the MS_* flags that have one (ro, nosuid, nodev, noexec,
 * atime, nosymfollow). */
uint64_t sys_mount_attrs(uint64_t ms_flags);
