/* SPDX-License-Identifier: Apache-2.0 */
/* run/container.h - the life of a container, verb by verb.
 *
 * What every front (hull-oci, hull) calls. A front parses, makes the conf, and
 * prints; all that touches the kernel is behind these functions. They plan
 * first (nothing has happened when planning fails), then apply, and undo what
 * they did when a step fails.
 *
 * `bricks` is the table of parts (bricks/table.h); run/ knows none by name. */
#pragma once

#include "conf/conf.h"
#include "run/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct brick;
struct cgroup_subs;
struct err;
struct host;

/* A warning for the user that is no failure; `arg` is the front's. */
typedef void (*warn_fn)(void *arg, const char *text);

struct container_opts {
	const struct brick *const *bricks;
	const struct host *host;
	int state_root_fd;
	const char *config_text; /* stored for start, exec, delete */
	size_t config_len;
	const char *console_socket; /* path; NULL: the caller is the terminal */
	const char *pidfd_socket;   /* path to send the init's pidfd to */
	const char *pid_file;
	unsigned preserve_fds; /* fds 3..3+n-1 stay open in the container */
	warn_fn warn;
	void *warn_arg;
};

/* A started process, as the caller has to wait for it. */
struct container_proc {
	pid_t pid;
	int pidfd;      /* -EBADF when empty */
	int console_fd; /* the terminal's master side when the caller is the
			 * terminal; -EBADF */
	/* run: what container_finish() needs. */
	int dir_fd; /* -EBADF when empty */
	struct state state;
};
void container_proc_close(struct container_proc *p);

/* Everything up to "created": state directory, hooks prestart, createRuntime
 * and createContainer run, init waiting. On failure nothing is left. */
int container_create(const struct conf *c, const struct container_opts *o,
		     struct container_proc *ret_proc, struct err *e);

/* Lets the waiting init go: its startContainer hooks run, it execs, poststart
 * hooks run. An exec that failed is reported here. */
int container_start(const struct conf *c, int dir_fd, const struct state *s,
		    struct err *e);

/* create and start in one, without the detour over the socket; the container
 * runs when it returns. */
int container_run(const struct conf *c, const struct container_opts *o,
		  struct container_proc *ret_proc, struct err *e);

/* Before a process that will be waited for: a signal that comes before the wait
 * is kept for it, and does not end us and leave the process alone. For good. */
int container_hold_signals(struct err *e);
/* After container_hold_signals(). Waits for the process while passing signals
 * on to it and, when it has a terminal, bytes between it and fds 0 and 1. The
 * exit status as a shell has it (128 + signal) goes to *ret_status. */
int container_wait(struct container_proc *p, int *ret_status, struct err *e);

/* A further process in a running container. `process` is complete (defaults
 * merged by the caller); the conf is the container's own. Returns when the
 * process has been exec'd or its failure is known. */
struct container_exec {
	const struct conf_process *process;
	const struct state *state;
	const struct brick *const *bricks; /* exec_bricks */
	const struct host *host;           /* probed with HOST_CGROUPS */
	const char *console_socket, *pidfd_socket, *pid_file;
	unsigned preserve_fds;
	/* Below the container's own (cgroup/cgroup.h); NULL: its own. */
	const struct cgroup_subs *cgroups;
	bool ignore_paused;
	bool is_detached;
	warn_fn warn;
	void *warn_arg;
};
int container_exec(const struct conf *c, const struct container_exec *x,
		   struct container_proc *ret_proc, struct err *e);

/* Sends sig to the init, or with `all` to every process of the container. */
int container_kill(const struct state *s, const struct host *h, int sig,
		   bool all, struct err *e);

/* Removes what container_run() made, when container_wait() has seen its end;
 * nothing to do when somebody else has deleted it. `p` still is open. */
int container_finish(const struct conf *c, const struct container_opts *o,
		     const struct container_proc *p, struct err *e);

/* Removes a stopped container (with `force` a running one, by SIGKILL first):
 * cgroups, state, poststop hooks. `c` may be NULL when its configuration cannot
 * be read any more (then there are no hooks to run). Cleans what a killed
 * create left. Waits for a create or delete that is at work on it. `warn` gets
 * a failing poststop hook. The host must have been probed with HOST_CGROUPS. */
int container_delete(const struct conf *c, const struct host *h, int root_fd,
		     const struct state *s, bool force, warn_fn warn,
		     void *warn_arg, struct err *e);
