/* SPDX-License-Identifier: Apache-2.0 */
/* run/spawn.c - makes the child and drives it to the container's program. */
#include "run/spawn.h"

#include "base/err.h"
#include "base/scope.h"
#include "run/child.h"
#include "run/listener.h"
#include "run/sync.h"
#include "sys/proc.h"
#include "sys/sock.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool has_phase(const struct plan *p, enum phase phase)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].phase == phase)
			return true;
	return false;
}

static pid_t clone_child(const struct spawn *s, uint64_t extra, int *ret_pidfd)
{
	struct sys_clone c = {
		.flags = s->plan->clone_flags | extra | CLONE_CLEAR_SIGHAND,
		.cgroup_fd = s->run->cgroup_fd,
	};

	if (c.cgroup_fd >= 0)
		c.flags |= CLONE_INTO_CGROUP;
	return sys_clone3(&c, ret_pidfd);
}

/* The process in between: enters what the child has to be born in, makes it as
 * its own sibling and hands over its pid and pidfd. With a seccomp listener it
 * shares its fds with the child and stays. */
static _Noreturn void stage_main(struct spawn *s)
{
	uint64_t extra = CLONE_PARENT | (s->listener ? CLONE_FILES : 0);
	struct sync_msg m = { .type = SYNC_PID };
	struct err e = { 0 };
	int pidfd = -EBADF, r;
	pid_t pid;

	close(TAKE_FD(s->peer_fd)); /* or nobody would see the supervisor's end */
	r = plan_apply(s->plan, PHASE_JOIN, s->run, &e);
	if (r == 0) {
		pid = clone_child(s, extra, &pidfd);
		if (pid == 0)
			child_main(s);
		r = pid < 0 ? err_set(&e, pid, "make the container's init") : 0;
		m.num = pid;
	}
	if (r == 0) {
		r = sys_send(s->run->sync_fd, &m, sizeof(m), &pidfd, 1);
		if (r < 0) {
			/* Nobody will know of it, and it waits. */
			(void)sys_pidfd_signal(pidfd, SIGKILL);
			err_set(&e, r, "hand over the container's init");
		}
	}
	if (r < 0)
		sync_send_err(s->run->sync_fd, SYNC_ERROR, &e);
	if (r == 0 && s->listener)
		listener_serve(s, pid, pidfd);
	_exit(r < 0);
}

/* Hears from the process in between about the child. */
static int take_child(struct spawn *s, struct err *e)
{
	struct sync_msg m = { 0 };
	size_t n_fds = 1;
	int fd = -EBADF;
	ssize_t n = sys_recv(s->peer_fd, &m, sizeof(m), &fd, &n_fds);

	if (n == sizeof(m) && m.type == SYNC_PID && n_fds == 1) {
		s->run->pid = m.num;
		s->run->pidfd = fd;
		return 0;
	}
	if (n_fds == 1 && fd >= 0)
		close(fd);
	if (n == sizeof(m) && m.type == SYNC_ERROR && m.err.code < 0) {
		m.err.text[sizeof(m.err.text) - 1] = '\0';
		m.err.hint[sizeof(m.err.hint) - 1] = '\0';
		*e = m.err;
		return m.err.code;
	}
	return err_set(e, -EPIPE, "enter the namespaces to join");
}

static int by_stage(struct spawn *s, struct err *e)
{
	const struct sys_clone plain = { .flags = CLONE_CLEAR_SIGHAND };
	auto_fd int stage_fd = -EBADF;
	pid_t stage = sys_clone3(&plain, &stage_fd);
	int r;

	if (stage < 0)
		return err_set(e, stage, "fork");
	if (stage == 0)
		stage_main(s);
	/* Ours must go, or its end would not be seen. */
	close(TAKE_FD(s->run->sync_fd));
	r = take_child(s, e);
	s->helper = stage;
	if (!s->listener || r < 0)
		spawn_reap(s);
	return r;
}

void spawn_reap(struct spawn *s)
{
	if (s->helper <= 0)
		return;
	while (waitpid(s->helper, NULL, 0) < 0 && errno == EINTR)
		;
	s->helper = 0;
}

int spawn_child(struct spawn *s, struct err *e)
{
	pid_t pid;
	int r;

	s->has_attach = has_phase(s->plan, PHASE_ATTACH);
	s->has_beside = has_phase(s->plan, PHASE_BESIDE);
	r = sync_pair(&s->peer_fd, &s->run->sync_fd, e);
	if (r < 0)
		return r;
	if (s->plan->listener_path) {
		r = listener_new(&s->listener, e);
		if (r < 0)
			return r;
	}
	if (s->listener || has_phase(s->plan, PHASE_JOIN)) {
		r = by_stage(s, e);
		listener_free(TAKE_PTR(s->listener));
		return r;
	}
	pid = clone_child(s, 0, &s->run->pidfd);
	if (pid == 0)
		child_main(s);
	if (pid < 0)
		return err_set(e, pid, "make the container's init by clone3");
	s->run->pid = pid;
	close(TAKE_FD(s->run->sync_fd));
	return 0;
}

void spawn_kill(struct run *r)
{
	if (r->pidfd < 0)
		return;
	(void)sys_pidfd_signal(r->pidfd, SIGKILL);
	while (waitid((idtype_t)P_PIDFD, (id_t)r->pidfd, NULL,
		      WEXITED | __WALL) < 0 &&
	       errno == EINTR)
		;
}
