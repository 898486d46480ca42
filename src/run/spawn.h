/* SPDX-License-Identifier: Apache-2.0 */
/* run/spawn.h - makes the child and drives it to the container's program.
 *
 * The two halves of the protocol in run/sync.h: spawn_child() is the
 * supervisor's clone3(), child_main() all that the child does. Used by create
 * and run (a new container) and by exec (one more process in it). */
#pragma once

#include "conf/conf.h"
#include "plan/plan.h"
#include "plan/run.h"

#include <stdbool.h>

struct err;
struct listener;

struct spawn {
	const struct conf *conf; /* process, hooks, annotations */
	const struct plan *plan;
	struct run *run;
	unsigned preserve_fds;
	bool has_attach;      /* the child waits for SYNC_ATTACHED */
	bool has_beside;      /* and for SYNC_TREES */
	bool waits_for_start; /* create: start comes over run->ready_fd */
	int peer_fd;          /* the supervisor's end of the sync socket */
	int lock_fd;          /* the state directory's, locked: the child closes
			       * its copy, which would keep the lock; 0: none */
	pid_t init_pid;       /* exec: the container's init; else 0 */
	/* The process in between, where it stays as the helper of a seccomp
	 * listener; 0 otherwise. */
	pid_t helper;
	struct listener *listener; /* the child's and the helper's */
};

/* Makes the child, by way of a process in between when the plan has JOIN ops,
 * and fills run->pid and run->pidfd. On success the supervisor's copy of the
 * child's fds is closed. The child never returns from here. */
int spawn_child(struct spawn *s, struct err *e);
/* Waits for the helper's end, which comes with the program's start or with the
 * child's death; returns at once when there is no helper. */
void spawn_reap(struct spawn *s);
/* Ends a child that came to nothing, and waits for its end. */
void spawn_kill(struct run *r);
