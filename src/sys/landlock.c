/* SPDX-License-Identifier: Apache-2.0 */
/* sys/landlock.c - Landlock: a process gives up access of its own accord. */
#include "sys/landlock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's structs, as of ABI 6. Older kernels take a longer one whose end
 * is zero. */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};
struct path_attr {
	uint64_t access;
	int32_t parent_fd;
} __attribute__((packed));
struct port_attr {
	uint64_t access, port;
};
enum { RULE_PATH = 1, RULE_PORT = 2 };

struct sys_landlock sys_landlock_known(int abi)
{
	static const uint64_t fs[] = {
		0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff
	};
	struct sys_landlock known = { 0 };

	if (abi < 1)
		return known;
	known.fs = fs[abi < 5 ? abi : 5];
	if (abi >= 4)
		known.net = LL_NET_BIND_TCP | LL_NET_CONNECT_TCP;
	if (abi >= 6)
		known.scoped = LL_SCOPE_ABSTRACT_UNIX | LL_SCOPE_SIGNAL;
	return known;
}

/* syscalls: landlock_create_ruleset */
int sys_landlock_ruleset(const struct sys_landlock *what)
{
	const struct ruleset_attr attr = { what->fs, what->net, what->scoped };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr),
			      0);

	return fd < 0 ? -errno : fd;
}

/* syscalls: landlock_add_rule */
int sys_landlock_allow_path(int ruleset_fd, int fd, uint64_t access)
{
	const struct path_attr attr = { access, fd };

	return syscall(SYS_landlock_add_rule, ruleset_fd, RULE_PATH, &attr, 0) <
			       0
		       ? -errno
		       : 0;
}

/* syscalls: landlock_add_rule */
int sys_landlock_allow_port(int ruleset_fd, uint16_t port, uint64_t access)
{
	const struct port_attr attr = { access, port };

	return syscall(SYS_landlock_add_rule, ruleset_fd, RULE_PORT, &attr, 0) <
			       0
		       ? -errno
		       : 0;
}

/* syscalls: landlock_restrict_self */
int sys_landlock_restrict(int ruleset_fd)
{
	return syscall(SYS_landlock_restrict_self, ruleset_fd, 0) < 0 ? -errno
								      : 0;
}
