/* SPDX-License-Identifier: Apache-2.0 */
/* filter/compile.h - a policy into a program for the kernel's cBPF machine. */
#pragma once

#include <linux/filter.h>

struct arena;
struct err;
struct filter_policy;

/* The program lives in the arena. -E2BIG when it is longer than the kernel
 * takes (BPF_MAXINSNS). Pure. How the program is built: filter/compile.c. */
int filter_compile(const struct filter_policy *policy, struct arena *a,
		   struct sock_fprog *ret, struct err *e);
/* One program for two policies: of their answers the stricter, as if both were
 * installed. An architecture has to be covered by both. `other` may be NULL. */
int filter_compile_both(const struct filter_policy *policy,
			const struct filter_policy *other, struct arena *a,
			struct sock_fprog *ret, struct err *e);
