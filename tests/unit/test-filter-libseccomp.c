/* SPDX-License-Identifier: Apache-2.0 */
/* Our compiler beside libseccomp: the same tables, the same verdicts, fewer
 * instructions. Policies name a call once, since libseccomp leaves open what
 * contradicting rules mean. */
#include "filter/compile.h"

#include "base/err.h"
#include "filter-cases.h"
#include "filter/simulate.h"
#include "tap.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct {
	enum filter_arch ours;
	uint32_t theirs;
} archs[] = {
	{ FILTER_X86_64, SCMP_ARCH_X86_64 },
	{ FILTER_X86, SCMP_ARCH_X86 },
	{ FILTER_X32, SCMP_ARCH_X32 },
	{ FILTER_AARCH64, SCMP_ARCH_AARCH64 },
	{ FILTER_ARM, SCMP_ARCH_ARM },
	{ FILTER_RISCV64, SCMP_ARCH_RISCV64 },
	{ FILTER_PPC64LE, SCMP_ARCH_PPC64LE },
	{ FILTER_MIPSEL, SCMP_ARCH_MIPSEL },
	{ FILTER_MIPSEL64, SCMP_ARCH_MIPSEL64 },
	{ FILTER_MIPSEL64N32, SCMP_ARCH_MIPSEL64N32 },
	/* Another byte order: the tables only. */
	{ FILTER_S390X, SCMP_ARCH_S390X },
	{ FILTER_S390, SCMP_ARCH_S390 },
	{ FILTER_PPC, SCMP_ARCH_PPC },
	{ FILTER_PARISC, SCMP_ARCH_PARISC },
};
enum { N_ARCHS = sizeof(archs) / sizeof(archs[0]), N_LITTLE = 10 };

static void the_tables_agree(void)
{
	int compared = 0;

	for (int i = 0; i < N_ARCHS; i++) {
		for (int id = 0; id < syscall_id_max(); id++) {
			const char *name = syscall_id_name(id);
			int theirs = seccomp_syscall_resolve_name_arch(
				archs[i].theirs, name);
			int ours = syscall_number(archs[i].ours, id);

			if (theirs < 0 || ours < 0)
				continue;
			if (ours != theirs)
				printf("# %s %s: %d, libseccomp %d\n",
				       filter_arch_name(archs[i].ours), name,
				       ours, theirs);
			CHECK_INT(ours, theirs);
			compared++;
		}
	}
	printf("# %d numbers compared\n", compared);
	CHECK(compared > 3500);
}

/* Every call that libseccomp knows on the build's own architectures we know. */
static void we_know_every_call_they_know(void)
{
	for (int i = 0; i < 3; i++) {
		for (int nr = 0; nr < 460; nr++) {
			int full = archs[i].ours == FILTER_X32 ? nr | 0x40000000
							       : nr;
			char *name = seccomp_syscall_resolve_num_arch(
				archs[i].theirs, full);
			int id = name ? syscall_id(name) : 0;

			if (name && id < 0)
				printf("# %s is missing\n", name);
			CHECK(id >= 0);
			free(name);
		}
	}
}

static uint32_t their_action(const struct filter_rule *r)
{
	switch (r->action) {
	case FILTER_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case FILTER_TRAP:
		return SCMP_ACT_TRAP;
	case FILTER_ERRNO:
		return SCMP_ACT_ERRNO(r->data);
	case FILTER_LOG:
		return SCMP_ACT_LOG;
	default:
		return SCMP_ACT_ALLOW;
	}
}

static unsigned their_op(enum filter_op op)
{
	static const unsigned ops[] = {
		[FILTER_NE] = SCMP_CMP_NE,
		[FILTER_LT] = SCMP_CMP_LT,
		[FILTER_LE] = SCMP_CMP_LE,
		[FILTER_EQ] = SCMP_CMP_EQ,
		[FILTER_GE] = SCMP_CMP_GE,
		[FILTER_GT] = SCMP_CMP_GT,
		[FILTER_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return ops[op];
}

/* The policy as libseccomp's program, in the arena. */
static void their_program(const struct filter_policy *p, struct arena *a,
			  struct sock_fprog *ret)
{
	struct filter_rule standard = { .action = p->default_action,
					.data = p->default_data };
	scmp_filter_ctx ctx = seccomp_init(their_action(&standard));
	int fd = memfd_create("bpf", MFD_CLOEXEC);
	off_t size;

	CHECK(ctx && fd >= 0);
	for (int i = 1; i < N_LITTLE; i++)
		if (p->archs & 1U << archs[i].ours)
			CHECK_INT(seccomp_arch_add(ctx, archs[i].theirs), 0);
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct filter_rule *r = &p->rules[i];
		struct scmp_arg_cmp args[6];

		if (filter_return(r->action, r->data) ==
		    filter_return(p->default_action, p->default_data))
			continue;
		for (size_t k = 0; k < r->n_conds; k++)
			args[k] = (struct scmp_arg_cmp){
				r->conds[k].index,
				(enum scmp_compare)their_op(r->conds[k].op),
				r->conds[k].value, r->conds[k].value_two
			};
		for (size_t k = 0; k < r->n_names; k++) {
			int nr = seccomp_syscall_resolve_name(r->names[k]);

			if (nr != __NR_SCMP_ERROR)
				(void)seccomp_rule_add_array(
					ctx, their_action(r), nr,
					(unsigned)r->n_conds, args);
		}
	}
	CHECK_INT(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	size = lseek(fd, 0, SEEK_END);
	ret->len = (unsigned short)((size_t)size / sizeof(struct sock_filter));
	ret->filter = arena_alloc(a, (size_t)size);
	CHECK_INT(pread(fd, ret->filter, (size_t)size, 0), size);
	close(fd);
}

/* Names that both sides know under the same number on all the architectures and
 * that libseccomp does not rewrite (socketcall and ipc multiplex many). */
static bool is_plain(const char *name)
{
	static const char *const mixed[] = {
		"accept",  "bind",
		"connect", "get",
		"list",	   "msg",
		"recv",	   "sem",
		"send",	   "set",
		"shm",	   "shut",
		"sock",	   /* not added for ppc by name */ "sys_debug",
		"ipc"
	};

	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++)
		if (strncmp(name, mixed[i], strlen(mixed[i])) == 0)
			return false;
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

/* libseccomp takes x32 and n32, whose registers have 64 bits, for 32-bit
 * architectures. */
static bool is_mixed(enum filter_arch arch)
{
	return arch == FILTER_X32 || arch == FILTER_MIPSEL64N32;
}

/* It cuts values there also where they are compared by size (we say that
 * nothing there can be as large). */
static void cut_values(struct filter_rule *r, bool all)
{
	struct filter_cond *c = (struct filter_cond *)(uintptr_t)r->conds;

	for (size_t k = 0; k < r->n_conds; k++) {
		bool by_size = c[k].op != FILTER_EQ && c[k].op != FILTER_NE &&
			       c[k].op != FILTER_MASKED_EQ;

		if (all || by_size)
			c[k].value &= UINT32_MAX;
		if (all)
			c[k].value_two &= UINT32_MAX;
	}
}

static struct filter_policy disjoint_policy(struct dice *d, struct arena *a)
{
	static const enum filter_action actions[] = { FILTER_KILL_PROCESS,
						      FILTER_TRAP, FILTER_ERRNO,
						      FILTER_LOG,
						      FILTER_ALLOW };
	struct filter_policy p = {
		.default_action = roll(d, 2) ? FILTER_ERRNO : FILTER_ALLOW,
		.archs = (uint32_t)roll(d, 1U << FILTER_ARCH_MAX_)
	};
	bool *used = arena_array(a, (size_t)syscall_id_max(), sizeof(*used));
	struct filter_rule *rules;

	for (int i = 0; i < FILTER_ARCH_MAX_; i++) {
		bool theirs = false;

		for (int k = 0; k < N_LITTLE; k++)
			theirs |= archs[k].ours == (enum filter_arch)i;
		if (!theirs)
			p.archs &= ~(1U << i);
	}
	p.default_data = p.default_action == FILTER_ERRNO;
	p.n_rules = 1 + roll(d, 20);
	rules = arena_array(a, p.n_rules, sizeof(*rules));
	for (size_t i = 0; i < p.n_rules; i++) {
		const char **names;
		size_t n = 0;

		roll_rule(d, a, &rules[i], actions, 5, 2);
		names = (const char **)(uintptr_t)rules[i].names;
		for (size_t k = 0; k < rules[i].n_names; k++) {
			int id = syscall_id(names[k]);

			if (used[id] || !is_plain(names[k]))
				continue;
			used[id] = true;
			names[n++] = names[k];
		}
		rules[i].n_names = n;
		cut_values(&rules[i], p.archs & (1U << FILTER_X32 |
						 1U << FILTER_MIPSEL64N32));
		if (rules[i].n_conds == 2 &&
		    rules[i].conds[0].index == rules[i].conds[1].index)
			rules[i].n_conds = 1;
	}
	p.rules = rules;
	return p;
}

static bool is_kill(uint32_t ret)
{
	return ret == SECCOMP_RET_KILL_PROCESS ||
	       ret == SECCOMP_RET_KILL_THREAD;
}

/* Instructions executed over all comparisons. */
struct work {
	long ours, theirs;
};

static void compare(const struct filter_policy *p, struct dice *d,
		    struct sock_fprog *ours, struct sock_fprog *theirs,
		    struct work *work)
{
	for (int i = 0; i < N_LITTLE; i++) {
		for (int id = 0; id < syscall_id_max(); id++) {
			int nr = syscall_number(archs[i].ours, id);
			int known = seccomp_syscall_resolve_name_arch(
				archs[i].theirs, syscall_id_name(id));
			struct seccomp_data data = { .nr = nr,
						     .arch = filter_audit_arch(
							     archs[i].ours) };
			struct simulation us, them;

			if (nr < 0 || known != nr ||
			    !is_plain(syscall_id_name(id)))
				continue;
			for (int k = 0; k < 6; k++)
				data.args[k] = roll_value(d);
			if (p->n_rules && roll(d, 2)) {
				const struct filter_rule *r =
					&p->rules[roll(d, p->n_rules)];

				for (size_t k = 0; k < r->n_conds; k++)
					data.args[r->conds[k].index] =
						r->conds[k].value;
			}
			cut_args(is_mixed(archs[i].ours) ? FILTER_X86
							 : archs[i].ours,
				 &data);
			CHECK_INT(filter_simulate(ours, &data, &us), 0);
			CHECK_INT(filter_simulate(theirs, &data, &them), 0);
			work->ours += us.steps;
			work->theirs += them.steps;
			if (us.ret != them.ret &&
			    !(is_kill(us.ret) && is_kill(them.ret)))
				printf("# %s %s: %08x, libseccomp %08x\n",
				       filter_arch_name(archs[i].ours),
				       syscall_id_name(id), us.ret, them.ret);
			CHECK(us.ret == them.ret ||
			      (is_kill(us.ret) && is_kill(them.ret)));
		}
	}
}

static void verdicts_agree_with_fewer_steps(void)
{
	struct dice d = { .state = 20261123 };
	struct work work = { 0 };

	for (int i = 0; i < 60; i++) {
		struct filter_policy policy;
		struct sock_fprog ours, theirs;
		struct arena a;

		arena_init(&a);
		policy = disjoint_policy(&d, &a);
		their_program(&policy, &a, &theirs);
		CHECK_INT(filter_compile(&policy, &a, &ours, NULL), 0);
		compare(&policy, &d, &ours, &theirs, &work);
		arena_done(&a);
	}
	printf("# %ld instructions executed, libseccomp %ld\n", work.ours,
	       work.theirs);
	CHECK(3 * work.ours < work.theirs);
}

/* As profiles are: most calls of three architectures allowed, some with
 * conditions, the rest refused. */
static void profiles_take_fewer_instructions(void)
{
	struct dice d = { .state = 365 };
	struct work work = { 0 };
	long ours_total = 0, theirs_total = 0;

	for (int i = 0; i < 20; i++) {
		struct filter_rule rules[8] = { 0 };
		struct filter_policy policy = { .default_action = FILTER_ERRNO,
						.default_data = 1,
						.archs = 7,
						.rules = rules,
						.n_rules = 8 };
		const char **names;
		struct sock_fprog ours, theirs;
		struct arena a;
		size_t n = 0;

		arena_init(&a);
		names = arena_array(&a, (size_t)syscall_id_max(),
				    sizeof(*names));
		for (int id = 0; id < syscall_id_max(); id++)
			if (is_plain(syscall_id_name(id)) && roll(&d, 5))
				names[n++] = syscall_id_name(id);
		rules[0] = (struct filter_rule){ .names = names + 7,
						 .n_names = n - 7,
						 .action = FILTER_ALLOW };
		for (int k = 1; k < 8; k++) {
			static const enum filter_action allow = FILTER_ALLOW;

			roll_rule(&d, &a, &rules[k], &allow, 1, 2);
			rules[k].names = names + k - 1;
			rules[k].n_names = 1;
			cut_values(&rules[k], true);
			if (rules[k].n_conds == 2 &&
			    rules[k].conds[0].index == rules[k].conds[1].index)
				rules[k].n_conds = 1;
		}
		their_program(&policy, &a, &theirs);
		CHECK_INT(filter_compile(&policy, &a, &ours, NULL), 0);
		compare(&policy, &d, &ours, &theirs, &work);
		ours_total += ours.len;
		theirs_total += theirs.len;
		arena_done(&a);
	}
	printf("# %ld instructions, libseccomp %ld; executed %ld, libseccomp "
	       "%ld\n",
	       ours_total, theirs_total, work.ours, work.theirs);
	CHECK(ours_total < theirs_total);
	CHECK(4 * work.ours < work.theirs);
}

int main(void)
{
	TEST(the_tables_agree);
	TEST(we_know_every_call_they_know);
	TEST(verdicts_agree_with_fewer_steps);
	TEST(profiles_take_fewer_instructions);
	return tap_end();
}
