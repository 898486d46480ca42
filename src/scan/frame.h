/* SPDX-License-Identifier: Apache-2.0 */
/* scan/frame.h - where the stack pointer is in a body of aarch64 code. */
#pragma once

#include "scan/body.h"

enum { LEVEL_UNKNOWN = INT32_MIN };

/* Fills in b->levels, and b->leaks_stack in the same terms; turns what goes
 * through the frame pointer into the same through the stack pointer, where the
 * distance of the two is known. `labels` are places where computed jumps lead.
 * False: no memory. */
bool frame_read(struct body *b, const struct machine *m, const uint64_t *labels, size_t n_labels);
