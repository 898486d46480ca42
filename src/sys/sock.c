/* SPDX-License-Identifier: Apache-2.0 */
/* sys/sock.c - messages and fds over unix sockets. */
#include "sys/sock.h"

#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

enum { MAX_FDS = 4 };

/* syscalls: sendmsg */
int sys_send(int sock, const void *buf, size_t n, const int *fds, size_t n_fds)
{
	_Alignas(struct cmsghdr) char
		control[CMSG_SPACE(MAX_FDS * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t done;

	if (n_fds > MAX_FDS)
		return -E2BIG;
	if (n_fds > 0) {
		struct cmsghdr *c;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	do
		done = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	return (size_t)done == n ? 0 : -EIO;
}

/* Gives the fds of a message away, or closes those there is no room for. */
static void take_fds(struct msghdr *m, int *fds, size_t room, size_t *n_fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (*n_fds < room)
				fds[(*n_fds)++] = fd;
			else
				close(fd);
		}
	}
}

/* syscalls: recvmsg */
ssize_t sys_recv(int sock, void *buf, size_t n, int *fds, size_t *n_fds)
{
	_Alignas(
		struct cmsghdr) char control[CMSG_SPACE(MAX_FDS * sizeof(int))];
	struct iovec iov = { .iov_base = buf, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	size_t room = n_fds ? *n_fds : 0, got = 0;
	ssize_t done;

	do
		done = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	take_fds(&m, fds, room, &got);
	if (n_fds)
		*n_fds = got;
	return done;
}

/* An address for `path` below dir_fd: as it is when it fits, else by way of an
 * fd of its directory, which *ret_dir_fd then holds. */
static int address(int dir_fd, const char *path, struct sockaddr_un *sa,
		   int *ret_dir_fd)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	size_t n = slash ? (size_t)(slash - path) : 0;
	int fd;

	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path[0] == '/' && strlen(path) < sizeof(sa->sun_path)) {
		memcpy(sa->sun_path, path, strlen(path) + 1);
		return 0;
	}
	if (n >= sizeof(parent) || strlen(name) > sizeof(sa->sun_path) - 32)
		return -ENAMETOOLONG;
	memcpy(parent, path, n);
	parent[n] = '\0';
	if (slash == path)
		memcpy(parent, "/", 2);
	fd = openat(dir_fd, *parent ? parent : ".",
		    O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", fd,
		 name);
	*ret_dir_fd = fd;
	return 0;
}

/* syscalls: socket setsockopt connect */
int sys_connect_within(int dir_fd, const char *path, int type,
		       const struct timeval *patience)
{
	auto_fd int fd = -EBADF, parent_fd = -EBADF;
	struct sockaddr_un sa;
	int r = address(dir_fd, path, &sa, &parent_fd);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A connect() to a queue that is full waits as long as a send(). */
	if (patience && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, patience,
				   sizeof(*patience)) < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int sys_connect(int dir_fd, const char *path, int type)
{
	return sys_connect_within(dir_fd, path, type, NULL);
}

/* syscalls: socket bind listen */
int sys_listen(int dir_fd, const char *name, int type)
{
	auto_fd int fd = -EBADF, parent_fd = -EBADF;
	struct sockaddr_un sa;
	int r = address(dir_fd, name, &sa, &parent_fd);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, 1) < 0)
		return -errno;
	return TAKE_FD(fd);
}
