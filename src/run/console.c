/* SPDX-License-Identifier: Apache-2.0 */
/* run/console.c - who gets the master side of a process's terminal. */
#include "run/console.h"

#include "base/err.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int console_connect(const struct conf_process *p, const char *path,
		    bool is_detached, int *ret_child_fd, int *ret_our_fd,
		    struct err *e)
{
	int fds[2];

	if (!p->terminal && path) {
		err_input(e, "--console-socket is given, but process.terminal "
			     "is false");
		return err_hint(
			e, -EINVAL,
			"leave out --console-socket, or ask for a terminal");
	}
	if (!p->terminal)
		return 0;
	if (path) {
		int fd = sys_connect(AT_FDCWD, path, SOCK_STREAM);

		if (fd < 0)
			return err_set(e, fd, "connect to --console-socket %s",
				       path);
		*ret_child_fd = fd;
		return 0;
	}
	if (is_detached) {
		err_input(e, "process.terminal is true, but nobody would hold "
			     "the terminal");
		return err_hint(e, -EINVAL,
				"give --console-socket, or set "
				"process.terminal to false");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, "make a socket pair for the terminal");
	*ret_child_fd = fds[0];
	*ret_our_fd = fds[1];
	return 0;
}

int console_receive(int our_fd, int *ret_master_fd, struct err *e)
{
	char name[4096];
	size_t n_fds = 1;
	int fd = -EBADF;
	ssize_t n = sys_recv(our_fd, name, sizeof(name), &fd, &n_fds);

	if (n <= 0 || n_fds != 1)
		return err_set(e, n < 0 ? (int)n : -EPROTO,
			       "receive the terminal");
	*ret_master_fd = fd;
	return 0;
}
