/* SPDX-License-Identifier: Apache-2.0 */
/* plan/plan.h - what will be done to the system, as data, before it is done.
 *
 * Theory of operation
 * -------------------
 * Starting a container has two halves. Planning reads the configuration and
 * the facts about the host and appends `struct op`s; it makes no system call,
 * so it needs no privilege and its result can be printed, compared in a test,
 * or sent to a small privileged helper. Applying walks the list phase by phase.
 *
 * Order is data too: ops run by phase, then in the order of the brick table,
 * then in the order they were added. No brick calls another brick.
 *
 * Invariants (cite them by number in code):
 *  P1  plan_add() is the only way to make an op.
 *  P2  Every op belongs to exactly one phase; the phase says which process
 *      runs it and with what privilege.
 *  P3  If the op k of a phase fails, undo() has run for ops k-1..0 of that
 *      phase before plan_apply() returns, and k itself changed nothing.
 *  P4  The child's phases (JOIN, BEGIN, ENTER and later) allocate no memory: they run
 *      straight after clone3(), maybe under a small memory limit. All an op
 *      needs is in the op, in the arena it points to, or in struct run. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct brick;
struct conf;
struct err;
struct host;
struct run;

enum phase {
	PHASE_HOST,   /* supervisor, before the child exists: cgroup, fds */
	PHASE_JOIN,   /* a process in between, made only when the plan has such
		       * ops: enters the namespaces that the child has to be
		       * born in (a joined pid or user namespace), then makes
		       * the child as its sibling */
	PHASE_BEGIN,  /* child, at once, beside ATTACH: what takes the kernel
		       * long and needs nobody */
	PHASE_ATTACH, /* supervisor, child waiting: id maps, netdevs, cgroups */
	PHASE_BESIDE, /* supervisor, beside the child's ENTER: detached mounts
		       * that the child is given (run.h, trees) */
	PHASE_ENTER,  /* child, first: cgroups, namespaces to join or unshare */
	PHASE_BUILD,  /* child, full caps in its user namespace: mounts */
	PHASE_PIVOT,  /* child, after the createContainer hooks: the new root,
		       * and what is done from inside it */
	PHASE_LOCK,   /* child, only takes away: ids, caps, LSM; done before
		       * the container counts as created */
	PHASE_SEAL,   /* child, after start: no_new_privs, seccomp last */
	PHASE_MAX_,
};

struct op {
	const struct brick *brick;
	enum phase phase;
	int kind; /* meaning private to the brick */
	int fd;   /* borrowed from the config; -EBADF = none */
	uint64_t num;
	const char *str; /* borrowed from the config's arena */
	const void *arg; /* in the config's arena; the kind says what it is */
};

struct plan {
	struct arena *arena; /* ops and what they point to; borrowed */
	struct op *ops;
	size_t n_ops, cap;
	bool uses_proc;       /* an op calls run_proc() */
	uint64_t clone_flags; /* for clone3(), gathered from all bricks */
	/* The filter asks about calls here (a unix socket of the host): the
	 * engine hands it the fd, see run/listener.h. NULL: it does not. */
	const char *listener_path;
};

/* The plan lives in the arena and goes with it. */
int plan_new(struct arena *a, struct plan **ret_plan, struct err *e);
int plan_add(struct plan *p, struct op op, struct err *e);

/* Asks every brick of the table (NULL-terminated) for its ops. Pure. */
int plan_make(const struct brick *const *table, const struct conf *c,
	      const struct host *h, struct arena *a, struct plan **ret_plan,
	      struct err *e);

int plan_apply(const struct plan *p, enum phase phase, struct run *r,
	       struct err *e);
/* Reverts a finished phase, last op first. Cannot fail. */
void plan_undo(const struct plan *p, enum phase phase, struct run *r);

const char *phase_name(enum phase phase);
