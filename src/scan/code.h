/* SPDX-License-Identifier: Apache-2.0 */
/* scan/code.h - the machine code of one object, as functions and facts.
 *
 * A function is a range of code that is reached or not reached as a whole. A
 * fact is one thing that one instruction does which matters outside of it: it
 * calls, jumps, forms or reads an address, or enters the kernel. Everything is
 * told in offsets from the object's base, which fit in 32 bits (E1).
 *
 *  C1  Functions are sorted, do not overlap, and every byte of code belongs to
 *      one; what lies between the known functions makes functions of its own.
 *  C2  Decoding begins anew at every start of a function and at every target of
 *      a direct jump or call, so data among code cannot hide what is jumped to.
 *  C3  Facts are sorted by address.
 *  C4  Each fact that can lead out of its function, or to data, has an edge, in
 *      the order of the facts. Most facts are jumps inside. */
#pragma once

#include "scan/elf.h"

struct err;

enum fact_kind {
	FACT_CALL,      /* to: the target */
	FACT_JUMP,
	FACT_BRANCH,    /* a jump with a condition */
	FACT_CALL_SLOT, /* through the pointer at `to` */
	FACT_JUMP_SLOT,
	FACT_CALL_ANY,  /* through a register or computed memory */
	FACT_JUMP_ANY,
	FACT_ADDRESS,   /* forms the address `to` */
	FACT_ACCESS,    /* reads or writes at `to` */
	FACT_PAGE,      /* forms an address on the page at `to` (aarch64) */
	FACT_LABEL,     /* a jump table that it uses has the entry `to` */
	FACT_SYSCALL,   /* syscall */
	FACT_SYSCALL32, /* int 0x80, sysenter: the 32-bit numbers */
};

struct fact {
	uint32_t at, to;
	uint8_t kind, length;
};

struct func {
	uint32_t start, end;
	uint32_t first_fact; /* facts from here up to the next function's */
	uint32_t first_edge; /* the same of its edges */
	bool is_described;   /* by .eh_frame: made by a compiler, or with care */
	bool has_landing_pads;
	bool falls;          /* control can run on into the next function */
	bool is_open;        /* a computed jump may lead anywhere in it (aarch64) */
};

#define NO_INDEX UINT32_MAX

/* Where a fact leads, looked up beforehand. */
struct edge {
	uint32_t fact;
	uint32_t func; /* the function that holds `to`; NO_INDEX: none */
	uint32_t rel;  /* that fills the GOT entry at `to` (elf.rels); NO_INDEX: none */
};

enum { CODE_PAGE = 10 }; /* bits of an offset */

struct code {
	uint64_t base;
	struct func *funcs; /* funcs[n_funcs] ends the facts of the last */
	size_t n_funcs;
	struct fact *facts;
	size_t n_facts;
	struct edge *edges;
	size_t n_edges;
	void *kept;      /* facts and edges lie in there (scan/summary.c); NULL: alone */
	uint32_t *pages; /* [p]: functions that begin before page p, for code_func() */
	size_t n_pages;
	bool is_described; /* most of its functions are */
	size_t n_bad; /* bytes that are no instruction */
};

/* Does the fact form an address from `start` up to `end`? */
static inline bool fact_forms(const struct fact *t, uint32_t start, uint32_t end)
{
	return t->kind == FACT_ADDRESS ? t->to >= start && t->to < end
	     : t->kind == FACT_PAGE && t->to < end && t->to + 4096U > start;
}

void code_done(struct code *c);
/* `extra` holds further addresses where functions are known to begin. */
int code_read(const struct elf *f, const uint64_t *extra, size_t n_extra,
	      struct code *ret_c, struct err *e);

/* Makes `pages` from the functions. -ENOMEM. */
int code_index(struct code *c);
/* May a fact of function `func` have an edge (C4)? */
static inline bool fact_leads(const struct fact *t, const struct func *func)
{
	bool is_inside = t->to >= func->start && t->to < func->end;

	switch (t->kind) {
	case FACT_CALL_ANY:
	case FACT_JUMP_ANY:
	case FACT_SYSCALL:
	case FACT_SYSCALL32:
		return false;
	case FACT_JUMP:
	case FACT_BRANCH:
	case FACT_LABEL:
		return !is_inside;
	default:
		return true;
	}
}

/* The function that holds an address; -1: none. */
ptrdiff_t code_func(const struct code *c, uint64_t address);
/* The first fact at or behind an offset. */
size_t code_fact_from(const struct code *c, uint32_t at);
