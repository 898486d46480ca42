/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/restore.c - restore: a container from a checkpoint, by CRIU.
 *
 * Theory of operation
 * -------------------
 * The record, the cgroups and their limits are made as create makes them; the
 * processes come from criu, which is started inside the cgroups so that what it
 * restores is born there. With the systemd manager a process that does nothing
 * holds the scope until then. criu wants the root file system to be a mount point:
 * it gets one in a mount namespace of its own, so nothing has to be unmounted.
 * The restored init is a sibling of criu, that is our child, and is waited for
 * like any other.
 *
 * Hooks do not run: they ran when the container was created, and CRIU brings
 * back what they did inside. Engines set up networks by a namespace's path. */
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "cgroup/unit.h"
#include "parse/json.h"
#include "prog/hull-oci/create.h"
#include "prog/hull-oci/criu.h"
#include "run/announce.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/proc.h"

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
	struct cgroup cgroup;
	struct state state;
	const char *rootfs, *pid_path, *log_path;
	int dir_fd, holder_fd;
	pid_t holder; /* in systemd's scope until criu is; 0 */
	char created[40];
};

static const char *in_work_dir(const struct rebirth *x, const char *name)
{
	const char *dir = x->opts->work_path ? x->opts->work_path :
			  x->opts->image_path ? x->opts->image_path : "checkpoint";

	return arena_printf(&x->app->arena, "%s/%s", dir, name);
}

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
		return cgroup_make(&x->cgroup, c->cgroup.best_effort, e);
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
		r = cgroup_limit(&x->cgroup, &c->cgroup.res, false, c->cgroup.best_effort, e);
	if (r == 0)
		r = cgroup_devices(&x->cgroup, c->cgroup.res.dev_rules,
				   c->cgroup.res.n_dev_rules, e);
	return r;
}

/* In the child, before criu. */
static int prepare(void *arg)
{
	struct rebirth *x = arg;
	auto_fd int tree_fd = -EBADF, at_fd = -EBADF;
	int net_fd = x->b.conf.ns[NS_NET].fd;

	if (cgroup_attach(&x->cgroup, NULL, getpid(), NULL) < 0)
		return -1;
	if (sys_unshare(CLONE_NEWNS) < 0)
		return -1;
	at_fd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at_fd < 0 || sys_mount_setattr(at_fd, AT_RECURSIVE, 0, 0, REC_SLAVE, -1) < 0)
		return -1;
	close(at_fd);
	at_fd = openat(AT_FDCWD, x->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree_fd = sys_open_tree(AT_FDCWD, x->rootfs,
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (at_fd < 0 || tree_fd < 0 || sys_move_mount(tree_fd, at_fd) < 0)
		return -1;
	return net_fd >= 0 ? fcntl(net_fd, F_SETFD, 0) : 0;
}

/* fds 0-2 that were pipes become ours of today (checkpoint.c writes the list,
 * so does runc). */
static int add_stdio(struct rebirth *x, struct criu_args *c, struct err *e)
{
	const char *dir = x->opts->image_path ? x->opts->image_path : "checkpoint";
	const char *path = arena_printf(&x->app->arena, "%s/descriptors.json", dir);
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
		if (strncmp(name, "pipe:", 5) != 0)
			continue;
		criu_add(c, "--inherit-fd");
		criu_add(c, "fd[%zu]:%s", at.i, name);
	}
	return 0;
}

static int restore(struct rebirth *x, struct err *e)
{
	struct criu_args c = { .arena = &x->app->arena };
	const struct criu_opts *o = x->opts;
	const struct conf *conf = &x->b.conf;
	int r;

	criu_add(&c, "%s", x->app->g.criu ? x->app->g.criu : "criu");
	criu_add(&c, "restore");
	criu_add_common(&c, o, "restore.log", x->rootfs, conf, true);
	criu_add(&c, "--restore-detached");
	criu_add(&c, "--restore-sibling");
	criu_add(&c, "--pidfile");
	criu_add(&c, "%s", x->pid_path);
	/* Without it they would go back to the cgroups of the old container. */
	if (x->cgroup.n_dirs > 0) {
		criu_add(&c, "--cgroup-root");
		criu_add(&c, "%s", x->cgroup.path);
	}
	if (conf->ns[NS_NET].mode == PART_JOIN) {
		criu_add(&c, "--inherit-fd");
		criu_add(&c, "fd[%d]:extRootNetNS", conf->ns[NS_NET].fd);
	}
	if (o->lsm_profile)
		criu_add(&c, "--lsm-profile=%s", o->lsm_profile);
	if (o->lsm_mount_context)
		criu_add(&c, "--lsm-mount-context=%s", o->lsm_mount_context);
	r = add_stdio(x, &c, e);
	(void)unlink(x->pid_path);
	return r < 0 ? r : criu_run(x->app, &c, x->log_path, prepare, x, e);
}

static int read_pid(struct rebirth *x, struct container_proc *p, struct err *e)
{
	char text[32];
	uint32_t pid;
	ssize_t n = sys_read_file(AT_FDCWD, x->pid_path, text, sizeof(text));
	int r;

	(void)unlink(x->pid_path);
	if (n < 0)
		return err_set(e, (int)n, "read criu's %s", x->pid_path);
	text[strcspn(text, "\n")] = '\0';
	if (num_u32(text, &pid) < 0 || pid == 0)
		return err_input(e, "criu wrote no process id to %s", x->pid_path);
	p->pid = (pid_t)pid;
	p->pidfd = sys_pidfd_open(p->pid);
	if (p->pidfd < 0)
		return err_set(e, p->pidfd, "open restored process %u", pid);
	x->state.pid = p->pid;
	r = sys_start_ticks(p->pid, &x->state.start_ticks, NULL);
	if (r < 0)
		return err_set(e, r, "read the start time of process %u", pid);
	r = state_save(x->dir_fd, &x->state, e);
	if (r < 0)
		return r;
	return announce_pid(x->opts->c.pid_file, NULL, p->pid, p->pidfd, e);
}

static void take_back(struct rebirth *x, struct container_proc *p)
{
	if (p->pidfd >= 0)
		(void)sys_pidfd_signal(p->pidfd, SIGKILL);
	(void)cgroup_kill(&x->cgroup, SIGKILL, NULL);
	if (x->cgroup.manager == CGROUP_SYSTEMD && x->cgroup.n_dirs)
		(void)unit_stop(&x->cgroup, NULL);
	(void)cgroup_remove(&x->cgroup, NULL);
	(void)state_remove(x->b.opts.state_root_fd, x->b.conf.id, NULL);
}

static int check(struct rebirth *x, struct err *e)
{
	const struct conf *c = &x->b.conf;
	int r = criu_check(x->opts, e);

	if (r < 0)
		return r;
	if (c->process.terminal && !x->opts->shell_job)
		return err_input(e, "process.terminal: a container with a terminal can be restored with --shell-job only");
	if (x->opts->c.console_socket)
		return err_input(e, "--console-socket: criu hands out no terminal by its command line");
	x->rootfs = c->root.path && c->root.path[0] == '/' ? c->root.path :
		    arena_printf(&x->app->arena, "%s/%s", x->b.path, c->root.path ? c->root.path : "");
	x->pid_path = in_work_dir(x, "restore.pid");
	x->log_path = in_work_dir(x, "restore.log");
	if (!x->rootfs || !x->pid_path || !x->log_path)
		return err_set(e, -ENOMEM, "restore");
	return criu_work_dir(x->opts, e);
}

/* From the files to a running init; nothing is left when it fails. */
static int bring_back(struct rebirth *x, struct container_proc *p, struct err *e)
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
	if (r == 0)
		r = read_pid(x, p, e);
	release_scope(x);
	if (r < 0)
		take_back(x, p);
	close(x->dir_fd); /* and with it the lock */
	return r;
}

COMMAND(restore)
{
	struct rebirth x = { .app = app, .opts = opts, .dir_fd = -EBADF, .holder_fd = -EBADF };
	struct container_proc p = { .pidfd = -EBADF, .console_fd = -EBADF };
	int status = 0, r = bundle_open(app, argv[0], &x.opts->c, &x.b, e);

	(void)argc;
	if (r == 0)
		r = bundle_options(app, &x.opts->c, &x.b, e);
	if (r == 0)
		r = check(&x, e);
	if (r == 0)
		r = bring_back(&x, &p, e);
	if (r < 0 || x.opts->c.detach)
		return r;
	r = container_hold_signals(e);
	if (r == 0)
		r = container_wait(&p, &status, e);
	if (r == 0)
		r = bundle_clean_up(app, &x.b, p.pid, e);
	return r < 0 ? r : status;
}
