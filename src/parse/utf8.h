/* SPDX-License-Identifier: Apache-2.0 */
/* parse/utf8.h - UTF-8 as RFC 3629 has it. */
#pragma once

#include <stddef.h>

/* Length of the sequence at s, which ends in NUL; 0 when it is none: overlong
 * forms, surrogates and what is past U+10FFFF are none. */
size_t utf8_length(const char *s);
