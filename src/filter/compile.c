/* SPDX-License-Identifier: Apache-2.0 */
/* filter/compile.c - a policy into a program for the kernel's cBPF machine.
 *
 * Theory of operation
 * -------------------
 *   verdict.c  sorts the rules by call: each call has a constant answer or a
 *              chain of conditions; equal chains become one.
 *   tree.c     turns an architecture's numbers into ranges and a search tree.
 *   chain.c    turns conditions into comparisons.
 *   code.c     writes instructions backwards, so that jumps find their targets.
 * The program: load the architecture; for each one that the policy covers, the
 * tree; every other architecture is killed.
 *
 *  F1  Nothing but the number and the architecture is looked at on the way to a
 *      constant answer: the kernel emulates the filter with just these when it
 *      is installed, and what it can answer then costs one bit test ever after.
 *  F2  Verdicts are those of filter/policy.h for every architecture, number and
 *      argument: tests/unit/test-filter-compile.c compares them with a plain
 *      evaluator and with libseccomp, the fuzzer with the former.
 *
 * Only architectures with a table can be told apart; one without is as if the
 * policy did not cover it (no kernel that we run on has them). */
#include "filter/compile.h"

#include "base/arena.h"
#include "base/err.h"
#include "filter/syscalls.h"
#include "filter/verdict-priv.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

static place arch_tests(struct code *c, const struct verdicts *v, place next)
{
	enum filter_arch native = filter_native_arch();
	uint32_t bad = filter_return(FILTER_KILL_PROCESS, 0);

	/* Backwards: what is written last is tested first. x32 has no number of
	 * its own; it comes with x86-64. */
	for (int i = FILTER_ARCH_MAX_; i-- > -1;) {
		enum filter_arch arch = i < 0 ? native : (enum filter_arch)i;
		bool is_covered =
			v->archs & 1U << arch || arch == native;
		place tree;

		if (i >= 0 && arch == native)
			continue;
		if (!is_covered || arch == FILTER_X32 || syscall_max(arch) < 0)
			continue;
		tree = tree_place(c, v, arch, bad);
		next = code_jump(c, BPF_JEQ, filter_audit_arch(arch), tree,
				 next);
	}
	return next;
}

int filter_compile(const struct filter_policy *policy, struct arena *a,
		   struct sock_fprog *ret, struct err *e)
{
	return filter_compile_both(policy, NULL, a, ret, e);
}

int filter_compile_both(const struct filter_policy *policy,
			const struct filter_policy *other, struct arena *a,
			struct sock_fprog *ret, struct err *e)
{
	struct code *c = arena_new(a, struct code);
	struct verdicts v, narrower;
	place start;
	int r;

	if (!c)
		return err_set(e, -ENOMEM, "filter");
	r = verdicts_make(policy, a, &v, e);
	if (r == 0 && other)
		r = verdicts_make(other, a, &narrower, e);
	if (r < 0)
		return r;
	if (other && verdicts_narrow(&v, &narrower, a) < 0)
		return err_set(e, -ENOMEM, "filter");
	code_init(c);
	start = arch_tests(
		c, &v, code_return(c, filter_return(FILTER_KILL_PROCESS, 0)));
	(void)code_go(c, start);
	(void)code_load(c, offsetof(struct seccomp_data, arch));
	if (c->is_full)
		return err_plain(e, -E2BIG,
				 "the filter is longer than the %d "
				 "instructions a kernel takes",
				 CODE_MAX);
	ret->len = (unsigned short)c->n;
	ret->filter = c->insn + CODE_MAX - c->n;
	return 0;
}
