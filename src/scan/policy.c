/* SPDX-License-Identifier: Apache-2.0 */
/* scan/policy.c - the set of calls as a policy for filter/.
 *
 * One rule for the calls that are allowed whatever their arguments, one for
 * those that are refused, and for each call with an argument rule: allowed for
 * each value of the list, or where the mask's bits are zero; refused where one
 * of them is set, and otherwise. (A format that cannot say "otherwise" gets the
 * default, which refuses, too.)
 *
 * crun and runc install the filter before they have set the user and the
 * capabilities, unless the container has no_new_privs; runc, with all threads
 * of Go's runtime. What they call until they execute the program was seen with
 * strace (crun 1.8, runc 1.1, with and without no_new_privs) and is completed by
 * what Go's runtime does now and then. */
#include "scan/policy.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "filter/syscalls.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

enum { ALLOWED, REFUSED, NOSYS, RULES };
/* At most: a list with "otherwise", or a mask with its bits. */
enum { MAX_RULES = RULES + FILTER_KEY_RULES + ARG_ROWS * (ARG_MAX_VALUES + 1) + 16 };

struct maker {
	const struct family *family;
	const struct policy_options *options;
	struct arena *arena;
	struct filter_rule *rules;
	size_t n;
	const char **names[RULES];
};

enum policy_mode policy_mode(const char *word)
{
	if (word && strcmp(word, "kill") == 0)
		return POLICY_KILL;
	return word && strcmp(word, "log") == 0 ? POLICY_LOG : POLICY_ERRNO;
}

enum policy_runtime policy_runtime(const char *word)
{
	if (word && strcmp(word, "none") == 0)
		return POLICY_NOBODY;
	if (word && strcmp(word, "hull") == 0)
		return POLICY_HULL;
	return word && strcmp(word, "crun") == 0 ? POLICY_CRUN : POLICY_RUNC;
}

static const struct machine *machine_of_family(const struct family *f)
{
	return f->v[0]->graph->machine;
}

static int add_key(struct maker *m, const struct filter_key *key)
{
	struct filter_key_rules *k = arena_new(m->arena, struct filter_key_rules);

	if (!k)
		return -ENOMEM;
	filter_key_rules(key, m->rules[REFUSED].action, m->rules[REFUSED].data, k);
	memcpy(m->rules + m->n, k->rules, sizeof(k->rules));
	m->n += FILTER_KEY_RULES;
	return 0;
}

static void add_name(struct maker *m, int rule, const char *name)
{
	m->names[rule][m->rules[rule].n_names++] = name;
}

/* A rule for one call, with room for conditions. */
static struct filter_cond *add_rule(struct maker *m, const char *name, bool is_allowed,
				    size_t n_conds)
{
	const char **names = arena_array(m->arena, 1, sizeof(*names));
	struct filter_cond *conds = arena_array(m->arena, n_conds + 1, sizeof(*conds));
	struct filter_rule *rule = &m->rules[m->n++];

	if (!names || !conds)
		return NULL;
	names[0] = name;
	*rule = m->rules[is_allowed ? ALLOWED : REFUSED];
	rule->names = names;
	rule->n_names = 1;
	rule->conds = conds;
	rule->n_conds = n_conds;
	rule->is_otherwise = !is_allowed && !n_conds;
	return conds;
}

static bool is_in(const char *name, const char *const *v)
{
	while (*v && strcmp(*v, name) != 0)
		v++;
	return *v;
}

/* Does the runtime call it between the filter and the program? */
static bool is_runtimes(enum policy_runtime runtime, const char *name)
{
	static const char *const all[] = { "execve", NULL };
	static const char *const crun[] = {
		"capset", "close", "prctl", "rt_sigaction", "rt_sigprocmask", "setgid", "setgroups",
		"setresgid", "setresuid", "setuid", "write", NULL };
	static const char *const runc[] = {
		"capget", "chdir", "close_range", "epoll_ctl", "epoll_pwait", "exit_group",
		"faccessat2", "fchown", "fcntl", "fstat", "fstatfs", "futex", "getcwd",
		"getdents64", "getpid", "getppid", "gettid", "madvise", "mmap", "munmap",
		"nanosleep", "newfstatat", "openat", "read", "readlinkat", "rt_sigreturn",
		"sched_yield", "sigaltstack", "tgkill", NULL };

	return (runtime >= POLICY_HULL && is_in(name, all)) ||
	       (runtime >= POLICY_CRUN && is_in(name, crun)) ||
	       (runtime >= POLICY_RUNC && is_in(name, runc));
}

/* The options of prctl() that they use. */
static int add_runtimes_prctl(struct maker *m)
{
	static const uint32_t v[] = { PR_SET_NAME, PR_SET_KEEPCAPS, PR_SET_DUMPABLE,
				      PR_GET_PDEATHSIG, PR_SET_PDEATHSIG, PR_CAPBSET_READ,
				      PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT,
				      PR_GET_SECCOMP };

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct filter_cond *c = add_rule(m, "prctl", true, 1);

		if (!c)
			return -ENOMEM;
		*c = (struct filter_cond){ 0, FILTER_MASKED_EQ, UINT32_MAX, v[i] };
	}
	return 0;
}

static int add_list(struct maker *m, const char *name, const struct arg_rule *rule)
{
	for (size_t i = 0; i < rule->n; i++) {
		const struct arg_value *v = &rule->v[i];
		size_t n = v->is_any_second ? 1 : rule->row->n;
		struct filter_cond *c = add_rule(m, name, true, n);

		for (size_t k = 0; c && k < n; k++)
			c[k] = (struct filter_cond){ rule->row->index[k], FILTER_MASKED_EQ,
						     UINT32_MAX, v->v[k] };
		if (!c)
			return -ENOMEM;
	}
	if (rule->row->id == ARG_PRCTL && m->options->runtime >= POLICY_CRUN &&
	    m->options->with_startup && add_runtimes_prctl(m) < 0)
		return -ENOMEM;
	return add_rule(m, name, false, 0) ? 0 : -ENOMEM;
}

static int add_mask(struct maker *m, const char *name, const struct arg_rule *rule)
{
	unsigned index = rule->row->index[0];
	struct filter_cond *c = add_rule(m, name, true, 1);

	if (!c)
		return -ENOMEM;
	*c = (struct filter_cond){ index, FILTER_MASKED_EQ, rule->mask, 0 };
	for (unsigned bit = 0; bit < 32 && m->options->mode != POLICY_LOG; bit++) {
		uint64_t value = 1U << bit;

		if (!(rule->mask & value))
			continue;
		c = add_rule(m, name, false, 1);
		if (!c)
			return -ENOMEM;
		*c = (struct filter_cond){ index, FILTER_MASKED_EQ, value, value };
	}
	return 0;
}

static int add_allowed(struct maker *m, unsigned number, const char *name, struct err *e)
{
	struct arg_rule rule;
	int r = args_rule(m->family, number, m->options->with_startup, m->arena, &rule, e);

	if (r < 0)
		return r;
	if (rule.kind == ARG_LIST)
		r = add_list(m, name, &rule);
	else if (rule.kind == ARG_MASK)
		r = add_mask(m, name, &rule);
	else
		/* Being logged at each thread is no use. */
		add_name(m, rule.kind == ARG_NOSYS && m->options->mode != POLICY_LOG ? NOSYS
										    : ALLOWED,
			 name);
	return r;
}

static int add_call(struct maker *m, unsigned number, struct err *e)
{
	const struct policy_options *o = m->options;
	const char *name = syscall_name(machine_of_family(m->family)->arch, number);

	if (!name)
		return 0;
	if (family_allows(m->family, number, o->with_startup) &&
	    (!o->only || o->only[number / 64] >> (number % 64) & 1))
		return add_allowed(m, number, name, e);
	if (number == machine_of_family(m->family)->execve && o->key)
		return add_key(m, o->key);
	add_name(m, o->with_startup && is_runtimes(o->runtime, name) ? ALLOWED : REFUSED, name);
	return 0;
}

static int init(struct maker *m)
{
	static const struct filter_rule refusals[] = {
		[POLICY_ERRNO] = { .action = FILTER_ERRNO, .data = EPERM },
		[POLICY_KILL] = { .action = FILTER_KILL_PROCESS },
		[POLICY_LOG] = { .action = FILTER_LOG },
	};

	m->rules = arena_array(m->arena, MAX_RULES, sizeof(*m->rules));
	if (!m->rules)
		return -ENOMEM;
	m->rules[ALLOWED] = (struct filter_rule){ .action = FILTER_ALLOW };
	m->rules[REFUSED] = refusals[m->options->mode];
	m->rules[NOSYS] = (struct filter_rule){ .action = FILTER_ERRNO, .data = ENOSYS };
	for (m->n = 0; m->n < RULES; m->n++) {
		m->names[m->n] = arena_array(m->arena, SCAN_CALLS, sizeof(char *));
		m->rules[m->n].names = m->names[m->n];
		if (!m->names[m->n])
			return -ENOMEM;
	}
	return 0;
}

int policy_make(const struct family *f, const struct policy_options *o, struct arena *a,
		struct filter_policy *ret, struct err *e)
{
	struct maker m = { .family = f, .options = o, .arena = a };
	int r = init(&m);

	for (unsigned i = 0; r == 0 && i < SCAN_CALLS; i++)
		r = add_call(&m, i, e);
	if (r == -ENOMEM)
		return err_set(e, r, "make filter");
	*ret = (struct filter_policy){
		.default_action = o->mode == POLICY_LOG ? FILTER_LOG : FILTER_ERRNO,
		.default_data = o->mode == POLICY_LOG ? 0 : ENOSYS,
		.archs = 1U << machine_of_family(f)->arch, .rules = m.rules, .n_rules = m.n,
	};
	return r;
}
