/* SPDX-License-Identifier: Apache-2.0 */
/* parse/toml.c - a small, strict reader of TOML.
 *
 * One pass over a copy of the text. Strings are decoded in place: they only get
 * shorter. No recursion: arrays hold strings and nothing else. */
#include "parse/toml.h"

#include "base/arena.h"
#include "base/err.h"
#include "parse/utf8.h"

#include <errno.h>
#include <string.h>

enum { PAIRS_MAX = 4096, TABLES_MAX = 256 };

struct header {
	const char *part[TOML_PARTS];
	size_t n;
	unsigned line;
};

struct reader {
	struct arena *arena;
	struct toml *toml;
	char *at; /* the text ends in NUL and has none inside */
	unsigned line;
	struct header table; /* we are in; n is 0 before the first */
	struct header *seen;
	size_t n_seen, room;
	struct err *e;
};

#define fault(r, text) err_input((r)->e, "%s:%u: %s", (r)->toml->name, (r)->line, (text))

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t");
}

/* The rest of a line: blanks, a comment. False: something else stands there. */
static bool skip_line(struct reader *r)
{
	skip_blanks(r);
	if (*r->at == '#')
		r->at += strcspn(r->at, "\n");
	if (*r->at == '\r' && r->at[1] == '\n')
		r->at++;
	if (*r->at != '\n')
		return !*r->at;
	r->at++;
	r->line++;
	return true;
}

static int escape(struct reader *r, char **out)
{
	static const char from[] = "\"\\bfnrt", to[] = "\"\\\b\f\n\r\t";
	const char *p = *r->at ? strchr(from, *r->at) : NULL;

	if (!p)
		return fault(r, "only \\\" \\\\ \\b \\f \\n \\r \\t are read behind a backslash");
	*(*out)++ = to[p - from];
	r->at++;
	return 0;
}

static int read_string(struct reader *r, const char **ret)
{
	char quote = *r->at++, *out = r->at;

	*ret = out;
	if (r->at[0] == quote && r->at[1] == quote)
		return fault(r, "strings of more than one line are not used here");
	while (*r->at != quote) {
		if ((unsigned char)*r->at < ' ' && *r->at != '\t')
			return fault(r, "the string has no end on its line");
		if (*r->at == '\\' && quote == '"') {
			int err;

			r->at++;
			err = escape(r, &out);
			if (err < 0)
				return err;
			continue;
		}
		*out++ = *r->at++;
	}
	r->at++;
	*out = '\0';
	return 0;
}

/* A name: bare or quoted. */
static int read_name(struct reader *r, const char **ret)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-";
	size_t n = strspn(r->at, bare);

	if (*r->at == '"' || *r->at == '\'')
		return read_string(r, ret);
	if (!n)
		return fault(r, "expected a name");
	*ret = arena_dup_n(r->arena, r->at, n);
	r->at += n;
	return *ret ? 0 : err_set(r->e, -ENOMEM, "read %s", r->toml->name);
}

static bool is_same_table(const struct header *a, const struct header *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->part[i], b->part[i]) == 0;
	return same;
}

/* No table stands twice. */
static int add_table(struct reader *r)
{
	if (!r->seen)
		r->seen = arena_array(r->arena, TABLES_MAX, sizeof(*r->seen));
	if (!r->seen)
		return err_set(r->e, -ENOMEM, "read %s", r->toml->name);
	if (r->n_seen == TABLES_MAX)
		return fault(r, "too many tables");
	for (size_t i = 0; i < r->n_seen; i++) {
		if (is_same_table(&r->seen[i], &r->table))
			return err_input(r->e, "%s:%u: this table stands in line %u already",
					 r->toml->name, r->line, r->seen[i].line);
	}
	r->table.line = r->line;
	r->seen[r->n_seen++] = r->table;
	return 0;
}

static int read_table(struct reader *r)
{
	int err = 0;

	r->at++;
	if (*r->at == '[')
		return fault(r, "arrays of tables are not used here");
	for (r->table.n = 0; err == 0; r->at++) {
		if (r->table.n == TOML_PARTS)
			return fault(r, "the table's name has too many parts");
		skip_blanks(r);
		err = read_name(r, &r->table.part[r->table.n]);
		if (err < 0)
			return err;
		r->table.n++;
		skip_blanks(r);
		if (*r->at == ']')
			break;
		if (*r->at != '.')
			return fault(r, "expected \"]\" at the end of the table's name");
	}
	r->at++;
	return add_table(r);
}

static int add_string(struct reader *r, struct toml_pair *p, const char *text)
{
	/* Room doubles; the old pieces stay in the arena. */
	if ((p->n & (p->n - 1)) == 0) {
		const char **v = arena_array(r->arena, p->n ? p->n * 2 : 1, sizeof(*v));

		if (!v)
			return err_set(r->e, -ENOMEM, "read %s", r->toml->name);
		if (p->n)
			memcpy(v, p->v, p->n * sizeof(*v));
		p->v = v;
	}
	p->v[p->n++] = text;
	return 0;
}

static int read_array(struct reader *r, struct toml_pair *p)
{
	bool may_follow = true;
	const char *text;
	int err;

	for (r->at++;;) {
		while (skip_line(r) && *r->at)
			;
		if (*r->at == ']')
			break;
		if (*r->at == ',' && !may_follow) {
			may_follow = true;
			r->at++;
			continue;
		}
		if (!*r->at)
			return fault(r, "the array has no end");
		if (*r->at != '"' && *r->at != '\'')
			return fault(r, "expected a string or \"]\" in the array");
		if (!may_follow)
			return fault(r, "expected \",\" between the strings");
		err = read_string(r, &text);
		if (err == 0)
			err = add_string(r, p, text);
		if (err < 0)
			return err;
		may_follow = false;
	}
	r->at++;
	return 0;
}

static int read_value(struct reader *r, struct toml_pair *p)
{
	const char *text;
	int err;

	if (*r->at == '[') {
		p->type = TOML_ARRAY;
		return read_array(r, p);
	}
	if (*r->at == '"' || *r->at == '\'') {
		p->type = TOML_STRING;
		err = read_string(r, &text);
		return err < 0 ? err : add_string(r, p, text);
	}
	p->type = TOML_BOOL;
	p->is_true = strncmp(r->at, "true", 4) == 0;
	if (!p->is_true && strncmp(r->at, "false", 5) != 0)
		return fault(r, "expected a string, an array of strings, true or false");
	r->at += p->is_true ? 4 : 5;
	return 0;
}

static struct toml_pair *new_pair(struct reader *r)
{
	struct toml *t = r->toml;

	if (t->n == r->room) {
		size_t room = r->room ? r->room * 2 : 16;
		struct toml_pair *v = arena_array(r->arena, room, sizeof(*v));

		if (!v)
			return NULL;
		if (t->n)
			memcpy(v, t->v, t->n * sizeof(*v));
		t->v = v;
		r->room = room;
	}
	t->v[t->n] = (struct toml_pair){ .n_table = r->table.n, .line = r->line };
	memcpy(t->v[t->n].table, r->table.part, sizeof(r->table.part));
	return &t->v[t->n];
}

/* Is `p` in the table that we are in? Tables do not come twice. */
static bool is_here(const struct reader *r, const struct toml_pair *p)
{
	return r->table.n ? p->line > r->table.line : true;
}

static int read_pair(struct reader *r)
{
	struct toml_pair *p = new_pair(r);
	int err;

	if (!p)
		return err_set(r->e, -ENOMEM, "read %s", r->toml->name);
	if (r->toml->n == PAIRS_MAX)
		return fault(r, "too many keys");
	err = read_name(r, &p->key);
	if (err < 0)
		return err;
	skip_blanks(r);
	if (*r->at != '=')
		return fault(r, *r->at == '.' ? "keys with dots are not used here"
					      : "expected \"=\" behind the key");
	r->at++;
	skip_blanks(r);
	for (size_t i = 0; i < r->toml->n; i++) {
		if (is_here(r, &r->toml->v[i]) && strcmp(r->toml->v[i].key, p->key) == 0)
			return err_input(r->e, "%s:%u: \"%s\" stands in line %u already",
					 r->toml->name, r->line, p->key, r->toml->v[i].line);
	}
	err = read_value(r, p);
	r->toml->n += err == 0;
	return err;
}

/* TOML has no control characters but tabs and the ends of lines. */
static int check_controls(const struct reader *r)
{
	unsigned line = 1;

	for (const char *p = r->at; *p; p++) {
		unsigned char c = (unsigned char)*p;

		line += c == '\n';
		if ((c < ' ' && c != '\t' && c != '\n' && !(c == '\r' && p[1] == '\n')) ||
		    c == 0x7f)
			return err_input(r->e, "%s:%u: control character 0x%02x",
					 r->toml->name, line, c);
	}
	return 0;
}

static bool is_utf8(const char *s)
{
	size_t n = 1;

	for (; *s && n; s += n)
		n = utf8_length(s);
	return n > 0;
}

int toml_read(const char *name, const char *text, size_t n, struct arena *a,
	      struct toml *ret, struct err *e)
{
	struct reader r = { .arena = a, .toml = ret, .line = 1, .e = e };
	int err = 0;

	*ret = (struct toml){ .name = name };
	if (n > TOML_SIZE)
		return err_input(e, "%s: larger than a megabyte", name);
	r.at = arena_dup_n(a, text, n);
	if (!r.at)
		return err_set(e, -ENOMEM, "read %s", name);
	if (memchr(text, '\0', n) || !is_utf8(r.at))
		return err_input(e, "%s: no text in UTF-8", name);
	err = check_controls(&r);
	while (err == 0 && *r.at) {
		if (skip_line(&r))
			continue;
		err = *r.at == '[' ? read_table(&r) : read_pair(&r);
		if (err == 0 && !skip_line(&r))
			err = fault(&r, "expected the end of the line");
	}
	return err;
}
