/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/seccomp.c - the filter of system calls.
 *
 * plan() compiles the policy (filter/compile.h), so a policy that cannot be had
 * is an error before anything is done, and the child only finds a program in
 * its memory. It installs it with the very last but one system call, in the
 * leap (run/leap.h): no call of the runtime's own has to be allowed by the
 * container's filter. CAP_SYS_ADMIN, which brick_caps has left for that, spares
 * no_new_privs.
 *
 * A filter that asks a listener about calls (SCMP_ACT_NOTIFY) is installed with
 * SECCOMP_FILTER_FLAG_NEW_LISTENER; how the fd gets to the listener while the
 * process may already be stopped is run/listener.h's matter. */
#include "base/arena.h"
#include "base/base64.h"
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "filter/compile.h"
#include "filter/key.h"
#include "filter/policy.h"
#include "plan/run.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum { SECCOMP_POLICY, SECCOMP_RAW };

/* op.arg */
struct job {
	struct sock_fprog program;
	const struct filter_policy *policy; /* NULL: SECCOMP_RAW */
	bool is_narrowed; /* by what the program itself needs */
	const struct filter_key *key;
};

static bool asks_listener(const struct filter_policy *p)
{
	bool asks = p->default_action == FILTER_NOTIFY;

	for (size_t i = 0; i < p->n_rules && !asks; i++)
		asks = p->rules[i].action == FILTER_NOTIFY;
	return asks;
}

/* There is one thread at that time, so nothing to synchronise; and the kernel
 * refuses TSYNC together with a listener. */
static uint64_t flags_of(const struct filter_policy *p, bool has_listener)
{
	uint64_t flags = p->flags & ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;

	if (has_listener)
		return flags | SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return flags & ~(uint64_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

static int plan_policy(const struct filter_policy *policy,
		       const struct filter_policy *own, struct job *job,
		       struct op *op, struct plan *p, struct err *e)
{
	/* The kernel walks the program for every number when it is installed:
	 * what can never be asked here is left out. */
	struct filter_policy here = *policy;
	bool has_listener = asks_listener(policy);
	int r;

	here.archs &= filter_native_archs();
	if (has_listener && !(policy->listener_path && *policy->listener_path)) {
		err_input(e, "linux.seccomp: SCMP_ACT_NOTIFY without a listenerPath");
		return err_hint(e, -EINVAL,
				"say in linux.seccomp.listenerPath where the "
				"listener is");
	}
	r = filter_compile_both(&here, own, p->arena, &job->program, e);
	if (r < 0)
		return err_ctx(e, r, "linux.seccomp");
	job->policy = policy;
	job->is_narrowed = own;
	op->kind = SECCOMP_POLICY;
	op->num = flags_of(policy, has_listener);
	if (has_listener)
		p->listener_path = policy->listener_path;
	return 0;
}

/* The program itself, as crun has it in run.oci.seccomp_bpf_data. The kernel
 * checks what the instructions are. */
static int plan_raw(const char *text, struct job *job, struct op *op,
		    struct plan *p, struct err *e)
{
	const size_t max = BPF_MAXINSNS * sizeof(struct sock_filter);
	uint8_t *bytes = arena_alloc(p->arena, max);
	size_t n = 0;
	int r = bytes ? base64_decode(text, bytes, max, &n) : -ENOMEM;

	if (r == -ENOMEM)
		return err_set(e, r, "seccomp");
	if (r == 0 && (n == 0 || n % sizeof(struct sock_filter)))
		r = -EINVAL;
	if (r < 0)
		return err_input(e,
				 "run.oci.seccomp_bpf_data: no base64 of 1 to "
				 "%d instructions of 8 bytes",
				 BPF_MAXINSNS);
	job->program.len = (unsigned short)(n / sizeof(struct sock_filter));
	job->program.filter = (struct sock_filter *)(void *)bytes;
	op->kind = SECCOMP_RAW;
	return 0;
}

static int seccomp_plan(const struct conf *c, const struct host *h,
			struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_seccomp,
			 .phase = PHASE_SEAL,
			 .fd = -EBADF };
	struct job *job;
	int r;

	(void)h;
	if (!c->seccomp && !c->seccomp_bpf && !c->own)
		return 0;
	if (c->seccomp_bpf && c->own)
		return err_input(e, "org.hull.seccomp: the filter of "
				    "run.oci.seccomp_bpf_data cannot be joined "
				    "with the program's own");
	job = arena_new(p->arena, struct job);
	if (!job)
		return err_set(e, -ENOMEM, "seccomp");
	job->key = c->own_key;
	if (c->seccomp_bpf)
		r = plan_raw(c->seccomp_bpf, job, &op, p, e);
	else if (c->seccomp)
		r = plan_policy(c->seccomp, c->own, job, &op, p, e);
	else
		r = plan_policy(c->own, NULL, job, &op, p, e);
	op.arg = job;
	return r < 0 ? r : plan_add(p, op, e);
}

static int seccomp_apply(const struct op *op, struct run *r, struct err *e)
{
	const struct job *job = op->arg;

	(void)e;
	r->filter = &job->program;
	r->filter_flags = (unsigned)op->num;
	r->exec_key = job->key ? job->key->v : NULL;
	return 0;
}

static void show_flags(uint64_t flags, FILE *out)
{
	const char *name;
	unsigned flag;

	for (size_t i = 0; (name = filter_flag_name(i, &flag)); i++)
		if (flags & flag)
			fprintf(out, ", %s", name + strlen("SECCOMP_FILTER_FLAG_"));
}

static void seccomp_show(const struct op *op, FILE *out)
{
	const struct job *job = op->arg;

	if (op->kind == SECCOMP_RAW) {
		fprintf(out, "given program of %u instructions",
			job->program.len);
		return;
	}
	fprintf(out, "default %s, %zu rules",
		filter_action_name(job->policy->default_action),
		job->policy->n_rules);
	if (job->is_narrowed)
		fprintf(out, ", narrowed to the program's own calls");
	show_flags(op->num, out);
	if (op->num & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		fprintf(out, ", asks %s", job->policy->listener_path);
}

const struct brick brick_seccomp = {
	.name = "seccomp",
	.plan = seccomp_plan,
	.apply = seccomp_apply,
	.show = seccomp_show,
};
