/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/list.c - the containers there are. */
#include "base/err.h"
#include "base/scope.h"
#include "oci/state.h"
#include "prog/hull-oci/app.h"

#include <stdio.h>
#include <string.h>

struct row {
	const char *id, *status, *bundle, *created, *owner, *json;
	pid_t pid;
};

struct rows {
	struct app *app;
	const struct list_opts *opts;
	struct row *v;
	size_t n, cap;
	struct err *e;
};

static struct row *add_row(struct rows *t)
{
	struct row *v = t->v;

	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 32;
		v = arena_array(&t->app->arena, t->cap, sizeof(*v));
		if (v && t->n)
			memcpy(v, t->v, t->n * sizeof(*v));
		t->v = v;
	}
	return v ? &v[t->n++] : NULL;
}

/* A name when the user data base has one: a static program asks /etc/passwd. */
static const char *user_name(struct arena *a, uid_t uid)
{
	char line[512];
	FILE *f = fopen("/etc/passwd", "re");
	const char *name = NULL;

	while (f && !name && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':'), *id = colon ? strchr(colon + 1, ':') : NULL;
		unsigned n;

		if (id && sscanf(id + 1, "%u:", &n) == 1 && n == uid)
			name = arena_dup_n(a, line, (size_t)(colon - line));
	}
	if (f)
		fclose(f);
	return name ? name : arena_printf(a, "#%u", uid);
}

static int read_row(struct rows *t, const char *id, struct err *e)
{
	struct app *app = t->app;
	enum status status = STATUS_STOPPED;
	struct found f;
	struct row *row;
	const char *json = "";
	int r = found_open(app, id, &f, e);

	if (r == 0)
		r = found_status(app, &f, &status, e);
	if (r == 0 && t->opts->format && strcmp(t->opts->format, "json") == 0) {
		r = found_conf(app, &f, e);
		if (r == 0)
			r = oci_state_text(&f.state, status, &f.conf, &json, e);
	}
	if (f.dir_fd >= 0)
		close(f.dir_fd);
	if (f.root_fd >= 0)
		close(f.root_fd);
	if (r < 0)
		return r;
	row = add_row(t);
	if (!row)
		return err_set(e, -ENOMEM, "list");
	*row = (struct row){ id, status_name(status), f.state.bundle,
			     f.state.created, user_name(&app->arena, f.state.owner),
			     json, status == STATUS_STOPPED ? 0 : f.state.pid };
	return 0;
}

/* One broken container must not hide the others; one that is deleted
 * meanwhile is none. */
static int on_each(const char *id, void *arg)
{
	struct rows *t = arg;
	struct err why = { 0 };
	char line[ERR_TEXT + 64];
	const char *name = arena_dup(&t->app->arena, id);
	int r;

	if (!name)
		return err_set(t->e, -ENOMEM, "list");
	if (t->opts->quiet) {
		struct row *row = add_row(t);

		if (!row)
			return err_set(t->e, -ENOMEM, "list");
		row->id = name;
		return 0;
	}
	r = read_row(t, name, &why);
	if (r == 0 || r == -ENOENT)
		return 0;
	err_ctx(&why, r, "container \"%s\"", id);
	err_line(&why, line, sizeof(line));
	app_warn(t->app, line);
	return 0;
}

static void print_table(const struct rows *t)
{
	int id = 11, bundle = 11;

	for (size_t i = 0; i < t->n; i++) {
		id = (int)strlen(t->v[i].id) > id ? (int)strlen(t->v[i].id) : id;
		bundle = (int)strlen(t->v[i].bundle) > bundle ?
				 (int)strlen(t->v[i].bundle) : bundle;
	}
	printf("%-*s %-10s %-9s %-*s %-31s %s\n", id, "ID", "PID", "STATUS",
	       bundle, "BUNDLE", "CREATED", "OWNER");
	for (size_t i = 0; i < t->n; i++) {
		const struct row *w = &t->v[i];

		printf("%-*s %-10d %-9s %-*s %-31s %s\n", id, w->id, (int)w->pid,
		       w->status, bundle, w->bundle, w->created, w->owner);
	}
}

static void print_json(const struct rows *t)
{
	putchar('[');
	for (size_t i = 0; i < t->n; i++)
		printf("%s%s", i ? "," : "", t->v[i].json);
	printf("]\n");
}

COMMAND(list)
{
	struct rows t = { .app = app, .opts = opts, .e = e };
	auto_fd int root_fd = state_root_open(t.app->g.root, false, e);
	int r = 0;

	(void)argc, (void)argv;
	if (root_fd < 0 && root_fd != -ENOENT)
		return root_fd;
	if (root_fd >= 0)
		r = state_each(root_fd, on_each, &t, e);
	if (r < 0)
		return r;
	if (t.opts->quiet)
		for (size_t i = 0; i < t.n; i++)
			puts(t.v[i].id);
	else if (t.opts->format && strcmp(t.opts->format, "json") == 0)
		print_json(&t);
	else
		print_table(&t);
	return fflush(stdout) < 0 ? err_sys(e, "write to standard output") : 0;
}
