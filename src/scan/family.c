/* SPDX-License-Identifier: Apache-2.0 */
/* scan/family.c - a program together with the programs that it executes. */
#include "scan/family.h"

#include "base/err.h"
#include "base/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PROGRAMS = 1000, MAX_SCRIPTS = 4 };

void family_done(struct family *f)
{
	for (size_t i = 0; i < f->n; i++)
		scan_free(f->v[i]);
	free(f->v);
	arena_done(&f->arena);
	*f = (struct family){ 0 };
}

/* The interpreter of a script; NULL: the file is none. */
static const char *interpreter(struct arena *a, const struct root *r, const char *path)
{
	auto_fd int fd = root_open_file(r, path);
	char line[256];
	ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
	char *p = line + 2;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return NULL;
	line[n] = '\0';
	p += strspn(p, " \t");
	p[strcspn(p, " \t\r\n")] = '\0';
	return arena_dup(a, p);
}

static bool is_there(const struct root *r, const char *path)
{
	auto_fd int fd = root_open_file(r, path);

	return fd >= 0;
}

/* The ELF file behind a path; NULL when there is nothing to execute. */
static const char *program_of(struct family *f, const struct root *r, const char *path)
{
	for (int i = 0; path && i < MAX_SCRIPTS; i++) {
		const char *next = is_there(r, path) ? interpreter(&f->arena, r, path) : NULL;

		if (!next)
			return is_there(r, path) ? path : NULL;
		path = next;
	}
	return NULL;
}

static int add(struct family *f, const struct scan_options *o, const char *path, struct err *e)
{
	struct scan_options *own;
	int r;

	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->v[i]->options->program, path) == 0)
			return 0;
	}
	if (f->n == f->room) {
		size_t room = f->room ? f->room * 2 : 8;
		struct scan **v = realloc(f->v, room * sizeof(*v));

		if (!v || room > MAX_PROGRAMS)
			return err_set(e, -E2BIG, "too many programs are executed");
		f->v = v;
		f->room = room;
	}
	own = arena_new(&f->arena, struct scan_options);
	if (!own)
		return err_set(e, -ENOMEM, "scan %s", path);
	*own = *o;
	own->program = arena_dup(&f->arena, path);
	if (!own->program)
		return err_set(e, -ENOMEM, "scan %s", path);
	r = scan_program(own, &f->v[f->n], e);
	if (r < 0)
		return r;
	f->n++;
	if (f->v[f->n - 1]->graph->machine != f->v[0]->graph->machine)
		return err_input(e, "%s is for another machine than the program that executes it",
				 path);
	return 0;
}

/* By the caller, or by the program's own note. */
static int add_declared(struct family *f, const struct scan_options *o, const struct scan *s,
			struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->options->n_execs; i++) {
		const char *path = program_of(f, &f->v[0]->closure->root, s->options->execs[i]);

		r = path ? add(f, o, path, e)
			 : err_set(e, -ENOENT, "--exec %s", s->options->execs[i]);
	}
	return r;
}

int family_scan(const struct scan_options *o, struct family *ret_f, struct err *e)
{
	struct family f = { 0 };
	const char *path;
	int r;

	arena_init(&f.arena);
	r = add(&f, o, o->program, e);
	for (size_t i = 0; r == 0 && i < f.n; i++) {
		r = add_declared(&f, o, f.v[i], e);
		for (size_t k = 0; r == 0 && k < f.v[i]->n_execs; k++) {
			path = program_of(&f, &f.v[0]->closure->root, f.v[i]->execs[k]);
			if (path)
				r = add(&f, o, path, e);
		}
	}
	if (r < 0)
		family_done(&f);
	else
		*ret_f = f;
	return r;
}

struct scan *family_allows(const struct family *f, unsigned number, bool with_startup)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct scan_call *c = &f->v[i]->calls[number];

		if (c->is_allowed && (with_startup || i > 0 || !c->is_startup_only))
			return f->v[i];
	}
	return NULL;
}

size_t family_count(const struct family *f, bool with_startup)
{
	size_t n = 0;

	for (unsigned i = 0; i < SCAN_CALLS; i++)
		n += family_allows(f, i, with_startup) != NULL;
	return n;
}
