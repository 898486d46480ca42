/* SPDX-License-Identifier: Apache-2.0 */
/* oci/process.c - the process object: what runs, as whom, with what rights.
 *
 * Capabilities that are not known are left out with a warning, as the
 * specification asks (config.md, "capabilities") and runc and crun do. Of an
 * environment variable that stands twice the last one wins, as with runc: what
 * getenv() would find otherwise depends on the C library. */
#include "oci/config-priv.h"

#include "base/arena.h"
#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static int console_size(struct read *r, const struct json_at *at, void *process)
{
	static const struct field fields[] = {
		FIELD("height", struct conf_process, console_rows,
		      .is_required = true),
		FIELD("width", struct conf_process, console_cols,
		      .is_required = true),
	};

	return FIELDS_READ(r, at, fields, process);
}

static int umask_(struct read *r, const struct json_at *at, void *process)
{
	struct conf_process *p = process;
	uint64_t n;
	int ret = json_uint(at, 0, 0777, &n, r->e);

	if (ret < 0)
		return ret;
	p->has_umask = true;
	p->umask = (uint32_t)n;
	return 0;
}

static int group(struct read *r, const struct json_at *at, void *gid)
{
	uint64_t n;
	int ret = json_uint(at, 0, UINT32_MAX - 1, &n, r->e);

	if (ret == 0)
		*(gid_t *)gid = (gid_t)n;
	return ret;
}

static int groups(struct read *r, const struct json_at *at, void *process)
{
	struct conf_process *p = process;

	return LIST_READ(r, at, group, &p->groups, &p->n_groups);
}

/* The id -1 means "leave it" to the kernel: refused. */
static int user(struct read *r, const struct json_at *at, void *process)
{
	static const struct field fields[] = {
		FIELD("uid", struct conf_process, uid, .max = UINT32_MAX - 1),
		FIELD("gid", struct conf_process, gid, .max = UINT32_MAX - 1),
		FIELD_FN("umask", umask_),
		FIELD_FN("additionalGids", groups),
	};

	return FIELDS_READ(r, at, fields, process);
}

static int args(struct read *r, const struct json_at *at, void *process)
{
	struct conf_process *p = process;
	int ret = strings_read(r, at, &p->args);

	if (ret == 0 && p->args.n == 0)
		return json_fail(at, r->e, "needs at least the program's name");
	return ret;
}

static uint32_t name_hash(const char *s, size_t n)
{
	uint32_t h = 2166136261; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619;
	return h;
}

/* Puts the name of v[i] into the table of places (+ 1); false when it is in
 * there already. `mask` + 1 is a power of two and at least twice the count. */
static bool name_add(uint32_t *table, size_t mask, const char *const *v,
		     size_t i)
{
	size_t n = strcspn(v[i], "=");
	size_t at = name_hash(v[i], n) & mask;

	for (; table[at]; at = (at + 1) & mask) {
		const char *other = v[table[at] - 1];

		if (strncmp(other, v[i], n) == 0 && other[n] == '=')
			return false;
	}
	table[at] = (uint32_t)i + 1;
	return true;
}

/* Keeps the last of each name, in order. */
static int drop_repeated(struct read *r, struct conf_strings *env)
{
	size_t size = 16, keep = env->n;
	const char **v = (const char **)env->v;
	uint32_t *table;

	while (size < env->n * 2)
		size *= 2;
	table = arena_array(r->arena, size, sizeof(*table));
	if (!table)
		return read_no_memory(r);
	for (size_t i = env->n; i-- > 0;) {
		const char *one = v[i];

		/* v[keep..] is what stays; i < keep, so nothing is lost. */
		v[keep - 1] = one;
		if (name_add(table, size - 1, v, keep - 1))
			keep--;
	}
	env->v = v + keep;
	env->n -= keep;
	return 0;
}

static int environment(struct read *r, const struct json_at *at, void *process)
{
	struct conf_process *p = process;
	int ret = strings_read(r, at, &p->env);

	if (ret < 0)
		return ret;
	for (struct json_at m = json_first(at); m.v; json_next(&m)) {
		const char *eq = strchr(m.v->text, '=');

		if (!eq || eq == m.v->text)
			return json_fail(&m, r->e,
					 "expected NAME=value, found %s",
					 JSON_QUOTE(m.v->text));
	}
	return drop_repeated(r, &p->env);
}

static int cap_set(struct read *r, const struct json_at *at, void *set)
{
	const char *name;
	int ret = json_is(at, JSON_ARRAY, r->e);

	for (struct json_at m = json_first(at); m.v && ret == 0;
	     json_next(&m)) {
		int cap;

		ret = json_string(&m, &name, r->e);
		if (ret < 0)
			break;
		cap = cap_from_name(name);
		if (cap < 0)
			read_warn(r, &m, "unknown capability %s is left out",
				  JSON_QUOTE(name));
		else
			*(uint64_t *)set |= UINT64_C(1) << cap;
	}
	return ret;
}

static int capabilities(struct read *r, const struct json_at *at, void *caps)
{
	static const struct field fields[] = {
		FIELD_AT("bounding", struct conf_caps, bounding, cap_set),
		FIELD_AT("effective", struct conf_caps, effective, cap_set),
		FIELD_AT("permitted", struct conf_caps, permitted, cap_set),
		FIELD_AT("inheritable", struct conf_caps, inheritable, cap_set),
		FIELD_AT("ambient", struct conf_caps, ambient, cap_set),
	};

	((struct conf_caps *)caps)->given = true;
	return FIELDS_READ(r, at, fields, caps);
}

static int rlimit_type(struct read *r, const struct json_at *at, void *resource)
{
	static const struct word words[] = {
		{ "RLIMIT_AS", RLIMIT_AS },
		{ "RLIMIT_CORE", RLIMIT_CORE },
		{ "RLIMIT_CPU", RLIMIT_CPU },
		{ "RLIMIT_DATA", RLIMIT_DATA },
		{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
		{ "RLIMIT_LOCKS", 10 }, /* musl does not know it */
		{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
		{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
		{ "RLIMIT_NICE", RLIMIT_NICE },
		{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
		{ "RLIMIT_NPROC", RLIMIT_NPROC },
		{ "RLIMIT_RSS", RLIMIT_RSS },
		{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
		{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
		{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
		{ "RLIMIT_STACK", RLIMIT_STACK },
	};
	uint64_t n = 0;
	int ret = words_read(r, at, "resource limit", words, ARRAY_SIZE(words),
			     &n);

	if (ret == 0)
		*(int *)resource = (int)n;
	return ret;
}

static int rlimit(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_AT("type", struct conf_rlimit, resource, rlimit_type,
			 .is_required = true),
		FIELD("soft", struct conf_rlimit, soft, .is_required = true),
		FIELD("hard", struct conf_rlimit, hard, .is_required = true),
	};

	return FIELDS_READ(r, at, fields, into);
}

static int rlimits(struct read *r, const struct json_at *at, void *process)
{
	struct conf_process *p = process;

	return LIST_READ(r, at, rlimit, &p->rlimits, &p->n_rlimits);
}

static int oom_score_adj(struct read *r, const struct json_at *at,
			 void *process)
{
	struct conf_process *p = process;
	int64_t n;
	int ret = json_int(at, -1000, 1000, &n, r->e);

	if (ret < 0)
		return ret;
	p->has_oom_score_adj = true;
	p->oom_score_adj = (int32_t)n;
	return 0;
}

/* Values of linux/sched.h, which does not go together with <sched.h>. */
static int sched_policy(struct read *r, const struct json_at *at, void *policy)
{
	static const struct word words[] = {
		{ "SCHED_OTHER", 0 },	 { "SCHED_FIFO", 1 },
		{ "SCHED_RR", 2 },	 { "SCHED_BATCH", 3 },
		{ "SCHED_ISO", 4 },	 { "SCHED_IDLE", 5 },
		{ "SCHED_DEADLINE", 6 },
	};
	uint64_t n = 0;
	int ret = words_read(r, at, "scheduling policy", words,
			     ARRAY_SIZE(words), &n);

	if (ret == 0)
		*(uint32_t *)policy = (uint32_t)n;
	return ret;
}

static int sched_flags(struct read *r, const struct json_at *at, void *flags)
{
	static const struct word words[] = {
		{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },
		{ "SCHED_FLAG_RECLAIM", 0x02 },
		{ "SCHED_FLAG_DL_OVERRUN", 0x04 },
		{ "SCHED_FLAG_KEEP_POLICY", 0x08 },
		{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },
		{ "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
		{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
	};

	return words_or(r, at, "scheduler flag", words, ARRAY_SIZE(words),
			flags);
}

static int scheduler(struct read *r, const struct json_at *at, void *sched)
{
	static const struct field fields[] = {
		FIELD_AT("policy", struct conf_scheduler, policy, sched_policy,
			 .is_required = true),
		FIELD("nice", struct conf_scheduler, nice, .min = -20,
		      .max = 19),
		FIELD("priority", struct conf_scheduler, priority, .max = 99),
		FIELD_AT("flags", struct conf_scheduler, flags, sched_flags),
		FIELD("runtime", struct conf_scheduler, runtime_ns),
		FIELD("deadline", struct conf_scheduler, deadline_ns),
		FIELD("period", struct conf_scheduler, period_ns),
	};

	((struct conf_scheduler *)sched)->given = true;
	return FIELDS_READ(r, at, fields, sched);
}

static int ioprio_class(struct read *r, const struct json_at *at, void *class)
{
	static const struct word words[] = {
		{ "IOPRIO_CLASS_RT", 1 },
		{ "IOPRIO_CLASS_BE", 2 },
		{ "IOPRIO_CLASS_IDLE", 3 },
	};
	uint64_t n = 0;
	int ret = words_read(r, at, "I/O priority class", words,
			     ARRAY_SIZE(words), &n);

	if (ret == 0)
		*(int *)class = (int)n;
	return ret;
}

static int ioprio(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_AT("class", struct conf_ioprio, class, ioprio_class,
			 .is_required = true),
		FIELD("priority", struct conf_ioprio, priority, .min = 0,
		      .max = 7),
	};

	((struct conf_ioprio *)into)->given = true;
	return FIELDS_READ(r, at, fields, into);
}

static int cpu_affinity(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD("initial", struct conf_cpu_affinity, initial),
		FIELD("final", struct conf_cpu_affinity, final),
	};

	return FIELDS_READ(r, at, fields, into);
}

static int working_directory(struct read *r, const struct json_at *at,
			     void *cwd)
{
	const char *text;
	int ret = json_string(at, &text, r->e);

	if (ret < 0)
		return ret;
	if (*text != '/')
		return json_fail(at, r->e, "%s is not an absolute path",
				 JSON_QUOTE(text));
	*(const char **)cwd = text;
	return 0;
}

int oci_process(struct read *r, const struct json_at *at, void *process)
{
	static const struct field fields[] = {
		FIELD("terminal", struct conf_process, terminal),
		FIELD_FN("consoleSize", console_size),
		FIELD_FN("user", user),
		FIELD_FN("args", args),
		FIELD_FN("env", environment),
		FIELD_AT("cwd", struct conf_process, cwd, working_directory,
			 .is_required = true),
		FIELD_AT("capabilities", struct conf_process, caps,
			 capabilities),
		FIELD_FN("rlimits", rlimits),
		FIELD("noNewPrivileges", struct conf_process, no_new_privs),
		FIELD("apparmorProfile", struct conf_process, apparmor),
		FIELD("selinuxLabel", struct conf_process, selinux),
		FIELD_FN("oomScoreAdj", oom_score_adj),
		FIELD_AT("scheduler", struct conf_process, sched, scheduler),
		FIELD_AT("ioPriority", struct conf_process, ioprio, ioprio),
		FIELD_AT("execCPUAffinity", struct conf_process, affinity,
			 cpu_affinity),
	};

	return FIELDS_READ(r, at, fields, process);
}
