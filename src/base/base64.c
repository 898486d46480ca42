/* SPDX-License-Identifier: Apache-2.0 */
/* base/base64.c - bytes from text, strictly. */
#include "base/base64.h"

#include <errno.h>
#include <stdbool.h>

static int value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_blank(char c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

int base64_decode(const char *s, uint8_t *out, size_t max, size_t *ret_n)
{
	unsigned n_letters = 0, n_pads = 0;
	uint32_t group = 0;
	size_t n = 0;

	for (; *s; s++) {
		int v = value((unsigned char)*s);

		if (is_blank(*s))
			continue;
		if (*s == '=' && n_letters % 4 >= 2)
			n_pads++, v = 0;
		else if (v < 0 || n_pads)
			return -EINVAL;
		group = group << 6 | (uint32_t)v;
		if (++n_letters % 4)
			continue;
		for (unsigned i = 0; i < 3 - n_pads; i++) {
			if (n == max)
				return -E2BIG;
			out[n++] = (uint8_t)(group >> (16 - 8 * i));
		}
	}
	/* Bits behind the last byte would be a second spelling of it. */
	if (n_letters % 4 || n_pads > 2 ||
	    (n_pads && group & (n_pads == 1 ? 0xff : 0xffff)))
		return -EINVAL;
	*ret_n = n;
	return 0;
}
