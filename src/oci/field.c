/* SPDX-License-Identifier: Apache-2.0 */
/* oci/field.c - tables that say which property goes to which member. */
#include "oci/field.h"

#include "base/arena.h"
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int read_no_memory(struct read *r)
{
	return err_set(r->e, -ENOMEM, "read the configuration");
}

int field_missing(struct read *r, const struct json_at *object, const char *key)
{
	struct json_value v = { .key = key };
	struct json_at at = { .v = &v, .up = object, .name = object->name };

	return json_fail(&at, r->e, "missing");
}

void read_warn(struct read *r, const struct json_at *at, const char *fmt, ...)
{
	char words[256];
	struct err e;
	va_list ap;

	if (!r->warn)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	(void)json_fail(at, &e, "%s", words);
	r->warn(r->warn_arg, e.text);
}

static int read_unsigned(struct read *r, const struct json_at *at,
			 const struct field *f, uint64_t type_max,
			 uint64_t *ret)
{
	return json_uint(at, (uint64_t)f->min, f->max ? f->max : type_max, ret,
			 r->e);
}

static int read_signed(struct read *r, const struct json_at *at,
		       const struct field *f, int64_t type_min,
		       int64_t type_max, int64_t *ret)
{
	bool has_range = f->min || f->max;

	return json_int(at, has_range ? f->min : type_min,
			has_range ? (int64_t)f->max : type_max, ret, r->e);
}

static int read_number(struct read *r, const struct json_at *at,
		       const struct field *f, void *into)
{
	struct conf_u64 u = { .given = true };
	struct conf_i64 i = { .given = true };
	int ret;

	switch (f->kind) {
	case FIELD_U16:
		ret = read_unsigned(r, at, f, UINT16_MAX, &u.v);
		if (ret == 0)
			*(uint16_t *)into = (uint16_t)u.v;
		return ret;
	case FIELD_U32:
		ret = read_unsigned(r, at, f, UINT32_MAX, &u.v);
		if (ret == 0)
			*(uint32_t *)into = (uint32_t)u.v;
		return ret;
	case FIELD_U64:
		return read_unsigned(r, at, f, UINT64_MAX, into);
	case FIELD_GIVEN_U64:
		ret = read_unsigned(r, at, f, UINT64_MAX, &u.v);
		if (ret == 0)
			*(struct conf_u64 *)into = u;
		return ret;
	case FIELD_I32:
		ret = read_signed(r, at, f, INT32_MIN, INT32_MAX, &i.v);
		if (ret == 0)
			*(int32_t *)into = (int32_t)i.v;
		return ret;
	case FIELD_I64:
		return read_signed(r, at, f, INT64_MIN, INT64_MAX, into);
	default:
		ret = read_signed(r, at, f, INT64_MIN, INT64_MAX, &i.v);
		if (ret == 0)
			*(struct conf_i64 *)into = i;
		return ret;
	}
}

static int read_text(struct read *r, const struct json_at *at,
		     const struct field *f, const char **into)
{
	const char *text;
	int ret = json_string(at, &text, r->e);

	if (ret < 0)
		return ret;
	if (!*text && f->is_required)
		return json_fail(at, r->e, "must not be empty");
	*into = *text ? text : NULL;
	return 0;
}

static int read_field(struct read *r, const struct json_at *at,
		      const struct field *f, void *into)
{
	switch (f->kind) {
	case FIELD_BOOL:
		return json_bool(at, into, r->e);
	case FIELD_STRING:
		return read_text(r, at, f, into);
	case FIELD_STRINGS:
		return strings_read(r, at, into);
	case FIELD_FUNCTION:
		return f->fn(r, at, into);
	default:
		return read_number(r, at, f, into);
	}
}

int fields_read(struct read *r, const struct json_at *object,
		const struct field *fields, size_t n, void *into)
{
	int ret = json_is(object, JSON_OBJECT, r->e);

	for (size_t i = 0; i < n && ret == 0; i++) {
		const struct field *f = &fields[i];
		struct json_at at = json_get(object, f->key);

		if (at.v)
			ret = read_field(r, &at, f, (char *)into + f->offset);
		else if (f->is_required)
			ret = field_missing(r, object, f->key);
	}
	return ret;
}

int list_read(struct read *r, const struct json_at *array, size_t size,
	      field_fn fn, void *ret_list, size_t *ret_n)
{
	char *list;
	int ret = json_is(array, JSON_ARRAY, r->e);

	if (ret < 0 || array->v->n == 0)
		return ret;
	list = arena_array(r->arena, array->v->n, size);
	if (!list)
		return read_no_memory(r);
	for (struct json_at m = json_first(array); m.v; json_next(&m)) {
		ret = fn(r, &m, list + m.i * size);
		if (ret < 0)
			return ret;
	}
	*(void **)ret_list = list;
	*ret_n = array->v->n;
	return 0;
}

int pairs_read(struct read *r, const struct json_at *object,
	       const struct conf_pair **ret_pairs, size_t *ret_n)
{
	struct conf_pair *pairs;
	int ret = json_is(object, JSON_OBJECT, r->e);

	if (ret < 0 || object->v->n == 0)
		return ret;
	pairs = arena_array(r->arena, object->v->n, sizeof(*pairs));
	if (!pairs)
		return read_no_memory(r);
	for (struct json_at m = json_first(object); m.v; json_next(&m)) {
		pairs[m.i].key = m.v->key;
		ret = json_string(&m, &pairs[m.i].value, r->e);
		if (ret < 0)
			return ret;
	}
	*ret_pairs = pairs;
	*ret_n = object->v->n;
	return 0;
}

int strings_read(struct read *r, const struct json_at *array,
		 struct conf_strings *ret)
{
	const char **v;
	int code = json_is(array, JSON_ARRAY, r->e);

	if (code < 0)
		return code;
	v = arena_array(r->arena, (size_t)array->v->n + 1, sizeof(*v));
	if (!v)
		return read_no_memory(r);
	for (struct json_at m = json_first(array); m.v; json_next(&m)) {
		code = json_string(&m, &v[m.i], r->e);
		if (code < 0)
			return code;
	}
	*ret = (struct conf_strings){ .v = v, .n = array->v->n };
	return 0;
}

/* As many of the words as fit, as a hint. */
static void hint_words(struct read *r, const struct word *words, size_t n)
{
	char list[ERR_HINT - 16];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		int more = snprintf(list + used, sizeof(list) - used, "%s%s",
				    i ? ", " : "", words[i].name);

		if (used + (size_t)more >= sizeof(list))
			return; /* half a list helps nobody */
		used += (size_t)more;
	}
	(void)err_hint(r->e, -EINVAL, "there are: %s", list);
}

int words_read(struct read *r, const struct json_at *at, const char *what,
	       const struct word *words, size_t n, uint64_t *ret)
{
	const char *text;
	int code = json_string(at, &text, r->e);

	if (code < 0)
		return code;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i].name, text) == 0) {
			*ret = words[i].value;
			return 0;
		}
	}
	code = json_fail(at, r->e, "unknown %s %s", what, JSON_QUOTE(text));
	hint_words(r, words, n);
	return code;
}

int words_or(struct read *r, const struct json_at *array, const char *what,
	     const struct word *words, size_t n, uint64_t *ret)
{
	uint64_t all = 0, one = 0;
	int code = json_is(array, JSON_ARRAY, r->e);

	if (code < 0)
		return code;
	for (struct json_at m = json_first(array); m.v; json_next(&m)) {
		code = words_read(r, &m, what, words, n, &one);
		if (code < 0)
			return code;
		all |= one;
	}
	*ret = all;
	return 0;
}
