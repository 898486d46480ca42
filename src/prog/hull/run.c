/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull/run.c - hull run: a command in a container, then what held it. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "prog/hull/app.h"
#include "run/container.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

void hull_warn(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "hull: %s\n", text);
}

/* After the end nothing is kept: the container was for this one command. */
static int clean_up(struct app *app, const struct conf *c, int root_fd,
		    struct err *e)
{
	auto_fd int dir_fd = state_open(root_fd, c->id, false, e);
	struct state s;
	int r = dir_fd < 0 ? dir_fd
			   : state_load(dir_fd, c->id, &app->arena, &s, e);

	return r < 0 ? r
		     : container_delete(c, &app->host, root_fd, &s, true, hull_warn,
					NULL, e);
}

static int run(struct app *app, const struct conf *c, int *ret_status,
	       struct err *e)
{
	auto_fd int root_fd = state_root_open(NULL, true, e);
	struct container_opts co = { .bricks = bricks,
				     .host = &app->host,
				     .state_root_fd = root_fd,
				     .config_text = "{}",
				     .config_len = 2,
				     .warn = hull_warn };
	struct container_proc proc;
	struct err later = { 0 };
	bool ended = false;
	int r;

	if (root_fd < 0)
		return root_fd;
	r = container_hold_signals(e);
	if (r == 0)
		r = container_run(c, &co, &proc, e);
	if (r < 0)
		return r;
	r = container_wait(&proc, ret_status, e);
	if (container_finish(c, &co, &proc, &later) == 0)
		ended = true;
	container_proc_close(&proc);
	if (!ended && clean_up(app, c, root_fd, &later) < 0 && r == 0) {
		*e = later;
		return later.code;
	}
	return r;
}

int cmd_run(void *ctx, const void *opts, int argc, char **argv, struct err *e)
{
	struct app *app = ctx;
	const struct box_opts *o = opts;
	struct conf c;
	int status = 0;
	int r = host_probe(&app->host, HOST_CGROUPS | HOST_LSM | HOST_LANDLOCK,
			   &app->arena, e);

	if (r == 0)
		r = box_conf(app, o, argc, argv, &c, e);
	if (r == 0)
		r = conf_check(&c, e);
	if (r == 0)
		r = run(app, &c, &status, e);
	if (r == 0 && !o->quiet) {
		fprintf(stderr, "\n");
		r = explain(app, &c, o->plan, stderr, e);
	}
	return r < 0 ? r : status;
}
