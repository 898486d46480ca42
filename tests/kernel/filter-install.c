/* SPDX-License-Identifier: Apache-2.0 */
/* A filter is installed without no_new_privs by who has CAP_SYS_ADMIN in its
 * user namespace (bricks/caps.c leaves it for that). With NEW_LISTENER the call
 * gives an fd that is close-on-exec, but stays in the table of a process that
 * shares it, since execve() takes a copy of its own (run/listener.c). */
#include "kernel.h"

#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static long install(unsigned flags, uint32_t answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = { 4, code };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}

static int by_capability(void)
{
	if (enter_userns() < 0)
		return SKIP_STATUS;
	return install(0, SECCOMP_RET_ERRNO | 5) < 0 ? errno : 0;
}

static int by_nobody(void)
{
	if (enter_userns() < 0 || drop_all_caps() < 0)
		return SKIP_STATUS;
	return install(0, SECCOMP_RET_ERRNO | 5) < 0 ? errno : 0;
}

static int by_nnp(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || drop_all_caps() < 0)
		return SKIP_STATUS;
	return install(0, SECCOMP_RET_ERRNO | 5) < 0 ? errno : 0;
}

static void the_right_ones_may(void)
{
	CHECK_INT(in_child(by_capability), 0);
	CHECK_INT(in_child(by_nnp), 0);
	CHECK_INT(in_child(by_nobody), EACCES);
}

static int tsync_with_listener(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return install(SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC,
		       SECCOMP_RET_USER_NOTIF) < 0
		       ? errno
		       : 0;
}

/* bricks/seccomp.c takes TSYNC out. */
static void tsync_and_a_listener_exclude_each_other(void)
{
	CHECK_INT(in_child(tsync_with_listener), EINVAL);
}

/* The child installs the filter and execs; the parent shares its fds. */
static int shared_table(void)
{
	volatile int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	char *argv[] = { (char *)(uintptr_t) "sleep", (char *)(uintptr_t) "0.1", NULL };
	int status, fd;
	long pid;

	*word = -1;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		*word = (int)install(SECCOMP_FILTER_FLAG_NEW_LISTENER,
				     SECCOMP_RET_USER_NOTIF);
		execv("/bin/sleep", argv);
		_exit(9);
	}
	while ((fd = *word) < 0)
		;
	if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		return 1;
	waitpid((pid_t)pid, &status, 0);
	if (status != 0)
		return 2;
	/* Ours still: and it says that nobody has the filter any more. */
	{
		struct pollfd p = { fd, POLLIN, 0 };

		return poll(&p, 1, 1000) == 1 && p.revents & POLLHUP ? 0 : 3;
	}
}

static void the_fd_stays_where_the_table_was_shared(void)
{
	CHECK_INT(in_child(shared_table), 0);
}

int main(void)
{
	TEST(the_right_ones_may);
	TEST(tsync_and_a_listener_exclude_each_other);
	TEST(the_fd_stays_where_the_table_was_shared);
	return tap_end();
}
