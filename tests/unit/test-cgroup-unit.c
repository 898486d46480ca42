/* SPDX-License-Identifier: Apache-2.0 */
/* A container's scope: its names, and the request that makes it. */
#include "cgroup/unit-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "tap.h"

#include <errno.h>

static const struct host_cgroup v2[] = { { "/cg", "", "/user", true } };
static const struct host_cgroup v1[] = {
	{ "/cg/memory", "memory", "/", false },
	{ "/cg/unified", "", "/", true },
};
static struct arena arena;
static struct err e;

static struct host host_of(bool is_v2, const char *own, bool is_rootless)
{
	static struct host_cgroup elsewhere;
	struct host h = { .cgroup_layout = is_v2 ? CGROUP_V2 : CGROUP_HYBRID,
			  .cgroups = is_v2 ? v2 : v1,
			  .n_cgroups = is_v2 ? 1 : 2,
			  .euid = is_rootless ? 1000 : 0,
			  .is_rootless = is_rootless };

	if (own) {
		elsewhere = v2[0];
		elsewhere.own = own;
		h.cgroups = &elsewhere;
	}
	return h;
}

/* The cgroup that `path` is, or an error. */
static int plan(const char *path, const char *id, const struct host *h,
		const char *sub, struct cgroup *g)
{
	const struct conf_cgroup cc = { .manager = CGROUP_SYSTEMD,
					.path = path,
					.systemd_subgroup = sub };

	memset(&e, 0, sizeof(e));
	return cgroup_plan(&cc, id, h, &arena, g, &e);
}

static void slices(void)
{
	static const struct {
		const char *slice, *path;
	} good[] = {
		{ "system.slice", "/system.slice" },
		{ "a-b.slice", "/a.slice/a-b.slice" },
		{ "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice" },
		{ "user-1000.slice", "/user.slice/user-1000.slice" },
		{ "-.slice", "" },
		{ "-", "" },
	};
	static const char *const bad[] = { "a",	       "a.slice/b.slice",
					   ".slice",   "-a.slice",
					   "a-.slice", "a--b.slice",
					   "a b.slice", "..slice/",
					   "a.service" };
	const char *path;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_INT(unit_expand(good[i].slice, &arena, &path, &e), 0);
		CHECK_STR(path, good[i].path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(unit_expand(bad[i], &arena, &path, &e), -EINVAL);
}

static void names(void)
{
	struct host root = host_of(true, NULL, false);
	struct cgroup g;

	CHECK_INT(plan(NULL, "web", &root, NULL, &g), 0);
	CHECK_STR(g.scope, "hull-web.scope");
	CHECK_STR(g.path, "/system.slice/hull-web.scope");
	CHECK_STR(g.dirs[0].path, "/cg/system.slice/hull-web.scope");
	CHECK(!g.is_user);
	CHECK_INT(plan("", "a+b", &root, NULL, &g), 0);
	CHECK_STR(g.scope, "hull-a\\x2bb.scope");
	CHECK_INT(plan("machine-x.slice:libpod:web", "id", &root, NULL, &g), 0);
	CHECK_STR(g.path, "/machine.slice/machine-x.slice/libpod-web.scope");
	CHECK_INT(plan("::web", "id", &root, NULL, &g), 0);
	CHECK_STR(g.path, "/system.slice/-web.scope");
	CHECK_INT(plan("-.slice:p:web", "id", &root, "in/ner", &g), 0);
	CHECK_STR(g.path, "/p-web.scope/in/ner");
	CHECK_INT(unit_dir_len(&g), strlen("/p-web.scope"));
}

static void bad_names(void)
{
	static const char *const bad[] = { "/a/b", "a.slice:b",
					   "a.slice:b:c:d", "a.slice:b:",
					   "a.slice:b:c.slice", "a.slice:b:c/d",
					   "a.slice:b:c d", "a/b.slice:b:c",
					   "a.slice:b:c\nd" };
	struct host root = host_of(true, NULL, false);
	struct cgroup g;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_INT(plan(bad[i], "id", &root, NULL, &g), -EINVAL);
		CHECK(strncmp(e.text, "linux.cgroupsPath: ", 19) == 0);
	}
	CHECK_INT(plan(NULL, "id", &root, "../up", &g), -EINVAL);
}

static void users(void)
{
	static const struct {
		const char *own, *manager;
	} rows[] = {
		{ "/user.slice/user-7.slice/session-2.scope",
		  "/user.slice/user-7.slice/user@7.service" },
		{ "/user.slice/user-7.slice/user@7.service/app.slice/a.scope",
		  "/user.slice/user-7.slice/user@7.service" },
		{ "/vm/user.slice/user-7.slice/user@7.service",
		  "/vm/user.slice/user-7.slice/user@7.service" },
		{ "/system.slice/x.service",
		  "/user.slice/user-1000.slice/user@1000.service" },
	};
	struct cgroup g;
	char want[200];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host h = host_of(true, rows[i].own, true);

		CHECK_INT(plan(NULL, "web", &h, NULL, &g), 0);
		CHECK(g.is_user);
		snprintf(want, sizeof(want), "%s/user.slice/hull-web.scope",
			 rows[i].manager);
		CHECK_STR(g.path, want);
	}
}

/* --- requests --- */

#define HEAD(bus)                                                              \
	"bus " bus "\nverb start\nunit pre-web.scope\n"                         \
	"property Description s hull%20container%20id\n"                        \
	"property Slice s a-b.slice\n"                                         \
	"property Delegate b 1\n"                                              \
	"property DefaultDependencies b 0\n"                                   \
	"property CPUAccounting b 1\n"
#define NO_DEVICES                                                             \
	"property DevicePolicy s auto\nproperty DeviceAllow a(ss) 0\n"
static const struct conf_dev_rule everything[] = { { true, 'a', -1, -1, true,
						     true, true } };

static const char *request(const struct host *h, struct conf *c)
{
	const char *text = NULL;
	struct cgroup g;

	c->id = "id";
	c->cgroup.manager = CGROUP_SYSTEMD;
	c->cgroup.path = "a-b.slice:pre:web";
	if (!c->cgroup.res.dev_rules) {
		c->cgroup.res.dev_rules = everything;
		c->cgroup.res.n_dev_rules = 1;
	}
	memset(&e, 0, sizeof(e));
	if (cgroup_plan(&c->cgroup, "id", h, &arena, &g, &e) < 0 ||
	    unit_request(&g, c, &arena, &text, &e) < 0)
		return NULL;
	return text;
}

static void set_limits(struct conf_resources *r)
{
	r->mem_limit = (struct conf_i64){ true, 67108864 };
	r->mem_reservation = (struct conf_i64){ true, 33554432 };
	r->mem_swap = (struct conf_i64){ true, 100663296 };
	r->cpu_shares = (struct conf_u64){ true, 1024 };
	r->cpu_quota = (struct conf_i64){ true, 12345 };
	r->cpu_period = (struct conf_u64){ true, 50000 };
	r->cpus = "0-1,9";
	r->mems = "0";
	r->pids_limit = (struct conf_i64){ true, 77 };
	r->io_weight = (struct conf_u64){ true, 10 };
}

static void limits_v2(void)
{
	struct host h = host_of(true, NULL, false);
	struct conf c = { 0 };

	set_limits(&c.cgroup.res);
	CHECK_STR(request(&h, &c),
		  HEAD("system")
		  "property IOAccounting b 1\n"
		  "property MemoryAccounting b 1\n"
		  "property TasksAccounting b 1\n" NO_DEVICES
		  "property MemoryMax t 67108864\n"
		  "property MemoryLow t 33554432\n"
		  "property MemorySwapMax t 33554432\n"
		  "property CPUWeight t 100\n"
		  "property CPUQuotaPerSecUSec t 250000\n"
		  "optional CPUQuotaPeriodUSec t 50000\n"
		  "property TasksMax t 77\n"
		  "property IOWeight t 1\n"
		  "optional AllowedCPUs ay 2 3 2\n"
		  "optional AllowedMemoryNodes ay 1 1\n");
}

static void limits_v1(void)
{
	struct host h = host_of(false, NULL, false);
	struct conf c = { 0 };

	set_limits(&c.cgroup.res);
	CHECK_STR(request(&h, &c),
		  HEAD("system")
		  "property BlockIOAccounting b 1\n"
		  "property MemoryAccounting b 1\n"
		  "property TasksAccounting b 1\n" NO_DEVICES
		  "property MemoryLimit t 67108864\n"
		  "property CPUShares t 1024\n"
		  "property CPUQuotaPerSecUSec t 250000\n"
		  "optional CPUQuotaPeriodUSec t 50000\n"
		  "property TasksMax t 77\n"
		  "property BlockIOWeight t 10\n"
		  "optional AllowedCPUs ay 2 3 2\n"
		  "optional AllowedMemoryNodes ay 1 1\n");
}

/* The request's lines behind those that every one has. */
static const char *lines(struct conf *c)
{
	static const char last[] = "property TasksAccounting b 1\n";
	struct host h = host_of(true, NULL, false);
	const char *text = request(&h, c), *at;

	at = text ? strstr(text, last) : NULL;
	return at ? at + sizeof(last) - 1 : e.text;
}

static void no_limits(void)
{
	struct conf c = { 0 };
	struct conf_resources *r = &c.cgroup.res;

	CHECK_STR(lines(&c), NO_DEVICES);
	r->mem_limit = (struct conf_i64){ true, -1 };
	r->mem_swap = (struct conf_i64){ true, -1 };
	r->pids_limit = (struct conf_i64){ true, -1 };
	r->cpu_quota = (struct conf_i64){ true, -1 };
	r->cpu_idle = (struct conf_i64){ true, 1 };
	CHECK_STR(lines(&c),
		  NO_DEVICES "property MemoryMax t 18446744073709551615\n"
			     "property MemorySwapMax t 18446744073709551615\n"
			     "optional CPUWeight t 0\n"
			     "property CPUQuotaPerSecUSec t 18446744073709551615\n"
			     "property TasksMax t 18446744073709551615\n");
}

/* What the kernel takes and systemd does not (systemd 252, dbus-cgroup.c). */
static void lowest(void)
{
	static const struct conf_pair pair = { "memory.high", "0" };
	struct host v1_host = host_of(false, NULL, false);
	struct conf c = { 0 };
	struct conf_resources *r = &c.cgroup.res;

	r->mem_limit = (struct conf_i64){ true, 0 };
	r->mem_swap = (struct conf_i64){ true, 0 };
	r->mem_reservation = (struct conf_i64){ true, 0 };
	r->pids_limit = (struct conf_i64){ true, 0 };
	r->cpu_quota = (struct conf_i64){ true, 1 };
	r->cpu_period = (struct conf_u64){ true, 10000000 };
	r->unified = &pair;
	r->n_unified = 1;
	CHECK_STR(lines(&c), NO_DEVICES "property MemoryMax t 1\n"
					"property MemoryLow t 0\n"
					"property MemorySwapMax t 0\n"
					"property CPUQuotaPerSecUSec t 10000\n"
					"optional CPUQuotaPeriodUSec t 10000000\n"
					"property TasksMax t 1\n"
					"property MemoryHigh t 1\n");
	r->cpu_shares = (struct conf_u64){ true, 1 };
	CHECK(strstr(request(&v1_host, &c), "property CPUShares t 2\n"));
	r->cpu_shares = (struct conf_u64){ true, 300000 };
	CHECK(strstr(request(&v1_host, &c), "property CPUShares t 262144\n"));
}

static void unified(void)
{
	static const struct conf_pair pairs[] = {
		{ "memory.high", "5" },	 { "memory.max", "max" },
		{ "memory.min", "x" },	 { "pids.max", "9" },
		{ "cpu.max", "max" },	 { "cpu.max", "20000 100000" },
		{ "cpu.weight", "42" },	 { "cpuset.cpus", "8" },
		{ "io.max", "8:0 rbps=1" }, { "memory.swap.max", "0" },
	};
	struct conf c = { 0 };

	c.cgroup.res.unified = pairs;
	c.cgroup.res.n_unified = ARRAY_SIZE(pairs);
	CHECK_STR(lines(&c),
		  NO_DEVICES "property MemoryHigh t 5\n"
			     "property MemoryMax t 18446744073709551615\n"
			     "property TasksMax t 9\n"
			     "property CPUQuotaPerSecUSec t 18446744073709551615\n"
			     "property CPUQuotaPerSecUSec t 200000\n"
			     "optional CPUQuotaPeriodUSec t 100000\n"
			     "property CPUWeight t 42\n"
			     "optional AllowedCPUs ay 2 0 1\n"
			     "property MemorySwapMax t 0\n");
	c.cgroup.res.cpus = "2-1";
	CHECK(strncmp(lines(&c), "linux.resources.cpu.cpus: ", 26) == 0);
}

static void devices(void)
{
	static const struct conf_dev_rule rules[] = {
		{ true, 'c', 9, 9, true, true, true }, /* taken back */
		{ false, 'a', -1, -1, true, true, true },
		{ true, 'b', 8, -1, true, false, false },
		{ true, 'a', 10, 200, true, true, false },
		{ false, 'c', 1, 3, false, true, false }, /* has no entry */
	};
	static const char want[] =
		"property DevicePolicy s strict\n"
		"property DeviceAllow a(ss) 14 block-8 r /dev/char/10:200 rw "
		"/dev/block/10:200 rw char-%2a m block-%2a m /dev/char/1:3 rwm ";
	struct host user = host_of(true, "/x", true);
	struct conf c = { .cgroup.res = { .dev_rules = rules,
					  .n_dev_rules = ARRAY_SIZE(rules) } };

	CHECK(strncmp(lines(&c), want, sizeof(want) - 1) == 0);
	/* A user's manager has no right to draw that line. */
	CHECK(strncmp(request(&user, &c), "bus user\n", 9) == 0);
	CHECK(!strstr(request(&user, &c), "Device"));
}

/* --- annotations --- */

static const char *annotated(const char *name, const char *value)
{
	static char line[512];
	struct conf_pair pair = { name, value };
	struct request q = { .a = &arena };

	memset(&e, 0, sizeof(e));
	if (unit_annotation(&q, &pair, &e) < 0)
		return NULL;
	snprintf(line, sizeof(line), "%s", q.len ? q.text : "");
	return line;
}

#define P "org.systemd.property."

static void annotations(void)
{
	static const char *const rows[][3] = {
		{ P "TimeoutStopUSec", "uint64 5", "property TimeoutStopUSec t 5\n" },
		{ P "TimeoutStopSec", "uint64 5", "property TimeoutStopUSec t 5000000\n" },
		{ P "TimeoutStopSec", " 7 ", "property TimeoutStopUSec t 7000000\n" },
		{ P "CollectMode", "'inactive-or-failed'",
		  "property CollectMode s inactive-or-failed\n" },
		{ P "Description", "\"it's 50%\\n\"",
		  "property Description s it%27s%2050%25%0a\n" },
		{ P "Description", "''", "property Description s %\n" },
		{ P "Weight", "-3", "property Weight i -3\n" },
		{ P "Weight", "byte 255", "property Weight y 255\n" },
		{ P "Ratio", "0.5", "property Ratio d 0.5\n" },
		{ P "Yes", "true", "property Yes b 1\n" },
		{ P "Yes", "boolean false", "property Yes b 0\n" },
		{ P "After", "['a.service', 'b c']",
		  "property After as 2 a.service b%20c\n" },
		{ P "After", "@as []", "property After as 0\n" },
		{ P "Bits", "[byte 1, 2]", "property Bits ay 2 1 2\n" },
		{ P "Bits", "@ay [1, 2]", "property Bits ay 2 1 2\n" },
		{ P "IOReadBandwidthMax", "[('/dev/sda', uint64 5)]",
		  "property IOReadBandwidthMax a(st) 1 /dev/sda 5\n" },
		{ P "DeviceAllow", "@a(ss) [('/dev/x', 'rw'), ('y', 'm')]",
		  "property DeviceAllow a(ss) 2 /dev/x rw y m\n" },
		{ "run.oci.keep_original_groups", "(", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_STR(annotated(rows[i][0], rows[i][1]), rows[i][2]);
}

static void bad_annotations(void)
{
	static const char *const values[] = {
		"",	   "x",	      "uint64",	   "uint64 -1",	 "byte 256",
		"5 6",	   "'a",      "[1, 'a']",  "[",		 "[1",
		"[]",	   "()",      "('a'",	   "@zz 1",	 "@as 5",
		"@(s",	   "'\\q'",   "2147483648", "[[[[[[[[[1]]]]]]]]]",
		"@a(ss) [('a')]",     "int32 0.5", "string 5",	 "true false",
		"@a(ss) [('a','b','c')]",
	};
	static const char *const names[] = {
		P,	      P "ab",	      P "With.Dot",  P "With Blank",
		P "PIDs",     P "Slice",      P "Delegate",  P "Line\nBreak",
		P "x123",
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		CHECK(!annotated(P "CPUWeight", values[i]));
		CHECK(strstr(e.text, P "CPUWeight"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK(!annotated(names[i], "true"));
	CHECK(!annotated(P "TimeoutStopSec", "'5'"));
	CHECK(!annotated(P "TimeoutStopSec", "18446744073710"));
}

int main(void)
{
	arena_init(&arena);
	TEST(slices);
	TEST(names);
	TEST(bad_names);
	TEST(users);
	TEST(limits_v2);
	TEST(limits_v1);
	TEST(no_limits);
	TEST(lowest);
	TEST(unified);
	TEST(devices);
	TEST(annotations);
	TEST(bad_annotations);
	arena_done(&arena);
	return tap_end();
}
