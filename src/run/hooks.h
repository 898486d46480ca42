/* SPDX-License-Identifier: Apache-2.0 */
/* run/hooks.h - programs that config.json wants run at points of a life.
 *
 * A hook runs in the namespaces of the process that calls hooks_run(): the
 * supervisor's for prestart, createRuntime, poststart and poststop, the child's
 * for createContainer and startContainer. It gets the container's state as JSON
 * on its standard input, exactly its own environment (nothing of ours or of
 * the image: CVE-2025-23266) and no fd but 0-2. A hook that outlives its
 * timeout is killed. */
#pragma once

#include "conf/conf.h"
#include "run/state.h"

#include <sys/types.h>

struct err;

/* Runs all hooks of a kind in order and stops at the first that fails. `status`
 * and `pid` are those of the container as the hook shall be told. Calls only
 * async-signal-safe functions: the child may use it. */
int hooks_run(const struct conf *c, enum hook_kind kind, enum status status,
	      pid_t pid, struct err *e);

/* "createRuntime" as config.json has it. */
const char *hook_name(enum hook_kind kind);
