/* SPDX-License-Identifier: Apache-2.0 */
/* filter/key.h - an execve() that succeeds once.
 *
 * Who installs a filter before it executes the program that the filter is for
 * needs execve() for that one time, and the program may be one that must never
 * execute anything. execve() takes three arguments, but a filter sees all six
 * registers: so the call is allowed when the other three hold a random number
 * of 192 bits. The number is forgotten with the memory and the registers of
 * the program that is replaced, and a filter cannot be read back without
 * CAP_SYS_ADMIN over the host (PTRACE_SECCOMP_GET_FILTER). */
#pragma once

#include "filter/policy.h"

enum { FILTER_KEY_WORDS = 3, FILTER_KEY_RULES = FILTER_KEY_WORDS + 1 };

struct filter_key {
	uint64_t v[FILTER_KEY_WORDS]; /* arguments 3 to 5 of execve */
};

struct filter_key_rules {
	struct filter_rule rules[FILTER_KEY_RULES];
	struct filter_cond conds[FILTER_KEY_WORDS];
};

/* Rules that give execve() the action unless it comes with the key. They hold
 * pointers into *r. The policy must have no stricter rule for execve. */
void filter_key_rules(const struct filter_key *key, enum filter_action action,
		      uint16_t data, struct filter_key_rules *r);
