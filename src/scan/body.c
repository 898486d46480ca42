/* SPDX-License-Identifier: Apache-2.0 */
/* scan/body.c - one function's instructions, for looking at them backwards.
 *
 * Decoded in a line from the function's start, and again from each target of a
 * direct jump that the line passed over, as the sweep does (code.c, C2).
 *
 * Indirect jumps are of two kinds. Through a pointer that was loaded from a
 * plain place (jmp *8(%rax), or a register loaded so just before) they go to a
 * function, or to a label whose address stands in data. All others compute
 * their target, which is what a switch does: they lead to the labels of the
 * jump tables that code names (code.c, 4), or to labels whose addresses stand
 * in data. A label is what such a table or pointer says, nothing else. */
#include "scan/body.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct body *body_free(struct body *b)
{
	if (b) {
		free(b->v);
		free(b->branches);
		free(b->computed);
		free(b->levels);
		free(b);
	}
	return NULL;
}

ptrdiff_t body_at(const struct body *b, uint64_t address)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (b->v[mid].at < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low < b->n && b->v[low].at == address ? (ptrdiff_t)low : -1;
}

size_t body_before(const struct body *b, uint64_t address, uint32_t v[4])
{
	size_t low = 0, high = b->n, n = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (b->v[mid].at < address)
			low = mid + 1;
		else
			high = mid;
	}
	while (low-- > 0 && b->v[low].at + 16 > address && n < 4) {
		if (b->v[low].at + b->v[low].length == address)
			v[n++] = (uint32_t)low;
	}
	return n;
}

size_t body_branches_to(const struct body *b, uint64_t address)
{
	size_t low = 0, high = b->n_branches;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (b->branches[mid].to < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int by_at(const void *a, const void *b)
{
	const struct insn *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static int by_to(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Decodes from an address until the end or a known instruction. */
static void decode_line(struct body *b, const struct elf *f, const struct decoder *d, uint64_t at,
			size_t known)
{
	unsigned step = machine_of(f->machine)->step;
	const uint8_t *bytes = elf_at(f, at, b->end - at);
	uint64_t from = at;
	struct body first = { .v = b->v, .n = known };

	while (bytes && at < b->end && (at == from || body_at(&first, at) < 0)) {
		struct insn *in = &b->v[b->n];

		if (!decode_insn(d, bytes + (at - from), b->end - at, at, in)) {
			at += step - (at & (step - 1));
			continue;
		}
		b->n++;
		at += in->length;
	}
}

/* Room: a line has no more instructions than bytes, and side lines are few;
 * when there are too many to hold, the body is partial and answers nothing. */
static bool decode_all(struct body *b, const struct elf *f, const struct decoder *d)
{
	size_t room = 2 * (b->end - b->start) + 16, known;
	void *fit;

	b->v = malloc(room * sizeof(*b->v));
	if (!b->v)
		return false;
	decode_line(b, f, d, b->start, 0);
	known = b->n;
	for (size_t i = 0; i < known; i++) {
		const struct insn *in = &b->v[i];
		struct body first = { .v = b->v, .n = known };

		if (!in->is_direct || in->kind == INSN_CALL || in->to < b->start ||
		    in->to >= b->end || body_at(&first, in->to) >= 0)
			continue;
		if (b->n + (b->end - in->to) > room) {
			b->is_partial = true;
			break;
		}
		decode_line(b, f, d, in->to, known);
	}
	if (b->n > known) {
		size_t n = 0;

		qsort(b->v, b->n, sizeof(*b->v), by_at);
		for (size_t i = 0; i < b->n; i++) {
			if (n == 0 || b->v[n - 1].at != b->v[i].at)
				b->v[n++] = b->v[i];
		}
		b->n = n;
	}
	fit = realloc(b->v, (b->n + 1) * sizeof(*b->v));
	if (fit)
		b->v = fit;
	return true;
}

static bool is_plain(const struct insn *in)
{
	return in->has_mem && in->index == GPR_NONE && in->base != GPR_NONE;
}

/* Does the jump go through a pointer from a plain place? */
static bool is_through_pointer(const struct body *b, size_t i)
{
	uint8_t reg = b->v[i].src;

	if (b->v[i].has_mem)
		return b->v[i].index == GPR_NONE;
	for (size_t k = i; k-- > 0 && i - k < 24;) {
		const struct insn *in = &b->v[k];

		if (in->at + in->length != b->v[k + 1].at || in->kind == INSN_JUMP ||
		    in->kind == INSN_STOP || in->kind == INSN_RETURN)
			return false;
		if (!insn_writes(in, reg))
			continue;
		if (in->kind == INSN_MOVE && in->src != GPR_NONE) {
			reg = in->src;
			continue;
		}
		/* A function pointer that was an argument has no definition
		 * here and ends the walk below. */
		return in->kind == INSN_LOAD &&
		       (is_plain(in) || (in->base == GPR_NONE && in->index == GPR_NONE));
	}
	return false;
}

static void note_leaks(struct body *b, const struct machine *m, const struct insn *in)
{
	bool moves_sp = (in->kind == INSN_MOVE || in->kind == INSN_PUSH) && in->src == m->sp &&
			in->dst != m->fp && in->dst != m->sp;

	if (moves_sp)
		b->leaks_stack = INT64_MIN;
	if (in->kind == INSN_LEA && in->base == m->sp && in->dst != m->sp &&
	    in->disp < b->leaks_stack)
		b->leaks_stack = in->disp;
	if (in->kind == INSN_LEA && in->base == m->fp && in->dst != m->sp &&
	    in->disp < b->leaks_frame)
		b->leaks_frame = in->disp;
	if (in->kind == INSN_MOVE && in->src == m->fp && in->dst != m->sp)
		b->leaks_frame = INT64_MIN;
}

/* Does an instruction give the frame pointer a value that is none of the stack? */
static bool spoils_frame(const struct machine *m, const struct insn *in)
{
	if (!insn_writes(in, m->fp) || in->kind == INSN_CALL || in->kind == INSN_POP ||
	    in->kind == INSN_LEAVE)
		return false;
	if (in->kind == INSN_LOAD && (in->base == m->sp || in->base == m->fp))
		return false;
	return !(in->kind == INSN_MOVE && in->src == m->sp) &&
	       !(in->kind == INSN_LEA && in->base == m->sp && in->index == GPR_NONE);
}

static bool index_body(struct body *b, const struct machine *m)
{
	b->branches = calloc(b->n + 1, sizeof(*b->branches));
	b->computed = calloc(b->n + 1, sizeof(*b->computed));
	if (!b->branches || !b->computed)
		return false;
	for (size_t i = 0; i < b->n; i++) {
		const struct insn *in = &b->v[i];

		if (m->elf != EM_AARCH64)
			note_leaks(b, m, in);
		if (spoils_frame(m, in))
			b->has_frame = false;
		if (in->is_direct && in->kind != INSN_CALL) {
			b->branches[b->n_branches].to = in->to;
			b->branches[b->n_branches++].from = (uint32_t)i;
		}
		if (in->kind == INSN_JUMP && !in->is_direct && !is_through_pointer(b, i))
			b->computed[b->n_computed++] = (uint32_t)i;
	}
	qsort(b->branches, b->n_branches, sizeof(*b->branches), by_to);
	return true;
}

struct body *body_new(const struct graph *g, const struct decoder *d, uint32_t node)
{
	const struct unit *u = graph_unit(g, node);
	const struct func *fn = graph_func(g, node);
	struct body *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->node = node;
	b->unit = g->nodes[node].unit;
	b->start = u->code.base + fn->start;
	b->end = u->code.base + fn->end;
	b->falls = fn->falls;
	b->leaks_stack = b->leaks_frame = INT64_MAX;
	b->has_frame = true;
	if (!decode_all(b, u->object->elf, d) || !index_body(b, g->machine) ||
	    (g->machine->elf == EM_AARCH64 && !body_read_a64(b, g)))
		return body_free(b);
	return b;
}
