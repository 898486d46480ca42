/* SPDX-License-Identifier: Apache-2.0 */
/* sys/file.h - files: whole reads and writes, and paths that cannot escape.
 *
 * Every path below a root that somebody else filled (a container's image, its
 * volumes) goes through sys_open_in(): the kernel resolves it with that root as
 * "/", so symlinks and ".." lead nowhere else, and a race cannot change that.
 * There is no fallback for kernels without openat2() (5.6): walking by hand
 * would be weaker. All return -errno on failure; fds are O_CLOEXEC. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* openat2() below root_fd with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, plus
 * `resolve` (RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV...). "" is the root itself. */
int sys_open_in(int root_fd, const char *path, int flags, mode_t mode,
		uint64_t resolve);

/* openat2() with just the given RESOLVE_* flags. */
int sys_open_beneath(int dir_fd, const char *path, int flags, uint64_t resolve);

/* mkdir -p below root_fd, component by component, each opened as sys_open_in()
 * does; returns an O_PATH fd of the last. Existing symlinks to directories are
 * followed inside the root. */
int sys_mkdirs_in(int root_fd, const char *path, mode_t mode);
/* The same for the parent of `path`; *ret_name points at its last component
 * inside `path` (with trailing slashes it is -EINVAL; "." and ".." are, too). */
int sys_parent_in(int root_fd, const char *path, mode_t mode, bool make,
		  const char **ret_name);

/* Turns an O_PATH fd into one with other flags, by way of proc_fd: a directory
 * fd of a procfs that is known to be one. */
int sys_reopen(int proc_fd, int fd, int flags);

/* Opens a file of a procfs below proc_fd ("self/attr/exec") that is no magic
 * link and has nothing mounted over it: what a container or a race put into
 * its place is refused (CVE-2019-16884, CVE-2025-52881). */
int sys_open_proc(int proc_fd, const char *path, int flags);
/* The same, one write() and close. */
int sys_write_proc(int proc_fd, const char *path, const char *text);

/* The absolute path, without symlinks, of an open directory. */
int sys_fd_path(int fd, char *path, size_t size);

/* The whole of a small file into buf with a NUL behind; the length, or -EFBIG
 * when it does not fit. */
ssize_t sys_read_file(int dir_fd, const char *path, char *buf, size_t size);
/* The same for a file of one line, which one read() gives whole. */
ssize_t sys_read_line(int dir_fd, const char *path, char *buf, size_t size);
/* One write() of the text to a file that exists (procfs, cgroupfs). */
int sys_write_file(int dir_fd, const char *path, const char *text);
int sys_write_fd(int fd, const char *text);
/* All the bytes, over as many write()s as it takes. */
int sys_write_all(int fd, const void *buf, size_t n);

/* statfs type of an open file: PROC_SUPER_MAGIC and so on; -errno. */
int64_t sys_fs_magic(int fd);
