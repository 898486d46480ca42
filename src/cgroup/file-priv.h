/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/file-priv.h - the hierarchies of a set, and their files. */
#pragma once

#include "cgroup/cgroup.h"

/* Whether a v1 hierarchy holds a controller. */
bool cgroup_has(const struct cgroup_dir *d, const char *controller);
/* The directory of the v1 hierarchy with a controller, or of the v2 one; NULL
 * when there is none. */
const struct cgroup_dir *cgroup_v1(const struct cgroup *g, const char *controller);
const struct cgroup_dir *cgroup_v2(const struct cgroup *g);

/* Writes `text` to a file of the directory. The error names `field` of
 * config.json and the file. */
int cgroup_put(const struct cgroup_dir *d, const char *file, const char *text,
	       const char *field, struct err *e);
/* Reads a file of the directory into text; its length, or -errno. */
ssize_t cgroup_get(const struct cgroup_dir *d, const char *file, char *text,
		   size_t size);

/* v1's cpu.shares and blkio.weight as v2's cpu.weight and io.weight. */
int64_t cgroup_cpu_weight(uint64_t shares);
int64_t cgroup_io_weight(uint64_t weight);
