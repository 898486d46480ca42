/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/compile.h"

#include "base/err.h"
#include "filter-cases.h"
#include "filter/simulate.h"
#include "tap.h"

#include <unistd.h>

static const char *const read_write[] = { "read", "write" };
static const char *const personality_name[] = { "personality" };
static const char *const ioctl_name[] = { "ioctl" };

static uint32_t run(const struct sock_fprog *p, enum filter_arch arch,
		    const char *name, uint64_t arg0, uint64_t arg1,
		    struct simulation *s)
{
	struct seccomp_data d = { .arch = filter_audit_arch(arch),
				  .args = { arg0, arg1 } };

	d.nr = syscall_number(arch, syscall_id(name));
	CHECK_INT(filter_simulate(p, &d, s), 0);
	return s->ret;
}

static void a_number_has_one_id(void)
{
	CHECK_INT(syscall_id("arm_sync_file_range"),
		  syscall_id("sync_file_range2"));
	for (int i = 0; i < FILTER_ARCH_MAX_; i++) {
		enum filter_arch arch = (enum filter_arch)i;

		for (int a = 0; a < syscall_id_max(); a++)
			for (int b = 0; b < a; b++)
				CHECK(syscall_number(arch, a) < 0 ||
				      syscall_number(arch, a) !=
					      syscall_number(arch, b));
	}
}

static void constant_answers_look_at_nothing_else(void)
{
	const struct filter_rule rule = { .names = read_write,
					  .n_names = 2,
					  .action = FILTER_ALLOW };
	const struct filter_policy policy = { .default_action = FILTER_ERRNO,
					      .default_data = EPERM,
					      .rules = &rule,
					      .n_rules = 1 };
	struct sock_fprog p;
	struct simulation s;
	struct arena a;

	arena_init(&a);
	CHECK_INT(filter_compile(&policy, &a, &p, NULL), 0);
	CHECK_INT(run(&p, FILTER_X86_64, "read", 0, 0, &s), SECCOMP_RET_ALLOW);
	CHECK(s.is_constant);
	CHECK_INT(run(&p, FILTER_X86_64, "open", 0, 0, &s),
		  SECCOMP_RET_ERRNO | EPERM);
	CHECK(s.is_constant);
	arena_done(&a);
}

static void later_kernels_calls_are_not_there(void)
{
	const struct filter_policy policy = { .default_action = FILTER_ERRNO,
					      .default_data = EPERM };
	struct seccomp_data d = { .arch = filter_audit_arch(FILTER_X86_64),
				  .nr = 9999 };
	struct sock_fprog p;
	struct simulation s;
	struct arena a;

	arena_init(&a);
	CHECK_INT(filter_compile(&policy, &a, &p, NULL), 0);
	CHECK_INT(filter_simulate(&p, &d, &s), 0);
	CHECK_INT(s.ret, SECCOMP_RET_ERRNO | ENOSYS);
	/* What a tracer writes to skip a call, and probes call: no x32. */
	d.nr = -1;
	CHECK_INT(filter_simulate(&p, &d, &s), 0);
	CHECK_INT(s.ret, SECCOMP_RET_ERRNO | ENOSYS);
	d.nr = -2;
	CHECK_INT(filter_simulate(&p, &d, &s), 0);
	CHECK(s.ret == SECCOMP_RET_KILL_PROCESS);
	/* x32 is another ABI that nobody asked for. */
	d.nr = 0x40000000;
	CHECK_INT(filter_simulate(&p, &d, &s), 0);
	CHECK(s.ret == SECCOMP_RET_KILL_PROCESS);
	d.arch = filter_audit_arch(FILTER_X86);
	d.nr = 1;
	CHECK_INT(filter_simulate(&p, &d, &s), 0);
	CHECK(s.ret == SECCOMP_RET_KILL_PROCESS);
	arena_done(&a);
}

static void choices_load_the_argument_once(void)
{
	static const struct filter_cond c[] = { { 0, FILTER_EQ, 0, 0 },
						{ 0, FILTER_EQ, 8, 0 },
						{ 0, FILTER_EQ, 0x20000, 0 },
						{ 0, FILTER_EQ, 0xffffffff,
						  0 } };
	struct filter_rule rules[4];
	struct filter_policy policy = { .default_action = FILTER_ERRNO,
					.default_data = EPERM,
					.rules = rules,
					.n_rules = 4 };
	struct sock_fprog p;
	struct simulation s;
	struct arena a;

	for (int i = 0; i < 4; i++)
		rules[i] = (struct filter_rule){ .names = personality_name,
						 .n_names = 1,
						 .action = FILTER_ALLOW,
						 .conds = &c[i],
						 .n_conds = 1 };
	arena_init(&a);
	CHECK_INT(filter_compile(&policy, &a, &p, NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_INT(run(&p, FILTER_X86_64, "personality", c[i].value, 0,
			      &s),
			  SECCOMP_RET_ALLOW);
	CHECK_INT(run(&p, FILTER_X86_64, "personality", 1, 0, &s),
		  SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(run(&p, FILTER_X86_64, "personality", 0x100000008, 0, &s),
		  SECCOMP_RET_ERRNO | EPERM);
	CHECK(!s.is_constant);
	CHECK(p.len < 24);
	arena_done(&a);
}

/* CVE-2017-5226, CVE-2023-28100: the kernel uses the low 32 bits of ioctl's
 * request; a mask makes the filter do the same. */
static void a_mask_sees_what_the_kernel_sees(void)
{
	static const struct filter_cond c = { 1, FILTER_MASKED_EQ, 0xffffffff,
					      0x5412 };
	const struct filter_rule rule = { .names = ioctl_name,
					  .n_names = 1,
					  .action = FILTER_ERRNO,
					  .data = EPERM,
					  .conds = &c,
					  .n_conds = 1 };
	const struct filter_policy policy = { .default_action = FILTER_ALLOW,
					      .rules = &rule,
					      .n_rules = 1 };
	struct sock_fprog p;
	struct simulation s;
	struct arena a;

	arena_init(&a);
	CHECK_INT(filter_compile(&policy, &a, &p, NULL), 0);
	CHECK_INT(run(&p, FILTER_X86_64, "ioctl", 0, 0x5412, &s),
		  SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(run(&p, FILTER_X86_64, "ioctl", 0, 0x100005412, &s),
		  SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(run(&p, FILTER_X86_64, "ioctl", 0, 0x5413, &s),
		  SECCOMP_RET_ALLOW);
	arena_done(&a);
}

/* A rule without conditions does not make stricter ones void. */
static void the_strictest_rule_decides(void)
{
	static const struct filter_cond c = { 0, FILTER_EQ, 5, 0 };
	const struct filter_rule rules[] = {
		{ .names = personality_name,
		  .n_names = 1,
		  .action = FILTER_ALLOW },
		{ .names = personality_name,
		  .n_names = 1,
		  .action = FILTER_ERRNO,
		  .data = 11,
		  .conds = &c,
		  .n_conds = 1 },
		{ .names = ioctl_name,
		  .n_names = 1,
		  .action = FILTER_ALLOW,
		  .conds = &c,
		  .n_conds = 1 },
		{ .names = ioctl_name,
		  .n_names = 1,
		  .action = FILTER_ERRNO,
		  .data = 12 },
		{ .names = ioctl_name, .n_names = 1, .action = FILTER_ALLOW },
	};
	const struct filter_policy policy = { .default_action = FILTER_ERRNO,
					      .default_data = EPERM,
					      .rules = rules,
					      .n_rules = 5 };
	struct sock_fprog p;
	struct simulation s;
	struct arena a;

	arena_init(&a);
	CHECK_INT(filter_compile(&policy, &a, &p, NULL), 0);
	CHECK_INT(run(&p, FILTER_X86_64, "personality", 5, 0, &s),
		  SECCOMP_RET_ERRNO | 11);
	CHECK_INT(run(&p, FILTER_X86_64, "personality", 6, 0, &s),
		  SECCOMP_RET_ALLOW);
	CHECK_INT(run(&p, FILTER_X86_64, "ioctl", 5, 0, &s),
		  SECCOMP_RET_ERRNO | 12);
	CHECK(s.is_constant);
	arena_done(&a);
}

/* The kernel's order: the actions as signed numbers; of two alike the first. */
static uint32_t stricter(uint32_t a, uint32_t b)
{
	return (int32_t)(a & SECCOMP_RET_ACTION_FULL) <=
			       (int32_t)(b & SECCOMP_RET_ACTION_FULL)
		       ? a
		       : b;
}

/* What no rule of the call is about gets "otherwise", not the default. */
static void otherwise_is_the_calls_own_default(void)
{
	const struct filter_cond conds[] = {
		{ 0, FILTER_MASKED_EQ, UINT32_MAX, 1 },
		{ 0, FILTER_MASKED_EQ, UINT32_MAX, 2 },
	};
	const struct filter_rule rules[] = {
		{ personality_name, 1, FILTER_ALLOW, 0, &conds[0], 1, false },
		{ .names = personality_name, .n_names = 1,
		  .action = FILTER_ERRNO, .data = EACCES,
		  .is_otherwise = true },
		{ personality_name, 1, FILTER_ALLOW, 0, &conds[1], 1, false },
		{ .names = read_write, .n_names = 2, .action = FILTER_ALLOW },
		{ .names = read_write, .n_names = 2, .action = FILTER_ERRNO,
		  .data = EACCES, .is_otherwise = true },
		{ .names = ioctl_name, .n_names = 1, .action = FILTER_ERRNO,
		  .data = EACCES, .is_otherwise = true },
	};
	const struct filter_policy policy = { .default_action = FILTER_ERRNO,
					      .default_data = ENOSYS,
					      .rules = rules,
					      .n_rules = 6 };
	const enum filter_arch x86 = FILTER_X86_64;
	struct sock_fprog p;
	struct simulation s;
	struct arena a;

	arena_init(&a);
	CHECK_INT(filter_compile(&policy, &a, &p, NULL), 0);
	CHECK_INT(run(&p, x86, "personality", 1, 0, &s), SECCOMP_RET_ALLOW);
	CHECK_INT(run(&p, x86, "personality", 1ULL << 32 | 2, 0, &s),
		  SECCOMP_RET_ALLOW);
	CHECK_INT(run(&p, x86, "personality", 3, 0, &s),
		  SECCOMP_RET_ERRNO | EACCES);
	CHECK_INT(run(&p, x86, "read", 3, 0, &s), SECCOMP_RET_ALLOW);
	CHECK_INT(run(&p, x86, "ioctl", 3, 0, &s), SECCOMP_RET_ERRNO | EACCES);
	CHECK_INT(run(&p, x86, "open", 3, 0, &s), SECCOMP_RET_ERRNO | ENOSYS);
	arena_done(&a);
}

/* `other`: NULL, or one that is to hold as well. */
static void check_policy(const struct filter_policy *policy,
			 const struct filter_policy *other, struct dice *d,
			 struct arena *a)
{
	struct err e = { 0 };
	struct sock_fprog p;
	struct simulation s;
	int r = filter_compile_both(policy, other, a, &p, &e);

	if (r == -E2BIG)
		return;
	CHECK_INT(r, 0);
	for (int arch = 0; arch < FILTER_ARCH_MAX_; arch++) {
		for (int i = 0; i < 60; i++) {
			struct seccomp_data data = {
				.arch = filter_audit_arch(
					(enum filter_arch)arch)
			};
			uint32_t want;

			/* Mostly calls that a rule names. */
			if (roll(d, 4) && policy->n_rules) {
				const struct filter_rule *rule =
					&policy->rules[roll(d,
							    policy->n_rules)];

				data.nr = syscall_number(
					(enum filter_arch)arch,
					syscall_id(rule->names[roll(
						d, rule->n_names)]));
				for (size_t k = 0; k < rule->n_conds; k++)
					data.args[rule->conds[k].index] =
						rule->conds[k].value +
						roll(d, 3) - 1;
			} else {
				data.nr = (int)roll(d, roll(d, 2) ? 8000
								  : 1ULL << 32);
			}
			if (roll(d, 3) == 0)
				for (int k = 0; k < 6; k++)
					data.args[k] = roll_value(d);
			cut_args((enum filter_arch)arch, &data);
			CHECK_INT(filter_simulate(&p, &data, &s), 0);
			want = evaluate(policy, &data);
			if (other)
				want = stricter(want,
						evaluate(other, &data));
			if (s.ret != want)
				printf("# arch %s nr %d args %llx %llx %llx "
				       "%llx %llx %llx\n",
				       filter_arch_name((enum filter_arch)arch),
				       data.nr,
				       (unsigned long long)data.args[0],
				       (unsigned long long)data.args[1],
				       (unsigned long long)data.args[2],
				       (unsigned long long)data.args[3],
				       (unsigned long long)data.args[4],
				       (unsigned long long)data.args[5]);
			CHECK_INT(s.ret, want);
		}
	}
}

static void random_policies_mean_what_they_say(void)
{
	struct dice d = { .state = 88172645463325252ULL };
	struct arena a;

	for (int i = 0; i < 300; i++) {
		struct filter_policy policy;

		arena_init(&a);
		policy = roll_policy(&d, &a);
		check_policy(&policy, NULL, &d, &a);
		arena_done(&a);
	}
}

/* Half of the second policy's rules are about the first one's calls. */
static void two_policies_are_as_strict_as_each(void)
{
	struct dice d = { .state = 314159265358979ULL };
	struct arena a;

	for (int i = 0; i < 300; i++) {
		struct filter_policy one, two;
		struct filter_rule *rules;

		arena_init(&a);
		one = roll_policy(&d, &a);
		two = roll_policy(&d, &a);
		rules = arena_array(&a, two.n_rules + 1, sizeof(*rules));
		for (size_t k = 0; k < two.n_rules; k++) {
			rules[k] = two.rules[k];
			if (!one.n_rules || roll(&d, 2))
				continue;
			rules[k].names = one.rules[k % one.n_rules].names;
			rules[k].n_names = one.rules[k % one.n_rules].n_names;
		}
		two.rules = rules;
		check_policy(&one, &two, &d, &a);
		check_policy(&two, &one, &d, &a);
		arena_done(&a);
	}
}

static void every_number_of_every_architecture(void)
{
	static const enum filter_action all[] = { FILTER_ALLOW, FILTER_ERRNO,
						  FILTER_LOG };
	struct dice d = { .state = 4711 };
	struct filter_rule rules[3] = { 0 };
	struct filter_policy policy = { .default_action = FILTER_KILL_PROCESS,
					.archs = (1U << FILTER_ARCH_MAX_) - 1,
					.rules = rules,
					.n_rules = 3 };
	struct arena a;
	struct sock_fprog p;
	struct simulation s;

	arena_init(&a);
	for (int i = 0; i < 3; i++)
		roll_rule(&d, &a, &rules[i], all + i, 1, 1);
	CHECK_INT(filter_compile(&policy, &a, &p, NULL), 0);
	for (int arch = 0; arch < FILTER_ARCH_MAX_; arch++) {
		for (uint32_t nr = 0; nr < 7000; nr++) {
			struct seccomp_data data = {
				.arch = filter_audit_arch(
					(enum filter_arch)arch),
				.nr = (int)(arch == FILTER_X32 ? nr | 0x40000000
							       : nr)
			};

			CHECK_INT(filter_simulate(&p, &data, &s), 0);
			CHECK_INT(s.ret, evaluate(&policy, &data));
		}
	}
	arena_done(&a);
}

/* An error, and no stack overflow. */
static void floods_of_rules_are_refused(void)
{
	enum { FLOOD = 100000 };
	static struct filter_cond c[FLOOD];
	static struct filter_rule rules[FLOOD];
	struct filter_policy policy = { .default_action = FILTER_ERRNO,
					.default_data = EPERM,
					.rules = rules };
	static const size_t sizes[] = { 200, 3000, 4090, 5000, FLOOD };

	for (size_t i = 0; i < FLOOD; i++) {
		c[i] = (struct filter_cond){ 0, FILTER_GT, i << 32, 0 };
		rules[i] = (struct filter_rule){ .names = personality_name,
						 .n_names = 1,
						 .action = FILTER_ALLOW,
						 .conds = &c[i],
						 .n_conds = 1 };
	}
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		struct sock_fprog p;
		struct err e = { 0 };
		struct arena a;

		policy.n_rules = sizes[k];
		arena_init(&a);
		CHECK_INT(filter_compile(&policy, &a, &p, &e),
			  k == 0 ? 0 : -E2BIG);
		arena_done(&a);
	}
}

static void bad_indexes_are_refused(void)
{
	static const struct filter_cond c = { 6, FILTER_EQ, 5, 0 };
	const struct filter_rule rule = { .names = ioctl_name,
					  .n_names = 1,
					  .action = FILTER_ALLOW,
					  .conds = &c,
					  .n_conds = 1 };
	const struct filter_policy policy = { .default_action = FILTER_ERRNO,
					      .rules = &rule,
					      .n_rules = 1 };
	struct sock_fprog p;
	struct arena a;

	arena_init(&a);
	CHECK_INT(filter_compile(&policy, &a, &p, NULL), -EINVAL);
	arena_done(&a);
}

static void names_and_numbers(void)
{
	CHECK_INT(syscall_number(FILTER_X86_64, syscall_id("read")), 0);
	CHECK_INT(syscall_number(FILTER_X86, syscall_id("socketcall")), 102);
	CHECK_INT(syscall_number(FILTER_X32, syscall_id("read")), 0x40000000);
	CHECK_INT(syscall_number(FILTER_AARCH64, syscall_id("read")), 63);
	CHECK_INT(syscall_number(FILTER_AARCH64, syscall_id("open")), -ENOENT);
	CHECK_INT(syscall_number(FILTER_ARM, syscall_id("set_tls")), 0x0f0005);
	CHECK_INT(syscall_number(FILTER_MIPS, syscall_id("mseal")), 4462);
	CHECK_INT(syscall_id("no_such_call"), -ENOENT);
	CHECK_INT(syscall_id(""), -ENOENT);
	CHECK_STR(syscall_name(FILTER_X86_64, 467), "open_tree_attr");
	for (int id = 0; id < syscall_id_max(); id++)
		CHECK_INT(syscall_id(syscall_id_name(id)), id);
}

int main(void)
{
	TEST(names_and_numbers);
	TEST(a_number_has_one_id);
	TEST(constant_answers_look_at_nothing_else);
	TEST(later_kernels_calls_are_not_there);
	TEST(choices_load_the_argument_once);
	TEST(a_mask_sees_what_the_kernel_sees);
	TEST(the_strictest_rule_decides);
	TEST(otherwise_is_the_calls_own_default);
	TEST(floods_of_rules_are_refused);
	TEST(bad_indexes_are_refused);
	TEST(random_policies_mean_what_they_say);
	TEST(two_policies_are_as_strict_as_each);
	TEST(every_number_of_every_architecture);
	return tap_end();
}
