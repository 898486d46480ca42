/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/console.c - the terminal of the process.
 *
 * The pair comes from the container's own devpts, opened through the root's fd.
 * The slave is opened by TIOCGPTPEER on the master, so no path under the
 * image's control leads to it (CVE-2025-52565: a swapped /dev/pts/N became
 * /dev/console), and it is mounted upon /dev/console by fd. A session of its
 * own and a terminal of its own are also the answer to TIOCSTI (CVE-2017-5226,
 * CVE-2023-28100): there is nobody else's input to push into.
 *
 * Only the slave is given to the container's user. Standard input and output
 * that come from outside are left as they are: older runtimes gave the host's
 * /dev/null away. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/sock.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONSOLE_OPEN, CONSOLE_TAKE };

static int console_plan(const struct conf *c, const struct host *h,
			struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_console, .fd = -EBADF, .arg = c };
	int r = 0;

	(void)h;
	if (!c->process.terminal)
		return 0;
	op.phase = PHASE_PIVOT;
	op.kind = CONSOLE_OPEN;
	r = plan_add(p, op, e);
	op.phase = PHASE_LOCK;
	op.kind = CONSOLE_TAKE;
	return r < 0 ? r : plan_add(p, op, e);
}

/* The multiplexer must be that of a devpts, whatever the image has put there.
 */
static int open_master(const struct run *r, struct err *e)
{
	auto_fd int root = -EBADF, fd = -EBADF;

	if (r->root_fd < 0) /* exec: "/" is the container's */
		root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = sys_open_in(r->root_fd >= 0 ? r->root_fd : root, "dev/pts/ptmx",
			 O_RDWR | O_NOCTTY | O_NOFOLLOW, 0,
			 RESOLVE_NO_SYMLINKS);
	if (fd < 0) {
		err_set(e, fd,
			"process.terminal: open /dev/pts/ptmx of the "
			"container");
		return err_hint(e, fd,
				"the container needs a devpts with newinstance "
				"on /dev/pts");
	}
	if (sys_fs_magic(fd) != DEVPTS_SUPER_MAGIC)
		return err_plain(e, -ENOTTY,
				 "process.terminal: /dev/pts/ptmx of the image "
				 "is no terminal");
	return TAKE_FD(fd);
}

static int open_slave(int master, struct err *e)
{
	int unlock = 0, slave;

	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "process.terminal: unlock it");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return slave < 0 ? err_sys(e, "process.terminal: open its other side")
			 : slave;
}

static int set_up_slave(const struct conf_process *p, int slave, struct err *e)
{
	struct winsize size = { .ws_row = p->console_rows,
				.ws_col = p->console_cols };

	if ((size.ws_row || size.ws_col) && ioctl(slave, TIOCSWINSZ, &size) < 0)
		return err_sys(e, "process.consoleSize: set %ux%u", size.ws_col,
			       size.ws_row);
	/* An id that is not mapped cannot be given; the mode lets it work. */
	if (fchown(slave, p->uid, (gid_t)-1) < 0 && errno != EINVAL &&
	    errno != EPERM)
		return err_sys(e, "process.terminal: give it to user %u",
			       p->uid);
	return 0;
}

/* /dev/console is the same terminal. */
static int mount_console(const struct run *r, int slave, struct err *e)
{
	auto_fd int dev = -EBADF, target = -EBADF, tree = -EBADF;
	int ret;

	dev = sys_open_in(r->root_fd, "dev", O_PATH | O_DIRECTORY, 0,
			  RESOLVE_NO_SYMLINKS);
	if (dev < 0)
		return err_set(e, dev, "open /dev of the container");
	target = openat(dev, "console",
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC |
				O_NOCTTY,
			0600);
	if (target < 0 && errno == EEXIST)
		target =
			openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "make /dev/console");
	tree = sys_open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	ret = tree < 0 ? tree : sys_move_mount(tree, target);
	return ret < 0 ? err_set(e, ret, "mount the terminal upon /dev/console")
		       : 0;
}

static int send_master(struct run *r, int master, struct err *e)
{
	static const char name[] = "/dev/pts/ptmx";
	int ret = sys_send(r->console_socket_fd, name, sizeof(name) - 1,
			   &master, 1);

	return ret < 0 ? err_set(e, ret,
				 "send the terminal to --console-socket")
		       : 0;
}

static int open_console(const struct conf *c, struct run *r, struct err *e)
{
	auto_fd int master = open_master(r, e), slave = -EBADF;
	int ret;

	if (master < 0)
		return master;
	slave = open_slave(master, e);
	if (slave < 0)
		return slave;
	ret = set_up_slave(&c->process, slave, e);
	if (ret == 0 && !r->is_exec)
		ret = mount_console(r, slave, e);
	if (ret == 0)
		ret = send_master(r, master, e);
	for (int fd = 0; fd < 3 && ret == 0; fd++)
		if (dup2(slave, fd) < 0)
			ret = err_sys(e, "make the terminal fd %d", fd);
	return ret;
}

static int take_console(struct err *e)
{
	/* The child leads a session since it was born (run/child.c). */
	if (ioctl(0, TIOCSCTTY, 0) < 0)
		return err_sys(e,
			       "process.terminal: make it the session's own");
	return 0;
}

static int console_apply(const struct op *op, struct run *r, struct err *e)
{
	return op->kind == CONSOLE_OPEN ? open_console(op->arg, r, e)
					: take_console(e);
}

static void console_show(const struct op *op, FILE *out)
{
	fprintf(out, op->kind == CONSOLE_OPEN
			     ? "a terminal from the container's devpts"
			     : "the terminal is the session's own");
}

const struct brick brick_console = {
	.name = "terminal",
	.plan = console_plan,
	.apply = console_apply,
	.show = console_show,
};
