/* SPDX-License-Identifier: Apache-2.0 */
/* scan/carry.c - what a program carries for later analyses (docs/design/005).
 *
 * The note does not replace the analysis, it feeds it: with the symbols and the
 * declared answers that the note holds, the stripped program gives the same set
 * as the unstripped one did, closed over the libraries that are there now. The
 * set that was found at link time is in it, too, with the identity of every
 * file that it was closed over: who finds the same files may use it as it is.
 *
 * Of the symbols all that matters is where functions and variables begin and
 * end; two small numbers each. */
#include "scan/carry.h"

#include "base/err.h"
#include "base/scope.h"
#include "filter/compile.h"
#include "scan/policy.h"
#include "scan/scan-priv.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPEN = 32 };

struct span {
	uint64_t start, size;
	bool is_func;
};

static int by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->is_func != y->is_func)
		return x->is_func - y->is_func;
	return (x->size > y->size) - (x->size < y->size);
}

/* Code of any type begins a function; of data only what has a size counts. */
static bool is_kept(const struct elf *f, const struct elf_sym *s)
{
	if (s->section == SHN_UNDEF || s->type == STT_TLS || s->type == STT_SECTION ||
	    s->type == STT_FILE || s->value < f->base || s->value >= f->end)
		return false;
	return elf_is_code(f, s->value) || (s->type == STT_OBJECT && s->size);
}

static void put_symbols(const struct elf *f, struct note_writer *w)
{
	auto_free struct span *v = calloc(f->n_syms + 1, sizeof(*v));
	uint64_t last = f->base;
	size_t n = 0;

	for (size_t i = 0; v && i < f->n_syms; i++) {
		const struct elf_sym *s = &f->syms[i];
		bool is_func = s->type != STT_OBJECT;

		if (is_kept(f, s))
			v[n++] = (struct span){
				s->value, is_func && s->type != STT_FUNC ? 0 : s->size, is_func };
	}
	if (!v) {
		w->is_lost = true;
		return;
	}
	if (!n)
		return;
	qsort(v, n, sizeof(*v), by_start);
	note_begin(w, NOTE_SYMBOLS);
	for (size_t i = 0; i < n; i++) {
		if (i && by_start(&v[i - 1], &v[i]) == 0)
			continue;
		note_put_number(w, v[i].start - last);
		note_put_number(w, (v[i].size & (UINT64_MAX >> 1)) << 1 | v[i].is_func);
		last = v[i].start;
	}
	note_end(w);
}

static void put_answers(const struct scan_options *o, struct note_writer *w)
{
	const uint8_t v[5] = { (uint8_t)o->unknown, (uint8_t)o->dlopen, (uint8_t)o->dlsym,
			       (uint8_t)o->exec, (uint8_t)o->other_abi };

	note_begin(w, NOTE_ANSWERS);
	note_put(w, v, sizeof(v));
	note_end(w);
	for (size_t i = 0; i < o->n_plugins; i++)
		note_put_text(w, NOTE_PLUGIN, o->plugins[i]);
	for (size_t i = 0; i < o->n_execs; i++)
		note_put_text(w, NOTE_PROGRAM, o->execs[i]);
}

static void put_found(struct scan *s, struct note_writer *w)
{
	for (size_t i = 0; i < s->closure->n; i++) {
		if (s->closure->v[i]->is_plugin)
			note_put_text(w, NOTE_LOADS, s->closure->v[i]->path);
	}
	for (size_t i = 0; i < s->n_execs; i++)
		note_put_text(w, NOTE_EXECUTES, s->execs[i]);
	for (size_t i = 0; i < s->n_questions && i < MAX_OPEN; i++)
		note_put_text(w, NOTE_OPEN, scan_question_text(s, &s->questions[i]));
}

void carry_calls(const struct family *f, bool with_startup, uint64_t bits[NOTE_CALLS / 64])
{
	_Static_assert((int)NOTE_CALLS == (int)SCAN_CALLS, "sizes of sets");
	memset(bits, 0, NOTE_CALLS / 8);
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (family_allows(f, i, with_startup))
			bits[i / 64] |= 1ULL << (i % 64);
	}
}

void carry_phase(const struct family *f, const struct scan_phase *p,
		 uint64_t bits[NOTE_CALLS / 64])
{
	const struct machine *m = f->v[0]->graph->machine;
	unsigned exec[2] = { (unsigned)m->execve, (unsigned)m->execveat };
	bool executes = false;

	memcpy(bits, p->calls, sizeof(p->calls));
	for (int i = 0; i < 2; i++)
		executes |= exec[i] < NOTE_CALLS && bits[exec[i] / 64] >> (exec[i] % 64) & 1;
	for (unsigned i = 0; executes && i < NOTE_CALLS; i++) {
		for (size_t k = 1; k < f->n; k++) {
			if (f->v[k]->calls[i].is_allowed)
				bits[i / 64] |= 1ULL << (i % 64);
		}
	}
}

static void put_set(const char *phase, const uint64_t bits[NOTE_CALLS / 64],
		    struct note_writer *w)
{
	note_begin(w, NOTE_SET);
	note_put(w, phase, strlen(phase) + 1);
	note_put_calls(w, bits);
	note_end(w);
}

/* What libhull-lock installs. */
static int put_filter(const struct family *f, const char *phase,
		      const uint64_t bits[NOTE_CALLS / 64], struct note_writer *w, struct err *e)
{
	struct filter_policy policy;
	struct sock_fprog p;
	struct arena a;
	int r;

	arena_init(&a);
	r = policy_make(f, &(struct policy_options){ .runtime = POLICY_NOBODY, .only = bits }, &a,
			&policy, e);
	if (r == 0)
		r = filter_compile(&policy, &a, &p, e);
	if (r == 0) {
		note_begin(w, NOTE_BPF);
		note_put(w, phase, strlen(phase) + 1);
		note_put(w, p.filter, p.len * sizeof(*p.filter));
		note_end(w);
	}
	arena_done(&a);
	return r;
}

static int put_sets(const struct family *f, struct note_writer *w, struct err *e)
{
	const struct scan *s = f->v[0];
	uint64_t bits[NOTE_CALLS / 64];
	int r = 0;

	carry_calls(f, true, bits);
	put_set("start", bits, w);
	carry_calls(f, false, bits);
	put_set("main", bits, w);
	if (s->has_lock)
		r = put_filter(f, "main", bits, w, e);
	for (size_t i = 0; r == 0 && i < s->n_phases; i++) {
		carry_phase(f, &s->phases[i], bits);
		put_set(s->phases[i].name, bits, w);
		r = put_filter(f, s->phases[i].name, bits, w, e);
	}
	return r;
}

/* By its build id, or by its code where it has none. */
static void put_object(const struct object *o, struct note_writer *w)
{
	const struct elf *f = o->elf;
	bool has_id = f->build_id_size && f->build_id_size <= 64;
	uint8_t digest[SHA256_SIZE], head[2] = { NOTE_ID_BUILD, (uint8_t)f->build_id_size };

	if (!has_id) {
		elf_digest(f, digest);
		head[0] = NOTE_ID_CODE;
		head[1] = SHA256_SIZE;
	}
	note_begin(w, NOTE_OBJECT);
	note_put(w, head, sizeof(head));
	note_put(w, has_id ? f->build_id : digest, head[1]);
	note_put(w, o->path, strlen(o->path));
	note_end(w);
}

void carry_object(const struct elf *f, struct note_writer *w)
{
	note_put_text(w, NOTE_TOOL, "hull-scan " HULL_VERSION);
	put_symbols(f, w);
}

int carry_program(const struct family *f, struct note_writer *w, struct err *e)
{
	struct scan *s = f->v[0];
	size_t open = 0;
	int r;

	carry_object(s->closure->v[0]->elf, w);
	put_answers(s->options, w);
	put_found(s, w);
	for (size_t i = 0; i < f->n; i++)
		open += f->v[i]->n_questions;
	if (open)
		return 0;
	r = put_sets(f, w, e);
	for (size_t i = 1; r == 0 && i < s->closure->n; i++)
		put_object(s->closure->v[i], w);
	return r;
}

/* ---- reading ---- */

struct taken {
	const char **v;
	size_t n;
};

static int take_text(struct scan *s, const struct note_record *r, struct taken *t)
{
	const char *text;
	size_t n;

	if (!note_text(r, &text, &n) || !n)
		return 0;
	if ((t->n & (t->n - 1)) == 0) {
		const char **v = arena_array(&s->arena, t->n ? t->n * 2 : 1, sizeof(*v));

		if (!v)
			return -ENOMEM;
		if (t->n)
			memcpy(v, t->v, t->n * sizeof(*v));
		t->v = v;
	}
	t->v[t->n] = arena_dup_n(&s->arena, text, n);
	return t->v[t->n++] ? 0 : -ENOMEM;
}

static void take_answers(const struct note_record *r, struct scan_options *o)
{
	enum scan_declared *const to[] = { &o->unknown, &o->dlopen, &o->dlsym, &o->exec,
					     &o->other_abi };

	for (size_t i = 0; i < ARRAY_SIZE(to) && i < r->size; i++) {
		if (*to[i] == SCAN_ASK && r->bytes[i] <= SCAN_ANY)
			*to[i] = r->bytes[i];
	}
}

int carry_take(struct scan *s, struct err *e)
{
	const struct elf_carried *c = &s->closure->v[0]->elf->carried;
	struct taken plugins = { 0 }, programs = { 0 };
	struct note_record r = { 0 };
	bool has_exec = s->options->exec != SCAN_ASK;
	int ret = 0;

	if (!c->is_good)
		return 0;
	s->carried = *s->options;
	while (ret == 0 && note_next(&c->note, &r)) {
		if (r.kind == NOTE_ANSWERS)
			take_answers(&r, &s->carried);
		else if (r.kind == NOTE_PLUGIN)
			ret = take_text(s, &r, &plugins);
		else if (r.kind == NOTE_PROGRAM)
			ret = take_text(s, &r, &programs);
	}
	if (ret < 0)
		return err_set(e, ret, "read the note");
	if (!s->options->n_plugins && s->options->dlopen == SCAN_ASK) {
		s->carried.plugins = plugins.v;
		s->carried.n_plugins = plugins.n;
	}
	if (!has_exec) {
		s->carried.execs = programs.v;
		s->carried.n_execs = programs.n;
	}
	s->options = &s->carried;
	return 0;
}
