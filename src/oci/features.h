/* SPDX-License-Identifier: Apache-2.0 */
/* oci/features.h - what this runtime can do, as `features` prints it
 * (runtime-spec 1.3.0, features.md and features-linux.md). */
#pragma once

struct arena;
struct err;

/* In the arena, ending in a newline. Lists come from the tables that read
 * config.json. */
int oci_features_text(struct arena *a, const char **ret_text, struct err *e);
