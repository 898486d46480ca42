/* SPDX-License-Identifier: Apache-2.0 */
/* own/own-priv.h - what the parts share. */
#pragma once

#include "own/own.h"

#include <stddef.h>

struct arena;

/* What hull-scan says of a program. */
struct answer {
	int status;         /* 0: `policy` holds; 2: open questions */
	const char *policy; /* linux.seccomp, JSON */
	size_t policy_n;
	const char *seen;   /* what was looked at, a line each (scan/root.h) */
	size_t seen_n;
	const char *words;  /* its messages */
};

/* scanner.c: runs hull-scan. Its path; NULL: it is not installed. */
const char *scanner_path(struct arena *a);
int scanner_run(const char *scanner, const char *root, const char *program,
	       struct arena *a, struct answer *ret, struct err *e);

/* cache.c: a directory that nobody else can write; -errno: none. */
int cache_open(void);
/* The answer from before, when it still holds: true. */
bool cache_get(int dir_fd, const char *scanner, int root_fd, const char *program,
	       struct arena *a, struct answer *ret);
void cache_put(int dir_fd, const char *scanner, const char *program,
	       const struct answer *v);

/* seen.c: the lines of answer.seen. True when nothing has changed. */
bool seen_holds(const char *seen, size_t n, int root_fd);
/* True when one of the paths lies at or below `dir`. */
bool seen_below(const char *seen, size_t n, const char *dir);
