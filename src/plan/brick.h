/* SPDX-License-Identifier: Apache-2.0 */
/* plan/brick.h - the contract of a brick: one kind of isolation.
 *
 * A brick is OFF (the host's is used), OWN (a fresh private one) or JOIN
 * (shared: another container's, given as an fd). To add one: write
 * bricks/NAME.c with one `const struct brick brick_NAME`, add it to the table
 * in bricks/table.c, add a golden file in tests/plan/. Nothing else changes. */
#pragma once

#include "plan/plan.h"

#include <stdio.h>

struct brick {
	const char *name;

	/* Appends this brick's ops. Pure: same input, same ops, no syscalls.
	 * Once plan() returned 0, apply() may fail only for runtime reasons,
	 * never because the configuration made no sense. */
	int (*plan)(const struct conf *c, const struct host *h, struct plan *p,
		    struct err *e);

	/* Runs one op in the process its phase names. All or nothing. */
	int (*apply)(const struct op *op, struct run *r, struct err *e);

	/* Reverts an applied op. Cannot fail. NULL where the kernel reverts by
	 * itself when the child dies (everything from PHASE_ENTER on). */
	void (*undo)(const struct op *op, struct run *r);

	/* One line, without a newline, for "explain", golden tests and error
	 * context. */
	void (*show)(const struct op *op, FILE *out);
};
