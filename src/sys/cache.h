/* SPDX-License-Identifier: Apache-2.0 */
/* sys/cache.h - the folder for what can be computed again.
 *
 * /var/cache/hull for root, $XDG_CACHE_HOME/hull or ~/.cache/hull for others.
 * Only what belongs to us and nobody else can write is used; folders are
 * opened once and then known by their fds. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* Is the open file of this type (S_IFREG, S_IFDIR), ours, and writable by nobody
 * else? ACLs that let others write show in the group's bits. */
bool sys_is_ours(int fd, mode_t type);
/* The folder, made when it is missing; -errno: there is none to be trusted. */
int sys_cache_open(void);
/* The same for a folder in it (a name, no path), or for a path of the user's. */
int sys_cache_sub(int dir_fd, const char *name);
int sys_cache_at(const char *path);
