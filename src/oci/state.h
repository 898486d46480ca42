/* SPDX-License-Identifier: Apache-2.0 */
/* oci/state.h - the state of a container as JSON (runtime-spec, runtime.md). */
#pragma once

#include "run/state.h"

struct conf;
struct err;

/* What `state` prints and `list --format json` lists, in the conf's arena:
 * the specification's members, and rootfs, created and owner as runc has them.
 * A container that has stopped has the pid 0. Ends in a newline. */
int oci_state_text(const struct state *s, enum status status,
		   const struct conf *c, const char **ret_text, struct err *e);
