/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/exec.c - a further program in a running container.
 *
 * The process is the container's own with changes by options, or all of it
 * comes from a file. It never gets more than it asks for: an added capability
 * goes to the bounding, permitted and effective sets and to no inheritable or
 * ambient one (CVE-2022-29162), ids are whole numbers or refused
 * (CVE-2026-30892). */
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "cgroup/cgroup.h"
#include "oci/config.h"
#include "prog/hull-oci/create.h"

#include <errno.h>
#include <string.h>

static int set_user(struct conf_process *p, const char *text, struct arena *a,
		    struct err *e)
{
	const char *colon = strchr(text, ':');
	const char *uid = colon ? arena_dup_n(a, text, (size_t)(colon - text)) : text;
	uint32_t u, g = p->gid;

	if (!uid)
		return err_set(e, -ENOMEM, "--user");
	if (num_u32(uid, &u) < 0 || (colon && num_u32(colon + 1, &g) < 0) ||
	    u == UINT32_MAX || g == UINT32_MAX)
		return err_input(e, "--user: expected UID or UID:GID in numbers, not \"%s\"", text);
	p->uid = u;
	p->gid = g;
	return 0;
}

static int set_groups(struct conf_process *p, const struct option_list *l,
		      struct arena *a, struct err *e)
{
	gid_t *v = arena_array(a, p->n_groups + l->n, sizeof(*v));
	size_t n = p->n_groups;

	if (!v)
		return err_set(e, -ENOMEM, "--additional-gids");
	if (n)
		memcpy(v, p->groups, n * sizeof(*v));
	for (size_t i = 0; i < l->n; i++)
		if (num_u32(l->v[i], &v[n++]) < 0)
			return err_input(e, "--additional-gids: expected a number, not \"%s\"", l->v[i]);
	p->groups = v;
	p->n_groups = n;
	return 0;
}

static int add_caps(struct conf_process *p, const struct option_list *l,
		    struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		int cap = cap_from_name(l->v[i]);

		if (cap < 0)
			return err_input(e, "--cap: unknown capability \"%s\"", l->v[i]);
		p->caps.given = true;
		p->caps.bounding |= 1ULL << cap;
		p->caps.permitted |= 1ULL << cap;
		p->caps.effective |= 1ULL << cap;
	}
	return 0;
}

/* A later value of a name takes the place of an earlier one. */
static int set_env(struct conf_process *p, const struct option_list *l,
		   struct arena *a, struct err *e)
{
	const char **v = arena_array(a, p->env.n + l->n + 1, sizeof(*v));
	size_t n = p->env.n;

	if (!v)
		return err_set(e, -ENOMEM, "--env");
	if (n)
		memcpy(v, p->env.v, n * sizeof(*v));
	for (size_t i = 0; i < l->n; i++) {
		size_t len = strcspn(l->v[i], "="), k = 0;

		if (len == 0 || !l->v[i][len])
			return err_input(e, "--env: expected NAME=VALUE, not \"%s\"", l->v[i]);
		while (k < n && strncmp(v[k], l->v[i], len + 1) != 0)
			k++;
		v[k] = l->v[i];
		n = k == n ? n + 1 : n;
	}
	p->env.v = v;
	p->env.n = n;
	return 0;
}

/* The container's process with what the options change. */
static int by_options(struct app *app, const struct exec_opts *o, int argc,
		      char **argv, struct conf_process *p, struct err *e)
{
	int r = 0;

	if (argc == 0)
		return err_input(e, "an argument is missing; usage: exec CONTAINER COMMAND [ARG...]");
	p->args = (struct conf_strings){ (const char *const *)argv, (size_t)argc };
	p->terminal = o->tty;
	p->console_rows = p->console_cols = 0;
	p->no_new_privs |= o->no_new_privs;
	if (o->cwd)
		p->cwd = o->cwd;
	if (p->cwd && p->cwd[0] != '/')
		return err_input(e, "--cwd: expected an absolute path, not \"%s\"", p->cwd);
	if (o->apparmor)
		p->apparmor = o->apparmor;
	if (o->process_label)
		p->selinux = o->process_label;
	if (o->user)
		r = set_user(p, o->user, &app->arena, e);
	if (r == 0 && o->gids.n)
		r = set_groups(p, &o->gids, &app->arena, e);
	if (r == 0 && o->caps.n)
		r = add_caps(p, &o->caps, e);
	if (r == 0 && o->env.n)
		r = set_env(p, &o->env, &app->arena, e);
	return r;
}

static int by_file(struct app *app, const struct exec_opts *o, int argc,
		   struct conf_process *p, struct err *e)
{
	const char *text;
	size_t n;
	int r;

	if (argc > 0)
		return err_input(e, "--process and a command contradict each other");
	r = app_read_file(app, "--process", o->process, &text, &n, e);
	if (r < 0)
		return r;
	*p = (struct conf_process){ 0 };
	r = oci_process_read(text, n,
			     &(struct oci_read){ .name = o->process, .warn = app_warn,
						 .warn_arg = app },
			     &app->arena, p, e);
	if (r < 0)
		return r;
	/* These are said beside the file by runc's users, too. */
	p->terminal |= o->tty;
	return 0;
}

static int make_process(struct app *app, const struct exec_opts *o, int argc,
			char **argv, const struct conf *c,
			struct conf_process *p, unsigned *n_fds, struct err *e)
{
	int r;

	*p = c->process;
	*n_fds = o->preserve_fds;
	if (*n_fds > 4096)
		return err_input(e, "--preserve-fds %u: more than 4096", *n_fds);
	if (o->process)
		r = by_file(app, o, argc, p, e);
	else
		r = by_options(app, o, argc, argv, p, e);
	if (r == 0)
		r = listen_fds(&app->arena, p, n_fds, e);
	return r;
}

static int check_status(struct app *app, const struct found *f,
			const struct exec_opts *o, struct err *e)
{
	enum status s;
	int r = found_status(app, f, &s, e);

	if (r < 0)
		return r;
	if (s == STATUS_PAUSED && !o->ignore_paused) {
		err_input(e, "container \"%s\" is paused", f->state.id);
		return err_hint(e, -EINVAL, "resume it first, or use --ignore-paused");
	}
	if (s == STATUS_STOPPED)
		return err_plain(e, -ESRCH, "container \"%s\": container not running", f->state.id);
	return 0;
}

static int run_in(struct app *app, const struct exec_opts *o, struct found *f,
		  const struct conf_process *p, unsigned n_fds, struct err *e)
{
	struct cgroup_subs subs = { NULL, 0 };
	int r = cgroup_subs_read(o->cgroups.v, o->cgroups.n, &app->arena, &subs, e);
	struct container_exec x = {
		.process = p,
		.state = &f->state,
		.bricks = exec_bricks,
		.host = &app->host,
		.console_socket = o->console_socket,
		.pidfd_socket = o->pidfd_socket,
		.pid_file = o->pid_file,
		.preserve_fds = n_fds,
		.cgroups = subs.n ? &subs : NULL,
		.ignore_paused = o->ignore_paused,
		.is_detached = o->detach,
		.warn = app_warn,
		.warn_arg = app,
	};
	struct container_proc proc;
	int status = 0;

	if (r == 0 && !o->detach)
		r = container_hold_signals(e);
	if (r == 0)
		r = container_exec(&f->conf, &x, &proc, e);
	if (r < 0)
		return r;
	if (!o->detach)
		r = container_wait(&proc, &status, e);
	container_proc_close(&proc);
	return r < 0 ? r : status;
}

static int exec(struct app *app, const struct exec_opts *o, int argc,
		char **argv, struct err *e)
{
	struct conf_process p;
	struct found f;
	unsigned n_fds;
	int r = found_open(app, argv[0], &f, e);

	if (r == 0)
		r = app_probe(app, HOST_CGROUPS | HOST_LSM, e);
	if (r == 0)
		r = check_status(app, &f, o, e);
	if (r == 0)
		r = found_conf(app, &f, e);
	if (r == 0)
		r = make_process(app, o, argc - 1, argv + 1, &f.conf, &p, &n_fds, e);
	return r < 0 ? r : run_in(app, o, &f, &p, n_fds, e);
}

/* runc and crun end with 255 when the fault is theirs, so that it cannot be
 * taken for the program's own status. */
COMMAND(exec)
{
	struct app *a = app;
	int r = exec(a, opts, argc, argv, e);

	if (r >= 0)
		return r;
	log_err(&a->log, e);
	return app_status(e, 255);
}
