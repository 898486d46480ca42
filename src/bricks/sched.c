/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/sched.c - how the process is scheduled: processor, disk, memory nodes,
 * and the personality that its system calls have. */
#include "base/err.h"
#include "base/num.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "plan/run.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SCHED_POLICY, SCHED_IO, SCHED_AFFINITY, SCHED_MEMORY, SCHED_PERSONA };

/* linux/sched/types.h, version 1: the C libraries do not agree on a header. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

enum { MAX_BITS = 8192 };

/* "0-3,7" as a bit set. Format: cpuset(7), "List format". */
static int parse_list(const char *s, unsigned long *bits)
{
	memset(bits, 0, MAX_BITS / 8);
	while (*s) {
		char word[32];
		size_t n = strcspn(s, ",");
		uint32_t from, to;
		char *dash;

		if (n == 0 || n >= sizeof(word))
			return -EINVAL;
		memcpy(word, s, n);
		word[n] = '\0';
		dash = strchr(word, '-');
		if (dash)
			*dash++ = '\0';
		if (num_u32(word, &from) < 0 ||
		    num_u32(dash ? dash : word, &to) < 0 || from > to ||
		    to >= MAX_BITS)
			return -EINVAL;
		for (; from <= to; from++)
			bits[from / (8 * sizeof(long))] |=
				1UL << from % (8 * sizeof(long));
		s += n + (s[n] == ',');
	}
	return 0;
}

static int add(struct plan *p, const struct conf *c, int kind, const char *list,
	       const char *field, struct err *e)
{
	unsigned long bits[MAX_BITS / 8 / sizeof(long)];
	struct op op = { .brick = &brick_sched,
			 .phase = PHASE_LOCK,
			 .kind = kind,
			 .fd = -EBADF,
			 .arg = c,
			 .str = list };

	if (list && parse_list(list, bits) < 0)
		return err_input(e, "%s: \"%s\" is no list like 0-3,7", field,
				 list);
	return plan_add(p, op, e);
}

/* execCPUAffinity: the initial one would be that of the runtime in the cgroup;
 * the process itself has the final one when there is one. */
static const char *affinity(const struct conf *c)
{
	const struct conf_cpu_affinity *a = &c->process.affinity;

	return a->final ? a->final : a->initial;
}

static int sched_plan(const struct conf *c, const struct host *h,
		      struct plan *p, struct err *e)
{
	int r = 0;

	(void)h;
	if (c->process.sched.given)
		r = add(p, c, SCHED_POLICY, NULL, NULL, e);
	if (r == 0 && c->process.ioprio.given)
		r = add(p, c, SCHED_IO, NULL, NULL, e);
	if (r == 0 && affinity(c))
		r = add(p, c, SCHED_AFFINITY, affinity(c),
			"process.execCPUAffinity", e);
	if (r == 0 && c->mempolicy.given)
		r = add(p, c, SCHED_MEMORY,
			c->mempolicy.nodes ? c->mempolicy.nodes : "",
			"linux.memoryPolicy.nodes", e);
	if (r == 0 && c->personality.given)
		r = add(p, c, SCHED_PERSONA, NULL, NULL, e);
	return r;
}

static int set_policy(const struct conf_scheduler *s, struct err *e)
{
	struct attr a = { .size = sizeof(a),
			  .policy = s->policy,
			  .flags = s->flags,
			  .nice = s->nice,
			  .priority = s->priority,
			  .runtime = s->runtime_ns,
			  .deadline = s->deadline_ns,
			  .period = s->period_ns };

	if (syscall(SYS_sched_setattr, 0, &a, 0) < 0)
		return err_sys(e, "process.scheduler: set the policy");
	return 0;
}

static int set_affinity(const char *list, struct err *e)
{
	unsigned long bits[MAX_BITS / 8 / sizeof(long)];

	(void)parse_list(list, bits);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(bits), bits) < 0)
		return err_sys(e,
			       "process.execCPUAffinity: run on processors %s",
			       list);
	return 0;
}

static int set_memory(const struct conf_mempolicy *m, const char *list,
		      struct err *e)
{
	unsigned long bits[MAX_BITS / 8 / sizeof(long)];

	(void)parse_list(list, bits);
	if (syscall(SYS_set_mempolicy, m->mode | (int)m->flags,
		    *list ? bits : NULL, *list ? MAX_BITS / 8 : 0) < 0)
		return err_sys(e, "linux.memoryPolicy: set it for nodes \"%s\"",
			       list);
	return 0;
}

static int sched_apply(const struct op *op, struct run *r, struct err *e)
{
	enum { WHO_PROCESS = 1, CLASS_SHIFT = 13 }; /* ioprio_set(2) */
	const struct conf *c = op->arg;
	const struct conf_ioprio *io = &c->process.ioprio;

	(void)r;
	switch (op->kind) {
	case SCHED_POLICY:
		return set_policy(&c->process.sched, e);
	case SCHED_IO:
		if (syscall(SYS_ioprio_set, WHO_PROCESS, 0,
			    io->class << CLASS_SHIFT | io->priority) < 0)
			return err_sys(
				e,
				"process.ioPriority: set class %d, priority %d",
				io->class, io->priority);
		return 0;
	case SCHED_AFFINITY:
		return set_affinity(op->str, e);
	case SCHED_MEMORY:
		return set_memory(&c->mempolicy, op->str, e);
	}
	if (personality((unsigned long)c->personality.persona) < 0)
		return err_sys(e, "linux.personality: set it");
	return 0;
}

static void sched_show(const struct op *op, FILE *out)
{
	const struct conf *c = op->arg;

	switch (op->kind) {
	case SCHED_POLICY:
		fprintf(out, "scheduler policy %u, nice %d, priority %u",
			c->process.sched.policy, c->process.sched.nice,
			c->process.sched.priority);
		break;
	case SCHED_IO:
		fprintf(out, "I/O class %d, priority %d",
			c->process.ioprio.class, c->process.ioprio.priority);
		break;
	case SCHED_AFFINITY:
		fprintf(out, "processors %s", op->str);
		break;
	case SCHED_MEMORY:
		fprintf(out, "memory policy %d on nodes %s", c->mempolicy.mode,
			op->str);
		break;
	case SCHED_PERSONA:
		fprintf(out, "personality 0x%" PRIx64, c->personality.persona);
		break;
	}
}

const struct brick brick_sched = {
	.name = "scheduling",
	.plan = sched_plan,
	.apply = sched_apply,
	.show = sched_show,
};
