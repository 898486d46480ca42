/* SPDX-License-Identifier: Apache-2.0 */
/* scan/loading.c - what a program loads and looks up by name while it runs.
 *
 * Theory of operation
 * -------------------
 * Rounds, until one brings nothing new. In each, the code that is reached so
 * far is asked for
 *   - the names that can get to dlopen(): constant strings are loaded; a path
 *     that is lost on the way is a question, unless plugins were declared, for
 *     then the declaration is taken as the whole answer. An empty name is the
 *     program itself.
 *   - the names that can get to dlsym(): whatever is defined under them, in any
 *     object, is a root. Of a plugin all exports are roots already.
 *   - families that glibc loads by names it puts together: the NSS services of
 *     the root's nsswitch.conf, libgcc_s for unwinding, libidn2. They are
 *     recognised by the strings that reached code names.
 *   - the extension folders of known programs (extension.c).
 *   - PAM: all modules that any file of /etc/pam.d names.
 *   - gconv, glibc's 250 modules for character sets. They only compute: none
 *     makes a system call and all import the same few functions (checked for
 *     Debian's by tests/cli/scan-objects), so instead of loading them those
 *     functions are roots. A module of the user's own is to be declared.
 *
 * A static program that uses NSS, iconv or unwinding loads these libraries
 * into itself, with a second libc: that is a question, as dlopen is. */
#include "scan/scan-priv.h"

#include "base/err.h"
#include "base/scope.h"
#include "scan/extension.h"

#include <errno.h>
#include <string.h>

enum { MAX_DEFS = 32, MAX_ROUNDS = 64 };

static int add_plugin(struct scan *s, const struct object *who, const char *name, struct err *e)
{
	struct object *o;
	int r = closure_add_plugin(s->closure, who, name, &o, e);

	/* What is not there is not loaded: dlopen returns NULL. */
	return r == -ENOENT ? 0 : r;
}

/* Everything a search found as strings, handed to `use`. */
struct lookup {
	const char *name; /* the function that takes the name */
	int argument;     /* which one the name is, from 0 */
	enum scan_question_kind question;
	int (*use)(struct scan *s, const struct object *who, const char *text, struct err *e);
};

static int use_symbol(struct scan *s, const struct object *who, const char *text, struct err *e)
{
	(void)who;
	(void)e;
	graph_root_symbol(s->graph, text, "looked up by dlsym");
	return 0;
}

static const struct lookup lookups[] = {
	{ "dlopen", 0, SCAN_Q_DLOPEN, add_plugin },
	{ "dlmopen", 1, SCAN_Q_DLOPEN, add_plugin },
	{ "__libc_dlopen_mode", 0, SCAN_Q_DLOPEN, add_plugin },
	{ "dlsym", 1, SCAN_Q_DLSYM, use_symbol },
	{ "dlvsym", 1, SCAN_Q_DLSYM, use_symbol },
};

static bool is_declared(const struct scan *s, enum scan_question_kind kind)
{
	if (kind == SCAN_Q_DLSYM)
		return s->options->dlsym != SCAN_ASK;
	return s->options->dlopen != SCAN_ASK || s->options->n_plugins;
}

static int ask_once(struct scan *s, const struct lookup *l, uint32_t node, uint64_t at,
		    const struct answer *a, struct err *e)
{
	int r = 0;

	if (!a->is_unknown || is_declared(s, l->question))
		return 0;
	for (size_t i = 0; r == 0 && i < a->n_losses; i++) {
		const struct loss *x = &a->losses[i < ANSWER_LOSSES ? i : 0];

		const struct object *o = graph_unit(s->graph, x->node)->object;
		bool is_new = true;

		for (size_t k = 0; k < i; k++) /* one question an object is enough */
			is_new &= graph_unit(s->graph, a->losses[k].node)->object != o;
		if (i == ANSWER_LOSSES || (is_new && !extension_answers(s->closure, o)))
			r = scan_ask(s, (struct scan_question){
				l->question, node, at, x->node, x->address, x->reason }, e);
	}
	return r;
}

/* The folders of those that call dlopen. */
static int add_extensions(struct scan *s, uint32_t dlopen_node, struct err *e)
{
	const struct graph *g = s->graph;
	int r = 0;

	for (uint32_t k = g->first_in[dlopen_node]; r == 0 && k < g->first_in[dlopen_node + 1];
	     k++) {
		uint32_t from = g->inbound[k].from;

		if (from != NO_NODE)
			r = extension_add(s->closure, s->closure->v[g->nodes[from].unit], e);
	}
	return r;
}

static int follow_lookup(struct scan *s, struct search *search, const struct lookup *l,
			 struct err *e)
{
	struct definition v[MAX_DEFS];
	size_t n = symbols_named(s->graph->symbols, l->name, v, MAX_DEFS);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t at = v[i].symbol->value;
		uint32_t node = graph_func_at(s->graph, v[i].object->index, at);
		struct answer a;

		if (node == NO_NODE || !s->graph->nodes[node].is_reached)
			continue;
		if (l->question == SCAN_Q_DLOPEN && !s->options->n_plugins)
			r = add_extensions(s, node, e);
		if (r < 0)
			break;
		r = search_value(search, node, at, s->graph->machine->args[l->argument], true,
				 &a, e);
		for (size_t k = 0; r == 0 && k < a.n; k++) {
			const char *text = scan_string(s, &a.v[k]);

			if (text)
				r = l->use(s, s->closure->v[a.v[k].unit], text, e);
		}
		if (r == 0)
			r = ask_once(s, l, node, at, &a, e);
		answer_done(&a);
	}
	return r;
}

/* The services in a line of nsswitch.conf: words, without [actions]. */
static int add_services(struct scan *s, const struct object *libc, char *line, struct err *e)
{
	char *word, *rest = strchr(line, ':');
	int r = 0;

	line[strcspn(line, "#")] = '\0';
	if (!rest || strchr(line, '#') > rest)
		return 0;
	for (rest++; r == 0 && (word = strsep(&rest, " \t"));) {
		const char *name;

		if (*word == '[') {
			while (word && !strchr(word, ']'))
				word = strsep(&rest, " \t");
			continue;
		}
		if (!*word)
			continue;
		name = arena_printf(&s->arena, "libnss_%s.so.2", word);
		r = name ? add_plugin(s, libc, name, e) : err_set(e, -ENOMEM, "read nsswitch.conf");
	}
	return r;
}

static int add_nss(struct scan *s, const struct object *libc, struct err *e)
{
	char *text = root_read_text(&s->closure->root, "/etc/nsswitch.conf", &s->arena);
	char *line;
	int r = 0;

	while (r == 0 && text && (line = strsep(&text, "\n")))
		r = add_services(s, libc, line, e);
	return r;
}

/* The modules that one file of /etc/pam.d names, wherever they stand in it. */
static int add_pam_file(struct scan *s, const struct object *pam, const char *path, struct err *e)
{
	char *text = root_read_text(&s->closure->root, path, &s->arena), *word;
	int r = 0;

	while (r == 0 && text && (word = strsep(&text, " \t\n"))) {
		size_t n = strlen(word);
		const char *name = word;

		if (n < 4 || strcmp(word + n - 3, ".so") != 0)
			continue;
		if (*word != '/')
			name = arena_printf(&s->arena, "%.*ssecurity/%s",
					    (int)(pam->name - pam->path), pam->path, word);
		r = name ? add_plugin(s, pam, name, e) : err_set(e, -ENOMEM, "read %s", path);
	}
	return r;
}

static int add_pam(struct scan *s, struct err *e)
{
	const struct object *pam = NULL;
	const char **v;
	size_t n;
	int r = 0;

	for (size_t i = 0; i < s->closure->n; i++) {
		const char *name = s->closure->v[i]->elf->dyn.soname;

		if (name && strcmp(name, "libpam.so.0") == 0)
			pam = s->closure->v[i];
	}
	if (!pam || root_glob(&s->closure->root, "/etc/pam.d/*", &s->arena, &v, &n) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_pam_file(s, pam, v[i], e);
	return r;
}

static void add_gconv(struct scan *s)
{
	static const char *const imports[] = { "__gconv_transliterate", "_dl_mcount_wrapper_check",
					       "__assert_fail", "malloc", "free", "abort",
					       "__strcasecmp", "__cxa_finalize" };

	for (size_t i = 0; i < ARRAY_SIZE(imports); i++)
		graph_root_symbol(s->graph, imports[i], "used by gconv modules");
}

static int add_families(struct scan *s, const struct object *libc, struct err *e)
{
	static const char *const by_name[] = { "libgcc_s.so.1", "libidn2.so.0" };
	uint32_t node;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(by_name); i++) {
		if (model_names(s, libc->index, by_name[i], &node))
			r = add_plugin(s, libc, by_name[i], e);
	}
	if (r == 0 && model_names(s, libc->index, "/etc/nsswitch.conf", &node))
		r = add_nss(s, libc, e);
	if (model_names(s, libc->index, "gconv", &node))
		add_gconv(s);
	return r;
}

/* A static glibc program loads the same families into itself. */
static int ask_static(struct scan *s, struct err *e)
{
	static const char *const signs[] = { "/etc/nsswitch.conf", "libgcc_s.so.1",
					     "libidn2.so.0" };
	uint32_t node;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(signs); i++) {
		if (s->options->dlopen != SCAN_ASK || !model_names(s, 0, signs[i], &node))
			continue;
		r = scan_ask(s, (struct scan_question){
			SCAN_Q_DLOPEN, node,
			graph_unit(s->graph, node)->code.base + graph_func(s->graph, node)->start,
			node, 0, "a static program that can load NSS modules, libidn2 or libgcc_s" },
			e);
	}
	return r;
}

static int one_round(struct scan *s, struct search *search, struct err *e)
{
	const struct object *libc = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lookups); i++)
		r = follow_lookup(s, search, &lookups[i], e);
	for (size_t i = 0; i < s->closure->n; i++) {
		const char *name = s->closure->v[i]->elf->dyn.soname;

		if (name && strcmp(name, "libc.so.6") == 0)
			libc = s->closure->v[i];
	}
	if (r == 0)
		r = add_pam(s, e);
	if (r == 0 && libc)
		r = add_families(s, libc, e);
	else if (r == 0 && !s->closure->interp)
		r = ask_static(s, e);
	return r;
}

static int add_declared(struct scan *s, struct err *e)
{
	const struct scan_options *o = s->options;
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->n_plugins; i++) {
		const char **v = &o->plugins[i];
		struct object *plugin;
		size_t n = 1;

		if (strpbrk(*v, "*?[") &&
		    (root_glob(&s->closure->root, *v, &s->arena, &v, &n) < 0 || n == 0))
			return err_set(e, -ENOENT, "--plugin %s", o->plugins[i]);
		for (size_t k = 0; r == 0 && k < n; k++)
			r = closure_add_plugin(s->closure, s->closure->v[0], v[k], &plugin, e);
	}
	return r;
}

/* New objects become part of the graph. What dlopen was asked for is there to
 * be looked into, so its exports are roots; what only came along is not: a
 * name that is looked up there is one that dlsym is given, and known or asked
 * about. */
static int take_in(struct scan *s, size_t from, struct err *e)
{
	int r = graph_extend(s->graph, e);

	for (size_t i = from; r == 0 && i < s->closure->n; i++)
		graph_root_start(s->graph, i);
	return r;
}

static void root_plugins(struct scan *s)
{
	for (size_t i = 1; i < s->closure->n; i++) {
		const struct object *o = s->closure->v[i];

		if (o->is_plugin && o->is_opened)
			graph_root_exports(s->graph, i, "exported by a plugin");
	}
}

int loading_follow(struct scan *s, struct search **search, struct err *e)
{
	size_t objects = s->closure->n, reached;
	int r = add_declared(s, e);

	if (r == 0 && s->closure->n > objects)
		r = take_in(s, objects, e);
	for (int round = 0; r == 0; round++) {
		if (round == MAX_ROUNDS)
			return err_set(e, -ELOOP, "libraries load libraries without end");
		objects = s->closure->n;
		root_plugins(s);
		graph_spread(s->graph);
		reached = s->graph->n_queue;
		r = graph_find_inbound(s->graph, e);
		if (r == 0)
			r = search_renew(s->graph, search, e);
		if (r == 0)
			r = one_round(s, *search, e);
		if (r == 0 && s->closure->n > objects)
			r = take_in(s, objects, e);
		else if (s->graph->n_queue == reached)
			break;
	}
	return r;
}
