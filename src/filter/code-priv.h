/* SPDX-License-Identifier: Apache-2.0 */
/* filter/code-priv.h - writes a cBPF program from its end to its start.
 *
 * cBPF jumps forward only, so a program written backwards knows all its targets:
 * the place of an instruction is counted from the end (1 is the last), and a
 * jump's distance is the difference. Conditional jumps reach 255 instructions;
 * where that is not enough, code_reach() puts an unconditional one in between. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counted from the end; 0 is nowhere. */
typedef unsigned place;

enum { CODE_MAX = 4096 /* BPF_MAXINSNS */, CODE_REACH = 255, CODE_RETURNS = 16 };

struct code {
	struct sock_filter insn[CODE_MAX]; /* the last n are used */
	unsigned n;
	bool is_full; /* something did not fit: the program is no good */
	/* Where the newest return of a value is, to share it. */
	struct {
		uint32_t value;
		place at;
	} returns[CODE_RETURNS];
	unsigned n_returns;
};

void code_init(struct code *c);

/* Each puts its instruction in front of what is there and returns its place.
 * Targets are places. */
place code_load(struct code *c, unsigned offset); /* A = data[offset] */
place code_and(struct code *c, uint32_t k);
/* op is BPF_JEQ, BPF_JGE, BPF_JGT or BPF_JSET: A op k ? yes : no. */
place code_jump(struct code *c, unsigned op, uint32_t k, place yes, place no);
/* A return of the value that can be jumped to from here: an old one, or a new. */
place code_return(struct code *c, uint32_t value);
/* Makes sure that what is written next begins with going to `to`. */
place code_go(struct code *c, place to);
