/* SPDX-License-Identifier: Apache-2.0 */
/* run/announce.c - tells the engine above us which process was made. */
#include "run/announce.h"

#include "base/err.h"
#include "base/scope.h"
#include "sys/file.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int write_pid_file(const char *path, pid_t pid, struct err *e)
{
	char text[16], tmp[PATH_MAX];
	auto_fd int fd = -EBADF;
	int r;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.hull-new", path) >=
	    sizeof(tmp))
		return err_set(e, -ENAMETOOLONG, "--pid-file %s", path);
	fd = openat(AT_FDCWD, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0644);
	if (fd < 0)
		return err_sys(e, "write --pid-file %s", path);
	snprintf(text, sizeof(text), "%d", (int)pid);
	r = sys_write_fd(fd, text);
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(tmp);
	return r < 0 ? err_set(e, r, "write --pid-file %s", path) : 0;
}

static int send_pidfd(const char *path, int pidfd, pid_t pid, struct err *e)
{
	auto_fd int fd = sys_connect(AT_FDCWD, path, SOCK_STREAM);
	char text[16];
	int r = fd;

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (fd >= 0)
		r = sys_send(fd, text, strlen(text), &pidfd, 1);
	return r < 0 ? err_set(e, r, "send the pidfd to %s", path) : 0;
}

int announce_pid(const char *pid_file, const char *pidfd_socket, pid_t pid,
		 int pidfd, struct err *e)
{
	int r = 0;

	if (pid_file)
		r = write_pid_file(pid_file, pid, e);
	if (r == 0 && pidfd_socket)
		r = send_pidfd(pidfd_socket, pidfd, pid, e);
	return r;
}
