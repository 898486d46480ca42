/* SPDX-License-Identifier: Apache-2.0 */
/* scan/body.h - one function's instructions, for looking at them backwards. */
#pragma once

#include "scan/decode.h"
#include "scan/graph.h"

struct body {
	uint32_t node;
	size_t unit;
	uint64_t start, end;
	struct insn *v; /* by address; lines may overlap */
	size_t n;
	struct {
		uint64_t to;
		uint32_t from;
	} *branches; /* direct jumps of this body, by target */
	size_t n_branches;
	uint32_t *computed; /* jumps that look like those through tables */
	size_t n_computed;
	bool has_frame;   /* the frame pointer is one */
	bool falls;       /* control can run on over the end */
	bool is_partial;  /* too many lines overlap to hold them */
	/* The lowest address of the frame that gets into a register, relative
	 * to the stack and to the frame pointer; INT64_MAX: none. */
	int64_t leaks_stack, leaks_frame;
	/* aarch64 (frame.c): how far from its place at the entry the stack
	 * pointer is before each instruction; leaks_stack is told so, too. */
	int32_t *levels;
};

struct body *body_free(struct body *b);
struct body *body_new(const struct graph *g, const struct decoder *d, uint32_t node);
/* Its last step for aarch64 (body-a64.c). False: no memory. */
bool body_read_a64(struct body *b, const struct graph *g);

/* The instruction that begins at an address; -1. */
ptrdiff_t body_at(const struct body *b, uint64_t address);
/* Those that end where instruction i begins, over no more than its length;
 * at most 4. */
size_t body_before(const struct body *b, uint64_t address, uint32_t v[4]);
/* The first direct branch to an address: an index into branches. */
size_t body_branches_to(const struct body *b, uint64_t address);
