/* SPDX-License-Identifier: Apache-2.0 */
/* apply default|strict PROGRAM [ARGUMENT...] - runs a program under one of the
 * profiles, and does nothing else to it: no namespace, no capability dropped.
 * What then fails is the profile's doing. no_new_privs is set unless the caller
 * has CAP_SYS_ADMIN. */
#include "base/arena.h"
#include "base/err.h"
#include "filter/compile.h"
#include "filter/profile.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct filter_policy *profile(const char *name)
{
	if (strcmp(name, "default") == 0)
		return &filter_profile_default;
	return strcmp(name, "strict") == 0 ? &filter_profile_strict : NULL;
}

static int install(const struct sock_fprog *program)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) == 0)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program);
}

int main(int argc, char **argv)
{
	const struct filter_policy *policy = argc > 2 ? profile(argv[1]) : NULL;
	struct sock_fprog program;
	struct arena a;

	if (!policy) {
		fprintf(stderr,
			"usage: apply default|strict PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	arena_init(&a);
	if (filter_compile(policy, &a, &program, NULL) < 0)
		return 125;
	if (install(&program) < 0) {
		perror("apply: seccomp");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
