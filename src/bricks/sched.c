/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/sched.c - how the process is scheduled: processor, disk, memory nodes,
 * and the personality that its system calls have.
 *
 * A real-time policy or I/O class needs CAP_SYS_NICE of the host. A child in a
 * user namespace has lost that, so there the supervisor sets both for it
 * (PHASE_ATTACH); otherwise the child does, when all else is done. */
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SCHED_POLICY, SCHED_IO, SCHED_MEMORY, SCHED_PERSONA };

/* linux/sched/types.h, version 1: the C libraries do not agree on a header. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

enum { MAX_BITS = 8192 };

static int add(struct plan *p, const struct conf *c, int kind, enum phase phase,
	       struct err *e)
{
	const struct op op = { .brick = &brick_sched,
			       .phase = phase,
			       .kind = kind,
			       .fd = -EBADF,
			       .arg = c };

	return plan_add(p, op, e);
}

static int add_memory(struct plan *p, const struct conf *c, struct err *e)
{
	const char *nodes = c->mempolicy.nodes;
	unsigned long bits[MAX_BITS / 8 / sizeof(long)];

	if (nodes && *nodes && num_list(nodes, bits, MAX_BITS) < 0)
		return err_input(
			e,
			"linux.memoryPolicy.nodes: \"%s\" is no list like "
			"0-3,7",
			nodes);
	return add(p, c, SCHED_MEMORY, PHASE_LOCK, e);
}

static int sched_plan(const struct conf *c, const struct host *h,
		      struct plan *p, struct err *e)
{
	bool by_supervisor = c->ns[NS_USER].mode != PART_OFF &&
			     h->caps & 1ULL << CAP_SYS_NICE;
	enum phase phase = by_supervisor ? PHASE_ATTACH : PHASE_LOCK;
	int r = 0;

	if (c->process.sched.given)
		r = add(p, c, SCHED_POLICY, phase, e);
	if (r == 0 && c->process.ioprio.given)
		r = add(p, c, SCHED_IO, phase, e);
	if (r == 0 && c->mempolicy.given)
		r = add_memory(p, c, e);
	if (r == 0 && c->personality.given)
		r = add(p, c, SCHED_PERSONA, PHASE_LOCK, e);
	return r;
}

static int set_policy(const struct conf_scheduler *s, pid_t pid, struct err *e)
{
	struct attr a = { .size = sizeof(a),
			  .policy = s->policy,
			  .flags = s->flags,
			  .nice = s->nice,
			  .priority = s->priority,
			  .runtime = s->runtime_ns,
			  .deadline = s->deadline_ns,
			  .period = s->period_ns };

	if (syscall(SYS_sched_setattr, pid, &a, 0) < 0)
		return err_sys(e, "process.scheduler: set the policy");
	return 0;
}

static int set_memory(const struct conf_mempolicy *m, struct err *e)
{
	const char *nodes = m->nodes ? m->nodes : "";
	unsigned long bits[MAX_BITS / 8 / sizeof(long)];

	/* The kernel takes one bit less than it is told. */
	if (*nodes)
		(void)num_list(nodes, bits, MAX_BITS);
	if (syscall(SYS_set_mempolicy, m->mode | (int)m->flags,
		    *nodes ? bits : NULL, *nodes ? MAX_BITS + 1 : 0) < 0)
		return err_sys(e, "linux.memoryPolicy: set it for nodes \"%s\"",
			       nodes);
	return 0;
}

static int set_io(const struct conf_ioprio *io, pid_t pid, struct err *e)
{
	enum { WHO_PROCESS = 1, CLASS_SHIFT = 13 }; /* ioprio_set(2) */

	if (syscall(SYS_ioprio_set, WHO_PROCESS, pid,
		    io->class << CLASS_SHIFT | io->priority) < 0)
		return err_sys(e,
			       "process.ioPriority: set class %d, priority %d",
			       io->class, io->priority);
	return 0;
}

static int sched_apply(const struct op *op, struct run *r, struct err *e)
{
	const struct conf *c = op->arg;
	pid_t pid = op->phase == PHASE_ATTACH ? r->pid : 0; /* 0: ourselves */

	switch (op->kind) {
	case SCHED_POLICY:
		return set_policy(&c->process.sched, pid, e);
	case SCHED_IO:
		return set_io(&c->process.ioprio, pid, e);
	case SCHED_MEMORY:
		return set_memory(&c->mempolicy, e);
	}
	if (personality((unsigned long)c->personality.persona) < 0)
		return err_sys(e, "linux.personality: set it");
	return 0;
}

static const char *name_of(const char *const *names, size_t n, unsigned i)
{
	return i < n && names[i] ? names[i] : "?";
}

static void show_policy(const struct conf_scheduler *s, FILE *out)
{
	static const char *const names[] = { "other", "fifo", "rr", "batch",
					     NULL,    "idle", "deadline" };

	fprintf(out, "policy %s", name_of(names, ARRAY_SIZE(names), s->policy));
	if (s->nice)
		fprintf(out, ", nice %d", s->nice);
	if (s->priority)
		fprintf(out, ", priority %u", s->priority);
	if (s->runtime_ns | s->deadline_ns | s->period_ns)
		fprintf(out,
			", runtime %" PRIu64 " ns in %" PRIu64
			" ns of %" PRIu64 " ns",
			s->runtime_ns, s->deadline_ns, s->period_ns);
	if (s->flags)
		fprintf(out, ", flags 0x%" PRIx64, s->flags);
}

static void show_memory(const struct conf_mempolicy *m, FILE *out)
{
	static const char *const names[] = { "default",
					     "preferred",
					     "bind",
					     "interleave",
					     "local",
					     "preferred-many",
					     "weighted-interleave" };

	fprintf(out, "memory policy %s",
		name_of(names, ARRAY_SIZE(names), (unsigned)m->mode));
	if (m->nodes && *m->nodes)
		fprintf(out, " on nodes %s", m->nodes);
	if (m->flags)
		fprintf(out, ", flags 0x%x", m->flags);
}

static void sched_show(const struct op *op, FILE *out)
{
	static const char *const classes[] = { "none", "real-time",
					       "best-effort", "idle" };
	const struct conf *c = op->arg;
	const struct conf_ioprio *io = &c->process.ioprio;

	switch (op->kind) {
	case SCHED_POLICY:
		show_policy(&c->process.sched, out);
		break;
	case SCHED_IO:
		fprintf(out, "I/O class %s, priority %d",
			name_of(classes, ARRAY_SIZE(classes),
				(unsigned)io->class),
			io->priority);
		break;
	case SCHED_MEMORY:
		show_memory(&c->mempolicy, out);
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
