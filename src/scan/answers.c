/* SPDX-License-Identifier: Apache-2.0 */
/* scan/answers.c - answers to the analysis' questions, from a hull-scan.toml. */
#include "scan/answers.h"

#include "base/err.h"
#include "base/scope.h"
#include "parse/toml.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum key { KEY_EXEC, KEY_DLOPEN, KEY_DLSYM, KEY_UNKNOWN, KEY_ABI, KEY_PLUGINS, KEY_MAX_ };

struct word {
	const char *text;
	enum scan_declared means;
};

static const struct {
	const char *name;
	struct word words[3];
	bool takes_paths;
	const char *expected;
} keys[] = {
	[KEY_EXEC] = { "exec", { { "none", SCAN_NONE } }, true,
		       "\"none\" or an array of paths" },
	[KEY_DLOPEN] = { "dlopen", { { "none", SCAN_NONE }, { "error", SCAN_ASK } }, false,
			 "\"none\" or \"error\"" },
	[KEY_DLSYM] = { "dlsym", { { "none", SCAN_NONE }, { "error", SCAN_ASK } }, false,
			"\"none\" or \"error\"" },
	[KEY_UNKNOWN] = { "unknown", { { "deny", SCAN_NONE }, { "allow", SCAN_ANY },
				       { "error", SCAN_ASK } }, false,
			  "\"error\", \"allow\" or \"deny\"" },
	[KEY_ABI] = { "other-abi", { { "deny", SCAN_NONE }, { "error", SCAN_ASK } }, false,
		      "\"deny\" or \"error\"" },
	[KEY_PLUGINS] = { "plugins", { { NULL, SCAN_ASK } }, true, "an array of paths" },
};

/* What the file says of one program. */
struct found {
	const struct toml_pair *pair[KEY_MAX_]; /* NULL: nothing */
	enum scan_declared word[KEY_MAX_];
};

static int check_paths(const struct toml *t, const struct toml_pair *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		/* dlopen takes names, too. */
		if (!*p->v[i] || (*p->v[i] != '/' && strcmp(p->key, "exec") == 0))
			return err_input(e, "%s:%u: exec: \"%s\" is no absolute path", t->name,
					 p->line, p->v[i]);
	}
	return 0;
}

/* Which key it is, and the meaning of its word. */
static int read_key(const struct toml *t, const struct toml_pair *p, enum key *ret_key,
		    enum scan_declared *ret_word, struct err *e)
{
	size_t k = 0;

	while (k < KEY_MAX_ && strcmp(keys[k].name, p->key) != 0)
		k++;
	if (k == KEY_MAX_)
		return err_input(e, "%s:%u: there is no key \"%s\" (exec, plugins, dlopen, dlsym, "
				    "unknown, other-abi)", t->name, p->line, p->key);
	*ret_key = (enum key)k;
	*ret_word = SCAN_ANY;
	if (p->type == TOML_ARRAY && keys[k].takes_paths)
		return check_paths(t, p, e);
	for (size_t i = 0; p->type == TOML_STRING && i < ARRAY_SIZE(keys[k].words); i++) {
		const struct word *w = &keys[k].words[i];

		if (w->text && strcmp(w->text, p->v[0]) == 0) {
			*ret_word = w->means;
			return 0;
		}
	}
	return err_input(e, "%s:%u: %s: expected %s", t->name, p->line, p->key, keys[k].expected);
}

static int check_table(const struct toml *t, const struct toml_pair *p, struct err *e)
{
	if (p->n_table == 0 || (p->n_table == 2 && strcmp(p->table[0], "program") == 0))
		return 0;
	return err_input(e, "%s:%u: there is only [program.NAME], for \"%s\"", t->name, p->line,
			 p->key);
}

static int find(const struct toml *t, const char *program, struct found *ret, struct err *e)
{
	const char *slash = strrchr(program, '/');

	program = slash ? slash + 1 : program;
	*ret = (struct found){ 0 };
	for (size_t i = 0; i < t->n; i++) {
		const struct toml_pair *p = &t->v[i];
		enum scan_declared word = SCAN_ASK;
		enum key k = KEY_EXEC;
		int r = check_table(t, p, e);

		if (r == 0)
			r = read_key(t, p, &k, &word, e);
		if (r < 0)
			return r;
		if (p->n_table && strcmp(p->table[1], program) != 0)
			continue;
		/* Tables stand behind the top, so theirs comes last. */
		ret->pair[k] = p;
		ret->word[k] = word;
	}
	return 0;
}

static void take_word(const struct found *f, enum key k, enum scan_declared *ret)
{
	if (f->pair[k] && *ret == SCAN_ASK)
		*ret = f->word[k];
}

static void fill_in(const struct found *f, struct scan_options *o)
{
	const struct toml_pair *exec = f->pair[KEY_EXEC], *plugins = f->pair[KEY_PLUGINS];

	if (exec && o->exec == SCAN_ASK && !o->n_execs) {
		o->exec = f->word[KEY_EXEC];
		if (exec->type == TOML_ARRAY) {
			/* An empty list is complete, too. */
			o->exec = exec->n ? SCAN_ANY : SCAN_NONE;
			o->execs = exec->v;
			o->n_execs = exec->n;
		}
	}
	if (plugins && !o->n_plugins && o->dlopen == SCAN_ASK) {
		o->plugins = plugins->v;
		o->n_plugins = plugins->n;
		if (!plugins->n)
			o->dlopen = SCAN_NONE;
	}
	take_word(f, KEY_DLOPEN, &o->dlopen);
	take_word(f, KEY_DLSYM, &o->dlsym);
	take_word(f, KEY_UNKNOWN, &o->unknown);
	take_word(f, KEY_ABI, &o->other_abi);
}

int answers_read(const char *path, const char *program, struct arena *a,
		 struct scan_options *o, struct err *e)
{
	char *text = arena_alloc(a, TOML_SIZE + 2);
	struct found f;
	struct toml t;
	ssize_t n;
	int r;

	if (!text)
		return err_set(e, -ENOMEM, "read %s", path);
	n = sys_read_file(AT_FDCWD, path, text, TOML_SIZE + 2);
	if (n < 0)
		return err_set(e, (int)n, "read %s", path);
	r = toml_read(path, text, (size_t)n, a, &t, e);
	if (r == 0)
		r = find(&t, program, &f, e);
	if (r == 0)
		fill_in(&f, o);
	return r;
}
