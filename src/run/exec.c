/* SPDX-License-Identifier: Apache-2.0 */
/* run/exec.c - one more process in a running container.
 *
 * The same machinery as a birth, with every namespace joined by way of the
 * init's pidfd (so a recycled pid can never be entered), no mounts and no
 * hooks. Only the bricks of exec_bricks take part: what the container's
 * process was allowed is what the new one is allowed at most, unless the
 * caller's own struct conf_process says otherwise. */
#include "run/container.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "host/host.h"
#include "plan/plan.h"
#include "plan/run.h"
#include "run/announce.h"
#include "run/console.h"
#include "run/spawn.h"
#include "run/sync.h"
#include "sys/proc.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The container's configuration as a process sees it that comes later. */
static struct conf joined(const struct conf *c, const struct container_exec *how,
			  int init_pidfd)
{
	struct conf x = *c;

	x.cgroup.manager = how->state->cgroup_manager;
	x.process = *how->process;
	x.has_process = true;
	memset(x.hooks, 0, sizeof(x.hooks));
	for (int k = 0; k < NS_MAX_; k++) {
		if (x.ns[k].mode == PART_OFF)
			continue;
		x.ns[k].mode = PART_JOIN;
		x.ns[k].fd = init_pidfd;
	}
	return x;
}

static int enter_cgroup(const struct container_exec *x, struct arena *a,
			struct run *r, struct err *e)
{
	const struct state *s = x->state;
	struct cgroup *g = arena_new(a, struct cgroup);
	int ret;

	if (!s->cgroup_path[0] && !s->cgroup_scope[0])
		return 0;
	if (!g)
		return err_set(e, -ENOMEM, "cgroup");
	ret = cgroup_find(s->cgroup_manager, s->cgroup_path, s->cgroup_scope,
			  x->host, a, g, e);
	if (ret < 0)
		return ret;
	if (cgroup_is_frozen(g) && !x->ignore_paused) {
		err_input(e, "container %s is paused", s->id);
		return err_hint(e, -EINVAL,
				"resume it first, or use --ignore-paused");
	}
	if (g->manager == CGROUP_SYSTEMD && g->is_user) {
		r->join = g;
		if (x->cgroups && (x->cgroups->n > 1 || x->cgroups->v[0].controllers))
			return err_input(e, "--cgroup: a container of the user's systemd has one "
					    "hierarchy: give one path");
		r->join_sub = x->cgroups ? x->cgroups->v[0].path : NULL;
		return 0;
	}
	return cgroup_open_attach(g, x->cgroups, r->attach_fds, RUN_ATTACH_MAX,
				  &r->n_attach, &r->cgroup_fd, e);
}

static void warn_here(struct run *r, const char *text)
{
	const struct container_exec *x = r->warn_arg;

	if (x->warn)
		x->warn(x->warn_arg, text);
}

static int bring_up(struct spawn *s, const struct container_exec *x,
		    struct err *e)
{
	struct sync_peer peer;
	int r = spawn_child(s, e);

	if (r < 0)
		return r;
	peer = (struct sync_peer){ .fd = s->peer_fd,
				   .path = x->process->args.v[0],
				   .warn = x->warn,
				   .warn_arg = x->warn_arg };
	if (s->has_attach)
		r = plan_apply(s->plan, PHASE_ATTACH, s->run, e);
	if (r == 0 && s->has_attach)
		r = sync_send(s->peer_fd, SYNC_ATTACHED, e);
	if (r == 0)
		r = sync_send_num(s->peer_fd, SYNC_KEPT, ~0U, e);
	if (r == 0 || r == -EPIPE || r == -ECONNRESET)
		r = sync_wait(&peer, SYNC_CREATED, e);
	if (r == 0)
		r = announce_pid(x->pid_file, x->pidfd_socket, s->run->pid,
				 s->run->pidfd, e);
	return r == 0 ? sync_wait(&peer, 0, e) : r;
}

/* The fds that live from here to the child, in one place to close. */
struct lives {
	struct run run;
	int our_fd, master_fd, init_pidfd;
};

static int start(const struct container_exec *x, struct lives *l,
		 const struct conf *c, struct container_proc *ret_proc,
		 struct err *e)
{
	struct spawn s = { .conf = c,
			   .run = &l->run,
			   .peer_fd = -EBADF,
			   .init_pid = x->state->pid,
			   .preserve_fds = x->preserve_fds };
	struct plan *plan;
	int r = plan_make(x->bricks, c, x->host, c->arena, &plan, e);

	s.plan = plan;
	if (r == 0)
		r = enter_cgroup(x, c->arena, &l->run, e);
	if (r == 0)
		r = console_connect(&c->process, x->console_socket,
				    x->is_detached, &l->run.console_socket_fd,
				    &l->our_fd, e);
	if (r == 0)
		r = plan_apply(plan, PHASE_HOST, &l->run, e);
	if (r < 0)
		return r;
	r = bring_up(&s, x, e);
	if (s.peer_fd >= 0)
		close(s.peer_fd);
	if (r == 0 && l->our_fd >= 0)
		r = console_receive(l->our_fd, &l->master_fd, e);
	if (r < 0) {
		spawn_kill(&l->run);
		plan_undo(plan, PHASE_HOST, &l->run);
	}
	spawn_reap(&s);
	if (r < 0)
		return r;
	*ret_proc =
		(struct container_proc){ .pid = l->run.pid,
					 .pidfd = TAKE_FD(l->run.pidfd),
					 .console_fd = TAKE_FD(l->master_fd),
					 .dir_fd = -EBADF };
	return 0;
}

int container_exec(const struct conf *c, const struct container_exec *x,
		   struct container_proc *ret_proc, struct err *e)
{
	struct lives l = { .our_fd = -EBADF, .master_fd = -EBADF };
	int *const fds[] = { &l.our_fd, &l.master_fd, &l.init_pidfd };
	struct conf joint;
	int r;

	if (x->process->args.n == 0)
		return err_input(e, "process.args: empty");
	l.init_pidfd = state_pidfd(x->state, e);
	if (l.init_pidfd < 0)
		return l.init_pidfd;
	joint = joined(c, x, l.init_pidfd);
	run_init(&l.run, &joint);
	run_open_proc(&l.run);
	l.run.is_exec = true;
	l.run.warn = warn_here;
	l.run.warn_arg = (void *)(uintptr_t)x;
	/* Born into a pid namespace that others are in (child.c, C2). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = err_sys(e, "become undumpable");
	else
		r = start(x, &l, &joint, ret_proc, e);
	run_close(&l.run);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	return r;
}
