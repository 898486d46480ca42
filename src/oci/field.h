/* SPDX-License-Identifier: Apache-2.0 */
/* oci/field.h - tables that say which property goes to which member.
 *
 * A row names a property and a member of a struct of conf/conf.h; the kind of
 * value it takes follows from the member's C type. What is more than a value
 * has a function. A property without a row is not looked at: runtime-spec,
 * "Extensibility", asks for unknown ones to be ignored. null is like absent. */
#pragma once

#include "conf/conf.h"
#include "parse/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* What every function that reads a part of config.json needs. */
struct read {
	struct arena *arena;
	struct conf *conf;
	const char
		*bundle; /* absolute; NULL: relative paths stay as they are */
	bool open_ns;
	unsigned ns_seen; /* bit n: linux.namespaces has had kind n */
	void (*warn)(void *arg, const char *text); /* may be NULL */
	void *warn_arg;
	struct err *e;
};

enum field_kind {
	FIELD_BOOL,
	FIELD_STRING, /* "" is like absent, as Go's omitempty has it */
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_I32,
	FIELD_I64,
	FIELD_GIVEN_U64, /* struct conf_u64 */
	FIELD_GIVEN_I64, /* struct conf_i64 */
	FIELD_STRINGS,	 /* struct conf_strings */
	FIELD_FUNCTION,
};

/* `into` is the member at the row's offset. */
typedef int (*field_fn)(struct read *r, const struct json_at *at, void *into);

struct field {
	const char *key;
	enum field_kind kind;
	size_t offset;
	field_fn fn;
	bool is_required;
	int64_t min;  /* of numbers; for unsigned ones 0 or more */
	uint64_t max; /* 0: what the type holds */
};

#define FIELD_KIND(type, member)                                               \
	_Generic(((type *)0)->member,                                          \
		bool: FIELD_BOOL,                                              \
		const char *: FIELD_STRING,                                    \
		uint16_t: FIELD_U16,                                           \
		uint32_t: FIELD_U32,                                           \
		uint64_t: FIELD_U64,                                           \
		int32_t: FIELD_I32,                                            \
		int64_t: FIELD_I64,                                            \
		struct conf_u64: FIELD_GIVEN_U64,                              \
		struct conf_i64: FIELD_GIVEN_I64,                              \
		struct conf_strings: FIELD_STRINGS)

/* FIELD("limit", struct conf_resources, mem_limit, .max = 100) */
#define FIELD(name, type, member, ...)                                         \
	{                                                                      \
		.key = (name), .kind = FIELD_KIND(type, member),               \
		.offset = offsetof(type, member), __VA_ARGS__                  \
	}
/* The function gets the whole struct; FIELD_AT: one member of it. */
#define FIELD_FN(name, function, ...)                                          \
	{                                                                      \
		.key = (name), .kind = FIELD_FUNCTION, .fn = (function),       \
		__VA_ARGS__                                                    \
	}
#define FIELD_AT(name, type, member, function, ...)                            \
	{                                                                      \
		.key = (name), .kind = FIELD_FUNCTION, .fn = (function),       \
		.offset = offsetof(type, member), __VA_ARGS__                  \
	}

/* Reads the properties of an object that have a row into the struct. */
int fields_read(struct read *r, const struct json_at *object,
		const struct field *fields, size_t n, void *into);
#define FIELDS_READ(r, object, table, into)                                    \
	fields_read((r), (object), (table), ARRAY_SIZE(table), (into))

/* Reads an array: fn fills n zeroed elements of `size` bytes in the arena. */
int list_read(struct read *r, const struct json_at *array, size_t size,
	      field_fn fn, void *ret_list, size_t *ret_n);
#define LIST_READ(r, array, fn, list, n)                                       \
	list_read((r), (array), sizeof(**(list)), (fn), (list), (n))

/* Reads an object whose values are strings, in order. */
int pairs_read(struct read *r, const struct json_at *object,
	       const struct conf_pair **ret_pairs, size_t *ret_n);
int strings_read(struct read *r, const struct json_at *array,
		 struct conf_strings *ret);

/* "config.json: process.cwd: missing" */
int field_missing(struct read *r, const struct json_at *object,
		  const char *key);
int read_no_memory(struct read *r);
void read_warn(struct read *r, const struct json_at *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Words and what they stand for. */
struct word {
	const char *name;
	uint64_t value;
};
/* The value of the word at `at`; otherwise: unknown WHAT "word", with the words
 * there are as a hint. */
int words_read(struct read *r, const struct json_at *at, const char *what,
	       const struct word *words, size_t n, uint64_t *ret);
/* The values of an array of words, or-ed. */
int words_or(struct read *r, const struct json_at *array, const char *what,
	     const struct word *words, size_t n, uint64_t *ret);
