/* SPDX-License-Identifier: Apache-2.0 */
/* parse/toml.h - a small, strict reader of TOML (toml.io, 1.0), for settings.
 *
 * What there is: comments, [tables] with bare or quoted names, `key = value` with a
 * bare or quoted key and a string ("basic" or 'literal'), true, false, or an array
 * of strings over any number of lines. Everything else of TOML (numbers, dates,
 * dotted keys, inline tables, arrays of tables, """) is an error that says so, and
 * so is what TOML does not allow: a key or a table that stands twice, a control
 * character.
 *
 * Faults are made by err_input() and begin with "NAME:LINE: ", or with "NAME: "
 * when they are about the whole of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

enum { TOML_SIZE = 1 << 20, TOML_PARTS = 4 };

enum toml_type { TOML_STRING, TOML_BOOL, TOML_ARRAY };

struct toml_pair {
	const char *table[TOML_PARTS]; /* the parts of its name */
	size_t n_table;                /* 0: before the first table */
	const char *key;
	unsigned line;
	enum toml_type type;
	bool is_true;
	const char **v; /* n strings; one of TOML_STRING */
	size_t n;
};

struct toml {
	const char *name; /* for errors: the file's; borrowed */
	struct toml_pair *v;
	size_t n;
};

/* The text need not end in NUL; all that comes out lives in the arena. */
int toml_read(const char *name, const char *text, size_t n, struct arena *a,
	      struct toml *ret, struct err *e);
