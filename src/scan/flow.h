/* SPDX-License-Identifier: Apache-2.0 */
/* scan/flow.h - where control goes from an instruction, inside functions. */
#pragma once

#include "scan/body.h"

struct flow;

struct flow *flow_free(struct flow *f);
/* NULL: no memory. Borrows the graph. */
struct flow *flow_new(const struct graph *g);
/* The graph has grown or has new callers: what depends on them is forgotten. False:
 * no memory. */
bool flow_renew(struct flow *f);

/* The body of a node, made when first asked for; NULL: no memory. */
const struct body *flow_body(struct flow *f, uint32_t node);

/* Can the call (or jump) `in` of the body come back? */
bool flow_call_returns(struct flow *f, const struct body *b, const struct insn *in);

/* Instruction `from` puts the address of a function into a register. True when
 * that is only ever called or jumped to, and then sites[i] is set for each
 * instruction i that does; false when it is stored, passed on or returned. */
bool flow_pointer_is_called(const struct machine *m, const struct body *b, size_t from,
			    uint8_t *sites);

/* The instructions that control can get to behind the call at an address: the
 * body, and seen[i] for each of its instructions (the caller's to free). NULL:
 * it cannot be told. */
const struct body *flow_after(struct flow *f, uint32_t node, uint64_t address,
			      uint8_t **ret_seen);

/* Can control get to the address from an entry of the function? For code that
 * nobody described and that may be data; always true where jumps are computed. */
bool flow_reaches(struct flow *f, uint32_t node, uint64_t address);
