/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of made-up cgroups: this machine has hardly a controller on v2. */
#include "base/arena.h"
#include "base/err.h"
#include "cgroup/stats.h"
#include "tap.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static char dir[] = "/tmp/test-cgroup-stats-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		exit(1);
	fputs(text, f);
	fclose(f);
}

/* All v1 controllers, or v2, in the one directory. */
static struct cgroup set_of(const struct host_cgroup *h)
{
	return (struct cgroup){ .manager = CGROUP_CGROUPFS, .path = "/x",
				.scope = "", .n_dirs = 1, .is_v2_only = h->is_v2,
				.dirs = { { .hierarchy = h, .path = dir } } };
}

static const struct host_cgroup v1 = {
	.mount = "/none", .own = "/",
	.controllers = "cpu,cpuacct,memory,pids,blkio,hugetlb",
};
static const struct host_cgroup v2 = {
	.mount = "/none", .own = "/", .controllers = "", .is_v2 = true,
};

static void v1_counters(void)
{
	struct cgroup g = set_of(&v1);
	struct cgroup_stats s;

	put("cpuacct.usage", "123456789\n");
	put("cpuacct.usage_user", "100\n");
	put("cpuacct.usage_sys", "23\n");
	put("cpuacct.usage_percpu", "60 63 \n");
	put("cpu.stat", "nr_periods 7\nnr_throttled 3\nthrottled_time 99\n");
	put("memory.stat", "cache 4096\nrss 1\ntotal_cache 5\n");
	put("memory.usage_in_bytes", "1000\n");
	put("memory.max_usage_in_bytes", "2000\n");
	put("memory.limit_in_bytes", "9223372036854771712\n");
	put("memory.failcnt", "4\n");
	put("memory.memsw.limit_in_bytes", "5000\n");
	put("pids.current", "6\n");
	put("pids.max", "max\n");
	put("blkio.throttle.io_service_bytes_recursive",
	    "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n");
	put("hugetlb.2MB.usage_in_bytes", "2097152\n");
	put("hugetlb.2MB.max_usage_in_bytes", "4194304\n");
	put("hugetlb.2MB.failcnt", "1\n");
	CHECK_INT(cgroup_stats(&g, &arena, &s, NULL), 0);
	CHECK_INT(s.cpu_ns, 123456789);
	CHECK_INT(s.cpu_user_ns, 100);
	CHECK_INT(s.cpu_kernel_ns, 23);
	CHECK_INT(s.n_percpu, 2);
	CHECK_INT(s.percpu_ns[1], 63);
	CHECK_INT(s.periods, 7);
	CHECK_INT(s.throttled_periods, 3);
	CHECK_INT(s.throttled_ns, 99);
	CHECK_INT(s.cache, 4096);
	CHECK_INT(s.n_raw, 3);
	CHECK_STR(s.raw[2].name, "total_cache");
	CHECK_INT(s.raw[2].value, 5);
	CHECK_INT(s.memory.usage, 1000);
	CHECK_INT(s.memory.max_usage, 2000);
	CHECK(s.memory.limit == CGROUP_UNLIMITED);
	CHECK_INT(s.memory.failcnt, 4);
	CHECK_INT(s.swap.limit, 5000);
	CHECK_INT(s.pids, 6);
	CHECK(s.pids_limit == CGROUP_UNLIMITED);
	CHECK_INT(s.n_io_bytes, 3);
	CHECK_STR(s.io_bytes[1].op, "Write");
	CHECK_INT(s.io_bytes[1].value, 20);
	CHECK_INT(s.io_bytes[1].major, 8);
	CHECK_INT(s.n_huge, 1);
	CHECK_STR(s.huge[0].page_size, "2MB");
	CHECK_INT(s.huge[0].usage, 2097152);
	CHECK_INT(s.huge[0].max_usage, 4194304);
	CHECK_INT(s.huge[0].failcnt, 1);
}

static void v2_counters(void)
{
	struct cgroup g = set_of(&v2);
	struct cgroup_stats s;

	put("cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 9\n"
			"nr_throttled 1\nthrottled_usec 8\n");
	put("memory.stat", "anon 1\nfile 8192\n");
	put("memory.current", "3000\n");
	put("memory.peak", "4000\n");
	put("memory.max", "max\n");
	put("memory.events", "low 0\nhigh 0\nmax 12\noom 0\noom_kill 0\n");
	put("memory.swap.current", "500\n");
	put("memory.swap.max", "1000\n");
	put("pids.current", "2\n");
	put("pids.max", "33\n");
	put("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:16 \n");
	put("hugetlb.2MB.current", "0\n");
	put("hugetlb.2MB.events", "max 3\n");
	CHECK_INT(cgroup_stats(&g, &arena, &s, NULL), 0);
	CHECK_INT(s.cpu_ns, 5000);
	CHECK_INT(s.cpu_user_ns, 3000);
	CHECK_INT(s.cpu_kernel_ns, 2000);
	CHECK_INT(s.n_percpu, 0);
	CHECK_INT(s.throttled_ns, 8000);
	CHECK_INT(s.cache, 8192);
	CHECK_INT(s.memory.usage, 3000);
	CHECK_INT(s.memory.max_usage, 4000);
	CHECK(s.memory.limit == CGROUP_UNLIMITED);
	CHECK_INT(s.memory.failcnt, 12);
	CHECK_INT(s.swap.usage, 3500);
	CHECK(s.swap.limit == CGROUP_UNLIMITED);
	CHECK_INT(s.pids, 2);
	CHECK_INT(s.pids_limit, 33);
	CHECK_INT(s.n_io_bytes, 2);
	CHECK_INT(s.n_io_ops, 2);
	CHECK_INT(s.io_ops[1].value, 4);
	CHECK_INT(s.n_huge, 1);
	CHECK_INT(s.huge[0].failcnt, 3);
}

/* The container writes none of these, but a kernel may change them. */
static void odd_text_is_no_trap(void)
{
	struct cgroup g = set_of(&v2);
	struct cgroup_stats s;

	put("cpu.stat", "usage_usec\nuser_usec x\nsystem_usec 99999999999999999999999\n");
	put("memory.stat", "");
	put("memory.current", "-1\n");
	put("pids.current", "\n");
	put("io.stat", "nonsense\n8:0\n:: = \n");
	CHECK_INT(cgroup_stats(&g, &arena, &s, NULL), 0);
	CHECK_INT(s.cpu_ns, 0);
	CHECK_INT(s.cpu_user_ns, 0);
	CHECK_INT(s.cpu_kernel_ns, 0);
	CHECK_INT(s.memory.usage, 0);
	CHECK_INT(s.n_io_bytes, 0);
	CHECK_INT(s.n_raw, 0);
}

static void clean(void)
{
	DIR *d = opendir(dir);
	struct dirent *f;

	while (d && (f = readdir(d)))
		if (f->d_name[0] != '.')
			(void)unlinkat(dirfd(d), f->d_name, 0);
	if (d)
		closedir(d);
	(void)rmdir(dir);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	arena_init(&arena);
	TEST(v1_counters);
	TEST(v2_counters);
	TEST(odd_text_is_no_trap);
	arena_done(&arena);
	clean();
	return tap_end();
}
