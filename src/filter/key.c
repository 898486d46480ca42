/* SPDX-License-Identifier: Apache-2.0 */
/* filter/key.c - an execve() that succeeds once. */
#include "filter/key.h"

void filter_key_rules(const struct filter_key *key, enum filter_action action,
		      uint16_t data, struct filter_key_rules *r)
{
	static const char *const name[] = { "execve" };

	r->rules[0] = (struct filter_rule){ name, 1, .action = FILTER_ALLOW };
	for (unsigned i = 0; i < FILTER_KEY_WORDS; i++) {
		r->conds[i] = (struct filter_cond){ FILTER_KEY_WORDS + i,
						    FILTER_NE, key->v[i] };
		r->rules[i + 1] = (struct filter_rule){
			name, 1, action, data, &r->conds[i], 1
		};
	}
}
