/* SPDX-License-Identifier: Apache-2.0 */
/* run/announce.h - tells the engine above us which process was made. */
#pragma once

#include <sys/types.h>

struct err;

/* Writes the pid to a file (replaced by rename(), so that nobody reads half a
 * number) and sends the pidfd to a listening stream socket, the pid in decimal
 * as its message. Either path may be NULL. */
int announce_pid(const char *pid_file, const char *pidfd_socket, pid_t pid,
		 int pidfd, struct err *e);
