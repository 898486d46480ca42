/* SPDX-License-Identifier: Apache-2.0 */
/* parse/json.h - a strict reader of JSON (RFC 8259) with errors that say where.
 *
 * Theory of operation
 * -------------------
 * json_load() copies the text into the arena, reads it in one pass and leaves
 * a tree of struct json_value there. Strings are decoded in place and end in
 * NUL, so they can be kept as long as the arena lives, without another copy.
 *
 * A struct json_at is a value together with the way to it. It lives on the
 * caller's stack and points at its parent's, so the path costs nothing until
 * an error needs it:
 *   config.json: process.rlimits[0].soft: expected a number from 0 to
 *   18446744073709551615, found a string
 * All errors are made by err_input() (base/err.h).
 *
 * Stricter than the RFC asks: a name may stand once in an object, U+0000 is
 * refused in strings, nesting ends at JSON_DEPTH, the text at JSON_SIZE bytes.
 * Integers are exact from INT64_MIN to UINT64_MAX; other numbers are read, but
 * no getter takes them. Why no library: docs/design/003-json.md. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

enum { JSON_DEPTH = 64, JSON_SIZE = 16 << 20 };

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_UINT,   /* number: 0 or more */
	JSON_NEGINT, /* number: two's complement of it */
	JSON_REAL,   /* text: any other number, as it was written */
	JSON_STRING, /* text */
	JSON_ARRAY,  /* first: its n values, by next */
	JSON_OBJECT, /* first: its n members, by next, in the order written */
};

struct json_value {
	enum json_type type;
	uint32_t n;	 /* members; bytes of a text */
	const char *key; /* of a member; NULL in arrays */
	struct json_value *next;
	union {
		struct json_value *first;
		const char *text;
		uint64_t number;
	};
};

struct json_at {
	const struct json_value *v; /* NULL: there is none */
	const struct json_at *up;   /* NULL: v is the whole text */
	const char *name;	    /* of the text, for errors: "config.json" */
	size_t i;		    /* place in an array */
};

/* Reads n bytes; `name` is borrowed. -EINVAL with line and column; -ENOMEM. */
int json_load(const char *name, const char *text, size_t n, struct arena *a,
	      struct json_at *ret_root, struct err *e);

/* Puts "NAME: PATH: " and the words into e; returns -EINVAL. */
int json_fail(const struct json_at *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "expected WANT, found a string" (or what there is). */
int json_expected(const struct json_at *at, const char *want, struct err *e);
/* s as it may be shown in a message: in quotes, cut at 60 bytes, with \u00XX
 * for control characters and invalid UTF-8, so that no terminal obeys it. */
struct json_quoted {
	char s[400];
};
struct json_quoted json_quote(const char *s);
#define JSON_QUOTE(text_) (json_quote(text_).s)

/* A member of an object; v is NULL when it is missing or null (the Go programs
 * that write config.json mean the same by both). */
struct json_at json_get(const struct json_at *object, const char *key);
/* for (struct json_at m = json_first(&at); m.v; json_next(&m)) */
struct json_at json_first(const struct json_at *at);
void json_next(struct json_at *m);

/* Is the member of that name, as json_get() gave it, there? -EINVAL that names the
 * object. */
int json_needed(const struct json_at *at, const char *key, struct err *e);

/* Each sets *ret only on success; else -EINVAL with path and expectation. */
int json_is(const struct json_at *at, enum json_type type, struct err *e);
int json_bool(const struct json_at *at, bool *ret, struct err *e);
int json_uint(const struct json_at *at, uint64_t min, uint64_t max,
	      uint64_t *ret, struct err *e);
int json_int(const struct json_at *at, int64_t min, int64_t max, int64_t *ret,
	     struct err *e);
int json_string(const struct json_at *at, const char **ret, struct err *e);
