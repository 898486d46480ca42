/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/stats.h - what a container uses, read from its cgroups' counters.
 *
 * Numbers come from whatever hierarchy holds the controller, in the units of
 * runc's `events`: bytes, and nanoseconds of CPU time. A controller that is
 * not there leaves zeros. Sources: cgroup-v1/memory.rst, cpuacct.rst,
 * blkio-controller.rst and cgroup-v2.rst of the kernel's documentation. */
#pragma once

#include "cgroup/cgroup.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

/* No limit. */
#define CGROUP_UNLIMITED UINT64_MAX

struct cgroup_mem {
	uint64_t usage, max_usage, limit, failcnt;
};

struct cgroup_counter {
	const char *name;
	uint64_t value;
};

struct cgroup_io {
	uint64_t major, minor, value;
	const char *op; /* "Read", "Write" */
};

struct cgroup_huge {
	const char *page_size; /* "2MB" */
	uint64_t usage, max_usage, failcnt;
};

struct cgroup_stats {
	uint64_t cpu_ns, cpu_user_ns, cpu_kernel_ns;
	const uint64_t *percpu_ns; /* v1 alone */
	size_t n_percpu;
	uint64_t periods, throttled_periods, throttled_ns;
	struct cgroup_mem memory, swap, kernel, kernel_tcp; /* swap: with
							     * memory, as v1 */
	uint64_t cache;
	const struct cgroup_counter *raw; /* memory.stat */
	size_t n_raw;
	uint64_t pids, pids_limit;
	const struct cgroup_io *io_bytes, *io_ops;
	size_t n_io_bytes, n_io_ops;
	const struct cgroup_huge *huge;
	size_t n_huge;
};

int cgroup_stats(const struct cgroup *g, struct arena *a,
		 struct cgroup_stats *ret, struct err *e);
