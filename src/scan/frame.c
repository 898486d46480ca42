/* SPDX-License-Identifier: Apache-2.0 */
/* scan/frame.c - where the stack pointer is in a body of aarch64 code.
 *
 * Theory of operation
 * -------------------
 * Compilers name the same slot through sp here and through the frame pointer
 * there, and move sp only by constants. So the distances of both from where sp
 * was at the entry are followed forwards along all ways through the body; where
 * two ways do not agree, or something else writes a register, it is unknown. A
 * place that no way leads to (a landing pad) is unknown, too.
 *
 * Of the addresses of the frame that get into other registers the lowest is
 * kept: what lies below it cannot be changed through a pointer. What lies above
 * the entry's sp belongs to the caller, or to the function that this is a cold
 * part of; who has its address is not known. */
#include "scan/frame.h"

#include <stdlib.h>

/* UNSEEN until a way leads there. */
enum { UNSEEN = INT32_MAX };

struct level {
	int32_t sp, fp;
};

struct walk {
	struct body *b;
	const struct machine *m;
	struct level *v; /* before each instruction */
	uint32_t *todo;
	uint8_t *is_todo;
	size_t n;
};

static int32_t moved(int32_t from, int64_t by)
{
	if (from == LEVEL_UNKNOWN || by > 1 << 28 || by < -(1 << 28) || from > 1 << 28 ||
	    from < -(1 << 28))
		return LEVEL_UNKNOWN;
	return from + (int32_t)by;
}

/* A register's distance, from those before the instruction. */
static int32_t distance(const struct walk *w, const struct insn *in, uint8_t reg,
			struct level l)
{
	const struct machine *m = w->m;
	int32_t old = reg == m->sp ? l.sp : l.fp;
	uint8_t from = in->kind == INSN_MOVE ? in->src : in->base;

	if (in->kind == INSN_CALL || !insn_writes(in, reg))
		return old;
	if (in->step && in->base == reg)
		return moved(old, in->step);
	if (in->dst != reg || in->width != 8)
		return LEVEL_UNKNOWN;
	if (in->kind == INSN_ADD)
		return moved(old, in->imm);
	if ((in->kind == INSN_MOVE || in->kind == INSN_LEA) && in->index == GPR_NONE &&
	    (from == m->sp || from == m->fp))
		return moved(from == m->sp ? l.sp : l.fp, in->kind == INSN_LEA ? in->disp : 0);
	return LEVEL_UNKNOWN;
}

static int32_t meet(int32_t a, int32_t b)
{
	return a == UNSEEN ? b : b == UNSEEN || a == b ? a : LEVEL_UNKNOWN;
}

static void lead(struct walk *w, uint64_t address, struct level l)
{
	ptrdiff_t k = body_at(w->b, address);
	struct level *at = k < 0 ? NULL : &w->v[k], met;

	if (!at)
		return;
	met = (struct level){ meet(at->sp, l.sp), meet(at->fp, l.fp) };
	if (met.sp == at->sp && met.fp == at->fp)
		return;
	*at = met;
	if (!w->is_todo[k]) {
		w->is_todo[k] = 1;
		w->todo[w->n++] = (uint32_t)k;
	}
}

static void follow(struct walk *w, const uint64_t *labels, size_t n_labels)
{
	while (w->n) {
		uint32_t i = w->todo[--w->n];
		const struct insn *in = &w->b->v[i];
		struct level l = { distance(w, in, w->m->sp, w->v[i]),
				   distance(w, in, w->m->fp, w->v[i]) };

		w->is_todo[i] = 0;
		if (in->is_direct && in->kind != INSN_CALL)
			lead(w, in->to, l);
		for (size_t k = 0; in->kind == INSN_JUMP && !in->is_direct && k < n_labels; k++)
			lead(w, labels[k], l);
		if (in->kind != INSN_JUMP && in->kind != INSN_STOP && in->kind != INSN_RETURN)
			lead(w, in->at + in->length, l);
	}
}

/* Through sp instead of the frame pointer. */
static void use_sp(struct insn *in, const struct machine *m, struct level l)
{
	int64_t by = (int64_t)l.fp - l.sp;

	if (l.fp == LEVEL_UNKNOWN || l.sp == LEVEL_UNKNOWN || in->step)
		return;
	if (in->base == m->fp && in->dst != m->fp && in->dst != m->sp) {
		in->base = m->sp;
		in->disp += by;
	} else if (in->kind == INSN_MOVE && in->src == m->fp && in->dst != m->sp) {
		in->kind = INSN_LEA;
		in->src = GPR_NONE;
		in->base = m->sp;
		in->disp = by;
	}
}

static void leak(struct body *b, int32_t level, int64_t by)
{
	int64_t at = level == LEVEL_UNKNOWN ? INT64_MIN : level + by;

	if (at < b->leaks_stack)
		b->leaks_stack = at;
}

/* What an instruction does with an address of the frame, but use it as such. */
static void note_leaks(struct body *b, const struct machine *m, const struct insn *in,
		       struct level l)
{
	bool is_own = in->dst == m->sp || in->dst == m->fp;
	bool is_memory = in->has_mem && (in->kind == INSN_LOAD || in->kind == INSN_OTHER);

	if (in->kind == INSN_LEA && in->base == m->sp) {
		if (!is_own)
			leak(b, l.sp, in->disp);
	} else if (in->kind == INSN_MOVE && in->src == m->sp) {
		if (!is_own)
			leak(b, l.sp, 0);
	} else if ((in->kind == INSN_LEA && in->base == m->fp) ||
		   (in->kind == INSN_MOVE && in->src == m->fp)) {
		if (!is_own)
			leak(b, LEVEL_UNKNOWN, 0);
	} else if (in->kind == INSN_STORE) {
		/* The caller's frame pointer is saved before ours is made. */
		if ((in->src == m->fp || in->pair == m->fp) && l.fp != LEVEL_UNKNOWN)
			leak(b, l.fp, 0);
	} else if (in->kind != INSN_ADD && in->kind != INSN_CALL && !in->is_test && !is_memory &&
		   in->kind != INSN_RETURN &&
		   ((insn_reads(in, m->sp) && !insn_writes(in, GPR_LR)) || insn_reads(in, m->fp))) {
		leak(b, LEVEL_UNKNOWN, 0);
	}
}

bool frame_read(struct body *b, const struct machine *m, const uint64_t *labels, size_t n_labels)
{
	struct walk w = { .b = b, .m = m, .v = calloc(b->n + 1, sizeof(*w.v)),
			  .todo = calloc(b->n + 1, sizeof(*w.todo)),
			  .is_todo = calloc(b->n + 1, 1) };
	bool ok = w.v && w.todo && w.is_todo;

	b->levels = calloc(b->n + 1, sizeof(*b->levels));
	ok = ok && b->levels;
	for (size_t i = 0; ok && i < b->n; i++)
		w.v[i] = (struct level){ UNSEEN, UNSEEN };
	if (ok && b->n) {
		lead(&w, b->v[0].at, (struct level){ 0, LEVEL_UNKNOWN });
		follow(&w, labels, n_labels);
	}
	for (size_t i = 0; ok && i < b->n; i++) {
		struct level l = w.v[i];

		if (l.sp == UNSEEN)
			l = (struct level){ LEVEL_UNKNOWN, LEVEL_UNKNOWN };
		b->levels[i] = l.sp;
		use_sp(&b->v[i], m, l);
		note_leaks(b, m, &b->v[i], l);
	}
	free(w.v);
	free(w.todo);
	free(w.is_todo);
	return ok;
}
