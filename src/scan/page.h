/* SPDX-License-Identifier: Apache-2.0 */
/* scan/page.h - addresses that two aarch64 instructions form.
 *
 * adrp puts the address of a page into a register; what uses the register adds
 * the rest. From each adrp the register is followed on all paths through the
 * code, and each use is told as the whole address. Where the page gets to
 * something that is not followed, the whole page is told. */
#pragma once

#include "scan/code.h"

struct pages;

struct page_sink {
	/* A fact of the instruction at `at`: FACT_ADDRESS, FACT_ACCESS, or FACT_PAGE. */
	int (*take)(void *ctx, uint64_t at, enum fact_kind kind, uint64_t to);
	void *ctx;
};

struct pages *pages_free(struct pages *p);
/* Borrows all; `facts` are those of single instructions and may grow. */
struct pages *pages_new(const struct elf *f, const struct code *c, struct page_sink sink);
/* Follows every adrp. 0 or -ENOMEM. */
int pages_find(struct pages *p);
/* A page that was in a register at a computed jump goes on at its labels: those
 * that became known since. */
int pages_at_label(struct pages *p, uint64_t jump, uint64_t label);
/* Does a direct branch lead to the offset? */
bool pages_is_join(const struct pages *p, uint32_t at);
/* Computed jumps whose labels are not known: the page may be used anywhere. */
int pages_give_up(struct pages *p, uint64_t jump);
