/* SPDX-License-Identifier: Apache-2.0 */
/* base/num.c - numbers from text, strictly: the whole string or nothing. */
#include "base/num.h"

#include <errno.h>
#include <string.h>

/* The digits at *s in the given base; moves *s behind them. */
static int digits(const char **s, unsigned base, uint64_t max, uint64_t *ret_n)
{
	const char *p = *s;
	uint64_t n = 0;

	for (; *p >= '0' && *p < (char)('0' + base); p++) {
		if (__builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return -ERANGE;
	}
	if (p == *s)
		return -EINVAL;
	if (n > max)
		return -ERANGE;
	*s = p;
	*ret_n = n;
	return 0;
}

int num_u64(const char *s, uint64_t max, uint64_t *ret_n)
{
	uint64_t n;
	int r = digits(&s, 10, max, &n);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	*ret_n = n;
	return 0;
}

int num_i64(const char *s, int64_t *ret_n)
{
	int negative = *s == '-';
	uint64_t n;
	int r;

	r = num_u64(s + negative, (uint64_t)INT64_MAX + (uint64_t)negative, &n);
	if (r < 0)
		return r;
	*ret_n = negative ? (int64_t)(0 - n) : (int64_t)n;
	return 0;
}

int num_u32(const char *s, uint32_t *ret_n)
{
	uint64_t n;
	int r = num_u64(s, UINT32_MAX, &n);

	if (r < 0)
		return r;
	*ret_n = (uint32_t)n;
	return 0;
}

int num_octal(const char *s, uint32_t max, uint32_t *ret_n)
{
	uint64_t n;
	int r = digits(&s, 8, max, &n);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	*ret_n = (uint32_t)n;
	return 0;
}

int num_bytes(const char *s, uint64_t *ret_n)
{
	static const char units[] = "kmgt";
	const char *unit;
	uint64_t n;
	int r = digits(&s, 10, UINT64_MAX, &n);

	if (r < 0)
		return r;
	unit = *s ? strchr(units, *s | 0x20) : NULL;
	if (unit) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (n > UINT64_MAX >> shift)
			return -ERANGE;
		n <<= shift;
		s++;
	}
	if (*s == 'b' || *s == 'B')
		s++;
	if (*s)
		return -EINVAL;
	*ret_n = n;
	return 0;
}

/* One word of a list: "7" or "0-3". */
static int range(char *word, uint32_t *from, uint32_t *to)
{
	char *dash = strchr(word, '-');
	int r;

	if (dash)
		*dash++ = '\0';
	r = num_u32(word, from);
	if (r < 0)
		return r;
	*to = *from;
	return dash ? num_u32(dash, to) : 0;
}

int num_list(const char *s, unsigned long *bits, size_t max)
{
	enum { LONG_BITS = 8 * sizeof(long) };

	memset(bits, 0, max / 8);
	for (;;) {
		char word[32];
		size_t n = strcspn(s, ",");
		uint32_t from, to;
		int r;

		if (n == 0 || n >= sizeof(word))
			return -EINVAL;
		memcpy(word, s, n);
		word[n] = '\0';
		r = range(word, &from, &to);
		if (r < 0)
			return r;
		if (from > to)
			return -EINVAL;
		if (to >= max)
			return -ERANGE;
		for (; from <= to; from++)
			bits[from / LONG_BITS] |= 1UL << from % LONG_BITS;
		if (!s[n])
			return 0;
		s += n + 1;
	}
}
