/* SPDX-License-Identifier: Apache-2.0 */
/* plan/run.h - what lives while a plan is applied: fds and pids, nothing else.
 *
 * The supervisor fills it before clone3(); the child has its own copy from
 * then on. Every fd is O_CLOEXEC and -EBADF when empty; run_close() closes
 * them all. What a field means to others is said at its brick. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup;
struct conf;
struct err;
struct sock_fprog;

enum { RUN_ATTACH_MAX = 16 };

/* Detached mounts that the supervisor makes in PHASE_BESIDE, while the child
 * enters its cgroups, and hands over before BUILD. An empty slot: the child
 * makes it itself. */
enum run_tree {
	TREE_DEV,       /* /dev with what is mounted below it */
	TREE_CGROUP,    /* /sys/fs/cgroup */
	TREE_MASK_DIR,  /* what masks a directory, and a file */
	TREE_MASK_FILE,
	TREE_DELEGATE,  /* no mount: cgroup.procs of the cgroup given away */
	TREE_MAX_,
};

/* struct run, made: what has been done in TREE_DEV. */
enum {
	MADE_DEV = 1,
	MADE_DEV_PTS = 2,
	MADE_DEV_NODES = 4,
	MADE_DEV_LINKS = 8,
};

struct run {
	const struct conf *conf;

	/* The supervisor's. */
	pid_t pid; /* the child in our pid namespace; 0 before clone3() */
	int pidfd;
	int cgroup_fd; /* v2: the directory for CLONE_INTO_CGROUP */
	/* v1: open `tasks` files (v2: cgroup.procs where clone3() cannot do
	 * it) to which the child writes "0" in PHASE_ENTER: moving oneself
	 * spares the kernel's global threadgroup lock and its RCU wait. */
	int attach_fds[RUN_ATTACH_MAX];
	size_t n_attach;
	const char *cgroup_path; /* where systemd has put the cgroup when that is
				  * not where it was expected; NULL */
	const struct cgroup *join; /* exec: a user's scope; NULL */
	const char *join_sub;      /* below it; NULL */

	int trees[TREE_MAX_]; /* first the supervisor's, then the child's */
	unsigned made;        /* MADE_*, goes over with them */
	/* The child's: receives both. Use run_trees(). */
	int (*get_trees)(struct run *r, struct err *e);

	int proc_fd; /* use run_proc(); the child has it, too */

	/* The child's. */
	int root_fd;       /* the new root */
	int console_socket_fd; /* where the terminal's master side goes: the
				* engine's --console-socket, or our own pair */
	int ready_fd;      /* `start` knocks here (child) */
	int sync_fd;       /* the child's end of the sync socket */
	/* Set by the seccomp brick in PHASE_SEAL, installed by the very last
	 * code before execve() (run/leap.h). NULL: no filter. */
	const struct sock_fprog *filter;
	unsigned filter_flags; /* SECCOMP_FILTER_FLAG_* */
	/* Three words that execve() gets behind its own arguments
	 * (filter/key.h); NULL: none. */
	const uint64_t *exec_key;
	/* Capabilities that LOCK leaves in the permitted and effective sets
	 * because SEAL needs them; execve() takes them away. */
	uint64_t seal_caps;
	bool is_exec; /* a further process in a running container */

	/* Tells the user something that is no failure; from any process. Set
	 * by the engine, NULL when nobody listens: use run_warn(). */
	void (*warn)(struct run *r, const char *text);
	void *warn_arg;
};

void run_init(struct run *r, const struct conf *c);
void run_close(struct run *r);
void run_drop_trees(struct run *r);
/* Waits for the supervisor's trees, once: from then on the slots are filled. */
int run_trees(struct run *r, struct err *e);

/* The host's /proc, opened by the supervisor before there is a container that
 * could have a hand in it, and checked to be the root of a procfs. In it "self"
 * is whoever looks, so the child can use it for itself in its own namespaces,
 * and mounts of the image neither cover nor redirect anything in it. (A procfs
 * of the child's own would be refused to ordinary users and in containers.) */
void run_open_proc(struct run *r);
/* Borrowed; -errno when there is none. Use it by sys_open_proc(). */
int run_proc(const struct run *r, struct err *e);

void run_warn(struct run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
