/* SPDX-License-Identifier: Apache-2.0 */
/* run/child.c - what the child does between clone3() and execve().
 *
 * Theory of operation
 * -------------------
 * The child is a copy of the supervisor made by clone3() with the container's
 * new namespaces. It applies the plan's phases one after the other, talks to
 * the supervisor as drawn in run/sync.h, and leaves by leap(). It makes only
 * system calls: no allocation, no locale, no files of the C library's.
 *
 *  C1  Until SYNC_KEPT (our pid is in the record) the child dies with the
 *      supervisor: by PDEATHSIG, and by end of file wherever it waits. What a
 *      killed create leaves is therefore always found by delete.
 *  C2  As soon as a process of the container could see it, and until execve(),
 *      it is not dumpable: nobody inside can attach to it or follow its
 *      /proc/PID/exe, fd or root. A new container is empty until BUILD, and its
 *      id maps could not be written by an ordinary user before that; a process
 *      that joins a running one is born so (container_exec()).
 *  C3  Every fd it has is O_CLOEXEC but 0-2 and those asked for
 *      (CVE-2024-21626), and its working directory is inside the new root. */
#include "run/child.h"

#include "base/err.h"
#include "base/scope.h"
#include "run/hooks.h"
#include "run/leap.h"
#include "run/listener.h"
#include "run/program.h"
#include "run/spawn.h"
#include "run/sync.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void give_up(struct spawn *s, const struct err *e)
{
	sync_send_err(s->run->sync_fd, SYNC_ERROR, e);
	_exit(1);
}

static void warn_over_sync(struct run *r, const char *text)
{
	struct err e = { 0 };

	(void)err_input(&e, "%s", text);
	sync_send_err(r->sync_fd, SYNC_WARN, &e);
}

static int await(struct spawn *s, enum sync_type what, struct err *e)
{
	const struct sync_peer peer = { .fd = s->run->sync_fd };

	return sync_wait(&peer, what, e);
}

/* A signal that our caller ignores (nohup, a Go or Python program's SIGPIPE)
 * would stay ignored over execve(); which ones, the supervisor finds out while
 * it has time. 32 to 34 are the C libraries' own: glibc's
 * posix_spawn() leaves them ignored, and sigaction() would not touch them. */
static void reset_signals(uint64_t ignored)
{
	const uint64_t dfl[4] = { 0 }; /* the kernel's struct sigaction */

	for (int sig = 1; sig <= 34; sig++)
		if (ignored >> (sig - 1) & 1)
			(void)syscall(SYS_rt_sigaction, sig, dfl, NULL, 8);
}

/* The supervisor's: its lock, the cgroup that we are in by now, and its end of
 * our socket, whose end of file we would never see. */
static void close_theirs(struct spawn *s)
{
	const int fds[] = { s->lock_fd > 0 ? s->lock_fd : -EBADF,
			    TAKE_FD(s->run->cgroup_fd), TAKE_FD(s->peer_fd) };

	sys_close_all(fds, ARRAY_SIZE(fds));
}

static int start_out(struct spawn *s, struct err *e)
{
	sigset_t none;

	s->run->warn = warn_over_sync;
	close_theirs(s);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) /* C1 */
		return err_sys(e, "tie the child to its supervisor");
	/* A new container's child is born without one; brick_creds sets it. */
	if (s->run->is_exec)
		umask(0);
	/* In no list that the kernel gives out cheaply: those of the C
	 * libraries. (SIGCHLD is no longer ignored: the fronts' main().) */
	reset_signals(7ULL << 31);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* Away from the caller's terminal and its job control: what is typed
	 * there, TIOCSTI included, is none of the container's business. */
	if (setsid() < 0)
		return err_sys(e, "start a session");
	return 0;
}

static int run_hooks_outside(struct spawn *s, struct err *e)
{
	const struct conf *c = s->conf;
	int r = 0;

	if (s->run->is_exec)
		return 0;
	if (c->hooks[HOOK_PRESTART].n || c->hooks[HOOK_CREATE_RUNTIME].n) {
		r = sync_send(s->run->sync_fd, SYNC_BUILT, e);
		if (r == 0)
			r = await(s, SYNC_HOOKED, e);
	}
	if (r == 0 && c->hooks[HOOK_CREATE_CONTAINER].n)
		r = hooks_run(c, HOOK_CREATE_CONTAINER, STATUS_CREATING,
			      getpid(), e);
	return r;
}

/* The kernel answers getcwd() with "(unreachable)" in front when the directory
 * is not below our root: the sign of a working directory that was reached
 * through a leaked fd (CVE-2024-21626). */
static int check_cwd(struct err *e)
{
	char path[PATH_MAX];

	if (!getcwd(path, sizeof(path)))
		return err_sys(e, "find the working directory");
	if (path[0] != '/')
		return err_input(
			e, "process.cwd leads out of the root file system");
	return 0;
}

/* As the user where root may not (a mode-0700 home on NFS), as root where the
 * user may not: try both, as the caller does, before and behind LOCK. */
static int enter_cwd(const struct conf_process *p, bool is_new, bool is_last,
		     struct err *e)
{
	/* Where PIVOT has left us. */
	if (is_new && strcmp(p->cwd, "/") == 0)
		return 0;
	if (chdir(p->cwd) == 0)
		return check_cwd(e);
	if (!is_last && (errno == EACCES || errno == EPERM))
		return 1;
	return err_sys(e, "enter process.cwd %s", p->cwd);
}

static int lock_down(struct spawn *s, struct err *e)
{
	const struct conf_process *p = &s->conf->process;
	bool is_new = !s->run->is_exec && s->conf->root.path;
	int again = enter_cwd(p, is_new, false, e), r;

	if (again < 0)
		return again;
	r = plan_apply(s->plan, PHASE_LOCK, s->run, e);
	if (r == 0 && again)
		r = enter_cwd(p, is_new, true, e);
	return r;
}

/* create: from now on `start` decides. Its connection takes the place of the
 * sync socket, so that an exec that fails is reported to it. */
static int await_start(struct spawn *s, struct err *e)
{
	int fd;

	do
		fd = accept4(s->run->ready_fd, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return err_sys(e, "wait for start");
	close(s->run->sync_fd);
	s->run->sync_fd = fd;
	return await(s, SYNC_START, e);
}

/* C1 ends here. The supervisor may leave as soon as it has heard SYNC_CREATED,
 * so the death signal goes first; end of file in the wait takes its place. */
static int hold(struct spawn *s, struct err *e)
{
	uint32_t ignored = 0;
	const struct sync_peer peer = { .fd = s->run->sync_fd, .num = &ignored };
	int r;

	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return err_sys(e, "untie the child from its supervisor");
	r = sync_wait(&peer, SYNC_KEPT, e);
	reset_signals(ignored);
	if (r == 0)
		r = sync_send(s->run->sync_fd, SYNC_CREATED, e);
	if (r == 0 && s->waits_for_start)
		r = await_start(s, e);
	return r;
}

static int close_the_rest(struct spawn *s, struct err *e)
{
	int r = sys_cloexec_range(3 + s->preserve_fds, ~0U); /* C3 */

	return r < 0 ? err_set(e, r, "mark inherited fds close-on-exec") : 0;
}

static int go(struct spawn *s, struct program *program, struct err *e)
{
	struct leap_args args = { .report_fd = s->run->sync_fd };
	int r = 0;

	if (!s->run->is_exec && s->conf->hooks[HOOK_START_CONTAINER].n)
		r = hooks_run(s->conf, HOOK_START_CONTAINER, STATUS_CREATED,
			      getpid(), e);
	if (r == 0)
		r = plan_apply(s->plan, PHASE_SEAL, s->run, e);
	if (r < 0)
		return r;
	args.path = program->path;
	args.argv = (char *const *)(uintptr_t)s->conf->process.args.v;
	args.envp = program->env;
	args.filter = s->run->filter;
	args.filter_flags = s->run->filter_flags;
	args.exec_key = s->run->exec_key;
	if (s->listener) {
		args.listener_fd = &s->listener->fd;
		r = listener_ready(s->listener, e);
		if (r < 0)
			return r;
	}
	return leap(&args, e);
}

/* exec: the cgroups are there, and no brick of exec_bricks enters them. */
static int join_cgroup(const struct run *r, struct err *e)
{
	for (size_t i = 0; r->is_exec && i < r->n_attach; i++) {
		int ret = sys_write_fd(r->attach_fds[i], "0");

		if (ret < 0)
			return err_set(e, ret, "enter the container's cgroup");
	}
	return 0;
}

static int build(struct spawn *s, struct err *e)
{
	int r = start_out(s, e);

	if (r == 0)
		r = plan_apply(s->plan, PHASE_BEGIN, s->run, e);
	/* The supervisor may have died before start_out(): this says so. */
	if (r == 0 && s->has_attach)
		r = await(s, SYNC_ATTACHED, e);
	if (r == 0)
		r = join_cgroup(s->run, e);
	if (r == 0)
		r = plan_apply(s->plan, PHASE_ENTER, s->run, e);
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) /* C2 */
		r = err_sys(e, "become undumpable");
	if (s->has_beside)
		s->run->get_trees = sync_take_trees;
	if (r == 0)
		r = plan_apply(s->plan, PHASE_BUILD, s->run, e);
	if (r == 0)
		r = run_trees(s->run, e); /* in case that nobody asked */
	if (r == 0)
		r = run_hooks_outside(s, e);
	if (r == 0)
		r = plan_apply(s->plan, PHASE_PIVOT, s->run, e);
	return r;
}

_Noreturn void child_main(struct spawn *s)
{
	struct program program;
	struct err e = { 0 };
	int r = build(s, &e);

	/* Looked up as root would see it is no good: after LOCK. */
	if (r == 0)
		r = lock_down(s, &e);
	if (r == 0)
		r = close_the_rest(s, &e);
	if (r == 0)
		r = program_find(&s->conf->process, s->waits_for_start, &program,
				 &e);
	if (r == 0)
		r = hold(s, &e);
	if (r == 0)
		r = go(s, &program, &e);
	give_up(s, &e);
}
