/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/exec.c - hull-scan exec: a program under its own filter.
 *
 * The filter is installed as the last act before execve(), so it holds what
 * ld.so needs to start the program. When the program itself executes nothing,
 * execve() is allowed this once only (filter/key.h). */
#include "base/arena.h"
#include "base/err.h"
#include "filter/compile.h"
#include "prog/hull-scan/report.h"
#include "scan/policy.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *exec_find(const char *name, struct arena *a)
{
	const char *path = getenv("PATH"), *end;

	if (strchr(name, '/'))
		return name;
	for (path = path ? path : "/usr/bin:/bin"; *path; path = *end ? end + 1 : end) {
		const char *whole;

		end = path + strcspn(path, ":");
		whole = arena_printf(a, "%.*s/%s", end > path ? (int)(end - path) : 1,
				     end > path ? path : ".", name);
		if (whole && access(whole, X_OK) == 0)
			return whole;
	}
	return name;
}

/* CAP_SYS_ADMIN spares no_new_privs, which would take the power from programs
 * that have it by their file. */
static int install(const struct sock_fprog *p, struct err *e)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, p) == 0)
		return 0;
	if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, p) < 0)
		return err_sys(e, "install the filter");
	return 0;
}

int exec_program(const struct family *f, const char *mode, const char *path, char **argv,
		 struct err *e)
{
	struct filter_policy policy;
	struct filter_key key;
	const struct policy_options o = { true, policy_mode(mode), POLICY_HULL, &key };
	struct sock_fprog p;
	struct arena a;
	int r;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		return err_sys(e, "get random numbers");
	arena_init(&a);
	r = policy_make(f, &o, &a, &policy, e);
	if (r == 0)
		r = filter_compile(&policy, &a, &p, e);
	if (r == 0)
		r = install(&p, e);
	if (r == 0) {
		(void)syscall(SYS_execve, path, argv, environ, key.v[0], key.v[1], key.v[2]);
		r = err_sys(e, "execute %s", path);
	}
	arena_done(&a);
	return r;
}
