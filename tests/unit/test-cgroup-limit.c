/* SPDX-License-Identifier: Apache-2.0 */
/* config.json's limits as they land in the files of v1 and v2, on made-up
 * trees. */
#include "cgroup/cgroup.h"

#include "base/arena.h"
#include "base/err.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const v2_files[] = {
	"memory.max",	  "memory.low",	     "memory.swap.max",
	"memory.current", "cpu.max",	     "cpu.weight",
	"cpu.idle",	  "cpu.max.burst",   "cpuset.cpus",
	"cpuset.mems",	  "pids.max",	     "io.max",
	"io.weight",	  "hugetlb.2MB.max", "hugetlb.2MB.rsvd.max",
	"rdma.max",	  "cgroup.procs",    NULL,
};
static const char *const v1_files[] = {
	"memory.limit_in_bytes",
	"memory.soft_limit_in_bytes",
	"memory.memsw.limit_in_bytes",
	"memory.swappiness",
	"memory.oom_control",
	"memory.usage_in_bytes",
	"cpu.shares",
	"cpu.cfs_quota_us",
	"cpu.cfs_period_us",
	"cpuset.cpus",
	"cpuset.mems",
	"pids.max",
	"blkio.weight",
	"blkio.throttle.read_bps_device",
	"net_cls.classid",
	"tasks",
	NULL,
};

struct tree {
	char dir[32];
	struct host host;
	struct host_cgroup hierarchy;
	struct arena a;
	struct cgroup g;
	struct err e;
};

static void grow(struct tree *t, const char *const *files, bool v2,
		 const char *controllers)
{
	const struct conf_cgroup cc = { .path = "/box" };
	char path[128];

	memset(t, 0, sizeof(*t));
	memcpy(t->dir, "/tmp/hull-limit-XXXXXX",
	       sizeof("/tmp/hull-limit-XXXXXX"));
	CHECK(mkdtemp(t->dir));
	snprintf(path, sizeof(path), "%s/box", t->dir);
	CHECK_INT(mkdir(path, 0755), 0);
	for (; *files; files++) {
		int fd;

		snprintf(path, sizeof(path), "%s/box/%s", t->dir, *files);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		CHECK(fd >= 0);
		close(fd);
	}
	arena_init(&t->a);
	t->hierarchy =
		(struct host_cgroup){ t->dir, v2 ? "" : controllers, "/", v2 };
	t->host = (struct host){ .cgroups = &t->hierarchy,
				 .n_cgroups = 1,
				 .cgroup_layout = v2 ? CGROUP_V2 : CGROUP_V1 };
	CHECK_INT(cgroup_plan(&cc, "id", &t->host, &t->a, &t->g, &t->e), 0);
}

static void fell(struct tree *t, const char *const *files)
{
	char path[128];

	for (; *files; files++) {
		snprintf(path, sizeof(path), "%s/box/%s", t->dir, *files);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/box", t->dir);
	rmdir(path);
	rmdir(t->dir);
	arena_done(&t->a);
}

static const char *get(const struct tree *t, const char *file)
{
	static char text[256];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/box/%s", t->dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

#define GIVEN(x)                                                               \
	{                                                                      \
		true, (x)                                                      \
	}

static void v2_gets_converted_values(void)
{
	const struct conf_throttle_dev read_bps = { 8, 0, 1048576 };
	const struct conf_hugepage huge = { "2MB", 4194304 };
	const struct conf_resources res = {
		.mem_limit = GIVEN(1 << 20),
		.mem_swap = GIVEN(3 << 20),
		.mem_reservation = GIVEN(4096),
		.cpu_shares = GIVEN(1024),
		.cpu_quota = GIVEN(50000),
		.cpu_period = GIVEN(200000),
		.cpus = "0-1",
		.mems = "0",
		.pids_limit = GIVEN(17),
		.io_weight = GIVEN(500),
		.throttle = { &read_bps },
		.n_throttle = { 1 },
		.hugepages = &huge,
		.n_hugepages = 1,
	};
	struct tree t;

	grow(&t, v2_files, true, "");
	CHECK_INT(cgroup_limit(&t.g, &res, false, false, &t.e), 0);
	CHECK_STR(get(&t, "memory.max"), "1048576");
	CHECK_STR(get(&t, "memory.swap.max"),
		  "2097152"); /* v2 counts swap alone */
	CHECK_STR(get(&t, "memory.low"), "4096");
	CHECK_STR(get(&t, "cpu.weight"), "100");
	CHECK_STR(get(&t, "cpu.max"), "50000 200000");
	CHECK_STR(get(&t, "cpuset.cpus"), "0-1");
	CHECK_STR(get(&t, "pids.max"), "17");
	CHECK_STR(get(&t, "io.weight"), "4950");
	CHECK_STR(get(&t, "io.max"), "8:0 rbps=1048576");
	CHECK_STR(get(&t, "hugetlb.2MB.max"), "4194304");
	CHECK_STR(get(&t, "hugetlb.2MB.rsvd.max"), "4194304");
	fell(&t, v2_files);
}

static void v1_gets_them_as_they_are(void)
{
	const struct conf_resources res = {
		.mem_limit = GIVEN(1 << 20),
		.mem_swap = GIVEN(3 << 20),
		.cpu_shares = GIVEN(1024),
		.cpu_quota = GIVEN(50000),
		.cpu_period = GIVEN(200000),
		.pids_limit = GIVEN(-1),
		.mem_swappiness = GIVEN(60),
		.mem_disable_oom_killer = true,
		.net_class_id = GIVEN(1048577),
	};
	struct tree t;

	grow(&t, v1_files, false, "memory,cpu,cpuset,pids,blkio,net_cls");
	CHECK_INT(cgroup_limit(&t.g, &res, false, false, &t.e), 0);
	CHECK_STR(get(&t, "memory.limit_in_bytes"), "1048576");
	CHECK_STR(get(&t, "memory.memsw.limit_in_bytes"), "3145728");
	CHECK_STR(get(&t, "cpu.shares"), "1024");
	CHECK_STR(get(&t, "cpu.cfs_quota_us"), "50000");
	CHECK_STR(get(&t, "cpu.cfs_period_us"), "200000");
	CHECK_STR(get(&t, "pids.max"), "max");
	CHECK_STR(get(&t, "memory.swappiness"), "60");
	CHECK_STR(get(&t, "memory.oom_control"), "1");
	CHECK_STR(get(&t, "net_cls.classid"), "1048577");
	fell(&t, v1_files);
}

static void no_limit_is_max(void)
{
	const struct conf_resources res = { .mem_limit = GIVEN(-1),
					    .cpu_quota = GIVEN(-1),
					    .pids_limit = GIVEN(-1) };
	struct tree t;

	grow(&t, v2_files, true, "");
	CHECK_INT(cgroup_limit(&t.g, &res, false, false, &t.e), 0);
	CHECK_STR(get(&t, "memory.max"), "max");
	CHECK_STR(get(&t, "cpu.max"), "max 100000");
	CHECK_STR(get(&t, "pids.max"), "max");
	fell(&t, v2_files);
}

static void shares_become_weights(void)
{
	static const struct {
		uint64_t shares;
		const char *weight;
	} rows[] = { { 2, "1" },	 { 1024, "100" }, { 262144, "10000" },
		     { 512, "59" },	 { 2048, "174" }, { 1, "1" },
		     { 999999, "10000" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct conf_resources res = { .cpu_shares = GIVEN(
							    rows[i].shares) };
		struct tree t;

		grow(&t, v2_files, true, "");
		CHECK_INT(cgroup_limit(&t.g, &res, false, false, &t.e), 0);
		CHECK_STR(get(&t, "cpu.weight"), rows[i].weight);
		fell(&t, v2_files);
	}
}

static void a_missing_controller_is_an_error(void)
{
	static const char *const none[] = { "cgroup.procs", NULL };
	const struct conf_resources res = { .mem_limit = GIVEN(1 << 20) };
	char line[ERR_TEXT];
	struct tree t;

	grow(&t, none, true, "");
	CHECK_INT(cgroup_limit(&t.g, &res, false, false, &t.e), -ENOTSUP);
	err_line(&t.e, line, sizeof(line));
	CHECK_STR(line, "linux.resources.memory.limit: no cgroup hierarchy has "
			"the controller memory");
	CHECK_INT(cgroup_limit(&t.g, &res, false, true, &t.e),
		  0); /* best effort */
	fell(&t, none);
}

static void raw_keys_stay_in_the_cgroup(void)
{
	static const char *const bad[] = { "../memory.max", "a/b", ".hidden",
					   "x", "cgroup/procs" };
	const struct conf_pair good = { "memory.max", "4096\n8192" };
	struct conf_resources res = { .n_unified = 1 };
	struct conf_pair u = { "", "1" };
	struct tree t;

	grow(&t, v2_files, true, "");
	res.unified = &u;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		u.key = bad[i];
		CHECK_INT(cgroup_limit(&t.g, &res, false, false, &t.e),
			  -EINVAL);
	}
	res.unified = &good;
	CHECK_INT(cgroup_limit(&t.g, &res, false, false, &t.e), 0);
	CHECK_STR(get(&t, "memory.max"), "8192"); /* a line a write */
	fell(&t, v2_files);
}

static void update_looks_at_what_is_used(void)
{
	const struct conf_resources res = { .mem_limit = GIVEN(4096),
					    .mem_check_before_update = true };
	struct tree t;
	char path[128];
	int fd;

	grow(&t, v2_files, true, "");
	snprintf(path, sizeof(path), "%s/box/memory.current", t.dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(write(fd, "8192\n", 5) == 5);
	close(fd);
	CHECK_INT(cgroup_limit(&t.g, &res, true, false, &t.e), -EINVAL);
	CHECK_STR(get(&t, "memory.max"), "");
	CHECK_INT(cgroup_limit(&t.g, &res, false, false, &t.e), 0);
	fell(&t, v2_files);
}

static void paths_cannot_lead_out(void)
{
	static const char *const bad[] = { "/../x", "/a/../../b", "/", "//",
					   "/./a" };
	struct conf_cgroup cc = { 0 };
	struct cgroup g;
	struct tree t;

	grow(&t, v2_files, true, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cc.path = bad[i];
		CHECK_INT(cgroup_plan(&cc, "id", &t.host, &t.a, &g, &t.e),
			  -EINVAL);
	}
	cc.path = NULL;
	CHECK_INT(cgroup_plan(&cc, "id", &t.host, &t.a, &g, &t.e), 0);
	CHECK_STR(g.path, "/id");
	t.hierarchy.own = "/user/me";
	CHECK_INT(cgroup_plan(&cc, "id", &t.host, &t.a, &g, &t.e), 0);
	CHECK_STR(g.path, "/user/me/id"); /* v2: below the caller's own */
	fell(&t, v2_files);
}

int main(void)
{
	TEST(v2_gets_converted_values);
	TEST(v1_gets_them_as_they_are);
	TEST(no_limit_is_max);
	TEST(shares_become_weights);
	TEST(a_missing_controller_is_an_error);
	TEST(raw_keys_stay_in_the_cgroup);
	TEST(update_looks_at_what_is_used);
	TEST(paths_cannot_lead_out);
	return tap_end();
}
