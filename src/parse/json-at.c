/* SPDX-License-Identifier: Apache-2.0 */
/* parse/json-at.c - values with the way to them, and the errors they make. */
#include "parse/json.h"

#include "base/err.h"
#include "parse/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { QUOTE_BYTES = 60 };

/* Length of a character that may be shown as it is; 0: control characters (C1
 * ones, too) and what is no UTF-8. */
static size_t shown_length(const unsigned char *p)
{
	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	if (p[0] == 0xc2 && p[1] < 0xa0)
		return 0;
	return utf8_length((const char *)p);
}

struct json_quoted json_quote(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	struct json_quoted q;
	char *to = q.s;

	*to++ = '"';
	while (*p) {
		size_t n = shown_length(p);

		if ((size_t)(p - (const unsigned char *)s) + n > QUOTE_BYTES) {
			memcpy(to, "...", 3);
			to += 3;
			break;
		}
		if (n == 0) {
			to += snprintf(to, 7, "\\u%04x", *p++);
			continue;
		}
		if (*p == '"' || *p == '\\')
			*to++ = '\\';
		memcpy(to, p, n);
		to += n;
		p += n;
	}
	memcpy(to, "\"", 2);
	return q;
}

/* Appends at *n without running over. */
static void __attribute__((format(printf, 4, 5)))
add(char *buf, size_t size, size_t *n, const char *fmt, ...)
{
	va_list ap;
	int more;

	va_start(ap, fmt);
	more = vsnprintf(buf + *n, size - *n, fmt, ap);
	va_end(ap);
	*n += (size_t)more < size - *n ? (size_t)more : size - *n - 1;
}

static bool is_plain(const char *key)
{
	return *key && strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
				   "RSTUVWXYZ0123456789_-") == strlen(key);
}

/* Writes the path of `at`, outermost first, and returns the text's name. */
static const char *write_path(const struct json_at *at, char *buf, size_t size,
			      size_t *n)
{
	const char *name;

	if (!at->up)
		return at->name;
	name = write_path(at->up, buf, size, n);
	if (!at->v || !at->v->key)
		add(buf, size, n, "[%zu]", at->i);
	else if (is_plain(at->v->key))
		add(buf, size, n, "%s%s", *n ? "." : "", at->v->key);
	else
		add(buf, size, n, "[%s]", JSON_QUOTE(at->v->key));
	return name;
}

int json_fail(const struct json_at *at, struct err *e, const char *fmt, ...)
{
	char path[256] = "", words[256];
	size_t n = 0;
	const char *name = write_path(at, path, sizeof(path), &n);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return err_input(e, "%s: %s%s%s", name, path, n ? ": " : "", words);
}

/* What there is, in words. */
static void describe(const struct json_value *v, char *buf, size_t size)
{
	static const char *const words[] = {
		[JSON_NULL] = "null",	   [JSON_FALSE] = "false",
		[JSON_TRUE] = "true",	   [JSON_STRING] = "a string",
		[JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};

	switch (v->type) {
	case JSON_UINT:
		snprintf(buf, size, "%" PRIu64, v->number);
		break;
	case JSON_NEGINT:
		snprintf(buf, size, "%" PRId64, (int64_t)v->number);
		break;
	case JSON_REAL:
		snprintf(buf, size, "%.40s", v->text);
		break;
	default:
		snprintf(buf, size, "%s", words[v->type]);
	}
}

int json_expected(const struct json_at *at, const char *want, struct err *e)
{
	char found[64];

	describe(at->v, found, sizeof(found));
	return json_fail(at, e, "expected %s, found %s", want, found);
}

struct json_at json_get(const struct json_at *object, const char *key)
{
	struct json_at at = { .up = object, .name = object->name };

	if (!object->v || object->v->type != JSON_OBJECT)
		return at;
	for (at.v = object->v->first; at.v; at.v = at.v->next)
		if (strcmp(at.v->key, key) == 0)
			break;
	if (at.v && at.v->type == JSON_NULL)
		at.v = NULL;
	return at;
}

int json_needed(const struct json_at *at, const char *key, struct err *e)
{
	return at->v ? 0 : json_fail(at->up, e, "expected \"%s\", found none", key);
}

struct json_at json_first(const struct json_at *at)
{
	bool has = at->v &&
		   (at->v->type == JSON_ARRAY || at->v->type == JSON_OBJECT);

	return (struct json_at){ .v = has ? at->v->first : NULL,
				 .up = at,
				 .name = at->name };
}

void json_next(struct json_at *m)
{
	m->v = m->v->next;
	m->i++;
}

int json_is(const struct json_at *at, enum json_type type, struct err *e)
{
	static const char *const want[] = {
		[JSON_STRING] = "a string",
		[JSON_ARRAY] = "an array",
		[JSON_OBJECT] = "an object",
	};

	return at->v->type == type ? 0 : json_expected(at, want[type], e);
}

int json_bool(const struct json_at *at, bool *ret, struct err *e)
{
	if (at->v->type != JSON_TRUE && at->v->type != JSON_FALSE)
		return json_expected(at, "true or false", e);
	*ret = at->v->type == JSON_TRUE;
	return 0;
}

int json_uint(const struct json_at *at, uint64_t min, uint64_t max,
	      uint64_t *ret, struct err *e)
{
	char want[80];

	if (at->v->type == JSON_UINT && at->v->number >= min &&
	    at->v->number <= max) {
		*ret = at->v->number;
		return 0;
	}
	snprintf(want, sizeof(want), "a number from %" PRIu64 " to %" PRIu64,
		 min, max);
	return json_expected(at, want, e);
}

int json_int(const struct json_at *at, int64_t min, int64_t max, int64_t *ret,
	     struct err *e)
{
	char want[80];
	bool fits = at->v->type == JSON_NEGINT ||
		    (at->v->type == JSON_UINT && at->v->number <= INT64_MAX);

	if (fits && (int64_t)at->v->number >= min &&
	    (int64_t)at->v->number <= max) {
		*ret = (int64_t)at->v->number;
		return 0;
	}
	snprintf(want, sizeof(want), "a number from %" PRId64 " to %" PRId64,
		 min, max);
	return json_expected(at, want, e);
}

int json_string(const struct json_at *at, const char **ret, struct err *e)
{
	if (at->v->type != JSON_STRING)
		return json_expected(at, "a string", e);
	*ret = at->v->text;
	return 0;
}
