/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include "base/arena.h"
#include "base/err.h"
#include "conf/sysctl.h"
#include "oci/config.h"
#include "tap.h"

#include <errno.h>

static struct arena arena;
static struct err err;

/* What conf_check() says to a configuration with these namespaces and these
 * members; "" when it has nothing to say. */
static const char *check(const char *namespaces, const char *linux_,
			 const char *others)
{
	const struct oci_read o = { .name = "config.json" };
	struct conf c;
	char *text = arena_printf(
		&arena,
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
		"\"linux\":{\"namespaces\":[%s]%s%s}%s%s}",
		namespaces, *linux_ ? "," : "", linux_, *others ? "," : "",
		others);

	conf_init(&c, &arena);
	memset(&err, 0, sizeof(err));
	if (oci_config_read(text, strlen(text), &o, &c, &err) < 0)
		return arena_printf(&arena, "reader: %s", err.text);
	return conf_check(&c, &err) < 0 ? err.text : "";
}

#define N(type) "{\"type\":\"" type "\"}"
#define J(type) "{\"type\":\"" type "\",\"path\":\"/ns\"}"
#define MAP(field, c, h, n) \
	"\"" field "\":[{\"containerID\":" #c ",\"hostID\":" #h ",\"size\":" #n "}]"
#define MAPS MAP("uidMappings", 0, 1000, 10) "," MAP("gidMappings", 0, 1000, 10)
#define PROCESS(x) "\"process\":{\"cwd\":\"/\"," x "}"
#define RES(x) "\"resources\":{" x "}"
#define SYSCTL(k, v) "\"sysctl\":{\"" k "\":\"" v "\"}"
#define RLIMIT(t, s, h) "{\"type\":\"" t "\",\"soft\":" #s ",\"hard\":" #h "}"

struct verdict {
	const char *namespaces, *linux_, *others, *words;
};

static void check_all(const struct verdict *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		CHECK_STR(check(v[i].namespaces, v[i].linux_, v[i].others),
			  v[i].words);
}
#define CHECK_ALL(table) check_all((table), sizeof(table) / sizeof((table)[0]))

static void names_and_paths(void)
{
	static const struct verdict v[] = {
		{ N("uts"), "", "\"hostname\":\"h\",\"domainname\":\"d\"", "" },
		{ J("uts"), "", "\"hostname\":\"h\"", "" },
		{ "", "", "\"hostname\":\"h\"",
		  "hostname: the container has no uts namespace: the name would "
		  "be the host's" },
		{ "", "", "\"domainname\":\"h\"",
		  "domainname: the container has no uts namespace: the name would "
		  "be the host's" },
		{ N("uts"), "",
		  "\"hostname\":\"0123456789012345678901234567890123456789"
		  "0123456789012345678901234\"",
		  "hostname: longer than 64 bytes" },
		{ N("mount"), "\"maskedPaths\":[\"/a\"]", "", "" },
		{ "", "\"maskedPaths\":[\"/a\"]", "",
		  "linux.maskedPaths: the container has no mount namespace: the "
		  "host's would be masked" },
		{ "", "\"readonlyPaths\":[\"/a\"]", "",
		  "linux.readonlyPaths: the container has no mount namespace: the "
		  "host's would become read-only" },
		{ "", "", "\"mounts\":[{\"destination\":\"/a\",\"type\":\"proc\"}]",
		  "mounts: the container has no mount namespace: they would be the "
		  "host's" },
		{ N("mount"), "\"maskedPaths\":[\"/a\",\"b\"]", "",
		  "linux.maskedPaths[1]: \"b\" is not an absolute path" },
		{ N("mount"), "\"readonlyPaths\":[\"\"]", "",
		  "linux.readonlyPaths[0]: \"\" is not an absolute path" },
		{ N("mount"), "",
		  "\"mounts\":[{\"destination\":\"/a\",\"source\":\"/\","
		  "\"options\":[\"bind\",\"nosiud\"]}]",
		  "mounts[0].options: a bind mount takes no \"nosiud\"" },
		{ N("mount"), "",
		  "\"mounts\":[{\"destination\":\"/a\",\"source\":\"/\","
		  "\"options\":[\"bind\",\"idmap\"]}]",
		  "mounts[0]: an id-mapped mount needs uidMappings and gidMappings, "
		  "or a user namespace" },
	};

	CHECK_ALL(v);
}

static void ids(void)
{
	static const struct verdict v[] = {
		{ N("user"), MAPS, "", "" },
		{ J("user"), "", "", "" },
		{ J("user"), MAPS, "", "" },
		{ "", MAPS, "",
		  "linux.uidMappings: the container has no user namespace" },
		{ N("user"), "", "",
		  "linux.uidMappings: missing, but the container has a user "
		  "namespace of its own" },
		{ N("user"), MAP("uidMappings", 0, 0, 1), "",
		  "linux.gidMappings: missing, but the container has a user "
		  "namespace of its own" },
		{ N("user"),
		  "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":10},"
		  "{\"containerID\":9,\"hostID\":100,\"size\":1}],"
		  MAP("gidMappings", 0, 0, 1), "",
		  "linux.uidMappings[1]: overlaps with linux.uidMappings[0]" },
		{ N("user"),
		  MAP("uidMappings", 0, 0, 1) ",\"gidMappings\":["
		  "{\"containerID\":0,\"hostID\":5,\"size\":2},"
		  "{\"containerID\":9,\"hostID\":6,\"size\":1}]", "",
		  "linux.gidMappings[1]: overlaps with linux.gidMappings[0]" },
		{ N("user"),
		  MAP("uidMappings", 1, 0, 4294967295) ","
		  MAP("gidMappings", 0, 0, 1), "",
		  "linux.uidMappings[0]: goes past the last id, 4294967294" },
		{ N("user"), MAP("uidMappings", 0, 0, 4294967295) ","
		  MAP("gidMappings", 0, 0, 4294967295), "", "" },
		{ N("user"), MAP("uidMappings", 1, 1000, 10) ","
		  MAP("gidMappings", 0, 1000, 10), "",
		  "linux.uidMappings: 0, the container's root, is not in it" },
		{ N("user"), MAP("uidMappings", 0, 1000, 10) ","
		  MAP("gidMappings", 1, 1000, 10), "",
		  "linux.gidMappings: 0, the container's root, is not in it" },
		{ N("user"), MAPS, PROCESS("\"user\":{\"uid\":10,\"gid\":0}"),
		  "process.user.uid: 10 is not in linux.uidMappings" },
		{ N("user"), MAPS, PROCESS("\"user\":{\"uid\":9,\"gid\":11}"),
		  "process.user.gid: 11 is not in linux.gidMappings" },
	};

	CHECK_ALL(v);
}

static void times_and_processes(void)
{
	static const struct verdict v[] = {
		{ N("time"), "\"timeOffsets\":{\"boottime\":{\"secs\":1}}", "", "" },
		{ "", "\"timeOffsets\":{\"boottime\":{\"secs\":1}}", "",
		  "linux.timeOffsets: the container has no time namespace" },
		{ J("time"), "\"timeOffsets\":{\"monotonic\":{\"secs\":1}}", "",
		  "linux.timeOffsets: the time namespace is joined: its clocks are "
		  "set already" },
		{ "", "", PROCESS("\"rlimits\":[" RLIMIT("RLIMIT_CPU", 2, 1) "]"),
		  "process.rlimits[0]: the soft limit is above the hard limit" },
		{ "", "", PROCESS("\"rlimits\":[" RLIMIT("RLIMIT_CPU", 1, 1) ","
				  RLIMIT("RLIMIT_AS", 1, 1) ","
				  RLIMIT("RLIMIT_CPU", 1, 1) "]"),
		  "process.rlimits[2].type: the same as that of rlimits[0]" },
		{ "", "", PROCESS("\"capabilities\":{\"effective\":[\"CAP_KILL\"],"
				  "\"permitted\":[\"CAP_CHOWN\"]}"),
		  "process.capabilities.effective: CAP_KILL is not in "
		  "\"permitted\"" },
		{ "", "", PROCESS("\"scheduler\":{\"policy\":\"SCHED_FIFO\","
				  "\"priority\":5}"), "" },
		{ "", "", PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\","
				  "\"priority\":5}"),
		  "process.scheduler.priority: only with SCHED_FIFO or SCHED_RR" },
		{ "", "", PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\","
				  "\"runtime\":5}"),
		  "process.scheduler: runtime, deadline and period only go with "
		  "SCHED_DEADLINE" },
	};

	CHECK_ALL(v);
}

static void cgroups(void)
{
	static const struct verdict v[] = {
		{ "", RES("\"memory\":{\"limit\":5,\"swap\":5}"), "", "" },
		{ "", RES("\"memory\":{\"limit\":5,\"swap\":-1}"), "", "" },
		{ "", RES("\"memory\":{\"limit\":5,\"swap\":4}"), "",
		  "linux.resources.memory.swap: less than the limit: it is memory "
		  "and swap together" },
		{ "", RES("\"memory\":{\"swap\":4}"), "",
		  "linux.resources.memory.swap: is memory and swap together: it "
		  "needs a limit, too" },
		{ "", RES("\"memory\":{\"swappiness\":100}"), "", "" },
		{ "", RES("\"memory\":{\"swappiness\":18446744073709551615}"), "", "" },
		{ "", RES("\"memory\":{\"swappiness\":101}"), "",
		  "linux.resources.memory.swappiness: more than 100" },
		{ "", RES("\"blockIO\":{\"weight\":9}"), "",
		  "linux.resources.blockIO: a weight is 10 to 1000" },
		{ "", RES("\"blockIO\":{\"weightDevice\":[{\"major\":1,\"minor\":1,"
			  "\"weight\":1001}]}"), "",
		  "linux.resources.blockIO.weightDevice[0]: a weight is 10 to "
		  "1000" },
		{ "", RES("\"cpu\":{\"idle\":2}"), "",
		  "linux.resources.cpu.idle: is 0 or 1" },
		{ "", RES("\"cpu\":{\"quota\":10,\"burst\":11}"), "",
		  "linux.resources.cpu.burst: more than the quota" },
		{ "", "\"cgroupsPath\":\"/a/..b/c..\"", "", "" },
		{ "", "\"cgroupsPath\":\"system.slice:hull:x\"", "", "" },
		{ "", "\"cgroupsPath\":\"/a/../../b\"", "",
		  "linux.cgroupsPath: \"/a/../../b\" climbs with \"..\"" },
		{ "", "\"cgroupsPath\":\"..\"", "",
		  "linux.cgroupsPath: \"..\" climbs with \"..\"" },
	};

	CHECK_ALL(v);
}

static void sysctls(void)
{
	static const struct verdict v[] = {
		{ N("network"), SYSCTL("net.ipv4.ip_forward", "1"), "", "" },
		{ J("network"), SYSCTL("net/ipv4/conf/eth0.1/rp_filter", "1"), "",
		  "" },
		{ N("network"), SYSCTL("net.ipv4.conf.eth0/1.rp_filter", "1"), "",
		  "" },
		{ N("ipc"), SYSCTL("kernel.shm_rmid_forced", "1"), "", "" },
		{ N("ipc"), SYSCTL("fs.mqueue.msg_max", "1"), "", "" },
		{ N("uts"), SYSCTL("kernel.domainname", "x"), "", "" },
		{ "", SYSCTL("net.ipv4.ip_forward", "1"), "",
		  "linux.sysctl: \"net.ipv4.ip_forward\" would be the host's: the "
		  "container has no network namespace" },
		{ N("network"), SYSCTL("kernel.msgmax", "1"), "",
		  "linux.sysctl: \"kernel.msgmax\" would be the host's: the "
		  "container has no ipc namespace" },
		{ N("uts"), SYSCTL("kernel.hostname", "x"), "",
		  "linux.sysctl: \"kernel.hostname\" is set by the property "
		  "hostname" },
		{ N("ipc"), SYSCTL("kernel.core_pattern", "|/x"), "",
		  "linux.sysctl: \"kernel.core_pattern\" belongs to no namespace: "
		  "it would be the host's" },
		{ N("ipc"), SYSCTL("kernel.shmmaxx", "1"), "",
		  "linux.sysctl: \"kernel.shmmaxx\" belongs to no namespace: it "
		  "would be the host's" },
		{ N("network"), SYSCTL("network.x", "1"), "",
		  "linux.sysctl: \"network.x\" belongs to no namespace: it would be "
		  "the host's" },
		/* Spellings of net/../kernel/core_pattern and its like. */
		{ N("network"), SYSCTL("net/../kernel/core_pattern", "x"), "",
		  "linux.sysctl: \"net/../kernel/core_pattern\" is no key" },
		{ N("network"), SYSCTL("net.//.kernel.core_pattern", "x"), "",
		  "linux.sysctl: \"net.//.kernel.core_pattern\" is no key" },
		{ N("network"), SYSCTL("net..x", "x"), "",
		  "linux.sysctl: \"net..x\" is no key" },
		{ N("network"), SYSCTL("net.", "x"), "",
		  "linux.sysctl: \"net.\" is no key" },
		{ N("network"), SYSCTL("/net/x", "x"), "",
		  "linux.sysctl: \"/net/x\" is no key" },
		{ N("network"), SYSCTL("", "x"), "",
		  "linux.sysctl: \"\" is no key" },
		/* CVE-2022-0811: a separator of settings in a key or a value. */
		{ N("network"), SYSCTL("net.x+kernel.core_pattern", "x"), "",
		  "linux.sysctl: \"net.x+kernel.core_pattern\" is no key" },
		{ N("network"), SYSCTL("net.x=1", "x"), "",
		  "linux.sysctl: \"net.x=1\" is no key" },
		{ N("network"), SYSCTL("net.x", "1\\nkernel.core_pattern=x"), "",
		  "linux.sysctl: the value of \"net.x\" has a line break" },
	};

	CHECK_ALL(v);
}

static void the_path_of_a_sysctl(void)
{
	char path[64];

	CHECK_INT(sysctl_path("net.ipv4.conf.eth0/1.x", path, 64), 0);
	CHECK_STR(path, "net/ipv4/conf/eth0.1/x");
	CHECK_INT(sysctl_path("net/ipv4/conf/eth0.1/x", path, 64), 0);
	CHECK_STR(path, "net/ipv4/conf/eth0.1/x");
	CHECK_INT(sysctl_path("kernel.sem", path, 10), -ENAMETOOLONG);
}

static void the_rest(void)
{
	static const struct verdict v[] = {
		{ N("network"), "\"netDevices\":{\"eth0\":{\"name\":\"a\"}}", "", "" },
		{ "", "\"netDevices\":{\"eth0\":{}}", "",
		  "linux.netDevices: the container has no network namespace to move "
		  "them to" },
		{ N("network"), "\"netDevices\":{\"../x\":{}}", "",
		  "linux.netDevices: \"../x\" is no name of a network device" },
		{ N("network"), "\"netDevices\":{\"e\":{\"name\":\"0123456789abcdef\"}}",
		  "",
		  "linux.netDevices.e.name: \"0123456789abcdef\" is no name of a "
		  "network device" },
		{ N("network"), "\"netDevices\":{\"e\":{\"name\":\"f\"},\"f\":{}}", "",
		  "linux.netDevices.f: called \"f\", as e is" },
		{ "", "\"intelRdt\":{\"closID\":\"guaranteed\"}", "", "" },
		{ "", "\"intelRdt\":{\"closID\":\"/\"}", "", "" },
		{ "", "\"intelRdt\":{\"closID\":\"..\"}", "",
		  "linux.intelRdt.closID: \"..\" cannot be the name of a class" },
		{ "", "\"intelRdt\":{\"closID\":\"a/b\"}", "",
		  "linux.intelRdt.closID: \"a/b\" cannot be the name of a class" },
		{ "", "\"intelRdt\":{\"closID\":\"mon_groups\"}", "",
		  "linux.intelRdt.closID: \"mon_groups\" cannot be the name of a "
		  "class" },
		{ "", "\"intelRdt\":{\"schemata\":[\"L3:0=f\",\"a\\nb\"]}", "",
		  "linux.intelRdt.schemata[1]: more than one line" },
		{ "", "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\"}", "",
		  "" },
		{ "", "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}", "",
		  "linux.memoryPolicy.nodes: missing" },
		{ "", "\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}", "",
		  "linux.memoryPolicy.nodes: not with MPOL_DEFAULT or MPOL_LOCAL" },
		{ "", "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\","
		      "\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\"]}",
		  "",
		  "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and "
		  "MPOL_F_RELATIVE_NODES exclude each other" },
		{ "", "\"memoryPolicy\":{\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0\","
		      "\"flags\":[\"MPOL_F_NUMA_BALANCING\"]}", "",
		  "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING only goes with "
		  "MPOL_BIND or MPOL_PREFERRED_MANY" },
	};
	struct conf c;

	CHECK_ALL(v);
	conf_init(&c, &arena);
	CHECK_INT(conf_check(&c, &err), 0);
	c.root.no_pivot = true;
	c.root.propagation = 1 << 18; /* MS_PRIVATE */
	CHECK_INT(conf_check(&c, &err), -EINVAL);
}

int main(void)
{
	arena_init(&arena);
	TEST(names_and_paths);
	TEST(ids);
	TEST(times_and_processes);
	TEST(cgroups);
	TEST(sysctls);
	TEST(the_path_of_a_sysctl);
	TEST(the_rest);
	arena_done(&arena);
	return tap_end();
}
