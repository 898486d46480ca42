/* SPDX-License-Identifier: Apache-2.0 */
/* run/delete.c - kill and delete: the end of a container, however it came. */
#include "run/container.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "cgroup/unit.h"
#include "host/host.h"
#include "run/hooks.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static int find_cgroup(const struct state *s, const struct host *h,
		       struct arena *a, struct cgroup *g, struct err *e)
{
	*g = (struct cgroup){ .manager = CGROUP_DISABLED };
	if (!s->cgroup_path[0] && !s->cgroup_scope[0])
		return 0;
	return cgroup_find(s->cgroup_manager, s->cgroup_path, s->cgroup_scope,
			   h, a, g, e);
}

int container_kill(const struct state *s, const struct host *h, int sig,
		   bool all, struct err *e)
{
	auto_fd int pidfd = -EBADF;
	struct arena a;
	struct cgroup g;
	int r;

	if (all) {
		arena_init(&a);
		r = find_cgroup(s, h, &a, &g, e);
		if (r == 0 && g.n_dirs > 0)
			r = cgroup_kill(&g, sig, e);
		arena_done(&a);
		if (r < 0 || g.n_dirs > 0)
			return r;
	}
	pidfd = state_pidfd(s, e);
	if (pidfd < 0)
		return pidfd;
	r = sys_pidfd_signal(pidfd, sig);
	return r < 0 ? err_set(e, r, "send signal %d to container %s", sig,
			       s->id)
		     : 0;
}

/* Until the init is gone: the kernel then has killed the rest of its pid
 * namespace. It need not be our child, so a pidfd's POLLIN is all there is. */
static int await_end(int pidfd, struct err *e)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, 10 * 1000);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "wait for the container's end");
	return n == 0 ? err_set(e, -ETIMEDOUT,
				"the container's init does not end")
		      : 0;
}

static int stop(const struct state *s, const struct cgroup *g, bool force,
		struct err *e)
{
	auto_fd int pidfd = state_pidfd(s, NULL);
	uint64_t ticks;
	char letter;
	int r;

	if (pidfd >= 0 && sys_start_ticks(s->pid, &ticks, &letter) == 0 &&
	    letter != 'Z' && letter != 'X') {
		if (!force) {
			err_input(e, "container %s is not stopped", s->id);
			return err_hint(e, -EINVAL,
					"stop it first, or use --force");
		}
		r = sys_pidfd_signal(pidfd, SIGKILL);
		if (r < 0 && r != -ESRCH)
			return err_set(e, r, "kill container %s", s->id);
		/* A frozen process dies only when it is thawed. */
		if (g->n_dirs > 0)
			(void)cgroup_freeze(g, false, NULL);
		r = await_end(pidfd, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Without a pid namespace of its own, or when exec'd processes are left in the
 * cgroup, others live on: then the cgroups are busy. systemd forgets an empty
 * scope by itself, unless it has failed; that it could not be asked is worth a
 * word, but keeps nothing from being deleted. */
static int remove_cgroup(const struct cgroup *g, warn_fn warn, void *warn_arg,
			 struct err *e)
{
	struct err unit_err = { 0 };
	char line[ERR_TEXT + 64];
	int told, r;

	if (g->manager != CGROUP_SYSTEMD && cgroup_remove_idle(g))
		return 0;
	(void)cgroup_kill(g, SIGKILL, NULL);
	told = g->manager == CGROUP_SYSTEMD ? unit_stop(g, &unit_err) : 0;
	r = cgroup_remove(g, e);
	if (r == 0 && told < 0 && warn) {
		err_line(&unit_err, line, sizeof(line));
		warn(warn_arg, line);
	}
	return r;
}

static int remove_all(const struct conf *c, int root_fd, int dir_fd,
		      const struct state *s,
		      const struct cgroup *g, warn_fn warn, void *warn_arg,
		      struct err *e)
{
	struct err hook_err = { 0 };
	char line[ERR_TEXT + 64];
	int r = remove_cgroup(g, warn, warn_arg, e);

	if (r < 0)
		return r;
	if (s->intel_rdt[0])
		(void)rmdir(s->intel_rdt);
	if (c &&
	    hooks_run(c, HOOK_POSTSTOP, STATUS_STOPPED, 0, &hook_err) < 0 &&
	    warn) {
		err_line(&hook_err, line, sizeof(line));
		warn(warn_arg, line);
	}
	return state_remove_fd(root_fd, dir_fd, s->id, e);
}

int container_delete(const struct conf *c, const struct host *h, int root_fd,
		     const struct state *s, bool force, warn_fn warn,
		     void *warn_arg, struct err *e)
{
	auto_fd int dir_fd = state_open(root_fd, s->id, true, e);
	struct cgroup g;
	struct arena a;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	arena_init(&a);
	r = find_cgroup(s, h, &a, &g, e);
	if (r == 0)
		r = stop(s, &g, force, e);
	if (r == 0)
		r = remove_all(c, root_fd, dir_fd, s, &g, warn, warn_arg,
			       e);
	arena_done(&a);
	return r;
}

int container_finish(const struct conf *c, const struct container_opts *o,
		     const struct container_proc *p, struct err *e)
{
	struct cgroup g;
	int r = state_lock_again(p->dir_fd, e);

	if (r == 0)
		return 0;
	if (r > 0)
		r = find_cgroup(&p->state, o->host, c->arena, &g, e);
	if (r == 0)
		r = remove_all(c, o->state_root_fd, p->dir_fd, &p->state, &g,
			       o->warn, o->warn_arg, e);
	/* For who tries it again by container_delete(). */
	if (r < 0)
		state_unlock(p->dir_fd);
	return r;
}
