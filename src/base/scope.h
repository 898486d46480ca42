/* SPDX-License-Identifier: Apache-2.0 */
/* base/scope.h - values that clean themselves up at the end of their block.
 *
 * Rule: every auto_* variable is initialised on the line that declares it
 * (NULL or -EBADF); tools/check-style fails the build otherwise, because an
 * early return would free stack garbage.
 * Rule: ownership leaves a function only through TAKE_PTR() or TAKE_FD(). */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define auto_free __attribute__((cleanup(scope_free)))
#define auto_fd   __attribute__((cleanup(scope_close)))

/* For the child between clone3() and execve() only: an O_CLOEXEC fd that leads
 * nowhere but into the container. execve() closes it and dozens like it in one
 * go; a high one, in a long list of mounts, is closed here. */
#define auto_exec_fd __attribute__((cleanup(scope_close_high)))
enum { EXEC_FDS_KEPT = 128 };

/* DEFINE_SCOPE(plan, struct plan, plan_free) makes the cleanup function for
 * #define auto_plan __attribute__((cleanup(scope_plan))). */
#define DEFINE_SCOPE(name, type, free_fn)                                      \
	static inline void scope_##name(type **p)                              \
	{                                                                      \
		free_fn(*p);                                                   \
	}

#define TAKE(var, empty)                                                       \
	({                                                                     \
		__typeof__(var) taken_ = (var);                                \
		(var) = (empty);                                               \
		taken_;                                                        \
	})
#define TAKE_PTR(p) TAKE(p, NULL)
#define TAKE_FD(fd) TAKE(fd, -EBADF)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void scope_free(void *p)
{
	free(*(void **)p);
}

/* Keeps errno, so "return err_sys(e, ...)" after a failed call stays right. */
static inline void scope_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void scope_close_high(int *fd)
{
	if (*fd >= EXEC_FDS_KEPT)
		scope_close(fd);
}
