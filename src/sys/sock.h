/* SPDX-License-Identifier: Apache-2.0 */
/* sys/sock.h - messages and fds over unix sockets. -errno on failure. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* One message of n bytes (n > 0) with up to 4 fds. */
int sys_send(int sock, const void *buf, size_t n, const int *fds, size_t n_fds);
/* One message; fds come O_CLOEXEC. Returns its length (0: the other end is
 * closed); *n_fds says how much room there is and then how many came. */
ssize_t sys_recv(int sock, void *buf, size_t n, int *fds, size_t *n_fds);
/* A socket (SOCK_STREAM, SOCK_SEQPACKET) connected to a path of any length (by way of dir_fd and
 * /proc/self/fd, since sun_path is short). */
int sys_connect(int dir_fd, const char *path, int type);
/* The same; connecting, and later each send, gives up (-EAGAIN) after that. */
struct timeval;
int sys_connect_within(int dir_fd, const char *path, int type,
		       const struct timeval *patience);
int sys_listen(int dir_fd, const char *name, int type);
