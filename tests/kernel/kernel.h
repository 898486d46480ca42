/* SPDX-License-Identifier: Apache-2.0 */
/* tests/kernel/kernel.h - a child to try something in. */
#pragma once

#include "../unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIP_STATUS 77

/* "ok - name # SKIP why", for what this machine has not got. */
#define TEST_SKIP(name, why)                                                   \
	printf("ok %d - %s # SKIP %s\n", ++tap_count, #name, why)

static inline int put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* Root of a user namespace that knows one id. */
static inline int enter_userns(void)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	(void)put_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (put_file("/proc/self/uid_map", map) < 0)
		return -EPERM;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return put_file("/proc/self/gid_map", map);
}

/* fn's result (0-255) in a child, 1000 + status when it died. */
static inline int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static inline int drop_all_caps(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, data[6] = { 0 };

	return (int)syscall(SYS_capset, head, data);
}
