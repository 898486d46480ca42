/* SPDX-License-Identifier: Apache-2.0 */
/* plan/run.c - what lives while a plan is applied: fds and pids, nothing else.
 */
#include "plan/run.h"

#include "base/err.h"
#include "sys/file.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void run_init(struct run *r, const struct conf *c)
{
	*r = (struct run){
		.conf = c,
		.pidfd = -EBADF,
		.cgroup_fd = -EBADF,
		.proc_fd = -EBADF,
		.root_fd = -EBADF,
		.console_socket_fd = -EBADF,
		.ready_fd = -EBADF,
		.sync_fd = -EBADF,
	};
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -EBADF;
}

void run_close(struct run *r)
{
	drop(&r->pidfd);
	drop(&r->cgroup_fd);
	for (size_t i = 0; i < r->n_attach; i++)
		drop(&r->attach_fds[i]);
	r->n_attach = 0;
	drop(&r->proc_fd);
	drop(&r->root_fd);
	drop(&r->console_socket_fd);
	drop(&r->ready_fd);
	drop(&r->sync_fd);
}

int run_proc(struct run *r, struct err *e)
{
	int fd;

	if (r->proc_fd >= 0)
		return r->proc_fd;
	fd = sys_fs_mount("proc", NULL, NULL,
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				  MOUNT_ATTR_NOEXEC);
	if (fd == -EPERM)
		fd = open("/proc",
			  O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set(e, fd < -1 ? fd : -errno,
			       "get a procfs of our own");
	if (sys_fs_magic(fd) != PROC_SUPER_MAGIC) {
		close(fd);
		return err_set(e, -ENOTTY, "/proc is no procfs");
	}
	r->proc_fd = fd;
	return fd;
}

void run_warn(struct run *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!r->warn)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->warn(r, text);
}
