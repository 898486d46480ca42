/* SPDX-License-Identifier: Apache-2.0 */
/* filter/syscalls-priv.h - the shape of the generated tables.
 *
 * An id is a name's place in the sorted list of all names. A number of 0xffff
 * is none; 0xf000 and up are ARM's private calls at 0x0f0000; x32's are
 * without bit 30. */
#pragma once

#include "filter/policy.h"

#include <stdint.h>

enum { SYSCALL_NONE = 0xffff, SYSCALL_ARM = 0xf000, SYSCALL_HASH = 2048 };

extern const char syscall_pool[];       /* the names, NUL between them */
extern const uint16_t syscall_offset[]; /* id -> its name in the pool */
/* FNV-1a of a name, linear probing: id + 1, 0 is empty. */
extern const uint16_t syscall_hash[SYSCALL_HASH];
extern const int syscall_ids;
extern const uint16_t *const syscall_numbers[FILTER_ARCH_MAX_];
extern const uint16_t syscall_highest[FILTER_ARCH_MAX_];
