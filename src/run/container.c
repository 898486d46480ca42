/* SPDX-License-Identifier: Apache-2.0 */
/* run/container.c - create, run and start: the birth of a container.
 *
 * Theory of operation
 * -------------------
 * birth() is the supervisor's side of run/sync.h. It goes through fixed steps
 * and, when one fails, takes back what the steps before it did, last first:
 *
 *   step                              taken back by
 *   state directory, record           state_remove()
 *   HOST ops (cgroups, sources)       plan_undo(HOST)
 *   clone3()                          SIGKILL by pidfd, wait
 *   ATTACH ops (id maps, netdevs)     plan_undo(ATTACH)
 *   hooks                             poststop hooks (runtime.md, "Lifecycle")
 *
 * A supervisor that is killed cannot take anything back; then the record, which
 * is written before the first step that leaves something behind, tells `delete`
 * what to look for. */
#include "run/container.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "conf/rdt.h"
#include "host/host.h"
#include "plan/plan.h"
#include "plan/run.h"
#include "run/announce.h"
#include "run/console.h"
#include "run/hooks.h"
#include "run/spawn.h"
#include "run/sync.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a birth has under way. */
struct birth {
	const struct conf *conf;
	const struct container_opts *opts;
	bool waits_for_start;
	int dir_fd;
	struct plan *plan;
	struct run run;
	struct spawn spawn;
	struct state state;
	char created[40];
	uint32_t ignored; /* signals, as the child has them from our caller */
	int console_fd; /* where we get the terminal from; -EBADF */
	int master_fd;	/* the terminal, once it came; -EBADF */
	bool did_host, did_attach, did_hooks;
};

void container_proc_close(struct container_proc *p)
{
	int *const fds[] = { &p->pidfd, &p->console_fd, &p->dir_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -EBADF;
	}
}

static void now(char *text, size_t n)
{
	struct timespec ts;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	len = strftime(text, n, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, n - len, ".%09ldZ", ts.tv_nsec);
}

static const char *absolute_rootfs(const struct conf *c)
{
	if (!c->root.path)
		return "";
	if (c->root.path[0] == '/' || !c->bundle)
		return c->root.path;
	return arena_printf(c->arena, "%s/%s", c->bundle, c->root.path);
}

/* The record's first version, before anything else is left behind. */
static int remember(struct birth *b, struct err *e)
{
	const struct conf *c = b->conf;
	struct cgroup *g = arena_new(c->arena, struct cgroup);
	int r;

	if (!g)
		return err_set(e, -ENOMEM, "cgroup");
	r = cgroup_plan(&c->cgroup, c->id, b->opts->host, c->arena, g, e);
	if (r < 0)
		return err_ctx(e, r, "cgroup");
	now(b->created, sizeof(b->created));
	b->state = (struct state){
		.id = c->id,
		.created = b->created,
		.bundle = c->bundle ? c->bundle : "",
		.rootfs = absolute_rootfs(c),
		.config = "config.json",
		.owner = b->opts->host->euid,
		.cgroup_manager = g->manager,
		.cgroup_path = g->path ? g->path : "",
		.cgroup_scope = g->scope ? g->scope : "",
		.intel_rdt = conf_rdt_own(c, c->arena),
	};
	if (!b->state.rootfs || !b->state.intel_rdt)
		return err_set(e, -ENOMEM, "state");
	return state_save(b->dir_fd, &b->state, e);
}

static void warn_here(struct run *r, const char *text)
{
	const struct container_opts *o = r->warn_arg;

	if (o->warn)
		o->warn(o->warn_arg, text);
}

static int prepare(struct birth *b, struct err *e)
{
	const struct container_opts *o = b->opts;
	int r;

	b->run.warn = warn_here;
	b->run.warn_arg = (void *)(uintptr_t)o;
	r = console_connect(&b->conf->process, o->console_socket,
			    b->waits_for_start, &b->run.console_socket_fd,
			    &b->console_fd, e);
	if (r < 0)
		return r;
	if (b->waits_for_start) {
		b->run.ready_fd =
			sys_listen(b->dir_fd, "start.new", SOCK_SEQPACKET);
		if (b->run.ready_fd < 0)
			return err_set(e, b->run.ready_fd, "listen for start");
	}
	r = plan_apply(b->plan, PHASE_HOST, &b->run, e);
	b->did_host = r == 0;
	return r;
}

static int beside(struct birth *b, struct err *e)
{
	int r = plan_apply(b->plan, PHASE_BESIDE, &b->run, e);

	return r < 0 ? r : sync_send_trees(b->spawn.peer_fd, &b->run, e);
}

/* The child is there: attach it to what belongs to the host. */
static int attach(struct birth *b, struct err *e)
{
	int r = 0;

	if (b->spawn.has_attach) {
		r = plan_apply(b->plan, PHASE_ATTACH, &b->run, e);
		b->did_attach = r == 0;
		if (r == 0)
			r = sync_send(b->spawn.peer_fd, SYNC_ATTACHED, e);
	}
	return r == 0 && b->spawn.has_beside ? beside(b, e) : r;
}

/* Modes are what the configuration says, in the child and in what is made for
 * it. */
static int bear(struct birth *b, struct err *e)
{
	mode_t mask = umask(0);
	int r = spawn_child(&b->spawn, e);

	if (r == 0)
		r = attach(b, e);
	umask(mask);
	return r;
}

/* Its pid is written down. */
static int keep(struct birth *b, struct err *e)
{
	int r = sys_new_process(b->run.pid, &b->state.start_ticks, &b->ignored);

	if (b->run.cgroup_path)
		b->state.cgroup_path = b->run.cgroup_path;
	b->state.pid = b->run.pid;
	if (r < 0)
		return err_set(e, r, "read the start time of process %d",
			       b->run.pid);
	r = state_save_config(b->dir_fd, b->opts->config_text,
			      b->opts->config_len, e);
	return r < 0 ? r : state_save(b->dir_fd, &b->state, e);
}

static int hook_in(struct birth *b, const struct sync_peer *peer, struct err *e)
{
	const struct conf *c = b->conf;
	int r;

	if (!c->hooks[HOOK_PRESTART].n && !c->hooks[HOOK_CREATE_RUNTIME].n)
		return 0;
	r = sync_wait(peer, SYNC_BUILT, e);
	b->did_hooks = r == 0;
	if (r == 0)
		r = hooks_run(c, HOOK_PRESTART, STATUS_CREATING, b->run.pid, e);
	if (r == 0)
		r = hooks_run(c, HOOK_CREATE_RUNTIME, STATUS_CREATING,
			      b->run.pid, e);
	if (r == 0)
		r = sync_send(b->spawn.peer_fd, SYNC_HOOKED, e);
	return r;
}

static struct sync_peer peer_of(const struct conf *c, int fd,
				const struct container_opts *o)
{
	return (struct sync_peer){
		.fd = fd,
		.path = c->process.args.n ? c->process.args.v[0] : "",
		.warn = o ? o->warn : NULL,
		.warn_arg = o ? o->warn_arg : NULL,
	};
}

/* A program that could not be started is reported by the child before it was
 * asked to keep still: what it says is worth more than a broken pipe here. */
static int bring_up(struct birth *b, struct err *e)
{
	struct sync_peer peer;
	int r = bear(b, e);

	if (b->run.pid == 0)
		return r;
	peer = peer_of(b->conf, b->spawn.peer_fd, b->opts);
	if (r == 0)
		r = keep(b, e);
	if (r == 0)
		r = hook_in(b, &peer, e);
	/* The child runs these by itself: they count as run from here on. */
	b->did_hooks |= r == 0 && b->conf->hooks[HOOK_CREATE_CONTAINER].n > 0;
	if (r == 0)
		r = sync_send_num(b->spawn.peer_fd, SYNC_KEPT, b->ignored, e);
	if (r == -EPIPE || r == -ECONNRESET)
		return sync_wait(&peer, SYNC_CREATED, e);
	if (r == 0)
		r = sync_wait(&peer, SYNC_CREATED, e);
	if (r == 0)
		r = announce_pid(b->opts->pid_file, b->opts->pidfd_socket,
				 b->run.pid, b->run.pidfd, e);
	if (r == 0 && b->console_fd >= 0)
		r = console_receive(b->console_fd, &b->master_fd, e);
	if (r == 0 && b->waits_for_start &&
	    renameat(b->dir_fd, "start.new", b->dir_fd, "start.sock") < 0)
		r = err_sys(e, "name the start socket");
	/* run: end of file says that the program has taken over. */
	if (r == 0 && !b->waits_for_start)
		r = sync_wait(&peer, 0, e);
	return r;
}

static void take_back(struct birth *b)
{
	if (b->spawn.peer_fd >= 0)
		close(TAKE_FD(b->spawn.peer_fd));
	spawn_kill(&b->run);
	if (b->did_attach)
		plan_undo(b->plan, PHASE_ATTACH, &b->run);
	if (b->did_host)
		plan_undo(b->plan, PHASE_HOST, &b->run);
	if (b->did_hooks)
		(void)hooks_run(b->conf, HOOK_POSTSTOP, STATUS_STOPPED, 0,
				NULL);
	(void)state_remove(b->opts->state_root_fd, b->conf->id, NULL);
}

static void give(struct birth *b, struct container_proc *ret_proc)
{
	*ret_proc = (struct container_proc){
		.pid = b->run.pid,
		.pidfd = TAKE_FD(b->run.pidfd),
		.console_fd = TAKE_FD(b->master_fd),
		.dir_fd = -EBADF,
		.state = b->state,
	};
	ret_proc->state.created = ""; /* is in b */
	if (b->waits_for_start)
		return;
	state_unlock(b->dir_fd);
	ret_proc->dir_fd = TAKE_FD(b->dir_fd);
}

static int birth(const struct conf *c, const struct container_opts *o,
		 bool waits_for_start, struct container_proc *ret_proc,
		 struct err *e)
{
	struct birth b = { .conf = c,
			   .opts = o,
			   .dir_fd = -EBADF,
			   .console_fd = -EBADF,
			   .master_fd = -EBADF,
			   .waits_for_start = waits_for_start };
	int r = plan_make(o->bricks, c, o->host, c->arena, &b.plan, e);

	if (r < 0)
		return r;
	run_init(&b.run, c);
	if (b.plan->uses_proc)
		run_open_proc(&b.run);
	b.spawn = (struct spawn){ .conf = c,
				  .plan = b.plan,
				  .run = &b.run,
				  .preserve_fds = o->preserve_fds,
				  .waits_for_start = waits_for_start,
				  .peer_fd = -EBADF };
	b.dir_fd = state_make(o->state_root_fd, c->id, e);
	if (b.dir_fd < 0)
		return b.dir_fd;
	b.spawn.lock_fd = b.dir_fd;
	r = remember(&b, e);
	if (r == 0)
		r = prepare(&b, e);
	if (r == 0)
		r = bring_up(&b, e);
	if (r < 0)
		take_back(&b);
	else
		give(&b, ret_proc);
	if (r < 0 || !waits_for_start)
		spawn_reap(&b.spawn);
	sys_close_all((const int[]){ TAKE_FD(b.run.cgroup_fd), b.spawn.peer_fd,
				     b.console_fd, b.master_fd, b.dir_fd },
		      5);
	run_close(&b.run);
	return r;
}

int container_create(const struct conf *c, const struct container_opts *o,
		     struct container_proc *ret_proc, struct err *e)
{
	return birth(c, o, true, ret_proc, e);
}

/* runtime.md, "Lifecycle": a failing poststart hook is an error, and the
 * container is stopped. */
static int poststart(const struct conf *c, pid_t pid, int pidfd, struct err *e)
{
	int r = hooks_run(c, HOOK_POSTSTART, STATUS_RUNNING, pid, e);

	if (r < 0)
		(void)sys_pidfd_signal(pidfd, SIGKILL);
	return r;
}

int container_run(const struct conf *c, const struct container_opts *o,
		  struct container_proc *ret_proc, struct err *e)
{
	int r = birth(c, o, false, ret_proc, e);

	if (r < 0)
		return r;
	r = poststart(c, ret_proc->pid, ret_proc->pidfd, e);
	if (r < 0)
		container_proc_close(ret_proc);
	return r;
}

int container_start(const struct conf *c, int dir_fd, const struct state *s,
		    struct err *e)
{
	auto_fd int pidfd = -EBADF, fd = -EBADF;
	enum status status = state_status(dir_fd, s);
	struct sync_peer peer;
	int r;

	if (status != STATUS_CREATED)
		return err_input(
			e, "cannot start container %s: it is %s, not created",
			s->id, status_name(status));
	pidfd = state_pidfd(s, e);
	if (pidfd < 0)
		return pidfd;
	fd = sys_connect(dir_fd, "start.sock", SOCK_SEQPACKET);
	if (fd < 0)
		return err_set(e, fd, "reach the waiting init of container %s",
			       s->id);
	peer = peer_of(c, fd, NULL);
	r = sync_send(fd, SYNC_START, e);
	if (r == 0)
		r = sync_wait(&peer, 0, e);
	(void)unlinkat(dir_fd, "start.sock", 0);
	return r < 0 ? r : poststart(c, s->pid, pidfd, e);
}
