/* SPDX-License-Identifier: Apache-2.0 */
/* parse/json-out.c - writes JSON in the order it is told, into memory. */
#include "parse/json-out.h"

#include "base/arena.h"
#include "parse/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_out_init(struct json_out *o, const char *indent)
{
	*o = (struct json_out){ .indent = indent };
}

void json_out_done(struct json_out *o)
{
	free(o->text);
	*o = (struct json_out){ 0 };
}

static void put(struct json_out *o, const char *s, size_t n)
{
	if (o->no_memory)
		return;
	if (o->size - o->n <= n) {
		size_t size = (o->size + n + 256) * 2;
		char *text = realloc(o->text, size);

		if (!text) {
			o->no_memory = true;
			return;
		}
		o->text = text;
		o->size = size;
	}
	memcpy(o->text + o->n, s, n);
	o->n += n;
	o->text[o->n] = '\0';
}

static void put_text(struct json_out *o, const char *s)
{
	put(o, s, strlen(s));
}

const char *json_out_text(struct json_out *o)
{
	put(o, "", 0);
	return o->no_memory ? NULL : o->text;
}

const char *json_out_finish(struct json_out *o, struct arena *a)
{
	const char *text = NULL;

	put(o, "\n", 1);
	if (!o->no_memory)
		text = arena_dup_n(a, o->text, o->n);
	json_out_done(o);
	return text;
}

/* One character that cannot stand for itself. */
static void put_escape(struct json_out *o, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", into[] = "\"\\bfnrt";
	const char *found = strchr(from, c);
	char code[8];

	if (found)
		snprintf(code, sizeof(code), "\\%c", into[found - from]);
	else
		snprintf(code, sizeof(code), "\\u%04x", c);
	put_text(o, code);
}

static void put_string(struct json_out *o, const char *s)
{
	put(o, "\"", 1);
	while (*s) {
		size_t n = 0;

		while ((unsigned char)s[n] >= 0x20 && s[n] != '"' &&
		       s[n] != '\\' && (unsigned char)s[n] < 0x7f)
			n++;
		if (n == 0 && (unsigned char)*s >= 0x80)
			n = utf8_length(s);
		if (n > 0) {
			put(o, s, n);
			s += n;
		} else if ((unsigned char)*s >= 0x80) {
			put(o, "\xef\xbf\xbd", 3);
			s++;
		} else {
			put_escape(o, (unsigned char)*s++);
		}
	}
	put(o, "\"", 1);
}

static void new_line(struct json_out *o)
{
	if (!o->indent)
		return;
	put(o, "\n", 1);
	for (unsigned i = 0; i < o->depth; i++)
		put_text(o, o->indent);
}

/* What comes before any value. */
static void start(struct json_out *o, const char *key)
{
	if (o->has_member)
		put(o, ",", 1);
	if (o->depth > 0)
		new_line(o);
	if (key) {
		put_string(o, key);
		put_text(o, o->indent ? ": " : ":");
	}
	o->has_member = true;
}

static void nest(struct json_out *o, const char *key, bool is_object)
{
	assert(o->depth < 64);
	start(o, key);
	put(o, is_object ? "{" : "[", 1);
	o->objects = (o->objects & ~(UINT64_C(1) << o->depth)) |
		     (uint64_t)is_object << o->depth;
	o->depth++;
	o->has_member = false;
}

void json_out_object(struct json_out *o, const char *key)
{
	nest(o, key, true);
}

void json_out_array(struct json_out *o, const char *key)
{
	nest(o, key, false);
}

void json_out_end(struct json_out *o)
{
	assert(o->depth > 0);
	o->depth--;
	if (o->has_member)
		new_line(o);
	put(o, o->objects >> o->depth & 1 ? "}" : "]", 1);
	o->has_member = true;
}

void json_out_string(struct json_out *o, const char *key, const char *value)
{
	start(o, key);
	put_string(o, value);
}

void json_out_int(struct json_out *o, const char *key, int64_t value)
{
	char text[24];

	start(o, key);
	snprintf(text, sizeof(text), "%" PRId64, value);
	put_text(o, text);
}

void json_out_uint(struct json_out *o, const char *key, uint64_t value)
{
	char text[24];

	start(o, key);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_text(o, text);
}

void json_out_bool(struct json_out *o, const char *key, bool value)
{
	start(o, key);
	put_text(o, value ? "true" : "false");
}

void json_out_strings(struct json_out *o, const char *key,
		      const char *const *values, size_t n)
{
	json_out_array(o, key);
	for (size_t i = 0; i < n; i++)
		json_out_string(o, NULL, values[i]);
	json_out_end(o);
}
