/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.h - memory that is freed all at once.
 *
 * One request (a container to start, a file to parse) has one arena; its
 * configuration, its plan and every string in them live there and are borrowed
 * from there. Nothing in an arena is freed alone. Memory comes zeroed.
 *
 * All functions return NULL when memory is out (or the size would overflow),
 * and leave the arena as it was. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first; owned */
	char *next;                 /* where the next bytes go */
	size_t left;                /* bytes left at next */
};

void arena_init(struct arena *a);
void arena_done(struct arena *a);

void *arena_alloc(struct arena *a, size_t size);
/* For an array of n elements; NULL when n * size overflows. */
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_dup(struct arena *a, const char *s);
char *arena_dup_n(struct arena *a, const char *s, size_t n);
/* head and the first n bytes of s, one behind the other; cheaper than a format. */
char *arena_join(struct arena *a, const char *head, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
