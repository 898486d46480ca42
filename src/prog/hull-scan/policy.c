/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/policy.c - the set of calls as a policy for filter/. */
#include "prog/hull-scan/policy.h"

#include "base/arena.h"
#include "base/err.h"
#include "filter/syscalls.h"

#include <errno.h>
#include <string.h>

enum { ALLOWED, REFUSED, RULES };

enum policy_mode policy_mode(const char *word)
{
	if (word && strcmp(word, "kill") == 0)
		return POLICY_KILL;
	return word && strcmp(word, "log") == 0 ? POLICY_LOG : POLICY_ERRNO;
}

static int add_key(const struct filter_key *key, struct arena *a, struct filter_rule *rules,
		   size_t *n)
{
	struct filter_key_rules *k = arena_new(a, struct filter_key_rules);

	if (!k)
		return -ENOMEM;
	filter_key_rules(key, rules[REFUSED].action, rules[REFUSED].data, k);
	memcpy(rules + *n, k->rules, sizeof(k->rules));
	*n += FILTER_KEY_RULES;
	return 0;
}

int policy_make(const struct family *f, bool with_startup, enum policy_mode mode,
		const struct filter_key *key, struct arena *a, struct filter_policy *ret,
		struct err *e)
{
	static const struct filter_rule refusals[] = {
		[POLICY_ERRNO] = { .action = FILTER_ERRNO, .data = EPERM },
		[POLICY_KILL] = { .action = FILTER_KILL_PROCESS },
		[POLICY_LOG] = { .action = FILTER_LOG },
	};
	const struct machine *m = f->v[0]->graph->machine;
	struct filter_rule *rules = arena_array(a, RULES + FILTER_KEY_RULES, sizeof(*rules));
	const char **names[RULES] = { arena_array(a, SCAN_CALLS, sizeof(char *)),
				      arena_array(a, SCAN_CALLS, sizeof(char *)) };
	size_t n = RULES;

	if (!rules || !names[ALLOWED] || !names[REFUSED])
		return err_set(e, -ENOMEM, "make filter");
	rules[ALLOWED] = (struct filter_rule){ names[ALLOWED], .action = FILTER_ALLOW };
	rules[REFUSED] = refusals[mode];
	rules[REFUSED].names = names[REFUSED];
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		const char *name = syscall_name(m->arch, i);
		bool is_allowed = family_allows(f, i, with_startup);

		if (!name)
			continue;
		if (i == m->execve && !is_allowed && key) {
			if (add_key(key, a, rules, &n) < 0)
				return err_set(e, -ENOMEM, "make filter");
			continue;
		}
		names[!is_allowed][rules[!is_allowed].n_names++] = name;
	}
	*ret = (struct filter_policy){
		.default_action = mode == POLICY_LOG ? FILTER_LOG : FILTER_ERRNO,
		.default_data = mode == POLICY_LOG ? 0 : ENOSYS,
		.archs = 1U << m->arch, .rules = rules, .n_rules = n,
	};
	return 0;
}
