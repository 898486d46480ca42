/* SPDX-License-Identifier: Apache-2.0 */
/* prog/front/option.h - command lines described by tables.
 *
 * A program is an array of struct command; a command has an array of struct
 * option; a row says where its value goes in the command's own struct. The
 * parser, the help texts and the shell completion are all made from the rows.
 *
 * Both styles that OCI engines write are read: runc's (Go: "-bundle x" is
 * "--bundle x", "--flag=false") and crun's (GNU: "-dt", "-bDIR", options behind
 * the container's id). "--" ends the options. Abbreviated names are refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct arena;
struct err;

enum option_type {
	OPTION_FLAG,    /* bool; also "--x=true", "--x=false" */
	OPTION_STRING,  /* const char *, borrowed from argv */
	OPTION_LIST,    /* struct option_list; can be given many times */
	OPTION_U32,     /* uint32_t */
	OPTION_NUM,     /* struct option_num: a signed number, or absent */
	OPTION_BYTES,   /* struct option_num: the same with k, m, g behind */
	OPTION_IGNORED, /* taken with its value for the peers' sake, no effect */
	OPTION_IGNORED_FLAG,
};

struct option {
	const char *name; /* long, without dashes; NULL ends a table */
	char letter;      /* short; 0: none */
	enum option_type type;
	size_t at;         /* offset in the command's struct */
	const char *value; /* the value's name in help: "DIR"; choices as
			    * "text|json" are checked; NULL for flags */
	const char *help;  /* NULL: accepted, not shown */
};

struct option_list {
	const char **v; /* in the arena */
	size_t n;
};

struct option_num {
	bool given;
	int64_t v;
};

struct command {
	const char *name;
	const char *args;    /* "CONTAINER [SIGNAL]" */
	const char *summary; /* one line */
	const char *details; /* more for its own help; or NULL */
	int min_args, max_args; /* max -1: any number */
	/* After this many arguments that are no options the rest is taken as
	 * it is ("exec CONTAINER ls -l"); 0: options can stand anywhere. */
	int options_end;
	const struct option *options; /* or NULL */
	size_t size;                  /* of its struct */
	/* `ctx` is the program's; `opts` the filled struct (zeroed before).
	 * Returns the exit status, or -errno with *e set. */
	int (*run)(void *ctx, const void *opts, int argc, char **argv,
		   struct err *e);
};

struct program {
	const char *name, *summary;
	const struct option *globals;
	const struct command *commands; /* ended by name = NULL */
	const char *const *env;         /* "NAME", "what it does", ..., NULL */
};

/* What is left of a command line after the options of a table. argv ends in
 * NULL, before and after. */
struct words {
	int argc;
	char **argv;
	bool wants_help;
};

/* Reads the options of `table` in *w into `opts` and leaves the other words
 * there, in order (argv is permuted in place). `options_end` as in struct
 * command; 1 for global options: the command's name ends them. -EINVAL names
 * the option and what it wants. */
int options_parse(const struct option *table, int options_end, struct words *w,
		  void *opts, struct arena *a, struct err *e);

/* The number of arguments against min_args and max_args. */
int command_check(const struct command *c, int argc, struct err *e);
/* NULL when there is none of that name. */
const struct command *command_find(const struct command *commands,
				   const char *name);
/* The name that is nearest to a wrong one, for a hint; NULL: none is near. */
const char *command_guess(const struct command *commands, const char *name);

void help_program(const struct program *p, FILE *out);
void help_command(const struct program *p, const struct command *c, FILE *out);
/* A script for bash: complete -F. */
void help_completion(const struct program *p, FILE *out);
