/* SPDX-License-Identifier: Apache-2.0 */
/* sys/proc.c - processes and namespaces: one thin function a kernel call. */
#include "sys/proc.h"

#include "base/num.h"
#include "base/scope.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* syscalls: clone3 */
pid_t sys_clone3(const struct sys_clone *c, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = c->flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		/* A sibling (CLONE_PARENT) sends its parent's signal. */
		.exit_signal = c->flags & CLONE_PARENT ? 0 : SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)c->set_tid,
		.set_tid_size = c->n_set_tid,
	};
	long pid;

	if (c->flags & CLONE_INTO_CGROUP)
		args.cgroup = (uint64_t)c->cgroup_fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

/* syscalls: pidfd_open */
int sys_pidfd_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

/* syscalls: pidfd_send_signal */
int sys_pidfd_signal(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno
								       : 0;
}

/* syscalls: pidfd_getfd */
int sys_pidfd_getfd(int pidfd, int fd)
{
	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	return copy < 0 ? -errno : copy;
}

/* syscalls: setns */
int sys_setns(int fd, int clone_flags)
{
	return setns(fd, clone_flags) < 0 ? -errno : 0;
}

/* syscalls: unshare */
int sys_unshare(uint64_t clone_flags)
{
	return syscall(SYS_unshare, clone_flags) < 0 ? -errno : 0;
}

/* syscalls: close_range */
int sys_cloexec_range(unsigned first, unsigned last)
{
	return syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) < 0
		       ? -errno
		       : 0;
}

/* syscalls: close_range close */
void sys_close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t k = i + 1;

		while (fds[i] >= 0 && k < n && fds[k] == fds[k - 1] + 1)
			k++;
		if (fds[i] >= 0 &&
		    (k == i + 1 || syscall(SYS_close_range, (unsigned)fds[i],
					   (unsigned)fds[k - 1], 0) < 0))
			for (size_t j = i; j < k; j++)
				close(fds[j]);
		i = k;
	}
}

/* Format: proc_pid_stat(5). The name in field 2 may hold blanks and brackets,
 * so fields are counted from the last ')'. Field 3 is the first of `text`. */
static int read_stat(pid_t pid, char *text, size_t size, char **ret_rest)
{
	char path[64], *p;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = sys_read_line(AT_FDCWD, path, text, size);
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	p = strrchr(text, ')');
	if (!p || p[1] != ' ')
		return -EPROTO;
	*ret_rest = p + 2;
	return 0;
}

/* *p is at field `from`; goes to field `to` and reads it. */
static int take_field(char **p, int from, int to, uint64_t *ret)
{
	char *end, saved;
	int r;

	for (; from < to; from++) {
		*p = strchr(*p, ' ');
		if (!*p)
			return -EPROTO;
		(*p)++;
	}
	end = *p + strcspn(*p, " ");
	saved = *end;
	*end = '\0';
	r = num_u64(*p, UINT64_MAX, ret);
	*end = saved;
	return r;
}

int sys_start_ticks(pid_t pid, uint64_t *ret_ticks, char *ret_state)
{
	char text[1024], *p;
	int r = read_stat(pid, text, sizeof(text), &p);

	if (r < 0)
		return r;
	if (ret_state)
		*ret_state = *p;
	return take_field(&p, 3, 22, ret_ticks);
}

int sys_new_process(pid_t pid, uint64_t *ret_ticks, uint32_t *ret_ignored)
{
	char text[1024], *p;
	uint64_t ignored = 0;
	int r = read_stat(pid, text, sizeof(text), &p);

	if (r == 0)
		r = take_field(&p, 3, 22, ret_ticks);
	if (r == 0)
		r = take_field(&p, 22, 33, &ignored);
	*ret_ignored = (uint32_t)ignored;
	return r;
}
