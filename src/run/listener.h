/* SPDX-License-Identifier: Apache-2.0 */
/* run/listener.h - hands the fd of a seccomp filter to the one it asks.
 *
 * Theory of operation
 * -------------------
 * A filter with SCMP_ACT_NOTIFY stops the process at calls until a listener has
 * answered, and the listener needs the fd that installing the filter made. The
 * process cannot send it itself: from then on each of its calls, sendmsg() too,
 * may be stopped. (Others forbid to notify write() for that reason.) So there is
 * a helper: the process in between of run/spawn.c, which made the child with
 * CLONE_FILES and stays. It lives in the host's mount namespace, where the
 * listener's path means what the user meant.
 *
 *   child, before the leap                helper
 *                                         waits for a word, or the child's end
 *   "ready"                        -->    connects to the listener
 *                                  <--    SYNC_KEPT, or SYNC_ERROR
 *   the leap: seccomp(), and the
 *   fd's number goes to `fd`, which
 *   is a store and no call                looks at it every 50 us
 *   execve() (may be stopped)             sends state and fd, ends
 *
 * execve() gives the child its own table of fds, without those that are close-
 * on-exec; the helper still has the old one, with the fd in it. The helper's end
 * closes the last copy of the sync socket: whoever waits for the program's start
 * waits for the delivery, too.
 *
 * What fails before the filter is in force is an error of the child; what fails
 * after ends the container: nobody would ever answer it. */
#pragma once

#include <sys/types.h>

struct err;
struct spawn;

/* In memory that child and helper share. */
struct listener {
	int fd; /* -1, or what the leap has stored */
	int helper_sock, child_sock;
};

/* In the supervisor, before there are others. */
int listener_new(struct listener **ret_listener, struct err *e);
/* In the supervisor, when the others are there; NULL is fine. */
void listener_free(struct listener *l);

/* In the helper: all of its work. */
void listener_serve(const struct spawn *s, pid_t pid, int pidfd);
/* In the child: asks the helper to connect. */
int listener_ready(const struct listener *l, struct err *e);
