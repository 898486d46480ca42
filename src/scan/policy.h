/* SPDX-License-Identifier: Apache-2.0 */
/* scan/policy.h - the set of calls as a policy for filter/. */
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

/* Who installs the filter and then executes the program: the calls that it makes
 * between the two are allowed, too. */
enum policy_runtime {
	POLICY_NOBODY = -1, /* not even execve */
	POLICY_HULL, /* execve alone */
	POLICY_CRUN,
	POLICY_RUNC, /* or crun */
};

struct policy_options {
	bool with_startup;
	enum policy_mode mode;
	enum policy_runtime runtime;
	/* Where the program makes no execve(), it is allowed this once
	 * (filter/key.h); NULL: as often as somebody likes. */
	const struct filter_key *key;
	/* NULL, or bits: of the calls that the program makes only these. */
	const uint64_t *only;
};

/* "errno", "kill", "log"; NULL is the first. */
enum policy_mode policy_mode(const char *word);
/* "none", "hull", "crun", "runc"; NULL is the last, which works with all. */
enum policy_runtime policy_runtime(const char *word);
/* In the arena. Together with ld.so's start-up execve() is allowed, for somebody
 * has to execute the program under the filter. A number that we do not know (a
 * younger kernel's) gets ENOSYS, so that C libraries fall back. */
int policy_make(const struct family *f, const struct policy_options *o, struct arena *a,
		struct filter_policy *ret, struct err *e);
