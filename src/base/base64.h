/* SPDX-License-Identifier: Apache-2.0 */
/* base/base64.h - bytes from text, strictly. Format: RFC 4648, section 4. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Decodes the whole of s (blanks and line ends between are passed over, padding
 * is demanded) into at most max bytes. Their number goes to *ret_n. -EINVAL for
 * what is no base64, -E2BIG when it does not fit. `out` may be s itself. */
int base64_decode(const char *s, uint8_t *out, size_t max, size_t *ret_n);
