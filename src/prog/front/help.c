/* SPDX-License-Identifier: Apache-2.0 */
/* prog/front/help.c - help texts and shell completion, made from the tables. */
#include "prog/front/option.h"

#include "base/err.h"

#include <string.h>

enum { HELP_COLUMN = 34, HELP_WIDTH = 79 };

const struct command *command_find(const struct command *commands,
				   const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

int command_check(const struct command *c, int argc, struct err *e)
{
	if (argc < c->min_args)
		return err_input(e, "an argument is missing; usage: %s %s",
				 c->name, c->args);
	if (c->max_args >= 0 && argc > c->max_args)
		return err_input(e, "too many arguments; usage: %s %s", c->name,
				 c->args);
	return 0;
}

/* Letters at the same place, from both ends: enough for a slip of the hand. */
static size_t likeness(const char *a, const char *b)
{
	size_t n = 0, na = strlen(a), nb = strlen(b), least = na < nb ? na : nb;

	while (n < least && a[n] == b[n])
		n++;
	for (size_t k = 1; n < least && a[na - k] == b[nb - k]; k++)
		n++;
	return n;
}

const char *command_guess(const struct command *commands, const char *name)
{
	const char *best = NULL;
	size_t best_n = 0;

	for (const struct command *c = commands; c->name; c++) {
		size_t n = likeness(c->name, name), len = strlen(c->name);

		if (c->summary && n > best_n && 2 * n >= len && n + 2 >= len) {
			best = c->name;
			best_n = n;
		}
	}
	return best;
}

static void put_wrapped(const char *text, FILE *out)
{
	int column = HELP_COLUMN;

	while (*text) {
		int n = (int)strcspn(text, " ");

		if (column + n > HELP_WIDTH && column > HELP_COLUMN) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		fprintf(out, "%.*s", n, text);
		column += n;
		text += n;
		if (*text == ' ') {
			fputc(' ', out);
			column++;
			text++;
		}
	}
	fputc('\n', out);
}

static void put_options(const struct option *table, FILE *out)
{
	for (const struct option *o = table; o && o->name; o++) {
		char left[96];
		int n;

		if (!o->help)
			continue;
		n = snprintf(left, sizeof(left), "  %c%c%c --%s%s%s",
			     o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			     o->letter ? ',' : ' ', o->name,
			     o->value ? " " : "", o->value ? o->value : "");
		fputs(left, out);
		if (n >= HELP_COLUMN - 1) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
		} else {
			fprintf(out, "%*s", HELP_COLUMN - n, "");
		}
		put_wrapped(o->help, out);
	}
}

static void put_pair(const char *name, const char *text, FILE *out)
{
	fprintf(out, "  %-*s", 20, name);
	fprintf(out, "%s\n", text);
}

void help_program(const struct program *p, FILE *out)
{
	fprintf(out, "%s - %s\n\nUsage: %s [OPTION...] COMMAND [OPTION...] [ARG...]\n",
		p->name, p->summary, p->name);
	fprintf(out, "\nCommands:\n");
	for (const struct command *c = p->commands; c->name; c++)
		if (c->summary)
			put_pair(c->name, c->summary, out);
	if (p->globals)
		fprintf(out, "\nOptions of all commands:\n");
	put_options(p->globals, out);
	if (p->env && p->env[0])
		fprintf(out, "\nEnvironment:\n");
	for (const char *const *v = p->env; v && v[0]; v += 2)
		put_pair(v[0], v[1], out);
	fprintf(out, "\n\"%s COMMAND --help\" explains one command.\n", p->name);
}

void help_command(const struct program *p, const struct command *c, FILE *out)
{
	fprintf(out, "%s %s - %s\n\nUsage: %s [OPTION...] %s%s%s%s\n", p->name,
		c->name, c->summary ? c->summary : "", p->name, c->name,
		c->options ? " [OPTION...]" : "", c->args[0] ? " " : "",
		c->args);
	if (c->details)
		fprintf(out, "\n%s\n", c->details);
	if (c->options) {
		fprintf(out, "\nOptions:\n");
		put_options(c->options, out);
	}
}

static void put_names(const struct option *table, FILE *out)
{
	for (const struct option *o = table; o && o->name; o++)
		if (o->help)
			fprintf(out, " --%s", o->name);
}

void help_completion(const struct program *p, FILE *out)
{
	fprintf(out, "# bash completion of %s: source <(%s completion)\n"
		"_hull_complete()\n{\n"
		"\tlocal word cur=${COMP_WORDS[COMP_CWORD]} cmd= words\n"
		"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		"\t\tcase \" $(_hull_commands) \" in *\" $word \"*) cmd=$word; break ;; esac\n"
		"\tdone\n\tcase $cmd in\n", p->name, p->name);
	for (const struct command *c = p->commands; c->name; c++) {
		if (!c->summary)
			continue;
		fprintf(out, "\t%s) words='", c->name);
		put_names(c->options, out);
		fprintf(out, " --help' ;;\n");
	}
	fprintf(out, "\t*) words=\"$(_hull_commands)");
	put_names(p->globals, out);
	fprintf(out, " --help\" ;;\n\tesac\n"
		"\tif [[ -n $cmd && $cur != -* ]]; then\n"
		"\t\twords=$(%s list --quiet 2>/dev/null)\n\tfi\n"
		"\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
		"_hull_commands()\n{\n\techo '", p->name);
	for (const struct command *c = p->commands; c->name; c++)
		if (c->summary)
			fprintf(out, "%s ", c->name);
	fprintf(out, "'\n}\ncomplete -o default -F _hull_complete %s\n", p->name);
}
