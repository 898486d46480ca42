/* SPDX-License-Identifier: Apache-2.0 */
/* scan/decode-fast.h - the common x86-64 instructions, without Zydis. */
#pragma once

#include "scan/decode.h"

/* What decode_fact() tells, for the instructions that it knows; false: ask
 * Zydis. Where it answers, it answers the same (tests/unit/test-scan-decode.c). */
bool decode_fast(const uint8_t *bytes, size_t room, uint64_t at, uint64_t image_start,
		 uint64_t image_end, struct decoded *ret);
/* The same by Zydis alone. */
void decode_fact_by_zydis(const struct decoder *d, const uint8_t *bytes, size_t room, uint64_t at,
			  uint64_t image_start, uint64_t image_end, struct decoded *ret);
