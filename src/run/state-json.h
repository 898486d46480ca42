/* SPDX-License-Identifier: Apache-2.0 */
/* run/state-json.h - a container's state as JSON, for hooks and listeners.
 *
 * Written by the child and by helpers, too: no memory is allocated, only
 * async-signal-safe functions are called. */
#pragma once

#include "conf/conf.h"
#include "run/state.h"

#include <sys/types.h>

struct err;

/* A file (memfd, O_CLOEXEC) that holds the state, read from its beginning.
 * pid 0 is left out. Format: runtime-spec 1.3, runtime.md, "State". */
int state_json(const struct conf *c, enum status status, pid_t pid,
	       struct err *e);

/* The same with the container process state of config-linux.md, "The Container
 * Process State": what a seccomp listener gets with its fd. `pid` is the
 * process that asks, `init_pid` the container's own; metadata may be NULL. */
int process_state_json(const struct conf *c, enum status status, pid_t pid,
		       pid_t init_pid, const char *metadata, struct err *e);
