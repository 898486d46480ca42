/* SPDX-License-Identifier: Apache-2.0 */
/* scan/code-a64.h - what aarch64 code says in more than one instruction. */
#pragma once

#include "scan/page.h"

/* Tells the sink the addresses that pairs of instructions form, and the labels
 * of jump tables (FACT_LABEL of the jump); marks functions that have a computed
 * jump whose labels are not known (func.is_open). The facts of single
 * instructions must be in `c`; what the sink gets may be added there. */
int code_a64_read(const struct elf *f, struct code *c, struct page_sink sink);
