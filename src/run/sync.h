/* SPDX-License-Identifier: Apache-2.0 */
/* run/sync.h - what supervisor and child say to each other, and when.
 *
 * One SOCK_SEQPACKET pair, both ends O_CLOEXEC. A message is a struct
 * sync_msg (or the first bytes of one that need no text).
 *
 *   supervisor                       child
 *   HOST ops, clone3()
 *   ATTACH ops                       BEGIN
 *   SYNC_ATTACHED            -->     ENTER                    (1)
 *   BESIDE ops
 *   SYNC_TREES, fds          -->     BUILD, when it needs them (6)
 *   record saved
 *                            <--     SYNC_BUILT               (2)
 *   prestart, createRuntime
 *   SYNC_HOOKED              -->     createContainer, PIVOT, LOCK
 *   SYNC_KEPT                -->                              (3)
 *                            <--     SYNC_CREATED
 *                                    create: waits for start  (4)
 *                                    startContainer, SEAL, leap
 *                            <--     end of file: exec'd      (5)
 *
 *  (1) only when the plan has ATTACH ops; else the child does not wait.
 *  (2) only when there are such hooks; else the child goes on.
 *  (3) sent as soon as the record is there, so mostly long before it is read.
 *  (4) the supervisor leaves, and `start` talks to the child over start.sock
 *      with the same messages: SYNC_START goes in; SYNC_ERROR, SYNC_LEAP or end
 *      of file comes back.
 *  (5) SYNC_ERROR (struct err inside) or SYNC_LEAP may come at any time
 *      instead of what is due, and SYNC_WARN in between. End of file where
 *      something was due means the other side died; the child then exits.
 *  (6) only when the plan has BESIDE ops. */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum sync_type {
	SYNC_ATTACHED = 1,
	SYNC_BUILT,
	SYNC_HOOKED,
	SYNC_CREATED,
	SYNC_KEPT,
	SYNC_START,
	SYNC_ERROR,
	SYNC_LEAP,
	SYNC_WARN,
	SYNC_PID, /* from the process in between: the child's pid */
	SYNC_TREES,
};

struct run;

struct sync_msg {
	uint32_t type; /* enum sync_type */
	int32_t num;   /* SYNC_PID; SYNC_KEPT: signals 1-31 that are ignored,
			* bit by bit; SYNC_TREES: which fds, and what is made */
	struct err err; /* SYNC_ERROR, SYNC_WARN */
};

int sync_pair(int *ret_supervisor_fd, int *ret_child_fd, struct err *e);
int sync_send(int fd, enum sync_type type, struct err *e);
int sync_send_num(int fd, enum sync_type type, uint32_t num, struct err *e);
/* Errors and warnings; cannot fail in a way that could be told. */
void sync_send_err(int fd, enum sync_type type, const struct err *err);

/* Waits for `want`. Warnings that come before are given to warn(). An error of
 * the other side becomes *e and its code the result. `path` is the program's,
 * to explain a failed leap. With want = 0 end of file is what is waited for. */
struct sync_peer {
	int fd;
	const char *path;
	void (*warn)(void *arg, const char *text);
	void *warn_arg;
	uint32_t *num; /* what came with it; NULL: nobody asks */
};
int sync_wait(const struct sync_peer *peer, enum sync_type want,
	      struct err *e);

/* Hands run->trees over and closes them here; the other end puts them into its
 * own run->trees. */
int sync_send_trees(int fd, struct run *r, struct err *e);
int sync_take_trees(struct run *r, struct err *e);
