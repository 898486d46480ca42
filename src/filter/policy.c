/* SPDX-License-Identifier: Apache-2.0 */
/* filter/policy.c - the words of a policy, and the kernel's numbers for them.
 */
#include "filter/policy.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 (258 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif

#define SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	uint32_t ret;
} actions[] = {
	[FILTER_KILL_PROCESS] = { "SCMP_ACT_KILL_PROCESS",
				  SECCOMP_RET_KILL_PROCESS },
	[FILTER_KILL_THREAD] = { "SCMP_ACT_KILL_THREAD",
				 SECCOMP_RET_KILL_THREAD },
	[FILTER_TRAP] = { "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	[FILTER_ERRNO] = { "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	[FILTER_NOTIFY] = { "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
	[FILTER_TRACE] = { "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	[FILTER_LOG] = { "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	[FILTER_ALLOW] = { "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
};
_Static_assert(SIZE(actions) == FILTER_ACTION_MAX_, "actions");

static const char *const ops[] = {
	[FILTER_NE] = "SCMP_CMP_NE",
	[FILTER_LT] = "SCMP_CMP_LT",
	[FILTER_LE] = "SCMP_CMP_LE",
	[FILTER_EQ] = "SCMP_CMP_EQ",
	[FILTER_GE] = "SCMP_CMP_GE",
	[FILTER_GT] = "SCMP_CMP_GT",
	[FILTER_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};
_Static_assert(SIZE(ops) == FILTER_OP_MAX_, "ops");

static const struct {
	const char *name;
	uint32_t audit;
} archs[] = {
	[FILTER_X86_64] = { "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64 },
	[FILTER_X86] = { "SCMP_ARCH_X86", AUDIT_ARCH_I386 },
	[FILTER_X32] = { "SCMP_ARCH_X32", AUDIT_ARCH_X86_64 },
	[FILTER_AARCH64] = { "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64 },
	[FILTER_ARM] = { "SCMP_ARCH_ARM", AUDIT_ARCH_ARM },
	[FILTER_RISCV64] = { "SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64 },
	[FILTER_PPC] = { "SCMP_ARCH_PPC", AUDIT_ARCH_PPC },
	[FILTER_PPC64] = { "SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64 },
	[FILTER_PPC64LE] = { "SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE },
	[FILTER_S390] = { "SCMP_ARCH_S390", AUDIT_ARCH_S390 },
	[FILTER_S390X] = { "SCMP_ARCH_S390X", AUDIT_ARCH_S390X },
	[FILTER_MIPS] = { "SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS },
	[FILTER_MIPSEL] = { "SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL },
	[FILTER_MIPS64] = { "SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64 },
	[FILTER_MIPSEL64] = { "SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64 },
	[FILTER_MIPS64N32] = { "SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32 },
	[FILTER_MIPSEL64N32] = { "SCMP_ARCH_MIPSEL64N32",
				 AUDIT_ARCH_MIPSEL64N32 },
	[FILTER_PARISC] = { "SCMP_ARCH_PARISC", AUDIT_ARCH_PARISC },
	[FILTER_PARISC64] = { "SCMP_ARCH_PARISC64", AUDIT_ARCH_PARISC64 },
	[FILTER_M68K] = { "SCMP_ARCH_M68K", AUDIT_ARCH_M68K },
	[FILTER_SH] = { "SCMP_ARCH_SH", AUDIT_ARCH_SHEL },
	[FILTER_SHEB] = { "SCMP_ARCH_SHEB", AUDIT_ARCH_SH },
	[FILTER_LOONGARCH64] = { "SCMP_ARCH_LOONGARCH64",
				 AUDIT_ARCH_LOONGARCH64 },
};
_Static_assert(SIZE(archs) == FILTER_ARCH_MAX_, "archs");

static const struct {
	const char *name;
	unsigned flag;
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

int filter_action_from_name(const char *name)
{
	if (strcmp(name, "SCMP_ACT_KILL") == 0)
		return FILTER_KILL_THREAD;
	for (size_t i = 0; i < SIZE(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return (int)i;
	return -EINVAL;
}

int filter_op_from_name(const char *name)
{
	for (size_t i = 0; i < SIZE(ops); i++)
		if (strcmp(ops[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

int filter_arch_from_name(const char *name)
{
	for (size_t i = 0; i < SIZE(archs); i++)
		if (strcmp(archs[i].name, name) == 0)
			return (int)i;
	return -EINVAL;
}

int filter_flag_from_name(const char *name)
{
	for (size_t i = 0; i < SIZE(flags); i++)
		if (strcmp(flags[i].name, name) == 0)
			return (int)flags[i].flag;
	return -EINVAL;
}

const char *filter_action_name(enum filter_action action)
{
	return actions[action].name;
}

const char *filter_op_name(enum filter_op op)
{
	return ops[op];
}

const char *filter_arch_name(enum filter_arch arch)
{
	return archs[arch].name;
}

const char *filter_flag_name(size_t n, unsigned *ret_flag)
{
	if (n >= SIZE(flags))
		return NULL;
	*ret_flag = flags[n].flag;
	return flags[n].name;
}

enum filter_arch filter_native_arch(void)
{
#if defined(__x86_64__)
	return FILTER_X86_64;
#elif defined(__aarch64__)
	return FILTER_AARCH64;
#else
#error "filter/policy.c does not know this architecture"
#endif
}

uint32_t filter_audit_arch(enum filter_arch arch)
{
	return archs[arch].audit;
}

uint32_t filter_native_archs(void)
{
	if (filter_native_arch() == FILTER_AARCH64)
		return 1U << FILTER_AARCH64 | 1U << FILTER_ARM;
	return 1U << FILTER_X86_64 | 1U << FILTER_X86 | 1U << FILTER_X32;
}

bool filter_arch_is_64bit(enum filter_arch arch)
{
	return archs[arch].audit & __AUDIT_ARCH_64BIT;
}

uint32_t filter_return(enum filter_action action, uint16_t data)
{
	uint32_t ret = actions[action].ret;

	return action == FILTER_ERRNO || action == FILTER_TRACE ? ret | data
								: ret;
}
