/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/err.h"
#include "prog/front/option.h"
#include "tap.h"

#include <errno.h>
#include <stddef.h>

struct opts {
	bool detach, tty;
	const char *bundle, *format;
	struct option_list env;
	uint32_t fds;
	struct option_num memory, quota;
};

static const struct option table[] = {
	{ "bundle", 'b', OPTION_STRING, offsetof(struct opts, bundle), "DIR", "where" },
	{ "detach", 'd', OPTION_FLAG, offsetof(struct opts, detach), NULL, "do not wait" },
	{ "env", 'e', OPTION_LIST, offsetof(struct opts, env), "NAME=VALUE", "a variable" },
	{ "format", 'f', OPTION_STRING, offsetof(struct opts, format), "table|json", "which" },
	{ "memory", 0, OPTION_BYTES, offsetof(struct opts, memory), "BYTES", "limit" },
	{ "no-subreaper", 0, OPTION_IGNORED_FLAG, 0, NULL, NULL },
	{ "preserve-fds", 0, OPTION_U32, offsetof(struct opts, fds), "N", "more fds" },
	{ "quota", 0, OPTION_NUM, offsetof(struct opts, quota), "N", "microseconds" },
	{ "tty", 't', OPTION_FLAG, offsetof(struct opts, tty), NULL, "a terminal" },
	{ 0 },
};

static struct arena arena;
static struct opts got;
static struct err err;
static struct words rest;

/* Parses the words of a line, separated by single spaces. */
static int parse(int options_end, const char *line)
{
	static char copy[256], *argv[32];
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *p = strtok_r(copy, " ", &argv[31]); p; p = strtok_r(NULL, " ", &argv[31]))
		argv[n++] = p;
	memset(&got, 0, sizeof(got));
	memset(&err, 0, sizeof(err));
	argv[n] = NULL;
	rest = (struct words){ .argc = n, .argv = argv };
	return options_parse(table, options_end, &rest, &got, &arena, &err);
}

static void values_in_every_style(void)
{
	static const char *const lines[] = {
		"--bundle /x id", "--bundle=/x id", "-bundle /x id", "-bundle=/x id",
		"-b /x id", "-b/x id", "-b=/x id", "id -b /x", "id --bundle /x",
		"-b /y -b /x id",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CHECK_INT(parse(0, lines[i]), 0);
		CHECK_STR(got.bundle, "/x");
		CHECK_INT(rest.argc, 1);
		CHECK_STR(rest.argv[0], "id");
	}
}

static void flags_cluster_and_take_words(void)
{
	CHECK_INT(parse(0, "-dt"), 0);
	CHECK(got.detach && got.tty);
	CHECK_INT(parse(0, "-dtb /x"), 0);
	CHECK(got.detach && got.tty && strcmp(got.bundle, "/x") == 0);
	CHECK_INT(parse(0, "--detach=false -tty=true --no-subreaper"), 0);
	CHECK(!got.detach && got.tty);
	CHECK_INT(parse(0, "--detach=maybe"), -EINVAL);
	CHECK_STR(err.text, "--detach: expected true or false, not \"maybe\"");
}

static void options_end_where_the_program_begins(void)
{
	CHECK_INT(parse(1, "-e A=1 --env B=2 id ls -l --tty"), 0);
	CHECK_INT(got.env.n, 2);
	CHECK_STR(got.env.v[0], "A=1");
	CHECK_STR(got.env.v[1], "B=2");
	CHECK(!got.tty);
	CHECK_INT(rest.argc, 4);
	CHECK_STR(rest.argv[3], "--tty");
	CHECK(!rest.argv[4]);
	CHECK_INT(parse(1, "id -- ls -- x"), 0);
	CHECK_INT(rest.argc, 4);
	CHECK_STR(rest.argv[1], "ls");
	CHECK_STR(rest.argv[2], "--");
	CHECK_INT(parse(1, "-- id ls -t"), 0);
	CHECK(!got.tty);
	CHECK_STR(rest.argv[0], "id");
	CHECK_INT(parse(0, "id -- -t"), 0);
	CHECK(!got.tty);
	CHECK_STR(rest.argv[1], "-t");
}

static void numbers_are_strict(void)
{
	CHECK_INT(parse(0, "--preserve-fds 3 --quota -1 --memory 64k"), 0);
	CHECK_INT(got.fds, 3);
	CHECK(got.quota.given && got.quota.v == -1);
	CHECK(got.memory.given && got.memory.v == 65536);
	CHECK_INT(parse(0, "--memory -1"), 0);
	CHECK(got.memory.given && got.memory.v == -1);
	CHECK(!got.quota.given);
	CHECK_INT(parse(0, "--preserve-fds -1"), -EINVAL);
	CHECK_INT(parse(0, "--preserve-fds 3x"), -EINVAL);
	CHECK_INT(parse(0, "--quota 1k"), -EINVAL);
	CHECK_INT(parse(0, "--memory 99999999999g"), -EINVAL);
	CHECK_STR(err.text, "--memory: number out of range: \"99999999999g\"");
	CHECK_INT(parse(0, "--memory -5k"), -EINVAL);
}

static void faults_name_the_option(void)
{
	CHECK_INT(parse(0, "--bundel /x"), -EINVAL);
	CHECK_STR(err.text, "unknown option --bundel");
	CHECK_INT(parse(0, "--bund /x"), -EINVAL);
	CHECK_INT(parse(0, "-dz"), -EINVAL);
	CHECK_STR(err.text, "unknown option -dz");
	CHECK_INT(parse(0, "id --bundle"), -EINVAL);
	CHECK_STR(err.text, "--bundle: a value is missing (DIR)");
	CHECK_INT(parse(0, "-f yaml"), -EINVAL);
	CHECK_STR(err.text, "--format: expected table|json, not \"yaml\"");
	CHECK_INT(parse(0, "-f tabl"), -EINVAL);
	CHECK_INT(parse(0, "-f json"), 0);
	CHECK(err.is_input || !err.code);
}

static void help_is_asked_for_in_four_ways(void)
{
	static const char *const lines[] = { "-h", "-?", "--help", "-d id -help" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CHECK_INT(parse(0, lines[i]), 0);
		CHECK(rest.wants_help);
	}
	/* Behind the container's id it is the program's. */
	CHECK_INT(parse(1, "id ls --help"), 0);
	CHECK(!rest.wants_help);
}

static void a_slip_is_guessed(void)
{
	static const struct command cmds[] = {
		{ "create", "", "x", NULL, 0, 0, 0, NULL, 0, NULL },
		{ "checkpoint", "", "x", NULL, 0, 0, 0, NULL, 0, NULL },
		{ "delete", "", "x", NULL, 0, 0, 0, NULL, 0, NULL },
		{ 0 },
	};

	CHECK_STR(command_guess(cmds, "craete"), "create");
	CHECK_STR(command_guess(cmds, "delet"), "delete");
	CHECK_STR(command_guess(cmds, "chekpoint"), "checkpoint");
	CHECK(!command_guess(cmds, "frobnicate"));
	CHECK(!command_find(cmds, "creat"));
}

int main(void)
{
	arena_init(&arena);
	TEST(values_in_every_style);
	TEST(flags_cluster_and_take_words);
	TEST(options_end_where_the_program_begins);
	TEST(numbers_are_strict);
	TEST(faults_name_the_option);
	TEST(help_is_asked_for_in_four_ways);
	TEST(a_slip_is_guessed);
	arena_done(&arena);
	return tap_end();
}
