/* SPDX-License-Identifier: Apache-2.0 */
/* run/hooks.c - programs that config.json wants run at points of a life. */
#include "run/hooks.h"

#include "base/err.h"
#include "base/scope.h"
#include "run/state-json.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

const char *hook_name(enum hook_kind kind)
{
	static const char *const names[] = {
		[HOOK_PRESTART] = "prestart",
		[HOOK_CREATE_RUNTIME] = "createRuntime",
		[HOOK_CREATE_CONTAINER] = "createContainer",
		[HOOK_START_CONTAINER] = "startContainer",
		[HOOK_POSTSTART] = "poststart",
		[HOOK_POSTSTOP] = "poststop",
	};

	_Static_assert(ARRAY_SIZE(names) == HOOK_MAX_, "names");
	return names[kind];
}

struct stdio {
	int fds[3];
};

/* In the hook's process: never returns. What fails goes over `report_fd` as an
 * errno. */
static _Noreturn void become(const struct conf_hook *h, const struct stdio *io,
			     int report_fd)
{
	static const char *const no_env[] = { NULL };
	const char *only_path[] = { h->path, NULL };
	const char *const *argv = h->args.n ? h->args.v : only_path;
	sigset_t none;
	int code;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpgid(0, 0); /* a timeout ends what the hook started, too */
	/* Upwards, so that none is overwritten before it was copied: the
	 * sources are all above 2 or already in place. */
	for (int i = 0; i < 3; i++)
		if (io->fds[i] != i && dup2(io->fds[i], i) < 0)
			goto out;
	(void)sys_cloexec_range(3, ~0U);
	execve(h->path, (char *const *)(uintptr_t)argv,
	       (char *const *)(uintptr_t)(h->env.n ? h->env.v : no_env));
out:
	code = errno;
	(void)!write(report_fd, &code, sizeof(code));
	_exit(127);
}

/* Waits for the hook's end or its timeout. */
static int await(int pidfd, pid_t pid, uint32_t timeout_s, int *ret_status,
		 struct err *e)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	uint64_t ms = (uint64_t)timeout_s * 1000;
	pid_t ended;
	int n;

	if (ms > INT32_MAX)
		ms = INT32_MAX;
	do
		n = poll(&p, 1, timeout_s ? (int)ms : -1);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		(void)kill(-pid, SIGKILL);
		(void)sys_pidfd_signal(pidfd, SIGKILL);
	}
	do
		ended = waitpid(pid, ret_status, 0);
	while (ended < 0 && errno == EINTR);
	if (n == 0)
		return err_set(e, -ETIMEDOUT, "no end after %u s", timeout_s);
	/* Where SIGCHLD is ignored there is no status: that is no success. */
	if (ended < 0)
		return err_sys(e, "wait for its end");
	return 0;
}

static int finish(int report_fd, int pidfd, pid_t pid, uint32_t timeout_s,
		  struct err *e)
{
	int code = 0, status = 0, r;
	ssize_t n;

	do
		n = read(report_fd, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	r = await(pidfd, pid, timeout_s, &status, e);
	if (r < 0)
		return r;
	if (n == sizeof(code) && code > 0)
		return err_set(e, -code, "exec");
	if (WIFSIGNALED(status))
		return err_input(e, "killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_input(e, "exit status %d", WEXITSTATUS(status));
	return 0;
}

static int run_one(const struct conf_hook *h, const struct stdio *io,
		   struct err *e)
{
	const struct sys_clone plain = { 0 };
	auto_fd int pidfd = -EBADF, in = -EBADF, out = -EBADF;
	int report[2];
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	in = report[0];
	out = report[1];
	pid = sys_clone3(&plain, &pidfd);
	if (pid < 0)
		return err_set(e, pid, "fork");
	if (pid == 0)
		become(h, io, out);
	close(TAKE_FD(out));
	return finish(in, pidfd, pid, h->timeout_s, e);
}

/* run.oci.hooks.stdout and .stderr (crun): files to append to. */
static int open_output(const struct conf *c, const char *key, int otherwise,
		       struct err *e)
{
	const char *path = conf_annotation(c, key);
	int fd;

	if (!path)
		return otherwise;
	fd = openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
		  0700);
	return fd < 0 ? err_sys(e, "open %s (%s)", path, key) : fd;
}

/* runtime.md, "Lifecycle", 13: when a poststop hook fails, the remaining ones
 * run as if it had not. The first failure is reported. */
static int run_all(const struct conf *c, enum hook_kind kind,
		   const struct stdio *io, struct err *e)
{
	const struct conf_hooks *hooks = &c->hooks[kind];
	int first = 0;

	for (size_t i = 0; i < hooks->n; i++) {
		struct err *why = first < 0 ? NULL : e;
		int r;

		if (lseek(io->fds[0], 0, SEEK_SET) < 0)
			return err_sys(e, "rewind the container's state");
		r = run_one(&hooks->v[i], io, why);
		if (r == 0)
			continue;
		err_ctx(why, r, "%s", hooks->v[i].path);
		err_ctx(why, r, "hooks.%s[%zu]", hook_name(kind), i);
		first = first < 0 ? first : r;
		if (kind != HOOK_POSTSTOP)
			break;
	}
	return first;
}

int hooks_run(const struct conf *c, enum hook_kind kind, enum status status,
	      pid_t pid, struct err *e)
{
	struct stdio io = { { -EBADF, -EBADF, -EBADF } };
	int r;

	if (c->hooks[kind].n == 0)
		return 0;
	io.fds[0] = state_json(c, status, pid, e);
	if (io.fds[0] < 0)
		return io.fds[0];
	io.fds[1] = open_output(c, "run.oci.hooks.stdout", 1, e);
	io.fds[2] = io.fds[1] < 0
			    ? io.fds[1]
			    : open_output(c, "run.oci.hooks.stderr", 2, e);
	r = io.fds[2] < 0 ? io.fds[2] : run_all(c, kind, &io, e);
	for (int i = 0; i < 3; i++)
		if (io.fds[i] > 2)
			close(io.fds[i]);
	return r;
}
