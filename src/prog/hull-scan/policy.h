/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/policy.h - the set of calls as a policy for filter/. */
#pragma once

#include "filter/key.h"
#include "filter/policy.h"
#include "scan/family.h"

struct arena;
struct err;

/* What happens to a call that the program does not make. */
enum policy_mode {
	POLICY_ERRNO, /* EPERM */
	POLICY_KILL,
	POLICY_LOG,   /* it is made, and logged */
};

/* "errno", "kill", "log"; NULL is the first. */
enum policy_mode policy_mode(const char *word);
/* In the arena. A number that we do not know (a younger kernel's) gets ENOSYS,
 * so that C libraries fall back. `key`: execve() is allowed once, although the
 * program makes none (filter/key.h); NULL: no. */
int policy_make(const struct family *f, bool with_startup, enum policy_mode mode,
		const struct filter_key *key, struct arena *a, struct filter_policy *ret,
		struct err *e);
