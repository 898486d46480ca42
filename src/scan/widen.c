/* SPDX-License-Identifier: Apache-2.0 */
/* scan/widen.c - calls that C libraries use for one another.
 *
 * A set is made from the libraries that are there. The next version of the C
 * library may call openat where this one calls open, and a filter that was
 * stored (an OCI profile in a repository) would break the program. So where one
 * call of a family is allowed, the others are; they give no power that the one
 * did not. The set is no smaller for security: openat2, say, opens what openat
 * does. Calls with time64 in their names exist on 32-bit machines only.
 *
 * clone for the sake of fork is allowed without the flags for namespaces, and
 * clone3, whose flags no filter can see, is answered by ENOSYS (args-rule.c). */
#include "scan/scan-priv.h"

#include "base/scope.h"
#include "filter/syscalls.h"

#include <string.h>

enum { MAX_MEMBERS = 6 };

static const char *const families[][MAX_MEMBERS] = {
	{ "open", "openat", "openat2", "creat" },
	{ "stat", "lstat", "fstat", "newfstatat", "statx" },
	{ "access", "faccessat", "faccessat2" },
	{ "poll", "ppoll" },
	{ "select", "pselect6" },
	{ "epoll_create", "epoll_create1" },
	{ "epoll_wait", "epoll_pwait", "epoll_pwait2" },
	{ "eventfd", "eventfd2" },
	{ "signalfd", "signalfd4" },
	{ "inotify_init", "inotify_init1" },
	{ "accept", "accept4" },
	{ "dup2", "dup3" },
	{ "pipe", "pipe2" },
	{ "fork", "vfork", "clone", "clone3" },
	{ "mkdir", "mkdirat" },
	{ "rmdir", "unlink", "unlinkat" },
	{ "rename", "renameat", "renameat2" },
	{ "link", "linkat" },
	{ "symlink", "symlinkat" },
	{ "readlink", "readlinkat" },
	{ "mknod", "mknodat" },
	{ "chmod", "fchmodat", "fchmodat2" },
	{ "chown", "lchown", "fchownat" },
	{ "utime", "utimes", "futimesat", "utimensat" },
	{ "getdents", "getdents64" },
	{ "preadv", "preadv2" },
	{ "pwritev", "pwritev2" },
	{ "time", "gettimeofday", "clock_gettime", "clock_getres" },
	{ "nanosleep", "clock_nanosleep" },
	{ "getrlimit", "setrlimit", "prlimit64" },
};

static struct scan_call *call_of(struct scan *s, const char *name, unsigned *ret_number)
{
	int id = name ? syscall_id(name) : -1;
	int number = id < 0 ? id : syscall_number(s->graph->machine->arch, id);

	if (number < 0 || number >= SCAN_CALLS)
		return NULL;
	*ret_number = (unsigned)number;
	return &s->calls[number];
}

/* The member that allows the others: one that is not for start-up only, if any. */
static const char *reason(struct scan *s, const char *const v[], bool *ret_is_startup)
{
	const char *name = NULL;
	unsigned number;

	for (size_t i = 0; i < MAX_MEMBERS; i++) {
		const struct scan_call *c = call_of(s, v[i], &number);

		if (!c || !c->is_allowed || (name && (c->is_startup_only || !*ret_is_startup)))
			continue;
		name = v[i];
		*ret_is_startup = c->is_startup_only;
	}
	return name;
}

static void widen(struct scan *s, const char *const v[])
{
	bool is_startup = false;
	const char *name = reason(s, v, &is_startup), *why;

	for (size_t i = 0; name && i < MAX_MEMBERS; i++) {
		unsigned number;
		struct scan_call *c = call_of(s, v[i], &number);

		if (!c || (c->is_allowed && (is_startup || !c->is_startup_only)))
			continue;
		why = arena_printf(&s->arena, "C libraries use it for %s (--widen)", name);
		*c = (struct scan_call){ .is_allowed = true, .is_startup_only = is_startup,
					 .is_widened = true, .node = NO_NODE,
					 .why = why ? why : "--widen" };
		if (strcmp(v[i], "prlimit64") == 0)
			args_lose(s, number, "the call is there for getrlimit and setrlimit");
	}
}

void widen_calls(struct scan *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		widen(s, families[i]);
}
