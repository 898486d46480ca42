/* SPDX-License-Identifier: Apache-2.0 */
/* plan/run.c - what lives while a plan is applied: fds and pids, nothing else.
 */
#include "plan/run.h"

#include "base/err.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
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
	for (size_t i = 0; i < TREE_MAX_; i++)
		r->trees[i] = -EBADF;
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -EBADF;
}

void run_drop_trees(struct run *r)
{
	sys_close_all(r->trees, TREE_MAX_);
	for (size_t i = 0; i < TREE_MAX_; i++)
		r->trees[i] = -EBADF;
}

int run_trees(struct run *r, struct err *e)
{
	int (*get)(struct run *, struct err *) = r->get_trees;

	r->get_trees = NULL;
	return get ? get(r, e) : 0;
}

void run_close(struct run *r)
{
	drop(&r->pidfd);
	drop(&r->cgroup_fd);
	for (size_t i = 0; i < r->n_attach; i++)
		drop(&r->attach_fds[i]);
	r->n_attach = 0;
	run_drop_trees(r);
	drop(&r->proc_fd);
	drop(&r->root_fd);
	drop(&r->console_socket_fd);
	drop(&r->ready_fd);
	drop(&r->sync_fd);
}

void run_open_proc(struct run *r)
{
	enum { ROOT_INO = 1 }; /* fs/proc: PROC_ROOT_INO */
	int fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd >= 0 && sys_fs_magic(fd) == PROC_SUPER_MAGIC &&
	    fstat(fd, &st) == 0 && st.st_ino == ROOT_INO)
		r->proc_fd = fd;
	else if (fd >= 0)
		close(fd);
}

int run_proc(const struct run *r, struct err *e)
{
	if (r->proc_fd >= 0)
		return r->proc_fd;
	return err_plain(e, -ENOTTY, "the runtime has no procfs on /proc");
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
