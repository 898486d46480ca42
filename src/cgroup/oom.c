/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/oom.c - to hear at once that the kernel has killed for lack of memory.
 *
 * v2 changes the file memory.events, which inotify sees
 * (Documentation/admin-guide/cgroup-v2.rst). v1 takes an eventfd by way of
 * cgroup.event_control (cgroup-v1/memory.rst, "OOM Control"); it is written to
 * when memory runs out, shortly before the victim is chosen and counted. */
#include "cgroup/cgroup.h"

#include "base/err.h"
#include "base/scope.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

static int watch_v2(const char *dir)
{
	auto_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/memory.events", dir);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int watch_v1(const char *dir)
{
	auto_fd int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int oom = openat(dir_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	auto_fd int fd = -EBADF;
	char text[32];
	int r;

	if (oom < 0)
		return -errno;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	snprintf(text, sizeof(text), "%d %d", fd, oom);
	r = sys_write_file(dir_fd, "cgroup.event_control", text);
	return r < 0 ? r : TAKE_FD(fd);
}

int cgroup_oom_open(const struct cgroup *g)
{
	for (size_t i = 0; i < g->n_dirs; i++) {
		int fd = g->dirs[i].hierarchy->is_v2 ? watch_v2(g->dirs[i].path)
						     : watch_v1(g->dirs[i].path);

		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

void cgroup_oom_drain(int fd)
{
	char buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

uint64_t cgroup_oom_kills(const struct cgroup *g)
{
	uint64_t kills = 0;

	for (size_t i = 0; i < g->n_dirs; i++) {
		const struct cgroup_dir *d = &g->dirs[i];
		char path[PATH_MAX], line[128];
		unsigned long long n;
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", d->path,
			 d->hierarchy->is_v2 ? "memory.events" : "memory.oom_control");
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "oom_kill %llu", &n) == 1)
				kills += n;
		if (f)
			fclose(f);
	}
	return kills;
}
