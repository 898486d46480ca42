/* SPDX-License-Identifier: Apache-2.0 */
/* parse/json.c - text to values.
 *
 * Theory of operation
 * -------------------
 * A recursive descent over a copy of the text. The copy ends in a NUL of ours,
 * which no token accepts, so no loop has to compare with the end. A string is
 * decoded over itself: what an escape stands for is never longer than the
 * escape, and the closing quote makes room for the NUL. Places in messages are
 * counted in the original, where no escape has become a line break. */
#include "parse/json.h"

#include "base/arena.h"
#include "base/err.h"
#include "parse/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_OBJECT = 32 };

struct reader {
	const char *name;
	const char *original;
	struct arena *arena;
	struct err *e;
	char *begin, *end; /* the copy; *end is NUL */
	char *p;
	int depth;
};

/* Lines count from 1, columns in bytes from 1. */
static int __attribute__((format(printf, 3, 4)))
fail_at(struct reader *r, const char *where, const char *fmt, ...)
{
	const char *stop = r->original + (where - r->begin);
	size_t line = 1, column = 1;
	char words[200];
	va_list ap;

	for (const char *p = r->original; p < stop; p++) {
		column++;
		if (*p == '\n') {
			line++;
			column = 1;
		}
	}
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return err_input(r->e, "%s: line %zu, column %zu: %s", r->name, line,
			 column, words);
}

static int expected(struct reader *r, const char *want)
{
	unsigned char c = (unsigned char)*r->p;

	if (r->p >= r->end)
		return fail_at(r, r->p, "expected %s, found the end", want);
	if (c > 0x20 && c < 0x7f)
		return fail_at(r, r->p, "expected %s, found '%c'", want, c);
	return fail_at(r, r->p, "expected %s, found byte 0x%02x", want, c);
}

static void skip_blanks(struct reader *r)
{
	while (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r')
		r->p++;
}

static struct json_value *value_new(struct reader *r)
{
	struct json_value *v = arena_new(r->arena, struct json_value);

	if (!v)
		err_set(r->e, -ENOMEM, "%s", r->name);
	return v;
}

static char *utf8_put(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* Four hex digits at p; -1 when they are not. */
static int32_t hex4(const char *p)
{
	int32_t n = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			n = n << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			n = n << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return n;
}

/* "uXXXX" at r->p, perhaps with its other half, to *to. */
static int unicode_escape(struct reader *r, char **to)
{
	int32_t c = hex4(r->p + 1), low;

	if (c < 0)
		return fail_at(r, r->p - 1, "\\u needs four hex digits");
	if (c == 0)
		return fail_at(r, r->p - 1, "a string may not hold U+0000");
	if (c >= 0xd800 && c <= 0xdfff) {
		low = c < 0xdc00 && r->p[5] == '\\' && r->p[6] == 'u'
			      ? hex4(r->p + 7)
			      : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return fail_at(r, r->p - 1, "half of a surrogate pair");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		r->p += 6;
	}
	r->p += 5;
	*to = utf8_put(*to, (uint32_t)c);
	return 0;
}

/* What stands behind a backslash, r->p at it. */
static int escape(struct reader *r, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *found = *r->p ? strchr(from, *r->p) : NULL;

	if (*r->p == 'u')
		return unicode_escape(r, to);
	if (!found)
		return fail_at(r, r->p - 1, "unknown escape in a string");
	*(*to)++ = into[found - from];
	r->p++;
	return 0;
}

/* r->p behind the opening quote. */
static int read_string(struct reader *r, const char **ret, uint32_t *ret_n)
{
	char *begin = r->p, *to;
	size_t n;
	int ret_code;

	while ((unsigned char)*r->p >= 0x20 && (unsigned char)*r->p < 0x80 &&
	       *r->p != '"' && *r->p != '\\')
		r->p++;
	to = r->p;
	while (*r->p != '"') {
		if (*r->p == '\\') {
			r->p++;
			ret_code = escape(r, &to);
			if (ret_code < 0)
				return ret_code;
			continue;
		}
		if ((unsigned char)*r->p < 0x20)
			return r->p >= r->end
				       ? fail_at(r, begin - 1,
						 "a string without an end")
				       : fail_at(r, r->p,
						 "control character 0x%02x in "
						 "a string",
						 (unsigned)*r->p);
		n = utf8_length(r->p);
		if (n == 0)
			return fail_at(r, r->p, "a string that is no UTF-8");
		while (n-- > 0)
			*to++ = *r->p++;
	}
	r->p++;
	*to = '\0';
	*ret = begin;
	*ret_n = (uint32_t)(to - begin);
	return 0;
}

static char *digits(char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

/* An integer between begin and end (a sign, then digits); false when 64 bits
 * do not hold it. */
static bool integer(const char *begin, const char *end, struct json_value *v)
{
	bool negative = *begin == '-';
	uint64_t n = 0;

	for (const char *p = begin + negative; p < end; p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	if (negative && n > (uint64_t)INT64_MAX + 1)
		return false;
	v->type = negative && n > 0 ? JSON_NEGINT : JSON_UINT;
	v->number = negative ? 0 - n : n;
	return true;
}

static int read_number(struct reader *r, struct json_value *v)
{
	char *begin = r->p, *end = begin + (*begin == '-');
	bool is_integer = true;

	if (*end == '0')
		end++;
	else if (*end >= '1' && *end <= '9')
		end = digits(end);
	else
		return fail_at(r, begin, "a minus sign without a number");
	if (*end == '.') {
		is_integer = false;
		r->p = digits(++end);
		if (r->p == end)
			return expected(r, "a digit");
		end = r->p;
	}
	if (*end == 'e' || *end == 'E') {
		is_integer = false;
		end++;
		if (*end == '+' || *end == '-')
			end++;
		r->p = digits(end);
		if (r->p == end)
			return expected(r, "a digit");
		end = r->p;
	}
	r->p = end;
	if (*end >= '0' && *end <= '9')
		return fail_at(r, begin, "a number with a leading zero");
	if (is_integer && integer(begin, end, v))
		return 0;
	v->type = JSON_REAL;
	v->n = (uint32_t)(end - begin);
	v->text = arena_dup_n(r->arena, begin, v->n);
	return v->text ? 0 : err_set(r->e, -ENOMEM, "%s", r->name);
}

static int by_key(const void *a, const void *b)
{
	const struct json_value *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

static int twice(struct reader *r, const char *where, const char *key)
{
	return fail_at(r, where, "the name %s stands twice in an object",
		       JSON_QUOTE(key));
}

/* Few members are compared with each other, many are sorted: no input makes
 * it slow. `where` is the end of the object. */
static int refuse_duplicates(struct reader *r, const struct json_value *object,
			     const char *where)
{
	const struct json_value **all, *m, *o;
	const char *key = NULL;
	size_t n = 0;

	if (object->n <= SMALL_OBJECT) {
		for (m = object->first; m; m = m->next)
			for (o = object->first; o != m; o = o->next)
				if (strcmp(o->key, m->key) == 0)
					return twice(r, where, m->key);
		return 0;
	}
	all = calloc(object->n, sizeof(*all));
	if (!all)
		return err_set(r->e, -ENOMEM, "%s", r->name);
	for (m = object->first; m; m = m->next)
		all[n++] = m;
	qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 1; i < n && !key; i++)
		if (strcmp(all[i - 1]->key, all[i]->key) == 0)
			key = all[i]->key;
	free(all);
	return key ? twice(r, where, key) : 0;
}

static int read_value(struct reader *r, struct json_value *v);

/* "name" : before a member's value. */
static int read_key(struct reader *r, struct json_value *m)
{
	uint32_t n;
	int ret;

	if (*r->p != '"')
		return expected(r, "a name in quotes");
	r->p++;
	ret = read_string(r, &m->key, &n);
	if (ret < 0)
		return ret;
	skip_blanks(r);
	if (*r->p != ':')
		return expected(r, "':'");
	r->p++;
	skip_blanks(r);
	return 0;
}

/* The members of an array or object up to and with `close`. */
static int read_members(struct reader *r, struct json_value *v, char close)
{
	struct json_value **tail = &v->first;
	int ret;

	skip_blanks(r);
	if (*r->p == close) {
		r->p++;
		return 0;
	}
	for (;;) {
		struct json_value *m = value_new(r);

		if (!m)
			return -ENOMEM;
		ret = close == '}' ? read_key(r, m) : 0;
		if (ret == 0)
			ret = read_value(r, m);
		if (ret < 0)
			return ret;
		*tail = m;
		tail = &m->next;
		v->n++;
		skip_blanks(r);
		if (*r->p == close)
			break;
		if (*r->p != ',')
			return expected(r, close == '}' ? "',' or '}'"
							: "',' or ']'");
		r->p++;
		skip_blanks(r);
	}
	r->p++;
	return close == '}' ? refuse_duplicates(r, v, r->p - 1) : 0;
}

static int read_nested(struct reader *r, struct json_value *v)
{
	bool is_object = *r->p == '{';
	int ret;

	if (++r->depth > JSON_DEPTH)
		return fail_at(r, r->p, "nested deeper than %d levels",
			       JSON_DEPTH);
	r->p++;
	v->type = is_object ? JSON_OBJECT : JSON_ARRAY;
	ret = read_members(r, v, is_object ? '}' : ']');
	r->depth--;
	return ret;
}

static int read_word(struct reader *r, struct json_value *v)
{
	static const struct {
		const char *word;
		size_t n;
		enum json_type type;
	} words[] = {
		{ "true", 4, JSON_TRUE },
		{ "false", 5, JSON_FALSE },
		{ "null", 4, JSON_NULL },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(r->p, words[i].word, words[i].n) != 0)
			continue;
		r->p += words[i].n;
		v->type = words[i].type;
		return 0;
	}
	return expected(r, "a value");
}

static int read_value(struct reader *r, struct json_value *v)
{
	switch (*r->p) {
	case '"':
		r->p++;
		v->type = JSON_STRING;
		return read_string(r, &v->text, &v->n);
	case '{':
	case '[':
		return read_nested(r, v);
	case '-':
	case '0' ... '9':
		return read_number(r, v);
	default:
		return read_word(r, v);
	}
}

int json_load(const char *name, const char *text, size_t n, struct arena *a,
	      struct json_at *ret_root, struct err *e)
{
	struct reader r = {
		.name = name, .original = text, .arena = a, .e = e
	};
	struct json_value *root;
	int ret;

	if (n > JSON_SIZE)
		return err_input(e, "%s: larger than %d MiB", name,
				 JSON_SIZE >> 20);
	r.begin = arena_dup_n(a, text, n);
	if (!r.begin)
		return err_set(e, -ENOMEM, "%s", name);
	r.end = r.begin + n;
	r.p = r.begin;
	root = value_new(&r);
	if (!root)
		return -ENOMEM;
	skip_blanks(&r);
	ret = read_value(&r, root);
	if (ret < 0)
		return ret;
	skip_blanks(&r);
	if (r.p != r.end)
		return expected(&r, "the end");
	*ret_root = (struct json_at){ .v = root, .name = name };
	return 0;
}
