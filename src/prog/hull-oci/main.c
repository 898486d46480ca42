/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/main.c - the OCI runtime's entry: options, command, exit status.
 *
 * Everything is said in tables (commands.c); an error comes up as struct err
 * and is printed here, once. No locale, no buffered output on the way to a
 * container, no file read that the command does not need. */
#include "base/err.h"
#include "base/scope.h"
#include "prog/hull-oci/app.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A closed fd 0, 1 or 2 would be taken by one of our own files, which the
 * container would then inherit. */
static void fill_stdio(void)
{
	struct pollfd v[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };
	int n = poll(v, 3, 0);

	if (n == 0)
		return;
	for (int i = 0; i < 3; i++)
		if ((v[i].revents & POLLNVAL) && openat(AT_FDCWD, "/dev/null", O_RDWR) != i)
			_exit(1);
}

static int print_version(struct err *e)
{
	/* containerd reads exactly three lines of two parts. */
	return app_print("hull-oci version " HULL_VERSION "\n"
			 "commit: v" HULL_VERSION "\nspec: 1.3.0\n", e);
}

static int print_help(const char *name, struct err *e)
{
	const struct command *c = name ? command_find(hull_oci.commands, name) : NULL;

	if (c)
		help_command(&hull_oci, c, stdout);
	else
		help_program(&hull_oci, stdout);
	return fflush(stdout) < 0 ? err_sys(e, "write to standard output") : 0;
}

static int unknown_command(const char *name, struct err *e)
{
	const char *guess = command_guess(hull_oci.commands, name);

	err_input(e, "unknown command %s", name);
	if (guess)
		return err_hint(e, -EINVAL, "did you mean %s?", guess);
	return err_hint(e, -EINVAL, "hull-oci --help lists the commands");
}

static int run_command(struct app *app, struct words *w, struct err *e)
{
	const struct command *c = command_find(hull_oci.commands, w->argv[0]);
	void *opts;
	int r;

	if (!c && strcmp(w->argv[0], "help") == 0)
		return print_help(w->argc > 1 ? w->argv[1] : NULL, e);
	if (!c)
		return unknown_command(w->argv[0], e);
	w->argc--;
	w->argv++;
	opts = arena_alloc(&app->arena, c->size ? c->size : 1);
	if (!opts)
		return err_set(e, -ENOMEM, "start");
	r = options_parse(c->options, c->options_end, w, opts, &app->arena, e);
	if (r < 0)
		return err_hint(e, r, "hull-oci %s --help lists the options", c->name);
	if (w->wants_help)
		return print_help(c->name, e);
	r = command_check(c, w->argc, e);
	return r < 0 ? r : c->run(app, opts, w->argc, w->argv, e);
}

static int go(struct app *app, int argc, char **argv, struct err *e)
{
	struct words w = { .argc = argc - 1, .argv = argv + 1 };
	int r = options_parse(hull_oci.globals, 1, &w, &app->g, &app->arena, e);

	if (r < 0)
		return err_hint(e, r, "hull-oci --help lists the options");
	if (app->g.version)
		return print_version(e);
	if (w.wants_help || w.argc == 0) {
		r = print_help(NULL, e);
		return r == 0 && !w.wants_help ? 1 : r;
	}
	r = log_open(&app->log, app->g.log,
		     app->g.log_format && strcmp(app->g.log_format, "json") == 0,
		     app->g.debug, e);
	return r < 0 ? r : run_command(app, &w, e);
}

int main(int argc, char **argv)
{
	struct app app = { .log.fd = -EBADF };
	struct err e = { 0 };
	int status;

	fill_stdio();
	/* A caller that ignores it would take our children's status away. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (argc < 1)
		return 1;
	arena_init(&app.arena);
	status = go(&app, argc, argv, &e);
	if (status >= 0)
		return status;
	log_err(&app.log, &e);
	return app_status(&e, 1);
}
