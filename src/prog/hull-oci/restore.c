/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/restore.c - restore: a container from a checkpoint, by CRIU.
 *
 * Theory of operation
 * -------------------
 * The record, the cgroups and their limits are made as create makes them; the
 * processes come from criu, which is put into the cgroups before it is asked,
 * so that what it restores is born there, and is told where they are: the image
 * may have been made under another id. With the systemd manager a process that
 * does nothing holds the scope until then. criu wants the root file system to be a
 * mount point: it gets one in a mount namespace of its own, so nothing has to
 * be unmounted. The restored init is a sibling of criu, that is our child, and
 * is waited for like any other.
 *
 * Of the hooks prestart and createRuntime run, when the namespaces are there
 * and nothing runs in them (runc does the same): they give a container its
 * network. What the others did is in the image, or concerns a program's start,
 * and there is none. The pid is written down before the processes go on.
 *
 * A terminal of the container's own comes back without its other side, which
 * was the engine's: criu makes a new one and hands it to us. */
#include "base/err.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "cgroup/unit.h"
#include "parse/json.h"
#include "prog/hull-oci/create.h"
#include "prog/hull-oci/criu.h"
#include "prog/hull-oci/restore-points.h"
#include "run/announce.h"
#include "run/console.h"
#include "run/hooks.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/proc.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REC_SLAVE = 1 << 19 }; /* MS_SLAVE */

/* A restore under way. */
struct rebirth {
	struct app *app;
	const struct criu_opts *opts;
	struct bundle b;
	struct criu criu;
	struct cgroup cgroup;
	struct state state;
	struct container_proc proc;
	const char *rootfs;
	int dir_fd, holder_fd;
	pid_t holder;   /* in systemd's scope until criu is; 0 */
	int console_fd; /* --console-socket, connected; -EBADF */
	bool did_hooks;
	char created[40];
};

static void now(char *text, size_t size)
{
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, size - n, ".%09ldZ", ts.tv_nsec);
}

static int hold_scope(struct rebirth *x, struct err *e)
{
	const struct sys_clone plain = { 0 };

	x->holder = sys_clone3(&plain, &x->holder_fd);
	if (x->holder < 0)
		return err_set(e, x->holder, "fork");
	if (x->holder == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)sys_cloexec_range(0, ~0U);
		for (;;)
			pause();
	}
	return 0;
}

static void release_scope(struct rebirth *x)
{
	if (x->holder <= 0)
		return;
	(void)sys_pidfd_signal(x->holder_fd, SIGKILL);
	(void)waitpid(x->holder, NULL, 0);
	close(TAKE_FD(x->holder_fd));
	x->holder = 0;
}

static int make_cgroup(struct rebirth *x, struct err *e)
{
	struct conf *c = &x->b.conf;
	struct arena *a = &x->app->arena;
	const char *request;
	int r;

	if (x->cgroup.manager != CGROUP_SYSTEMD)
		return cgroup_make(&x->cgroup, c->cgroup.best_effort && !c->cgroup.path, e);
	r = unit_request(&x->cgroup, c, a, &request, e);
	if (r == 0)
		r = hold_scope(x, e);
	if (r == 0)
		r = unit_start(&x->cgroup, request, x->holder, a, e);
	x->state.cgroup_path = x->cgroup.path;
	return r < 0 ? r : cgroup_adopt(&x->cgroup, &c->cgroup.res,
					c->cgroup.best_effort, x->holder, a, e);
}

/* The record and the cgroups; whatever fails from here on is cleaned by
 * take_back(). */
static int make_place(struct rebirth *x, struct err *e)
{
	struct conf *c = &x->b.conf;
	int r = cgroup_plan(&c->cgroup, c->id, &x->app->host, &x->app->arena,
			    &x->cgroup, e);

	if (r < 0)
		return r;
	now(x->created, sizeof(x->created));
	x->state = (struct state){
		.id = c->id, .created = x->created, .bundle = x->b.path,
		.rootfs = x->rootfs, .config = "config.json", .owner = geteuid(),
		.cgroup_manager = x->cgroup.manager,
		.cgroup_path = x->cgroup.path ? x->cgroup.path : "",
		.cgroup_scope = x->cgroup.scope ? x->cgroup.scope : "",
		.intel_rdt = "",
	};
	r = state_save(x->dir_fd, &x->state, e);
	if (r == 0)
		r = state_save_config(x->dir_fd, x->b.text, x->b.len, e);
	if (r == 0)
		r = make_cgroup(x, e);
	if (r == 0)
		r = cgroup_limit(&x->cgroup, &c->cgroup.res, false, false, e);
	if (r == 0)
		r = cgroup_devices(&x->cgroup, c->cgroup.res.dev_rules,
				   c->cgroup.res.n_dev_rules, e);
	return r;
}

/* In criu's process, before it is criu. What it restores is born of it: CRIU
 * before 3.18 knows nothing of no_new_privs, so it is handed down. */
static int prepare(void *arg, struct err *e)
{
	const struct rebirth *x = arg;
	auto_fd int tree_fd = -EBADF, at_fd = -EBADF;
	int r = 0;

	if (x->b.conf.process.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "set no_new_privs");
	r = sys_unshare(CLONE_NEWNS);
	if (r < 0)
		return err_set(e, r, "unshare the mount namespace");
	at_fd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = at_fd < 0 ? -errno : sys_mount_setattr(at_fd, AT_RECURSIVE, 0, 0, REC_SLAVE, -1);
	if (r < 0)
		return err_set(e, r, "cut the mounts off from the host's");
	close(TAKE_FD(at_fd));
	at_fd = openat(AT_FDCWD, x->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at_fd < 0)
		return err_sys(e, "root.path %s", x->rootfs);
	tree_fd = sys_open_tree(AT_FDCWD, x->rootfs,
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	r = tree_fd < 0 ? tree_fd : sys_move_mount(tree_fd, at_fd);
	if (r < 0)
		return err_set(e, r, "make %s a mount point", x->rootfs);
	for (int k = 0; k < NS_MAX_; k++)
		if (x->b.conf.ns[k].fd >= 0)
			(void)fcntl(x->b.conf.ns[k].fd, F_SETFD, 0);
	return 0;
}

/* What /proc/PID/cgroup says, line by line, "4:cpu,cpuacct:/a/b": the image's
 * paths become these. */
static void add_cgroups(struct criu *c, char *text)
{
	char *line, *next = NULL, *word, *more = NULL;

	for (line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		names++;
		if (!*names) /* v2 */
			criu_add_pair(c, CRIU_CG_ROOT, "", path);
		for (word = strtok_r(names, ",", &more); word; word = strtok_r(NULL, ",", &more))
			criu_add_pair(c, CRIU_CG_ROOT, word, path);
	}
}

static int on_start(void *arg, pid_t pid, struct err *e)
{
	struct rebirth *x = arg;
	char path[64], text[8192];
	ssize_t n;
	int r = cgroup_attach(&x->cgroup, NULL, pid, e);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	n = sys_read_file(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return err_set(e, (int)n, "read %s", path);
	add_cgroups(&x->criu, text);
	return 0;
}

static int run_hooks(struct rebirth *x, pid_t pid, struct err *e)
{
	const struct conf *c = &x->b.conf;
	int r;

	x->did_hooks = c->hooks[HOOK_PRESTART].n || c->hooks[HOOK_CREATE_RUNTIME].n;
	r = hooks_run(c, HOOK_PRESTART, STATUS_CREATING, pid, e);
	return r < 0 ? r : hooks_run(c, HOOK_CREATE_RUNTIME, STATUS_CREATING, pid, e);
}

static int take_terminal(struct rebirth *x, int *fd, struct err *e)
{
	static const char name[] = "/dev/pts/ptmx";
	int r;

	if (*fd < 0)
		return err_plain(e, -EPROTO, "criu hands over no terminal");
	if (x->console_fd < 0) {
		if (x->proc.console_fd < 0 && !x->opts->c.detach)
			x->proc.console_fd = TAKE_FD(*fd);
		return 0;
	}
	r = sys_send(x->console_fd, name, sizeof(name) - 1, fd, 1);
	return r < 0 ? err_set(e, r, "send the terminal to --console-socket") : 0;
}

static int keep_pid(struct rebirth *x, pid_t pid, struct err *e)
{
	int r;

	x->proc.pid = x->state.pid = pid;
	x->proc.pidfd = sys_pidfd_open(pid);
	if (x->proc.pidfd < 0)
		return err_set(e, x->proc.pidfd, "open restored process %d", (int)pid);
	r = sys_start_ticks(pid, &x->state.start_ticks, NULL);
	if (r < 0)
		return err_set(e, r, "read the start time of process %d", (int)pid);
	return state_save(x->dir_fd, &x->state, e);
}

static int on_note(void *arg, const struct criu_note *n, struct err *e)
{
	struct rebirth *x = arg;

	if (strcmp(n->what, "setup-namespaces") == 0)
		return run_hooks(x, n->pid, e);
	if (strcmp(n->what, "orphan-pts-master") == 0)
		return take_terminal(x, n->fd, e);
	if (strcmp(n->what, "post-restore") == 0)
		return keep_pid(x, n->pid, e);
	return 0;
}

/* fds 0-2 that were pipes become ours of today (checkpoint.c writes the list,
 * so does runc). */
static int add_stdio(struct rebirth *x, struct err *e)
{
	const char *path = arena_printf(&x->app->arena, "%s/descriptors.json", x->criu.image_path);
	const char *text, *name;
	struct json_at root;
	size_t n;
	int r;

	if (!path)
		return err_set(e, -ENOMEM, "restore");
	r = app_read_file(x->app, "restore", path, &text, &n, e);
	if (r == 0)
		r = json_load(path, text, n, &x->app->arena, &root, e);
	if (r == 0)
		r = json_is(&root, JSON_ARRAY, e);
	if (r < 0)
		return r;
	for (struct json_at at = json_first(&root); at.v && at.i < 3; json_next(&at)) {
		r = json_string(&at, &name, e);
		if (r < 0)
			return r;
		if (strncmp(name, "pipe:", 5) == 0)
			criu_add_pair_num(&x->criu, CRIU_INHERIT_FD, name, (int64_t)at.i);
	}
	return 0;
}

/* A network or pid namespace by path was left out of the image; the others are
 * joined before theirs would be made. */
static int add_namespaces(struct rebirth *x, struct err *e)
{
	static const struct {
		enum ns_kind kind;
		const char *name;
	} outside[] = { { NS_NET, "extRootNetNS" }, { NS_PID, "extRootPidNS" } };
	const struct conf *c = &x->b.conf;

	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		if (c->ns[outside[i].kind].mode == PART_JOIN)
			criu_add_pair_num(&x->criu, CRIU_INHERIT_FD, outside[i].name,
					  c->ns[outside[i].kind].fd);
	for (int k = 0; k < NS_MAX_; k++) {
		if (c->ns[k].mode != PART_JOIN || k == NS_NET || k == NS_PID)
			continue;
		if (k == NS_CGROUP || k == NS_TIME)
			return err_input(e, "linux.namespaces: criu cannot join a %s namespace",
					 ns_name((enum ns_kind)k));
		criu_add_pair(&x->criu, CRIU_JOIN_NS, ns_proc_name((enum ns_kind)k), c->ns[k].path);
	}
	return 0;
}

static int restore(struct rebirth *x, struct err *e)
{
	const struct criu_opts *o = x->opts;
	struct criu *c = &x->criu;
	pid_t pid = 0;
	int r;

	pb_put_num(&c->out, CRIU_RST_SIBLING, true);
	pb_put_str(&c->out, CRIU_ROOT, x->rootfs);
	pb_put_str(&c->out, CRIU_LSM_PROFILE, o->lsm_profile);
	pb_put_str(&c->out, CRIU_LSM_MOUNT_CONTEXT, o->lsm_mount_context);
	criu_add_mounts(c, &x->b.conf, -EBADF);
	r = add_namespaces(x, e);
	if (r == 0)
		r = add_stdio(x, e);
	if (r == 0)
		r = restore_points(&x->b.conf, x->rootfs, e);
	if (r < 0)
		return r;
	c->prepare = prepare;
	c->started = on_start;
	c->note = on_note;
	c->arg = x;
	r = criu_run(c, CRIU_RESTORE, &pid, e);
	if (r == 0 && x->proc.pidfd < 0) /* no post-restore note: an old criu */
		r = keep_pid(x, pid, e);
	return r < 0 ? r : announce_pid(o->c.pid_file, NULL, x->proc.pid, x->proc.pidfd, e);
}

static void take_back(struct rebirth *x)
{
	if (x->proc.pidfd >= 0)
		(void)sys_pidfd_signal(x->proc.pidfd, SIGKILL);
	(void)cgroup_kill(&x->cgroup, SIGKILL, NULL);
	if (x->cgroup.manager == CGROUP_SYSTEMD && x->cgroup.n_dirs)
		(void)unit_stop(&x->cgroup, NULL);
	(void)cgroup_remove(&x->cgroup, NULL);
	if (x->did_hooks)
		(void)hooks_run(&x->b.conf, HOOK_POSTSTOP, STATUS_STOPPED, 0, NULL);
	(void)state_remove(x->b.opts.state_root_fd, x->b.conf.id, NULL);
}

/* A terminal needs somebody who holds its other side: the engine, or us. With
 * --shell-job it is one of the outside, and nothing is made. */
static int connect_console(struct rebirth *x, struct err *e)
{
	const struct conf_process *p = &x->b.conf.process;
	const char *path = x->opts->c.console_socket;
	int ours = -EBADF;

	if (!path && (!p->terminal || x->opts->shell_job || !x->opts->c.detach))
		return 0;
	return console_connect(p, path, x->opts->c.detach, &x->console_fd, &ours, e);
}

static int check(struct rebirth *x, struct err *e)
{
	const struct conf *c = &x->b.conf;
	int r = criu_open(&x->criu, x->app, x->opts, c, "restore.log", false, e);

	if (r < 0)
		return r;
	x->rootfs = c->root.path && c->root.path[0] == '/' ? c->root.path :
		    arena_printf(&x->app->arena, "%s/%s", x->b.path, c->root.path ? c->root.path : "");
	if (!x->rootfs)
		return err_set(e, -ENOMEM, "restore");
	return connect_console(x, e);
}

/* From the files to a running init; nothing is left when it fails. */
static int bring_back(struct rebirth *x, struct err *e)
{
	int r;

	x->b.opts.state_root_fd = state_root_open(x->app->g.root, true, e);
	if (x->b.opts.state_root_fd < 0)
		return x->b.opts.state_root_fd;
	x->dir_fd = state_make(x->b.opts.state_root_fd, x->b.conf.id, e);
	if (x->dir_fd < 0)
		return x->dir_fd;
	r = make_place(x, e);
	if (r == 0)
		r = restore(x, e);
	release_scope(x);
	if (r < 0)
		take_back(x);
	close(x->dir_fd); /* and with it the lock */
	return r;
}

COMMAND(restore)
{
	struct rebirth x = { .app = app, .opts = opts, .dir_fd = -EBADF, .holder_fd = -EBADF,
			     .console_fd = -EBADF,
			     .proc = { .pidfd = -EBADF, .console_fd = -EBADF } };
	int status = 0, r = bundle_open(app, argv[0], &x.opts->c, &x.b, e);

	(void)argc;
	if (r == 0)
		r = bundle_options(app, &x.opts->c, &x.b, e);
	if (r == 0)
		r = check(&x, e);
	if (r == 0 && !x.opts->c.detach)
		r = container_hold_signals(e);
	if (r == 0)
		r = bring_back(&x, e);
	if (r < 0 || x.opts->c.detach)
		return r;
	r = container_wait(&x.proc, &status, e);
	if (r == 0)
		r = bundle_clean_up(app, &x.b, x.proc.pid, e);
	return r < 0 ? r : status;
}
