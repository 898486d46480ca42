/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lab/recvtty.c - recvtty SOCKET: the engine's side of --console-socket.
 *
 * Listens, takes the terminal's master side, and from then on copies what comes
 * out of it to standard output and standard input into it, until the terminal
 * ends. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(int sock)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	char name[256];
	struct iovec iov = { name, sizeof(name) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int fd = -1;

	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* -1 when there is no more. */
static int copy(int from, int to)
{
	char bytes[4096];
	ssize_t n = read(from, bytes, sizeof(bytes));

	return n <= 0 || write(to, bytes, (size_t)n) != n ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), conn, master;
	struct pollfd p[2] = { { 0, POLLIN, 0 } };

	if (argc != 2 || strlen(argv[1]) >= sizeof(a.sun_path))
		return 2;
	memcpy(a.sun_path, argv[1], strlen(argv[1]));
	(void)unlink(argv[1]);
	if (sock < 0 || bind(sock, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(sock, 1) < 0) {
		perror(argv[1]);
		return 1;
	}
	conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	master = receive(conn);
	if (master < 0)
		return 1;
	close(conn);
	p[1] = (struct pollfd){ master, POLLIN, 0 };
	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[1].revents && copy(master, 1) < 0)
			return 0;
		if (p[0].revents && copy(0, master) < 0)
			p[0].fd = -1;
	}
	return 1;
}
