/* SPDX-License-Identifier: Apache-2.0 */
/* base/num.h - numbers from text, strictly: the whole string or nothing.
 *
 * No leading blanks, signs where none belong, trailing bytes or overflow get
 * through (CVE-2026-30892 was `-u 1` read as 0:0). Return 0, or -EINVAL for
 * what is no number, -ERANGE for what is out of range. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int num_u64(const char *s, uint64_t max, uint64_t *ret_n);
int num_i64(const char *s, int64_t *ret_n);
int num_u32(const char *s, uint32_t *ret_n);
/* 0-7 digits only, as chmod takes them. */
int num_octal(const char *s, uint32_t max, uint32_t *ret_n);
/* "512", "64k", "10M", "1g" (powers of 1024, an optional b behind): bytes. */
int num_bytes(const char *s, uint64_t *ret_n);
/* "0-3,7" into a set of `max` bits (a multiple of a long's). Format: cpuset(7),
 * "List format". "" is -EINVAL. */
int num_list(const char *s, unsigned long *bits, size_t max);
