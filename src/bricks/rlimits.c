/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/rlimits.c - resource limits of the process.
 *
 * Set late, so that they do not hinder what the runtime has to do (LOCK). A
 * child in a user namespace may not raise a hard limit any more, whatever it is
 * called there (the kernel wants CAP_SYS_RESOURCE of the host): the supervisor
 * raises it in advance (ATTACH), the soft one stays until LOCK.
 *
 * A raise that is refused is an error: a program may rely on it. With
 * clamp_rlimits it gets what there is, and the user a warning. */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sys/resource.h>

static const char *const names[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",
	[RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",
	[RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",
	[RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",
	[RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",
	[RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",
	[RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE",
	[RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",
	[RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

enum { RLIMITS_SET, RLIMITS_RAISE };

static int rlimits_plan(const struct conf *c, const struct host *h,
			struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_rlimits,
			 .phase = PHASE_ATTACH,
			 .kind = RLIMITS_RAISE,
			 .fd = -EBADF };
	bool raises = c->ns[NS_USER].mode != PART_OFF &&
		      h->caps & 1ULL << CAP_SYS_RESOURCE;
	int r = 0;

	for (size_t i = 0; i < c->process.n_rlimits && raises && r == 0; i++) {
		op.arg = &c->process.rlimits[i];
		r = plan_add(p, op, e);
	}
	op.phase = PHASE_LOCK;
	op.kind = RLIMITS_SET;
	op.num = c->process.clamp_rlimits;
	for (size_t i = 0; i < c->process.n_rlimits && r == 0; i++) {
		op.arg = &c->process.rlimits[i];
		r = plan_add(p, op, e);
	}
	return r;
}

/* What is refused here is said by the child when it sets the limit. */
static void raise_hard(const struct conf_rlimit *want, pid_t pid)
{
	struct rlimit l;

	if (prlimit(pid, want->resource, NULL, &l) < 0 ||
	    want->hard <= l.rlim_max)
		return;
	l.rlim_max = (rlim_t)want->hard;
	(void)prlimit(pid, want->resource, &l, NULL);
}

/* As much of the limit as the kernel gives without CAP_SYS_RESOURCE. */
static int clamp(const struct conf_rlimit *want, struct run *r, struct err *e)
{
	struct rlimit l;

	if (getrlimit(want->resource, &l) < 0)
		return err_sys(e, "read %s", names[want->resource]);
	if (want->hard < l.rlim_max)
		l.rlim_max = (rlim_t)want->hard;
	l.rlim_cur = want->soft < l.rlim_max ? (rlim_t)want->soft : l.rlim_max;
	if (setrlimit(want->resource, &l) < 0)
		return err_sys(e, "set %s", names[want->resource]);
	run_warn(r,
		 "process.rlimits: %s clamped to %" PRIu64
		 " (may not be raised here)",
		 names[want->resource], (uint64_t)l.rlim_max);
	return 0;
}

static int rlimits_apply(const struct op *op, struct run *r, struct err *e)
{
	const struct conf_rlimit *want = op->arg;
	struct rlimit l = { (rlim_t)want->soft, (rlim_t)want->hard };

	if (op->kind == RLIMITS_RAISE) {
		raise_hard(want, r->pid);
		return 0;
	}
	if (setrlimit(want->resource, &l) == 0)
		return 0;
	if (errno == EPERM && op->num)
		return clamp(want, r, e);
	err_sys(e, "process.rlimits: set %s to %" PRIu64 ", %" PRIu64,
		names[want->resource], want->soft, want->hard);
	if (e && e->code == -EPERM)
		return err_hint(e, -EPERM,
				"raising it needs CAP_SYS_RESOURCE; "
				"--clamp-rlimits takes what is allowed");
	return e ? e->code : -EINVAL;
}

static void show_limit(uint64_t n, FILE *out)
{
	if (n == RLIM_INFINITY)
		fprintf(out, "unlimited");
	else
		fprintf(out, "%" PRIu64, n);
}

static void rlimits_show(const struct op *op, FILE *out)
{
	const struct conf_rlimit *l = op->arg;

	fprintf(out, "%s ", names[l->resource]);
	if (op->kind == RLIMITS_RAISE) {
		fprintf(out, "hard limit raised to ");
		show_limit(l->hard, out);
		return;
	}
	show_limit(l->soft, out);
	fprintf(out, ", hard ");
	show_limit(l->hard, out);
	if (op->num)
		fprintf(out, ", clamped to what is allowed");
}

const struct brick brick_rlimits = {
	.name = "rlimits",
	.plan = rlimits_plan,
	.apply = rlimits_apply,
	.show = rlimits_show,
};
