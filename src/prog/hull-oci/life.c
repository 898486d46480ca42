/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/life.c - state, kill, delete: by id or regular expression. */
#include "base/err.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "oci/state.h"
#include "prog/hull-oci/app.h"
#include "prog/hull-oci/signal.h"
#include "run/container.h"

#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <string.h>

COMMAND(state)
{
	const char *text = NULL;
	enum status status;
	struct found f;
	int r = found_open(app, argv[0], &f, e);

	(void)argc, (void)opts;
	if (r == 0)
		r = found_status(app, &f, &status, e);
	if (r == 0)
		r = found_conf(app, &f, e);
	if (r == 0)
		r = oci_state_text(&f.state, status, &f.conf, &text, e);
	return r < 0 ? r : app_print(text, e);
}

/* What is done to one container or to all that match. */
struct deed {
	struct app *app;
	const struct match_opts *o;
	int signal;
	regex_t regex;
	unsigned n_done;
	struct err *e;
	int (*fn)(struct deed *d, const char *id, struct err *e);
};

static int on_match(const char *id, void *arg)
{
	struct deed *d = arg;
	int r;

	if (regexec(&d->regex, id, 0, NULL, 0) != 0)
		return 0;
	r = d->fn(d, id, d->e);
	if (r == 0)
		d->n_done++;
	return r;
}

static int for_all(struct deed *d, const char *pattern, struct err *e)
{
	auto_fd int root_fd = -EBADF;
	char why[128];
	int r = regcomp(&d->regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (r != 0) {
		regerror(r, &d->regex, why, sizeof(why));
		return err_input(e, "--regex %s: %s", pattern, why);
	}
	root_fd = state_root_open(d->app->g.root, false, e);
	r = root_fd < 0 ? root_fd : state_each(root_fd, on_match, d, e);
	regfree(&d->regex);
	if (r < 0)
		return r;
	if (d->n_done == 0 && !d->o->force)
		return err_input(e, "no container matches \"%s\"", pattern);
	return 0;
}

static int for_one_or_all(struct deed *d, const char *name, struct err *e)
{
	d->e = e;
	return d->o->regex ? for_all(d, name, e) : d->fn(d, name, e);
}

static int kill_one(struct deed *d, const char *id, struct err *e)
{
	struct found f;
	int r = found_open(d->app, id, &f, e);

	if (r == 0 && d->o->all)
		r = app_probe(d->app, HOST_CGROUPS, e);
	if (r < 0)
		return r;
	/* With --all engines kill what a dead init left in the cgroup, too. */
	if (!d->o->all && state_status(f.dir_fd, &f.state) == STATUS_STOPPED)
		return err_plain(e, -ESRCH, "container \"%s\": container not running", id);
	return container_kill(&f.state, &d->app->host, d->signal, d->o->all, e);
}

COMMAND(kill)
{
	struct deed d = { .app = app, .o = opts, .signal = SIGTERM, .fn = kill_one };
	int r = argc > 1 ? signal_parse(argv[1], &d.signal, e) : 0;

	return r < 0 ? r : for_one_or_all(&d, argv[0], e);
}

/* The record cannot be read: what it would say of the cgroups is worked out
 * again from the kept configuration. */
static int guess_state(struct deed *d, struct found *f, const char *id,
		       struct err *e)
{
	struct conf_cgroup cc = { 0 };
	struct cgroup g;
	int r = app_probe(d->app, HOST_CGROUPS, e);

	f->state = (struct state){ .id = id, .bundle = "", .cgroup_path = "",
				   .cgroup_scope = "", .intel_rdt = "" };
	if (r < 0 || found_conf(d->app, f, NULL) < 0)
		return r;
	cc = f->conf.cgroup;
	r = app_cgroup_options(d->app, &cc, e);
	if (r == 0)
		r = cgroup_plan(&cc, id, &d->app->host, &d->app->arena, &g, e);
	if (r < 0)
		return r;
	f->state.cgroup_manager = g.manager;
	f->state.cgroup_path = g.path ? g.path : "";
	f->state.cgroup_scope = g.scope ? g.scope : "";
	return 0;
}

/* delete --force has to remove what a killed create left, whatever state that
 * is in. A configuration that cannot be read has no hooks we could run. */
static int delete_one(struct deed *d, const char *id, struct err *e)
{
	struct found f;
	bool has_conf;
	int r = found_open(d->app, id, &f, e);

	if (r == -ENOENT && f.dir_fd < 0 && d->o->force)
		return 0;
	if (r < 0 && f.dir_fd >= 0 && d->o->force)
		r = guess_state(d, &f, id, e);
	if (r == 0)
		r = app_probe(d->app, HOST_CGROUPS, e);
	if (r < 0)
		return r;
	has_conf = found_conf(d->app, &f, NULL) == 0;
	return container_delete(has_conf ? &f.conf : NULL, &d->app->host,
				f.root_fd, &f.state, d->o->force, app_warn,
				d->app, e);
}

COMMAND(delete)
{
	struct deed d = { .app = app, .o = opts, .fn = delete_one };

	(void)argc;
	return for_one_or_all(&d, argv[0], e);
}
