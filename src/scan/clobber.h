/* SPDX-License-Identifier: Apache-2.0 */
/* scan/clobber.h - which registers the functions of aarch64 code overwrite. */
#pragma once

#include "scan/code.h"

/* For each function a bit mask of registers that a call of it overwrites for
 * certain as far as compilers know (gcc's -fipa-ra keeps others over calls,
 * whatever the procedure call standard says). The caller frees it; NULL: no memory. */
uint32_t *clobber_find(const struct elf *f, const struct code *c);
