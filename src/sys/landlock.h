/* SPDX-License-Identifier: Apache-2.0 */
/* sys/landlock.h - Landlock: a process gives up access of its own accord.
 *
 * The numbers are the kernel's (include/uapi/linux/landlock.h, Linux 6.18);
 * they stand here because the headers of older distributions lack most of
 * them. All calls return -errno on failure; fds are O_CLOEXEC. */
#pragma once

#include <stdint.h>

enum {
	LL_FS_EXECUTE     = 1 << 0,
	LL_FS_WRITE_FILE  = 1 << 1,
	LL_FS_READ_FILE   = 1 << 2,
	LL_FS_READ_DIR    = 1 << 3,
	LL_FS_REMOVE_DIR  = 1 << 4,
	LL_FS_REMOVE_FILE = 1 << 5,
	LL_FS_MAKE_CHAR   = 1 << 6,
	LL_FS_MAKE_DIR    = 1 << 7,
	LL_FS_MAKE_REG    = 1 << 8,
	LL_FS_MAKE_SOCK   = 1 << 9,
	LL_FS_MAKE_FIFO   = 1 << 10,
	LL_FS_MAKE_BLOCK  = 1 << 11,
	LL_FS_MAKE_SYM    = 1 << 12,
	LL_FS_REFER       = 1 << 13, /* ABI 2 */
	LL_FS_TRUNCATE    = 1 << 14, /* ABI 3 */
	LL_FS_IOCTL_DEV   = 1 << 15, /* ABI 5 */
	/* What a rule for something that is no directory may name. */
	LL_FS_OF_FILE = LL_FS_EXECUTE | LL_FS_WRITE_FILE | LL_FS_READ_FILE |
			LL_FS_TRUNCATE | LL_FS_IOCTL_DEV,

	LL_NET_BIND_TCP    = 1 << 0, /* ABI 4 */
	LL_NET_CONNECT_TCP = 1 << 1, /* ABI 4 */

	LL_SCOPE_ABSTRACT_UNIX = 1 << 0, /* ABI 6 */
	LL_SCOPE_SIGNAL        = 1 << 1, /* ABI 6 */
};

/* What a kernel with this ABI version knows. */
struct sys_landlock {
	uint64_t fs, net, scoped;
};
struct sys_landlock sys_landlock_known(int abi);

/* A set of rules: everything in *what is denied but for the rules added. */
int sys_landlock_ruleset(const struct sys_landlock *what);
/* Allows `access` on the file or below the directory behind fd. */
int sys_landlock_allow_path(int ruleset_fd, int fd, uint64_t access);
int sys_landlock_allow_port(int ruleset_fd, uint16_t port, uint64_t access);
/* For the caller and all it starts, for ever. Needs no_new_privs or
 * CAP_SYS_ADMIN. */
int sys_landlock_restrict(int ruleset_fd);
