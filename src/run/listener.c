/* SPDX-License-Identifier: Apache-2.0 */
/* run/listener.c - hands the fd of a seccomp filter to the one it asks. */
#include "run/listener.h"

#include "base/err.h"
#include "base/scope.h"
#include "filter/policy.h"
#include "run/spawn.h"
#include "run/state-json.h"
#include "run/sync.h"
#include "sys/proc.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_TIME_S = 10, LOOK_EVERY_NS = 50000 };

int listener_new(struct listener **ret_listener, struct err *e)
{
	struct listener *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (l == MAP_FAILED)
		return err_sys(e, "memory for the seccomp listener");
	*l = (struct listener){ -1, -EBADF, -EBADF };
	r = sync_pair(&l->helper_sock, &l->child_sock, e);
	if (r < 0) {
		munmap(l, sizeof(*l));
		return r;
	}
	*ret_listener = l;
	return 0;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	close(l->helper_sock);
	close(l->child_sock);
	munmap(l, sizeof(*l));
}

/* A helper that was killed must not leave the child waiting: it shares the
 * child's fds, so there is no end of file. */
int listener_ready(const struct listener *l, struct err *e)
{
	const struct timeval patience = { .tv_sec = CONNECT_TIME_S + 5 };
	const struct sync_peer peer = { .fd = l->child_sock };
	int r;

	if (setsockopt(l->child_sock, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) < 0)
		return err_sys(e, "limit the wait for the seccomp listener");
	r = sync_send(l->child_sock, SYNC_BUILT, e);
	return r < 0 ? r : sync_wait(&peer, SYNC_KEPT, e);
}

/* Whether the child has something to say (1) or is dead (0). */
static int await_child(const struct listener *l, int pidfd)
{
	struct pollfd p[2] = { { pidfd, POLLIN, 0 },
			       { l->helper_sock, POLLIN, 0 } };

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return 0;
	return p[0].revents ? 0 : 1;
}

static bool is_dead(int pidfd)
{
	struct pollfd p = { pidfd, POLLIN, 0 };

	return poll(&p, 1, 0) != 0;
}

/* A listener that does not accept would keep us for ever. */
static int reach(const char *path, struct err *e)
{
	const struct timeval patience = { .tv_sec = CONNECT_TIME_S };
	int sock = sys_connect_within(AT_FDCWD, path, SOCK_STREAM, &patience);

	if (sock >= 0)
		return sock;
	err_set(e, sock, "linux.seccomp.listenerPath: reach the listener at %s",
		path);
	return err_hint(e, sock, "start the seccomp agent first");
}

static int send_all(int sock, int text_fd, int fd)
{
	struct stat st;
	void *text;
	int r;

	if (fstat(text_fd, &st) < 0)
		return -errno;
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, text_fd, 0);
	if (text == MAP_FAILED)
		return -errno;
	r = sys_send(sock, text, (size_t)st.st_size, &fd, 1);
	munmap(text, (size_t)st.st_size);
	return r;
}

/* Until the filter is in force (its fd), or the child dead (-1). */
static int await_fd(const struct listener *l, int pidfd)
{
	const struct timespec nap = { 0, LOOK_EVERY_NS };
	int fd;

	while ((fd = __atomic_load_n(&l->fd, __ATOMIC_ACQUIRE)) < 0) {
		if (is_dead(pidfd))
			return -1;
		(void)nanosleep(&nap, NULL);
	}
	return fd;
}

static void deliver(const struct listener *l, int pidfd, int sock, int text_fd)
{
	int fd = await_fd(l, pidfd);

	if (fd >= 0 && send_all(sock, text_fd, fd) < 0)
		(void)sys_pidfd_signal(pidfd, SIGKILL);
}

void listener_serve(const struct spawn *s, pid_t pid, int pidfd)
{
	const struct listener *l = s->listener;
	enum status status = s->run->is_exec ? STATUS_RUNNING : STATUS_CREATING;
	auto_fd int text_fd = -EBADF, sock = -EBADF;
	struct err e = { 0 };

	if (!await_child(l, pidfd))
		return;
	sock = reach(s->plan->listener_path, &e);
	if (sock >= 0)
		text_fd = process_state_json(
			s->conf, status, pid, s->init_pid ? s->init_pid : pid,
			s->conf->seccomp->listener_metadata, &e);
	if (sock < 0 || text_fd < 0)
		sync_send_err(l->helper_sock, SYNC_ERROR, &e);
	else if (sync_send(l->helper_sock, SYNC_KEPT, NULL) == 0)
		deliver(l, pidfd, sock, text_fd);
}
