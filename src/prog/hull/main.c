/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull/main.c - the command people type: options, command, exit status. */
#include "base/err.h"
#include "prog/hull/app.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

static const struct option run_options[] = {
	{ "net", 0, OPTION_STRING, offsetof(struct box_opts, net), "none|host",
	  "network: loopback only (none, the default), or the host's" },
	{ "memory", 'm', OPTION_BYTES, offsetof(struct box_opts, memory),
	  "BYTES", "memory at most (1g); 512m, 2g" },
	{ "pids", 0, OPTION_NUM, offsetof(struct box_opts, pids), "N",
	  "processes at most (512)" },
	{ "seccomp", 0, OPTION_STRING, offsetof(struct box_opts, seccomp),
	  "default|strict|scan|off", "which system calls (default); scan: only those that the command needs" },
	{ "bind", 'b', OPTION_LIST, offsetof(struct box_opts, binds),
	  "SRC:DST[:ro]", "show a file or directory of the host" },
	{ "env", 'e', OPTION_LIST, offsetof(struct box_opts, env), "NAME=VALUE",
	  "set a variable" },
	{ "workdir", 'w', OPTION_STRING, offsetof(struct box_opts, workdir),
	  "DIR", "working directory (/)" },
	{ "hostname", 0, OPTION_STRING, offsetof(struct box_opts, hostname),
	  "NAME", "host name (hull)" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct box_opts, quiet), NULL,
	  "do not explain at the end" },
	{ "plan", 0, OPTION_FLAG, offsetof(struct box_opts, plan), NULL,
	  "explain the single steps, too" },
	{ NULL },
};

static const struct option explain_options[] = {
	{ "oci", 0, OPTION_STRING, offsetof(struct box_opts, oci),
	  "config.json", "explain an OCI configuration" },
	{ "net", 0, OPTION_STRING, offsetof(struct box_opts, net), "none|host",
	  "as for run" },
	{ "memory", 'm', OPTION_BYTES, offsetof(struct box_opts, memory),
	  "BYTES", "as for run" },
	{ "pids", 0, OPTION_NUM, offsetof(struct box_opts, pids), "N",
	  "as for run" },
	{ "seccomp", 0, OPTION_STRING, offsetof(struct box_opts, seccomp),
	  "default|strict|scan|off", "as for run" },
	{ "bind", 'b', OPTION_LIST, offsetof(struct box_opts, binds),
	  "SRC:DST[:ro]", "as for run" },
	{ "plan", 0, OPTION_FLAG, offsetof(struct box_opts, plan), NULL,
	  "explain the single steps, too" },
	{ NULL },
};

static const struct command commands[] = {
	{ "run", "[--] [COMMAND [ARGUMENT]...]",
	  "run a command in a container on the host's own root file system",
	  "The host's files are there, read-only below an overlay in memory: "
	  "what the\n"
	  "command writes is gone at the end. At the end hull says what held "
	  "it.",
	  0, -1, 1, run_options, sizeof(struct box_opts), cmd_run },
	{ "explain", "[--] [COMMAND [ARGUMENT]...]",
	  "say what every part of a container would do; start nothing", NULL, 0,
	  -1, 1, explain_options, sizeof(struct box_opts), cmd_explain },
	{ NULL },
};

static const struct option no_globals[] = { { NULL } };

static const struct program hull = {
	.name = "hull",
	.summary = "containers with the parts unglued",
	.globals = no_globals,
	.commands = commands,
};

static int dispatch(struct app *app, struct words *w, struct err *e)
{
	const struct command *c = command_find(commands, w->argv[0]);
	const char *guess;
	void *opts;
	int r;

	if (!c) {
		guess = command_guess(commands, w->argv[0]);
		err_input(e, "unknown command %s", w->argv[0]);
		return err_hint(e, -EINVAL,
				guess ? "did you mean %s?"
				      : "hull --help lists the commands%s",
				guess ? guess : "");
	}
	w->argc--;
	w->argv++;
	opts = arena_alloc(&app->arena, c->size);
	if (!opts)
		return err_set(e, -ENOMEM, "start");
	r = options_parse(c->options, c->options_end, w, opts, &app->arena, e);
	if (r < 0)
		return err_hint(e, r, "hull %s --help lists the options",
				c->name);
	if (w->wants_help) {
		help_command(&hull, c, stdout);
		return 0;
	}
	r = command_check(c, w->argc, e);
	return r < 0 ? r : c->run(app, opts, w->argc, w->argv, e);
}

/* As a shell has it: the container's program not there, or not to be executed.
 */
static int status_of(const struct err *e)
{
	if (!strstr(e->text, "exec \""))
		return 125;
	return e->code == -ENOENT ? 127 : 126;
}

int main(int argc, char **argv)
{
	struct words w = { argc - 1, argv + 1, false };
	struct err e = { 0 };
	struct app app = { .warn = hull_warn };
	char text[ERR_TEXT + 64];
	int r;

	signal(SIGCHLD,
	       SIG_DFL); /* an ignored one would take our children's status */
	arena_init(&app.arena);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		help_program(&hull, argc < 2 ? stderr : stdout);
		return argc < 2 ? 125 : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("hull " HULL_VERSION "\n");
		return 0;
	}
	r = dispatch(&app, &w, &e);
	if (r >= 0)
		return r;
	err_line(&e, text, sizeof(text));
	fprintf(stderr, "hull: %s\n", text);
	if (e.hint[0])
		fprintf(stderr, "hint: %s\n", e.hint);
	return status_of(&e);
}
