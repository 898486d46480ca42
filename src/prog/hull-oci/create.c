/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/create.c - create, run, start: from a bundle to a container. */
#include "prog/hull-oci/create.h"

#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "oci/config.h"
#include "own/own.h"
#include "run/container.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_config(struct app *app, const struct create_opts *o,
		       struct bundle *b, struct err *e)
{
	const char *name = o->config ? o->config : "config.json", *path = name;
	int r;

	if (name[0] != '/')
		path = arena_printf(&app->arena, "%s/%s", b->path, name);
	if (!path)
		return err_set(e, -ENOMEM, "read %s", name);
	r = app_read_file(app, "configuration", path, &b->text, &b->len, e);
	if (r == -ENOENT)
		return err_hint(e, r, "--bundle names the directory with config.json; hull-oci spec writes one");
	if (r < 0)
		return r;
	return oci_config_read(b->text, b->len,
			       &(struct oci_read){ .name = name, .bundle = b->path,
						   .open_ns = true, .warn = app_warn,
						   .warn_arg = app },
			       &b->conf, e);
}

int bundle_open(struct app *app, const char *id, const struct create_opts *o,
		struct bundle *b, struct err *e)
{
	const char *dir = o->bundle ? o->bundle : ".";
	char path[PATH_MAX];
	int r = state_check_id(id, e);

	if (r < 0)
		return r;
	conf_init(&b->conf, &app->arena);
	b->conf.id = id;
	b->conf.bundle_fd = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->conf.bundle_fd < 0)
		return err_sys(e, "--bundle %s", dir);
	r = sys_fd_path(b->conf.bundle_fd, path, sizeof(path));
	if (r < 0)
		return err_set(e, r, "--bundle %s", dir);
	b->path = arena_dup(&app->arena, path);
	if (!b->path)
		return err_set(e, -ENOMEM, "--bundle");
	b->conf.bundle = b->path;
	return read_config(app, o, b, e);
}

/* NAME=VALUE at the end of the program's environment. */
static int add_env(struct conf_process *p, struct arena *a, const char *text,
		   struct err *e)
{
	const char **v = arena_array(a, p->env.n + 2, sizeof(*v));

	if (!v || !text)
		return err_set(e, -ENOMEM, "process.env");
	if (p->env.n)
		memcpy(v, p->env.v, p->env.n * sizeof(*v));
	v[p->env.n] = text;
	p->env.v = v;
	p->env.n++;
	return 0;
}

int listen_fds(struct arena *a, struct conf_process *p, unsigned *n_fds,
	       struct err *e)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t n, owner;
	int r;

	if (!count || !pid || num_u32(pid, &owner) < 0 ||
	    owner != (uint32_t)getpid())
		return 0;
	if (num_u32(count, &n) < 0 || n > 1024)
		return err_input(e, "LISTEN_FDS=%s: expected a number of fds", count);
	if (n == 0)
		return 0;
	*n_fds += n;
	r = add_env(p, a, arena_printf(a, "LISTEN_FDS=%u", n), e);
	return r < 0 ? r : add_env(p, a, "LISTEN_PID=1", e);
}

/* Only a configuration with a label needs to know which LSMs there are. */
static bool names_lsm(const struct conf *c)
{
	return c->process.apparmor || c->process.selinux || c->mount_label;
}

int bundle_options(struct app *app, const struct create_opts *o,
		   struct bundle *b, struct err *e)
{
	struct conf *c = &b->conf;
	unsigned fds = o->preserve_fds;
	int r;

	c->root.no_pivot |= o->no_pivot;
	c->new_keyring = !o->no_new_keyring;
	c->process.clamp_rlimits |= o->clamp_rlimits;
	if (fds > 4096)
		return err_input(e, "--preserve-fds %u: more than 4096", fds);
	r = listen_fds(&app->arena, &c->process, &fds, e);
	if (r == 0)
		r = app_probe(app, HOST_CGROUPS | (names_lsm(c) ? HOST_LSM : 0), e);
	if (r == 0)
		r = app_cgroup_options(app, &c->cgroup, e);
	if (r == 0) {
		r = conf_check(c, e);
		if (r < 0)
			return err_ctx(e, r, "%s", o->config ? o->config : "config.json");
	}
	b->opts = (struct container_opts){
		.bricks = bricks,
		.host = &app->host,
		.state_root_fd = -EBADF,
		.config_text = b->text,
		.config_len = b->len,
		.console_socket = o->console_socket,
		.pidfd_socket = o->pidfd_socket
					? o->pidfd_socket
					: conf_annotation(c, "run.oci.pidfd_receiver"),
		.pid_file = o->pid_file,
		.preserve_fds = fds,
		.warn = app_warn,
		.warn_arg = app,
	};
	return r;
}

/* Off unless the configuration asks for it: an engine's users see other calls
 * refused than the profile says. */
static int add_own_filter(struct app *app, struct bundle *b, struct err *e)
{
	struct conf *c = &b->conf;
	const char *mode = c->own_mode ? c->own_mode : "off", *root = c->root.path;
	struct own_request q = { .warn = app_warn, .warn_arg = app };

	if (strcmp(mode, "off") == 0)
		return 0;
	q.mode = strcmp(mode, "scan") == 0 ? OWN_SCAN : OWN_NOTE;
	if (root && *root != '/')
		root = arena_printf(&app->arena, "%s/%s", b->path, root);
	q.root = root;
	return root ? own_filter(&q, c, e) : err_set(e, -ENOMEM, "org.hull.seccomp");
}

/* All that can be refused before anything is made. */
static int prepare(struct app *app, const char *id, const struct create_opts *o,
		   struct bundle *b, struct err *e)
{
	int r = bundle_open(app, id, o, b, e);

	if (r == 0)
		r = bundle_options(app, o, b, e);
	if (r == 0)
		r = add_own_filter(app, b, e);
	if (r < 0)
		return r;
	b->opts.state_root_fd = state_root_open(app->g.root, true, e);
	return b->opts.state_root_fd < 0 ? b->opts.state_root_fd : 0;
}

COMMAND(create)
{
	const struct create_opts *o = opts;
	struct container_proc proc;
	struct bundle b = { 0 };
	int r = prepare(app, argv[0], o, &b, e);

	(void)argc;
	if (r == 0)
		r = container_create(&b.conf, &b.opts, &proc, e);
	if (r == 0)
		container_proc_close(&proc);
	return r;
}

static int clean_up_once(struct app *app, const struct bundle *b, pid_t pid,
			 struct err *e)
{
	struct found f;
	int r = found_open(app, b->conf.id, &f, e);

	if (r == 0 && f.state.pid == pid)
		r = container_delete(&b->conf, &app->host, f.root_fd, &f.state,
				     true, app_warn, app, e);
	return r == -ENOENT ? 0 : r;
}

/* Removes the container that we made, at its end. Somebody else may have
 * deleted it meanwhile, and even made another of the same id. What fails is
 * tried once more: nobody comes after us. */
int bundle_clean_up(struct app *app, const struct bundle *b, pid_t pid,
		    struct err *e)
{
	int r = clean_up_once(app, b, pid, e);

	return r < 0 ? clean_up_once(app, b, pid, e) : 0;
}

static int run_to_end(struct app *app, const struct create_opts *o,
		      struct bundle *b, struct err *e)
{
	struct container_proc proc = { 0 };
	struct err clean_err = { 0 };
	int status = 0, r = o->detach ? 0 : container_hold_signals(e);

	if (r == 0)
		r = container_run(&b->conf, &b->opts, &proc, e);
	if (r < 0) {
		/* The program was running when a poststart hook failed. */
		if (proc.pid > 0)
			(void)bundle_clean_up(app, b, proc.pid, NULL);
		return r;
	}
	if (!o->detach)
		r = container_wait(&proc, &status, e);
	if (r == 0 && (o->detach || o->keep)) {
		container_proc_close(&proc);
		return status;
	}
	if (r < 0)
		(void)bundle_clean_up(app, b, proc.pid, &clean_err);
	else if (container_finish(&b->conf, &b->opts, &proc, &clean_err) < 0)
		r = bundle_clean_up(app, b, proc.pid, e);
	container_proc_close(&proc);
	return r < 0 ? r : status;
}

COMMAND(run)
{
	const struct create_opts *o = opts;
	struct bundle b = { 0 };
	int r = prepare(app, argv[0], o, &b, e);

	(void)argc;
	if (r < 0)
		return r;
	if (o->detach && b.conf.process.terminal && !o->console_socket) {
		err_input(e, "process.terminal is true, but nobody would hold the terminal");
		return err_hint(e, -EINVAL, "give --console-socket, or leave out --detach");
	}
	return run_to_end(app, o, &b, e);
}

COMMAND(start)
{
	struct found f;
	int r = found_open(app, argv[0], &f, e);

	(void)argc, (void)opts;
	if (r == 0)
		r = found_conf(app, &f, e);
	if (r == 0)
		r = container_start(&f.conf, f.dir_fd, &f.state, e);
	return r;
}
