/* SPDX-License-Identifier: Apache-2.0 */
/* sys/proc.h - processes and namespaces: one thin function a kernel call.
 *
 * All return the kernel's answer or -errno and touch nothing else. */
#pragma once

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sys_clone {
	uint64_t flags;      /* CLONE_NEW*, CLONE_PARENT, CLONE_INTO_CGROUP */
	int cgroup_fd;       /* with CLONE_INTO_CGROUP */
	const pid_t *set_tid; /* pids to have (restore); NULL */
	size_t n_set_tid;
};

/* fork() by clone3(): 0 in the child, the pid in the parent, which also gets a
 * pidfd (O_CLOEXEC). Runs no atfork handlers and leaves the C library's cached
 * thread id alone: the child may only make system calls and exec. */
pid_t sys_clone3(const struct sys_clone *c, int *ret_pidfd);

int sys_pidfd_open(pid_t pid);
int sys_pidfd_signal(int pidfd, int sig);
/* A copy of another process's fd (O_CLOEXEC). */
int sys_pidfd_getfd(int pidfd, int fd);
int sys_setns(int fd, int clone_flags);
int sys_unshare(uint64_t clone_flags);
/* Closes fds (empty ones are skipped): those with numbers in a row by one call. */
void sys_close_all(const int *fds, size_t n);
/* Marks fds first..last O_CLOEXEC. */
int sys_cloexec_range(unsigned first, unsigned last);
/* Start time of a process in clock ticks since boot: with the pid it names one
 * process for ever. -ESRCH when there is none. state (a letter) may be NULL. */
int sys_start_ticks(pid_t pid, uint64_t *ret_ticks, char *ret_state);
/* The same, and which of the signals 1 to 31 it ignores: bit 0 is signal 1. */
int sys_new_process(pid_t pid, uint64_t *ret_ticks, uint32_t *ret_ignored);
