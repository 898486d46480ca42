/* SPDX-License-Identifier: Apache-2.0 */
/* run/graft.h - mounts put into, and taken out of, a running container. */
#pragma once

#include "conf/conf.h"
#include "run/state.h"

#include <stdbool.h>
#include <stddef.h>

struct err;

/* Bind mounts of the caller's files, and tmpfs. All or none: what was mounted
 * before one failed is unmounted. The calling process is in the container's
 * mount namespace afterwards and should end soon. */
int graft_mounts(const struct state *s, const struct conf_mount *m, size_t n,
		 struct err *e);
/* Unmounts the destinations, last first; goes on after a failure and reports
 * the first. */
int graft_remove(const struct state *s, const struct conf_mount *m, size_t n,
		 struct err *e);
