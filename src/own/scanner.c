/* SPDX-License-Identifier: Apache-2.0 */
/* own/scanner.c - hull-scan as a process that can only read.
 *
 * It looks at files of anybody's making, so it gets nothing to lose: no
 * privileges but that of reading any file, none of our fds, a Landlock domain
 * without writing (where the kernel has it), limits on memory, time and what it
 * can say. It answers into files in memory, which need no reader while it
 * runs. */
#include "own/own-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "sys/file.h"
#include "sys/landlock.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEEN_FD = 3, TIME_S = 30, ANSWER_MAX = 8 << 20, WORDS_MAX = 400 };

/* Beside our own program (as in a build directory), or where it is installed. */
const char *scanner_path(struct arena *a)
{
	static const char *const others[] = { "/usr/bin/hull-scan",
					      "/usr/local/bin/hull-scan" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		const char *beside = arena_printf(a, "%.*s/hull-scan",
						  (int)(slash - self), self);

		if (beside && access(beside, X_OK) == 0)
			return beside;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (access(others[i], X_OK) == 0)
			return others[i];
	return NULL;
}

static void limit(int what, rlim_t n)
{
	const struct rlimit r = { n, n };

	(void)setrlimit(what, &r);
}

/* What cannot be given up for want of privilege is not there to be lost. */
static void give_up(void)
{
	const struct sys_landlock writes = { .fs = LL_FS_WRITE_FILE |
						   LL_FS_REMOVE_DIR |
						   LL_FS_REMOVE_FILE |
						   LL_FS_MAKE_CHAR |
						   LL_FS_MAKE_DIR |
						   LL_FS_MAKE_REG |
						   LL_FS_MAKE_SOCK |
						   LL_FS_MAKE_FIFO |
						   LL_FS_MAKE_BLOCK |
						   LL_FS_MAKE_SYM };
	int ruleset = sys_landlock_ruleset(&writes);

	for (int cap = 0; cap <= 63; cap++)
		if (cap != CAP_DAC_READ_SEARCH)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (ruleset >= 0)
		(void)sys_landlock_restrict(ruleset);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, TIME_S);
	limit(RLIMIT_AS, (rlim_t)4 << 30);
	limit(RLIMIT_FSIZE, ANSWER_MAX);
}

/* fds: standard output, standard error, what was seen. */
static void become(const char *scanner, const char *root, const char *program,
		   const int fds[3])
{
	const char *const argv[] = { "hull-scan", "calls", "--root", root,
				     "--format", "oci", "--runtime", "none",
				     "--seen-fd", "3", "--",
				     program, NULL };
	char *const env[] = { NULL };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0 && dup2(null, 0) == 0 && dup2(fds[0], 1) == 1 &&
	    dup2(fds[1], 2) == 2 && dup2(fds[2], SEEN_FD) == SEEN_FD &&
	    sys_cloexec_range(SEEN_FD + 1, ~0U) == 0) {
		give_up();
		execve(scanner, (char *const *)(uintptr_t)argv, env);
	}
	_exit(127);
}

static int wait_for(pid_t pid, int *ret_status)
{
	auto_fd int pidfd = sys_pidfd_open(pid);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	bool is_late = pidfd >= 0 && poll(&p, 1, TIME_S * 1000) == 0;
	int status;

	if (is_late)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (is_late)
		return -ETIMEDOUT;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status)
					: 128 + WTERMSIG(status);
	return 0;
}

static const char *read_back(int fd, struct arena *a, size_t max, size_t *ret_n)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return NULL;
	*ret_n = (size_t)st.st_size < max ? (size_t)st.st_size : max;
	text = arena_alloc(a, *ret_n + 1);
	n = text ? pread(fd, text, *ret_n, 0) : -1;
	if (n < 0)
		return NULL;
	text[n] = '\0';
	*ret_n = (size_t)n;
	return text;
}

int scanner_run(const char *scanner, const char *root, const char *program,
	       struct arena *a, struct answer *ret, struct err *e)
{
	auto_fd int out = memfd_create("hull-policy", MFD_CLOEXEC);
	auto_fd int words = memfd_create("hull-words", MFD_CLOEXEC);
	auto_fd int seen = memfd_create("hull-seen", MFD_CLOEXEC);
	const int low[3] = { out, words, seen };
	int fds[3] = { -1, -1, -1 }, r = 0;
	size_t n;
	pid_t pid;

	/* Out of the way of 0 to 3, which they become. */
	for (int i = 0; i < 3; i++)
		fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 10);
	pid = fds[0] >= 0 && fds[1] >= 0 && fds[2] >= 0 ? fork() : -1;
	if (pid == 0)
		become(scanner, root, program, fds);
	if (pid < 0)
		r = err_sys(e, "run %s", scanner);
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (r < 0)
		return r;
	r = wait_for(pid, &ret->status);
	if (r < 0)
		return err_set(e, r, "analyse %s", program);
	ret->policy = read_back(out, a, ANSWER_MAX, &ret->policy_n);
	ret->seen = read_back(seen, a, ANSWER_MAX, &ret->seen_n);
	ret->words = read_back(words, a, WORDS_MAX, &n);
	if (!ret->policy || !ret->seen || !ret->words)
		return err_set(e, -ENOMEM, "analyse %s", program);
	return 0;
}
