/* SPDX-License-Identifier: Apache-2.0 */
/* scan/scan.c - the system calls that a program can make.
 *
 * Theory of operation
 * -------------------
 *   closure   the files that are loaded                        (closure.c)
 *   graph     what of them can be reached from the roots       (graph.c)
 *   loading   dlopen and dlsym: more files, more roots; again until
 *             nothing is new                                   (loading.c)
 *   numbers   the number at every reached `syscall`            (numbers.c)
 *   model     what no code shows: ld.so's start, the kernel's own restart,
 *             the vDSO of other kernels                        (model.c)
 *
 * The set only grows along the way, and whatever is not understood ends as a
 * question: there is no place where something is left out in silence. */
#include "scan/scan-priv.h"

#include "base/err.h"
#include "base/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

DEFINE_SCOPE(scan, struct scan, scan_free)
#define auto_scan __attribute__((cleanup(scope_scan)))

enum { MAX_QUESTIONS = 100000 };

struct scan *scan_free(struct scan *s)
{
	if (s) {
		graph_free(s->graph);
		closure_free(s->closure);
		free(s->questions);
		free(s->made);
		args_done(s);
		arena_done(&s->arena);
		free(s);
	}
	return NULL;
}

int scan_ask(struct scan *s, struct scan_question q, struct err *e)
{
	for (size_t i = 0; i < s->n_questions; i++) {
		const struct scan_question *old = &s->questions[i];

		if (old->kind == q.kind && old->node == q.node && old->address == q.address &&
		    old->lost_node == q.lost_node)
			return 0;
	}
	if (s->n_questions == MAX_QUESTIONS)
		return err_set(e, -E2BIG, "more than %d open questions", MAX_QUESTIONS);
	if (s->n_questions % 64 == 0) {
		struct scan_question *v = realloc(s->questions,
						  (s->n_questions + 64) * sizeof(*v));

		if (!v)
			return err_set(e, -ENOMEM, "ask");
		s->questions = v;
	}
	s->questions[s->n_questions++] = q;
	return 0;
}

static void add_made(struct scan *s, uint32_t node, unsigned number)
{
	const struct scan_made *last = s->n_made ? &s->made[s->n_made - 1] : NULL;
	struct scan_made *v;

	if (last && last->node == node && last->number == number)
		return;
	if (s->n_made == s->room_made) {
		size_t room = s->room_made ? s->room_made * 2 : 1024;

		v = realloc(s->made, room * sizeof(*v));
		if (!v) {
			s->is_made_lost = true;
			return;
		}
		s->made = v;
		s->room_made = room;
	}
	s->made[s->n_made++] = (struct scan_made){ node, (uint16_t)number };
}

void scan_allow(struct scan *s, unsigned number, uint32_t node, uint64_t address, const char *why)
{
	scan_allow_site(s, number, node, address, why);
	args_lose(s, number, "the call was not found as a number in code");
	if (number == SYS_clone3)
		s->has_clone_behind = false;
}

void scan_allow_site(struct scan *s, unsigned number, uint32_t node, uint64_t address,
		     const char *why)
{
	struct scan_call *c = &s->calls[number];

	if (!s->in_startup)
		add_made(s, node, number);
	if (c->is_allowed)
		return;
	*c = (struct scan_call){ .is_allowed = true, .is_startup_only = s->in_startup,
				 .node = node, .address = address, .why = why };
}

const char *scan_string(const struct scan *s, const struct value *v)
{
	const char *text = v->n ? elf_string(s->graph->units[v->unit].object->elf, v->n) : NULL;

	return text && *text ? text : NULL;
}

size_t scan_count(const struct scan *s, bool with_startup)
{
	size_t n = 0;

	for (size_t i = 0; i < SCAN_CALLS; i++)
		n += s->calls[i].is_allowed && (with_startup || !s->calls[i].is_startup_only);
	return n;
}

const char *scan_place(struct scan *s, uint32_t node, uint64_t address)
{
	const struct unit *u = graph_unit(s->graph, node);
	uint64_t distance;
	const char *name, *at;

	name = graph_symbol_at(s->graph, s->graph->nodes[node].unit, address, &distance);
	if (!*name)
		at = arena_printf(&s->arena, "0x%llx in %s", (unsigned long long)address,
				  u->object->name);
	else
		at = arena_printf(&s->arena, "%s+0x%llx (0x%llx in %s)", name,
				  (unsigned long long)distance, (unsigned long long)address,
				  u->object->name);
	return at ? at : "";
}

const char *scan_question_text(struct scan *s, const struct scan_question *q)
{
	static const char *const what[] = {
		[SCAN_Q_NUMBER] = "a system call whose number is not known",
		[SCAN_Q_MACHINE] = "a system call of another kind",
		[SCAN_Q_DLOPEN] = "dlopen of a library whose name is not known",
		[SCAN_Q_DLSYM] = "dlsym of a symbol whose name is not known",
		[SCAN_Q_EXEC] = "execution of a program whose path is not known",
	};
	const char *at = scan_place(s, q->node, q->address), *text;

	if (q->reason && (q->lost_node != q->node || q->lost_at != q->address))
		text = arena_printf(&s->arena, "%s: %s: %s at %s", at, what[q->kind], q->reason,
				    scan_place(s, q->lost_node, q->lost_at));
	else
		text = arena_printf(&s->arena, "%s: %s%s%s", at, what[q->kind],
				    q->reason ? ": " : "", q->reason ? q->reason : "");
	return text ? text : what[q->kind];
}

static void add_roots(struct scan *s)
{
	for (size_t i = 0; i < s->graph->n_units; i++) {
		graph_root_start(s->graph, i);
		/* Methods are found through 32-bit offsets in type data; what
		 * is not used, Go's own linker has left out. */
		if (s->graph->units[i].is_go)
			graph_reach_all(s->graph, i, "Go code");
	}
	model_add_roots(s);
}

/* ld.so's own start, behind everything else: what is new then is start-up. */
static int add_start(struct scan *s, struct search **search, struct err *e)
{
	size_t from = s->graph->n_queue;
	int r;

	s->in_startup = true;
	model_add_start(s);
	graph_spread(s->graph);
	r = graph_find_inbound(s->graph, e);
	if (r == 0)
		r = search_renew(s->graph, search, e);
	if (r == 0)
		r = numbers_find(s, *search, from, e);
	s->in_startup = false;
	return r;
}

static int analyse(struct scan *s, struct err *e)
{
	const struct scan_options *o = s->options;
	struct search *search = NULL;
	int r;

	r = closure_load(o->root, o->seen, o->program, o->library_dirs, o->n_library_dirs,
			 &s->closure, e);
	if (r == 0)
		r = carry_take(s, e);
	if (r == 0)
		r = graph_new(s->closure, o->debug_dir, o->store, &s->graph, e);
	if (r < 0)
		return r;
	args_init(s);
	add_roots(s);
	r = loading_follow(s, &search, e);
	if (r == 0)
		r = numbers_find(s, search, 0, e);
	if (r == 0)
		model_add_calls(s);
	if (r == 0 && !s->is_made_lost)
		r = phases_find(s, search, e);
	if (r == 0 && model_is_glibc(s))
		r = add_start(s, &search, e);
	search_free(search);
	return r;
}

int scan_program(const struct scan_options *o, struct scan **ret_s, struct err *e)
{
	auto_scan struct scan *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(e, -ENOMEM, "scan %s", o->program);
	arena_init(&s->arena);
	s->options = o;
	s->has_clone_behind = true;
	r = analyse(s, e);
	if (r < 0)
		return r;
	if (o->widen == SCAN_WIDEN_YES ||
	    (o->widen == SCAN_WIDEN_DYNAMIC && s->closure->interp))
		widen_calls(s);
	*ret_s = TAKE_PTR(s);
	return 0;
}
