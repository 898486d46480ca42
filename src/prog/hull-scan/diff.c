/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/diff.c - what a program can do that its predecessor could not.
 *
 * New are calls, and for calls that both make, argument values and bits that the
 * old one's rule refused. Each comes with the chain through which it came in.
 * Sensitive is a new call of danger.c's list, and of new arguments what opens
 * memory for code, namespaces, keys, personalities, or a socket's domain beside
 * AF_UNIX, AF_INET and AF_INET6. */
#include "prog/hull-scan/report.h"

#include "base/arena.h"
#include "base/err.h"
#include "parse/json-out.h"
#include "prog/hull-scan/danger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct change {
	enum { NEW_CALL, NEW_ARGUMENT, REMOVED } kind;
	const char *call;
	const char *value;  /* NEW_ARGUMENT: "AF_NETLINK", "anything" */
	const char *danger; /* what it opens up; NULL: nothing */
	const char *chain;  /* lines */
};

struct diff {
	const struct family *old, *new;
	bool with_startup;
	struct arena arena;
	struct change *v;
	size_t n, room;
	bool no_memory;
};

static void add(struct diff *d, struct change c)
{
	if (d->n == d->room) {
		size_t room = d->room ? d->room * 2 : 32;
		struct change *v = realloc(d->v, room * sizeof(*v));

		if (!v) {
			d->no_memory = true;
			return;
		}
		d->v = v;
		d->room = room;
	}
	d->v[d->n++] = c;
}

/* What a printer of report.h writes, as a string in the arena. */
struct text {
	char *text;
	size_t size;
	FILE *f;
};

static bool text_begin(struct text *t)
{
	*t = (struct text){ 0 };
	t->f = open_memstream(&t->text, &t->size);
	return t->f;
}

static const char *text_end(struct diff *d, struct text *t)
{
	const char *s;

	fclose(t->f);
	s = t->text ? arena_dup(&d->arena, t->text) : NULL;
	free(t->text);
	return s ? s : "";
}

static void add_call(struct diff *d, unsigned number, struct scan *s)
{
	const char *name = report_name(d->new, number);
	const struct danger *danger = danger_of(name);
	struct text t;

	if (!name)
		name = arena_printf(&d->arena, "%u", number);
	if (!text_begin(&t)) {
		d->no_memory = true;
		return;
	}
	report_why(s, number, t.f);
	add(d, (struct change){ NEW_CALL, name, NULL, danger ? danger->what : NULL,
				text_end(d, &t) });
}

/* ---- arguments ---- */

/* `v` NULL: it may be anything. */
static const char *danger_of_value(const struct arg_row *row, const uint32_t *v)
{
	switch (row->id) {
	case ARG_SOCKET:
		return v && (*v == AF_UNIX || *v == AF_INET || *v == AF_INET6)
			       ? NULL
			       : "opens other kinds of sockets";
	case ARG_CLONE:
	case ARG_UNSHARE:
		return "makes namespaces";
	case ARG_MMAP:
	case ARG_MPROTECT:
	case ARG_PKEY_MPROTECT:
		return "makes memory executable";
	case ARG_PERSONALITY:
	case ARG_KEYCTL:
		return "opens large parts of the kernel";
	default:
		return NULL;
	}
}

static void add_argument(struct diff *d, unsigned number, const struct arg_row *row,
			 const uint32_t *v, const char *value, const struct arg_rule *rule)
{
	struct text t;

	if (!text_begin(&t)) {
		d->no_memory = true;
		return;
	}
	if (v)
		(void)report_why_value(d->new, number, value, t.f, NULL);
	else if (rule->loss)
		report_loss(rule->loser, rule->loss, t.f);
	add(d, (struct change){ NEW_ARGUMENT, row->name, arena_dup(&d->arena, value),
				danger_of_value(row, v), text_end(d, &t) });
}

static bool has_value(const struct arg_rule *rule, const struct arg_value *v)
{
	for (size_t i = 0; i < rule->n; i++) {
		if (rule->v[i].v[0] == v->v[0] &&
		    (rule->v[i].is_any_second ||
		     (!v->is_any_second && rule->v[i].v[1] == v->v[1])))
			return true;
	}
	return false;
}

static void compare_lists(struct diff *d, unsigned number, const struct arg_rule *old,
			  const struct arg_rule *new)
{
	char text[160];

	for (size_t i = 0; i < new->n; i++) {
		if (has_value(old, &new->v[i]))
			continue;
		report_value(new->row, &new->v[i], text, sizeof(text));
		if (new->v[i].is_any_second)
			text[strcspn(text, "/")] = '\0';
		add_argument(d, number, new->row, new->v[i].v, text, new);
	}
}

/* Bits that the old rule refused and the new one does not. */
static void compare_masks(struct diff *d, unsigned number, const struct arg_rule *old,
			  uint32_t new_mask, const struct arg_rule *new)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		struct arg_value v = { .v = { 1U << bit } };
		char text[160];

		if (!(old->mask & ~new_mask & v.v[0]))
			continue;
		report_value(old->row, &v, text, sizeof(text));
		add_argument(d, number, old->row, v.v, text, new);
	}
}

static int compare_arguments(struct diff *d, unsigned number, struct err *e)
{
	struct arg_rule old, new;
	int r = args_rule(d->old, number, d->with_startup, &d->arena, &old, e);

	if (r == 0)
		r = args_rule(d->new, number, d->with_startup, &d->arena, &new, e);
	if (r < 0 || !old.row || old.kind == ARG_ANY)
		return r;
	if (old.kind == ARG_LIST && new.kind == ARG_LIST)
		compare_lists(d, number, &old, &new);
	else if (old.kind == ARG_MASK && !new.row->has_list)
		compare_masks(d, number, &old, new.kind == ARG_MASK ? new.mask : 0, &new);
	else if (old.kind == ARG_MASK && new.kind == ARG_MASK)
		compare_masks(d, number, &old, new.mask, &new);
	else if (new.kind != ARG_LIST)
		add_argument(d, number, new.row, NULL, "anything", &new);
	return 0;
}

static int compare(struct diff *d, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < SCAN_CALLS; i++) {
		struct scan *was = family_allows(d->old, i, d->with_startup);
		struct scan *is = family_allows(d->new, i, d->with_startup);

		if (is && !was)
			add_call(d, i, is);
		else if (is && was)
			r = compare_arguments(d, i, e);
		else if (was)
			add(d, (struct change){ REMOVED, report_name(d->old, i), NULL, NULL, "" });
	}
	return r < 0 ? r : d->no_memory ? err_set(e, -ENOMEM, "compare") : 0;
}

/* ---- output ---- */

static size_t count(const struct diff *d, int kind, bool only_dangers)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += (int)d->v[i].kind == kind && (!only_dangers || d->v[i].danger);
	return n;
}

static void print_indented(const char *lines, FILE *out)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		if (n)
			fprintf(out, "    %.*s\n", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

static void print_text(const struct diff *d, FILE *out)
{
	for (int kind = NEW_CALL; kind <= REMOVED; kind++) {
		for (size_t i = 0; i < d->n; i++) {
			const struct change *c = &d->v[i];

			if ((int)c->kind != kind)
				continue;
			fprintf(out, "%c %s%s%s%s%s%s\n", kind == REMOVED ? '-' : '+',
				c->call ? c->call : "(no name)", c->value ? ": " : "",
				c->value ? c->value : "", c->danger ? " (" : "",
				c->danger ? c->danger : "", c->danger ? ")" : "");
			print_indented(c->chain, out);
		}
	}
	fprintf(out, "new calls: %zu, %zu of them sensitive; new arguments: %zu, %zu of them "
		     "sensitive; calls that are gone: %zu\n",
		count(d, NEW_CALL, false), count(d, NEW_CALL, true), count(d, NEW_ARGUMENT, false),
		count(d, NEW_ARGUMENT, true), count(d, REMOVED, false));
}

/* The lines as an array of strings. */
static void put_lines(struct json_out *j, const char *lines, struct arena *a)
{
	json_out_array(j, "chain");
	while (*lines) {
		size_t n = strcspn(lines, "\n");
		const char *line;

		while (n && *lines == ' ') {
			lines++;
			n--;
		}
		line = arena_printf(a, "%.*s", (int)n, lines);
		if (n && line)
			json_out_string(j, NULL, line);
		lines += n + (lines[n] == '\n');
	}
	json_out_end(j);
}

static void put_changes(struct json_out *j, struct diff *d, int kind, const char *key)
{
	json_out_array(j, key);
	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->v[i];

		if ((int)c->kind != kind)
			continue;
		json_out_object(j, NULL);
		json_out_string(j, "call", c->call ? c->call : "");
		if (c->value)
			json_out_string(j, "value", c->value);
		if (c->danger)
			json_out_string(j, "sensitive", c->danger);
		if (kind != REMOVED)
			put_lines(j, c->chain, &d->arena);
		json_out_end(j);
	}
	json_out_end(j);
}

static int print_json(struct diff *d, FILE *out, struct err *e)
{
	struct json_out j;
	const char *text;

	json_out_init(&j, "  ");
	json_out_object(&j, NULL);
	json_out_string(&j, "old", d->old->v[0]->options->program);
	json_out_string(&j, "new", d->new->v[0]->options->program);
	put_changes(&j, d, NEW_CALL, "newCalls");
	put_changes(&j, d, NEW_ARGUMENT, "newArguments");
	put_changes(&j, d, REMOVED, "removedCalls");
	json_out_end(&j);
	text = json_out_finish(&j, &d->arena);
	if (!text)
		return err_set(e, -ENOMEM, "compare");
	fputs(text, out);
	return 0;
}

int report_diff(const struct family *old, const struct family *new, bool with_startup,
		bool is_json, FILE *out, struct err *e)
{
	struct diff d = { .old = old, .new = new, .with_startup = with_startup };
	int r;

	if (old->v[0]->graph->machine != new->v[0]->graph->machine)
		return err_input(e, "%s and %s are for different machines",
				 old->v[0]->options->program, new->v[0]->options->program);
	arena_init(&d.arena);
	r = compare(&d, e);
	if (r == 0 && is_json)
		r = print_json(&d, out, e);
	else if (r == 0)
		print_text(&d, out);
	if (r == 0 && count(&d, NEW_CALL, false) + count(&d, NEW_ARGUMENT, false))
		r = REPORT_NEW;
	if (r == REPORT_NEW && count(&d, NEW_CALL, true) + count(&d, NEW_ARGUMENT, true))
		r = REPORT_SENSITIVE;
	free(d.v);
	arena_done(&d.arena);
	return r;
}
