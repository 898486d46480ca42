/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-a64.h - single aarch64 instructions. */
#pragma once

#include "scan/decode.h"

/* As decode_fact() and decode_insn() (scan/decode.h). An address that two
 * instructions form is not told here: scan/page.h. */
void a64_fact(const uint8_t *bytes, size_t room, uint64_t at, struct decoded *ret);
bool a64_insn(const uint8_t *bytes, size_t room, uint64_t at, struct insn *ret);
/* Is the svc behind this word exit or exit_group? */
bool a64_is_exit(uint32_t before);
/* adrp: the first half of an address. */
bool a64_is_page(uint32_t word);

/* Does the `br x17` at bytes[at] end a stub of the PLT? Its first byte and the
 * address of its slot. `base`: the address of bytes[0]. */
bool a64_stub(const uint8_t *bytes, size_t at, uint64_t base, size_t *ret_start,
	      uint64_t *ret_slot);

/* The instruction before a computed jump that makes its target:
 * base + (entry << shift), where the entry is what a load gave. */
struct a64_sum {
	uint8_t dst, base, index; /* registers */
	uint8_t bits, shift;      /* how many of the entry count, 0: all */
	bool is_signed;
};
bool a64_sum(uint32_t word, struct a64_sum *ret);
