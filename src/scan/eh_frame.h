/* SPDX-License-Identifier: Apache-2.0 */
/* scan/eh_frame.h - where functions begin and end, by the unwinder's tables.
 *
 * Compilers describe every function in .eh_frame, and strip leaves it alone:
 * it is the best map of a stripped program. What it does not show: code
 * written by hand without .cfi lines (_start, the tail of clone). One entry is
 * one range of addresses, which may be a part of a function (.cold) or many
 * (.plt).
 *
 * Format: LSB core, 10.6 (.eh_frame, .eh_frame_hdr). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf;
struct err;

struct eh_range {
	uint64_t start, end;
	bool has_landing_pads; /* the unwinder may enter it anywhere */
};

/* The ranges by address, without overlap or emptiness; *ret_v is the caller's
 * to free. What is damaged is left out: the analysis then sees plain code
 * there. */
int eh_frame_read(const struct elf *f, struct eh_range **ret_v, size_t *ret_n,
		  struct err *e);
