/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/danger.h - calls that attackers want, by what they are for. */
#pragma once

#include <stddef.h>

struct danger {
	const char *what;        /* "executes programs" */
	const char *const *names; /* NULL-terminated */
};

/* The kinds; NULL behind the last. */
const struct danger *danger_kind(size_t i);
/* The kind of a call; NULL: none of them. */
const struct danger *danger_of(const char *name);
