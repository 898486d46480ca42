/* SPDX-License-Identifier: Apache-2.0 */
/* sys/cache.c - the folder for what can be computed again. */
#include "sys/cache.h"

#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool sys_is_ours(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	       st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

int sys_cache_sub(int dir_fd, const char *name)
{
	auto_fd int dir = -EBADF;

	if (mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST && errno != EROFS &&
	    errno != EACCES)
		return -errno;
	dir = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (!sys_is_ours(dir, S_IFDIR))
		return -EPERM;
	return TAKE_FD(dir);
}

int sys_cache_at(const char *path)
{
	auto_fd int dir = -EBADF;

	if (mkdir(path, 0700) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
		return -errno;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (!sys_is_ours(dir, S_IFDIR))
		return -EPERM;
	return TAKE_FD(dir);
}

/* Makes the last two parts of the path at most. */
static int open_below(const char *parent)
{
	auto_fd int top = sys_cache_at(parent);

	return top < 0 ? top : sys_cache_sub(top, "hull");
}

int sys_cache_open(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char path[512];

	if (geteuid() == 0)
		return open_below("/var/cache");
	if (xdg && *xdg == '/')
		return open_below(xdg);
	if (!home || *home != '/' ||
	    (size_t)snprintf(path, sizeof(path), "%s/.cache", home) >= sizeof(path))
		return -ENOENT;
	return open_below(path);
}
