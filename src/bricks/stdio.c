/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/stdio.c - standard input and output that are the host's /dev/null
 * become the container's own.
 *
 * An engine starts what runs in the background with /dev/null. That is a file
 * of a mount that the container does not have: CRIU cannot say where it is and
 * refuses the checkpoint, and a program that asks for its path gets one that
 * leads nowhere. The container has the same device itself, so that is taken
 * instead, as runc does. It is found without following any symlink and proved
 * to be the device before it is opened, so an image cannot put a pipe or
 * another device there; where it has none, all stays as it is. Its owner is
 * never changed: it may be the host's, bound (bricks/devices.c). */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int stdio_plan(const struct conf *c, const struct host *h,
		      struct plan *p, struct err *e)
{
	const struct op op = { .brick = &brick_stdio,
			       .phase = PHASE_PIVOT,
			       .fd = -EBADF };

	(void)h;
	return c->process.terminal ? 0 : plan_add(p, op, e);
}

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(1, 3);
}

/* The container's /dev/null, open; negative when it has none. It is looked at
 * before it is opened, and again behind that: in a running container it may
 * have been exchanged meanwhile. */
static int open_null(const struct run *r)
{
	auto_exec_fd int root = -EBADF, seen = -EBADF;
	auto_fd int fd = -EBADF;
	int top = r->root_fd;

	if (top < 0) /* exec: "/" is the container's */
		top = root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	seen = sys_open_in(top, "dev/null", O_PATH | O_NOFOLLOW, 0,
			   RESOLVE_NO_SYMLINKS);
	if (seen < 0 || !is_null(seen))
		return -ENODEV;
	/* A nodev mount refuses it: the host's works. */
	fd = sys_open_in(top, "dev/null",
			 O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0,
			 RESOLVE_NO_SYMLINKS);
	return fd >= 0 && is_null(fd) ? TAKE_FD(fd) : -ENODEV;
}

static int stdio_apply(const struct op *op, struct run *r, struct err *e)
{
	auto_exec_fd int null_fd = -EBADF;

	(void)op;
	for (int fd = 0; fd < 3; fd++) {
		if (!is_null(fd))
			continue;
		if (null_fd < 0)
			null_fd = open_null(r);
		if (null_fd < 0)
			return 0;
		if (dup2(null_fd, fd) < 0)
			return err_sys(e, "make /dev/null fd %d", fd);
	}
	return 0;
}

static void stdio_show(const struct op *op, FILE *out)
{
	(void)op;
	fprintf(out, "the host's /dev/null on fds 0 to 2 becomes the "
		     "container's");
}

const struct brick brick_stdio = {
	.name = "stdio",
	.plan = stdio_plan,
	.apply = stdio_apply,
	.show = stdio_show,
};
