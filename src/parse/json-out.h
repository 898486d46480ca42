/* SPDX-License-Identifier: Apache-2.0 */
/* parse/json-out.h - writes JSON in the order it is told, into memory.
 *
 *   struct json_out o;
 *   json_out_init(&o, "\t");
 *   json_out_object(&o, NULL);
 *   json_out_string(&o, "id", id);
 *   json_out_end(&o);
 *   text = json_out_text(&o);     NULL: memory is out
 *   json_out_done(&o);
 *
 * Keys are NULL in arrays and for the outermost value. Strings are escaped;
 * bytes that are no UTF-8 become U+FFFD. Nesting ends at 64 levels. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct json_out {
	char *text; /* owned */
	size_t n, size;
	const char *indent; /* for one level; NULL: all on one line */
	unsigned depth;
	uint64_t objects; /* bit n: level n is an object */
	bool has_member;  /* a comma is due */
	bool no_memory;
};

void json_out_init(struct json_out *o, const char *indent);
void json_out_done(struct json_out *o);
/* What has been written, ending in NUL; borrowed. NULL when memory ran out. */
const char *json_out_text(struct json_out *o);
/* The text and a newline behind it in the arena, and json_out_done(). */
const char *json_out_finish(struct json_out *o, struct arena *a);

void json_out_object(struct json_out *o, const char *key);
void json_out_array(struct json_out *o, const char *key);
/* Ends the innermost object or array. */
void json_out_end(struct json_out *o);

void json_out_string(struct json_out *o, const char *key, const char *value);
void json_out_int(struct json_out *o, const char *key, int64_t value);
void json_out_uint(struct json_out *o, const char *key, uint64_t value);
void json_out_bool(struct json_out *o, const char *key, bool value);
/* An array of n strings. */
void json_out_strings(struct json_out *o, const char *key,
		      const char *const *values, size_t n);
