/* SPDX-License-Identifier: Apache-2.0 */
/* prog/front/option.c - reads a command line by a table.
 *
 * Theory of operation
 * -------------------
 * One pass over argv. A word that begins with a dash is first looked up as a
 * whole name, with one dash or two (Go's way), then, with one dash, letter by
 * letter (GNU's way). A value is what stands behind "=", behind the letter, or
 * the next word whatever it looks like ("--memory-swap -1"). Words that are no
 * options are moved to the front of argv, which keeps their order, so nothing
 * is allocated but the arrays of OPTION_LIST rows.
 *
 * Two names for one thing, or a name that could be two, do not exist here: a
 * runtime's options are written by programs, and a typo must not pass. */
#include "prog/front/option.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"

#include <string.h>

/* Where the parser stands. */
struct reader {
	const struct option *table;
	struct words *w;
	int next; /* index of the word after the current one */
	char *opts;
	struct arena *arena;
};

static const struct option *find_name(const struct option *table,
				      const char *name, size_t n)
{
	for (const struct option *o = table; o && o->name; o++)
		if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static const struct option *find_letter(const struct option *table, char letter)
{
	for (const struct option *o = table; o && o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static bool is_flag(const struct option *o)
{
	return o->type == OPTION_FLAG || o->type == OPTION_IGNORED_FLAG;
}

static int read_bool(const struct option *o, const char *text, bool *ret,
		     struct err *e)
{
	static const char *const yes[] = { "true", "1", "t", "T", "TRUE", "True" };
	static const char *const no[] = { "false", "0", "f", "F", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return err_input(e, "--%s: expected true or false, not \"%s\"", o->name,
			 text);
}

/* One of "a|b|c". Value names without a bar are no choices. */
static int check_choice(const struct option *o, const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (!o->value || !strchr(o->value, '|'))
		return 0;
	for (const char *p = o->value; *p; p += *p == '|') {
		size_t len = strcspn(p, "|");

		if (len == n && strncmp(p, text, n) == 0)
			return 0;
		p += len;
	}
	return err_input(e, "--%s: expected %s, not \"%s\"", o->name, o->value,
			 text);
}

static int read_num(const struct option *o, const char *text,
		    struct option_num *ret, struct err *e)
{
	uint64_t bytes = 0;
	int r = num_i64(text, &ret->v);

	if (r < 0 && o->type == OPTION_BYTES && text[0] != '-') {
		r = num_bytes(text, &bytes);
		if (r == 0 && bytes > INT64_MAX)
			r = -ERANGE;
		ret->v = (int64_t)bytes;
	}
	if (r == 0) {
		ret->given = true;
		return 0;
	}
	return err_input(e, "--%s: %s: \"%s\"", o->name,
			 r == -ERANGE ? "number out of range" :
			 o->type == OPTION_BYTES ?
					"expected a number of bytes (k, m, g may follow)" :
					"expected a number",
			 text);
}

static int add_to_list(struct reader *rd, struct option_list *list,
		       const char *text, struct err *e)
{
	/* There cannot be more values than words. */
	if (!list->v)
		list->v = arena_array(rd->arena, (size_t)rd->w->argc + 1,
				      sizeof(*list->v));
	if (!list->v)
		return err_set(e, -ENOMEM, "read the command line");
	list->v[list->n++] = text;
	return 0;
}

static int store(struct reader *rd, const struct option *o, const char *text,
		 struct err *e)
{
	void *at = rd->opts + o->at;
	int r = text ? check_choice(o, text, e) : 0;

	if (r < 0)
		return r;
	switch (o->type) {
	case OPTION_FLAG:
		if (text)
			return read_bool(o, text, at, e);
		*(bool *)at = true;
		return 0;
	case OPTION_STRING:
		*(const char **)at = text;
		return 0;
	case OPTION_LIST:
		return add_to_list(rd, at, text, e);
	case OPTION_U32:
		if (num_u32(text, at) == 0)
			return 0;
		return err_input(e, "--%s: expected a number from 0 to 4294967295, not \"%s\"",
				 o->name, text);
	case OPTION_NUM:
	case OPTION_BYTES:
		return read_num(o, text, at, e);
	case OPTION_IGNORED:
	case OPTION_IGNORED_FLAG:
		return 0;
	}
	return err_set(e, -EINVAL, "option type %d", (int)o->type);
}

/* The value of an option that needs one: `attached`, or the next word. */
static int store_with_value(struct reader *rd, const struct option *o,
			    const char *attached, struct err *e)
{
	if (!attached && !is_flag(o)) {
		if (rd->next >= rd->w->argc)
			return err_input(e, "--%s: a value is missing (%s)",
					 o->name, o->value ? o->value : "VALUE");
		attached = rd->w->argv[rd->next++];
	}
	return store(rd, o, attached, e);
}

static bool is_help(const char *word)
{
	static const char *const words[] = { "-h", "-?", "-help", "--help" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* "-dt", "-bDIR", "-b=DIR". */
static int read_letters(struct reader *rd, const char *word, struct err *e)
{
	for (const char *p = word + 1; *p; p++) {
		const struct option *o = find_letter(rd->table, *p);
		int r;

		if (!o)
			return err_input(e, "unknown option %s", word);
		if (!is_flag(o)) {
			const char *value = p[1] == '=' ? p + 2 : p + 1;

			return store_with_value(rd, o, p[1] ? value : NULL, e);
		}
		r = store(rd, o, NULL, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_option(struct reader *rd, const char *word, struct err *e)
{
	bool two = word[1] == '-';
	const char *name = word + (two ? 2 : 1);
	size_t n = strcspn(name, "=");
	const struct option *o = n > 1 || two ? find_name(rd->table, name, n) :
						NULL;

	if (o)
		return store_with_value(rd, o, name[n] ? name + n + 1 : NULL, e);
	if (is_help(word)) {
		rd->w->wants_help = true;
		return 0;
	}
	if (two)
		return err_input(e, "unknown option --%.*s", (int)n, name);
	return read_letters(rd, word, e);
}

int options_parse(const struct option *table, int options_end, struct words *w,
		  void *opts, struct arena *a, struct err *e)
{
	struct reader rd = { .table = table, .w = w, .opts = opts, .arena = a };
	int kept = 0;

	while (rd.next < w->argc) {
		char *word = w->argv[rd.next];
		int r;

		if (options_end && kept >= options_end)
			break;
		rd.next++;
		if (strcmp(word, "--") == 0)
			break;
		if (word[0] != '-' || !word[1]) {
			w->argv[kept++] = word;
			continue;
		}
		r = read_option(&rd, word, e);
		if (r < 0)
			return r;
		if (w->wants_help)
			return 0;
	}
	/* "exec CONTAINER -- CMD": the dashes are ours, too. */
	if (options_end && kept == options_end && rd.next < w->argc &&
	    strcmp(w->argv[rd.next], "--") == 0)
		rd.next++;
	while (rd.next < w->argc)
		w->argv[kept++] = w->argv[rd.next++];
	w->argc = kept;
	w->argv[kept] = NULL; /* kept is at most what argc was */
	return 0;
}
