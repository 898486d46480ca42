/* SPDX-License-Identifier: Apache-2.0 */
/* oci/spec.h - the config.json that `spec` writes. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct arena;
struct err;

/* A configuration to start from, tight as it is: the same text every time, in
 * the arena, indented with tabs, ending in a newline. `rootless`: with a user
 * namespace whose root is uid and gid, and nothing that needs the host's. */
int oci_spec_text(bool rootless, uid_t uid, gid_t gid, struct arena *a,
		  const char **ret_text, struct err *e);
