/* SPDX-License-Identifier: Apache-2.0 */
/* filter/policy.h - which system calls get which answer: the data model.
 *
 * Follows runtime-spec 1.3.0, config-linux.md, "Seccomp". Everything lives in
 * the caller's arena.
 *
 * Which rule decides:
 *  - of the rules that name the call and whose conditions hold (a rule without
 *    conditions always does), the one with the strictest action; of equally
 *    strict ones one without conditions, else the first. libseccomp does the
 *    same but for one case: there a rule without conditions makes those with
 *    conditions void, so that "refuse TIOCSTI" and "allow ioctl" together allow
 *    TIOCSTI.
 *  - if there is none, the default action.
 *  - The conditions of a rule must all hold, unless two are about the same
 *    argument: then each stands alone, as runc and crun have it.
 *  - Where registers have 32 bits, what is compared for equality is cut to 32
 *    bits, so that 0xffffffffffffffff is -1 there, too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Strictest first: the kernel's order between filters. */
enum filter_action {
	FILTER_KILL_PROCESS,
	FILTER_KILL_THREAD,
	FILTER_TRAP,
	FILTER_ERRNO,
	FILTER_NOTIFY,
	FILTER_TRACE,
	FILTER_LOG,
	FILTER_ALLOW,
	FILTER_ACTION_MAX_,
};

enum filter_op {
	FILTER_NE,
	FILTER_LT,
	FILTER_LE,
	FILTER_EQ,
	FILTER_GE,
	FILTER_GT,
	FILTER_MASKED_EQ, /* (arg & value) == (value_two & value) */
	FILTER_OP_MAX_,
};

enum filter_arch {
	FILTER_X86_64,
	FILTER_X86,
	FILTER_X32,
	FILTER_AARCH64,
	FILTER_ARM,
	FILTER_RISCV64,
	FILTER_PPC,
	FILTER_PPC64,
	FILTER_PPC64LE,
	FILTER_S390,
	FILTER_S390X,
	FILTER_MIPS,
	FILTER_MIPSEL,
	FILTER_MIPS64,
	FILTER_MIPSEL64,
	FILTER_MIPS64N32,
	FILTER_MIPSEL64N32,
	FILTER_PARISC,
	FILTER_PARISC64,
	FILTER_M68K,
	FILTER_SH,
	FILTER_SHEB,
	FILTER_LOONGARCH64,
	FILTER_ARCH_MAX_,
};

struct filter_cond {
	unsigned index; /* 0-5 */
	enum filter_op op;
	uint64_t value, value_two;
};

struct filter_rule {
	const char *const *names; /* unknown ones are passed over */
	size_t n_names;
	enum filter_action action;
	uint16_t data; /* FILTER_ERRNO: the errno; FILTER_TRACE: the message */
	const struct filter_cond *conds;
	size_t n_conds;
	/* Without conditions: decides only where no rule of the call holds, in
	 * the default action's stead. OCI and libseccomp have no such thing. */
	bool is_otherwise;
};

struct filter_policy {
	enum filter_action default_action;
	uint16_t default_data;
	uint32_t archs; /* bit n: enum filter_arch n; the native one is in */
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
	const struct filter_rule *rules;
	size_t n_rules;
	const char *listener_path, *listener_metadata; /* NULL: none */
};

/* config.json's words: "SCMP_ACT_ERRNO", "SCMP_CMP_EQ", "SCMP_ARCH_X86_64",
 * "SECCOMP_FILTER_FLAG_LOG". The value, or -EINVAL. SCMP_ACT_KILL is
 * FILTER_KILL_THREAD. */
int filter_action_from_name(const char *name);
int filter_op_from_name(const char *name);
int filter_arch_from_name(const char *name);
int filter_flag_from_name(const char *name);
const char *filter_action_name(enum filter_action action);
const char *filter_op_name(enum filter_op op);
const char *filter_arch_name(enum filter_arch arch);
/* The nth known flag's name and value; NULL behind the last. */
const char *filter_flag_name(size_t n, unsigned *ret_flag);

/* The architecture of this build. */
enum filter_arch filter_native_arch(void);
/* Those that programs of one kernel can have: the native one and its elder
 * brothers, as bits. */
uint32_t filter_native_archs(void);
/* Whether arguments have 64 bits (x32's and n32's do). */
bool filter_arch_is_64bit(enum filter_arch arch);
/* AUDIT_ARCH_*, as seccomp_data.arch has it. */
uint32_t filter_audit_arch(enum filter_arch arch);
/* SECCOMP_RET_* with its data. */
uint32_t filter_return(enum filter_action action, uint16_t data);
