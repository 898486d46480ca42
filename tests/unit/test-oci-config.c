/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/config.h"

#include "base/arena.h"
#include "base/err.h"
#include "oci/mount-options.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena arena;
static struct err err;
static struct conf conf;
static char warned[600];

static void warn(void *arg, const char *text)
{
	(void)arg;
	snprintf(warned, sizeof(warned), "%s", text);
}

static int read_text(const char *text)
{
	const struct oci_read o = {
		.name = "config.json",
		.bundle = "/bundle",
		.open_ns = true,
		.warn = warn,
	};

	warned[0] = '\0';
	memset(&err, 0, sizeof(err));
	conf_init(&conf, &arena);
	return oci_config_read(text, strlen(text), &o, &conf, &err);
}

/* Members of the whole besides the two that have to be there. */
static int read_more(const char *members)
{
	char *text = arena_printf(&arena,
				  "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":"
				  "\"r\"},%s}",
				  members);

	return read_text(text);
}

struct fault {
	const char *members, *words;
};

/* Each fault makes exactly its line. */
static void check_faults(const struct fault *faults, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char line[700];

		CHECK_INT(read_more(faults[i].members), -EINVAL);
		err_line(&err, line, sizeof(line));
		CHECK_STR(line, faults[i].words);
	}
}
#define CHECK_FAULTS(table) check_faults((table), sizeof(table) / sizeof((table)[0]))

#define LINUX(x) "\"linux\":{" x "}"
#define PROCESS(x) "\"process\":{\"cwd\":\"/\"," x "}"
#define U64 "18446744073709551615"

static void versions(void)
{
	static const char *const good[] = { "1.0.0", "1.0.2-dev", "1.1.0+dev",
					    "1.2.1", "1.3.0", "1.3.7", "1.4.0",
					    "1.0.0-rc5" };
	static const struct fault bad[] = {
		{ "{}", "config.json: ociVersion: missing" },
		{ "[]", "config.json: expected an object, found an array" },
		{ "{\"ociVersion\":1}",
		  "config.json: ociVersion: expected a string, found 1" },
		{ "{\"ociVersion\":\"1.0\"}",
		  "config.json: ociVersion: expected a version like \"1.3.0\", "
		  "found \"1.0\"" },
		{ "{\"ociVersion\":\"1.0.0-\"}",
		  "config.json: ociVersion: expected a version like \"1.3.0\", "
		  "found \"1.0.0-\"" },
		{ "{\"ociVersion\":\"0.5.0\"}",
		  "config.json: ociVersion: version \"0.5.0\" is not supported: "
		  "this is a runtime for 1.x" },
		{ "{\"ociVersion\":\"2.0.0\"}",
		  "config.json: ociVersion: version \"2.0.0\" is not supported: "
		  "this is a runtime for 1.x" },
		{ "{\"ociVersion\":\"1.0.0\"}", "config.json: root: missing" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}",
		  "config.json: root.path: must not be empty" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":{}}",
		  "config.json: root.path: missing" },
	};
	char text[100];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"/r\"}}",
			 good[i]);
		CHECK_INT(read_text(text), 0);
		CHECK_STR(conf.oci_version, good[i]);
		CHECK_STR(conf.root.path, "/r");
		CHECK(!conf.has_process);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(read_text(bad[i].members), -EINVAL);
		CHECK_STR(err.text, bad[i].words);
	}
}

static void unknown_properties_are_ignored(void)
{
	CHECK_INT(read_more("\"windows\":{\"a\":[1.5]},\"x\":null,"
			    "\"hostname\":null,"
			    PROCESS("\"commandLine\":\"x\",\"rlimits\":null")
			    "," LINUX("\"future\":{}")), 0);
	CHECK(conf.has_process);
	CHECK(!conf.hostname);
}

static void the_process(void)
{
	const struct conf_process *p = &conf.process;

	CHECK_INT(read_more(
		"\"hostname\":\"h\",\"domainname\":\"d\",\"process\":{"
		"\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},"
		"\"user\":{\"uid\":1,\"gid\":2,\"umask\":18,"
		"\"additionalGids\":[5,6]},"
		"\"args\":[\"sh\",\"-c\",\"\"],"
		"\"env\":[\"A=1\",\"AB=2\",\"A=3\",\"B==\",\"AB=\"],"
		"\"cwd\":\"/tmp\","
		"\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_NEW\"],"
		"\"effective\":[\"CAP_CHOWN\"],\"permitted\":[],"
		"\"ambient\":[\"CAP_CHECKPOINT_RESTORE\"]},"
		"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1024,"
		"\"hard\":" U64 "}],"
		"\"noNewPrivileges\":true,\"apparmorProfile\":\"p\","
		"\"selinuxLabel\":\"l\",\"oomScoreAdj\":-1000,"
		"\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"nice\":-20,"
		"\"flags\":[\"SCHED_FLAG_RECLAIM\",\"SCHED_FLAG_RESET_ON_FORK\"],"
		"\"runtime\":1,\"deadline\":2,\"period\":3},"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":7},"
		"\"execCPUAffinity\":{\"initial\":\"0-1\",\"final\":\"0\"}}"), 0);
	CHECK_STR(conf.hostname, "h");
	CHECK_STR(conf.domainname, "d");
	CHECK(p->terminal && p->console_rows == 24 && p->console_cols == 80);
	CHECK(p->uid == 1 && p->gid == 2 && p->has_umask && p->umask == 022);
	CHECK(p->n_groups == 2 && p->groups[0] == 5 && p->groups[1] == 6);
	CHECK(p->args.n == 3 && !p->args.v[3]);
	CHECK_STR(p->args.v[2], "");
	CHECK_INT(p->env.n, 3);
	CHECK_STR(p->env.v[0], "A=3");
	CHECK_STR(p->env.v[1], "B==");
	CHECK_STR(p->env.v[2], "AB=");
	CHECK(!p->env.v[3]);
	CHECK_STR(p->cwd, "/tmp");
	CHECK(p->caps.given && p->caps.bounding == 1 << 5);
	CHECK(p->caps.effective == 1 && !p->caps.permitted);
	CHECK(!p->caps.inheritable && p->caps.ambient == UINT64_C(1) << 40);
	CHECK_STR(warned, "config.json: process.capabilities.bounding[1]: "
			  "unknown capability \"CAP_NEW\" is left out");
	CHECK_INT(p->n_rlimits, 1);
	CHECK(p->rlimits[0].resource == RLIMIT_NOFILE);
	CHECK(p->rlimits[0].soft == 1024 && p->rlimits[0].hard == UINT64_MAX);
	CHECK(p->no_new_privs && p->has_oom_score_adj);
	CHECK_INT(p->oom_score_adj, -1000);
	CHECK_STR(p->apparmor, "p");
	CHECK_STR(p->selinux, "l");
	CHECK(p->sched.given && p->sched.policy == 6 && p->sched.nice == -20);
	CHECK(p->sched.flags == 3 && p->sched.runtime_ns == 1);
	CHECK(p->sched.deadline_ns == 2 && p->sched.period_ns == 3);
	CHECK(p->ioprio.given && p->ioprio.class == 3);
	CHECK_INT(p->ioprio.priority, 7);
	CHECK_STR(p->affinity.initial, "0-1");
	CHECK_STR(p->affinity.final, "0");
}

static void faults_of_the_process(void)
{
	static const struct fault bad[] = {
		{ "\"process\":{}", "config.json: process.cwd: missing" },
		{ "\"process\":{\"cwd\":\"tmp\"}",
		  "config.json: process.cwd: \"tmp\" is not an absolute path" },
		{ PROCESS("\"args\":[]"),
		  "config.json: process.args: needs at least the program's name" },
		{ PROCESS("\"args\":\"sh\""),
		  "config.json: process.args: expected an array, found a string" },
		{ PROCESS("\"args\":[\"a\",7]"),
		  "config.json: process.args[1]: expected a string, found 7" },
		{ PROCESS("\"env\":[\"A=1\",\"B\"]"),
		  "config.json: process.env[1]: expected NAME=value, found \"B\"" },
		{ PROCESS("\"env\":[\"=1\"]"),
		  "config.json: process.env[0]: expected NAME=value, found \"=1\"" },
		{ PROCESS("\"user\":{\"uid\":-1}"),
		  "config.json: process.user.uid: expected a number from 0 to "
		  "4294967294, found -1" },
		{ PROCESS("\"user\":{\"gid\":4294967295}"),
		  "config.json: process.user.gid: expected a number from 0 to "
		  "4294967294, found 4294967295" },
		{ PROCESS("\"user\":{\"additionalGids\":[1.5]}"),
		  "config.json: process.user.additionalGids[0]: expected a number "
		  "from 0 to 4294967294, found 1.5" },
		{ PROCESS("\"user\":{\"umask\":512}"),
		  "config.json: process.user.umask: expected a number from 0 to "
		  "511, found 512" },
		{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]"),
		  "config.json: process.rlimits[0].type: unknown resource limit "
		  "\"RLIMIT_X\"" },
		{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":\"1\",\"hard\":1}]"),
		  "config.json: process.rlimits[0].soft: expected a number from 0 "
		  "to " U64 ", found a string" },
		{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1}]"),
		  "config.json: process.rlimits[0].hard: missing" },
		{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,"
			  "\"hard\":18446744073709551616}]"),
		  "config.json: process.rlimits[0].hard: expected a number from 0 "
		  "to " U64 ", found 18446744073709551616" },
		{ PROCESS("\"oomScoreAdj\":1001"),
		  "config.json: process.oomScoreAdj: expected a number from -1000 "
		  "to 1000, found 1001" },
		{ PROCESS("\"scheduler\":{}"),
		  "config.json: process.scheduler.policy: missing" },
		{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}"),
		  "config.json: process.scheduler.nice: expected a number from -20 "
		  "to 19, found 20" },
		{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"F\"]}"),
		  "config.json: process.scheduler.flags[0]: unknown scheduler flag "
		  "\"F\"" },
		{ PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}"),
		  "config.json: process.ioPriority.priority: expected a number from "
		  "0 to 7, found 8" },
		{ PROCESS("\"consoleSize\":{\"height\":65536,\"width\":1}"),
		  "config.json: process.consoleSize.height: expected a number from "
		  "0 to 65535, found 65536" },
		{ PROCESS("\"noNewPrivileges\":1"),
		  "config.json: process.noNewPrivileges: expected true or false, "
		  "found 1" },
		{ PROCESS("\"capabilities\":[\"CAP_KILL\"]"),
		  "config.json: process.capabilities: expected an object, found an "
		  "array" },
	};

	CHECK_FAULTS(bad);
}

static const struct conf_mount *mount_with(const char *options)
{
	char *text = arena_printf(&arena,
				  "\"mounts\":[{\"destination\":\"/m\","
				  "\"type\":\"tmpfs\",\"source\":\"tmpfs\","
				  "\"options\":[%s]}]",
				  options);

	CHECK_INT(read_more(text), 0);
	CHECK_INT(conf.n_mounts, 1);
	return &conf.mounts[0];
}

static void mount_words_make_flags(void)
{
	const struct conf_mount *m;

	m = mount_with("\"nosuid\",\"size=1k\",\"ro\",\"mode=755\",\"noexec\","
		       "\"rw\",\"\"");
	CHECK_INT(m->flags, MS_NOSUID | MS_NOEXEC);
	CHECK_INT(m->clear, MS_RDONLY);
	CHECK_STR(m->data, "size=1k,mode=755");
	CHECK_STR(m->type, "tmpfs");
	m = mount_with("\"rro\",\"rnosuid\",\"rsuid\",\"rprivate\",\"slave\"");
	CHECK_INT(m->rec_set, MOUNT_ATTR_RDONLY);
	CHECK_INT(m->rec_clear, MOUNT_ATTR_NOSUID);
	CHECK_INT(m->propagation, MS_SLAVE);
	CHECK(!m->data && !m->flags);
	m = mount_with("\"rnoatime\",\"rstrictatime\"");
	CHECK_INT(m->rec_set, MOUNT_ATTR_STRICTATIME);
	CHECK_INT(m->rec_clear, MOUNT_ATTR__ATIME);
	m = mount_with("\"rnoatime\",\"ratime\"");
	CHECK_INT(m->rec_set, 0);
	CHECK_INT(m->rec_clear, MOUNT_ATTR__ATIME);
	m = mount_with("\"tmpcopyup\",\"copy-symlink\",\"dest-nofollow\","
		       "\"src-nofollow\",\"ridmap\"");
	CHECK_INT(m->extra, MOUNT_TMPCOPYUP | MOUNT_COPYSYMLINK |
				    MOUNT_DSTNOFOLLOW | MOUNT_SRCNOFOLLOW |
				    MOUNT_IDMAP | MOUNT_RIDMAP);
}

static void the_option_table_is_sorted(void)
{
	for (size_t i = 0; i < n_mount_options; i++) {
		if (i)
			CHECK(strcmp(mount_options[i - 1].word,
				     mount_options[i].word) < 0);
		CHECK(mount_option_find(mount_options[i].word) ==
		      &mount_options[i]);
	}
	CHECK(!mount_option_find("nonsense"));
}

static void destinations_are_cleaned(void)
{
	static const char *const pairs[][2] = {
		{ "/", "/" },		    { "//", "/" },
		{ "/a/", "/a" },	    { "/a//b/./c", "/a/b/c" },
		{ "/a/../proc/x", "/proc/x" }, { "/../../x", "/x" },
		{ "a/b", "/a/b" },	    { "..", "/" },
		{ "/a/b/../..", "/" },	    { "/.../..x/x..", "/.../..x/x.." },
		{ ".", "/" },		    { "/a/b/..", "/a" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		CHECK_INT(read_more(arena_printf(
				  &arena,
				  "\"mounts\":[{\"destination\":\"%s\","
				  "\"type\":\"tmpfs\"}]",
				  pairs[i][0])), 0);
		CHECK_STR(conf.mounts[0].destination, pairs[i][1]);
	}
}

static void binds_are_made_absolute(void)
{
	CHECK_INT(read_more("\"mounts\":["
			    "{\"destination\":\"/a\",\"source\":\"vol/a\","
			    "\"type\":\"none\",\"options\":[\"rbind\",\"ro\"]},"
			    "{\"destination\":\"b\",\"source\":\"/b\","
			    "\"type\":\"bind\"}]"), 0);
	CHECK_STR(conf.mounts[0].source, "/bundle/vol/a");
	CHECK_STR(conf.mounts[0].type, "bind");
	CHECK_INT(conf.mounts[0].flags, MS_BIND | MS_REC | MS_RDONLY);
	CHECK_STR(conf.mounts[1].destination, "/b");
	CHECK_INT(conf.mounts[1].flags, MS_BIND);
	CHECK_STR(warned, "config.json: mounts[1].destination: \"b\" is not "
			  "absolute: taken as below /");
}

#define MAPS "\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":1000}]," \
	     "\"gidMappings\":[{\"containerID\":0,\"hostID\":200000,\"size\":1000}]"
#define IDMAPPED(o) "\"mounts\":[{\"destination\":\"/m\",\"source\":\"/s\"," \
		    "\"options\":[\"bind\",\"" o "\"]}]," LINUX(MAPS)

static void idmaps_of_mounts(void)
{
	const struct conf_mount *m;

	CHECK_INT(read_more("\"mounts\":[{\"destination\":\"/m\",\"source\":\"/s\","
			    "\"options\":[\"bind\"]," MAPS "}]"), 0);
	m = conf.mounts;
	CHECK_INT(m->extra, MOUNT_IDMAP);
	CHECK(m->idmaps.n_uid == 1 && m->idmaps.gid[0].host_id == 200000);

	CHECK_INT(read_more(IDMAPPED("idmap=uids=0-1-10#@10-11-5;gids=@0-100-10")), 0);
	m = conf.mounts;
	CHECK_INT(m->extra, MOUNT_IDMAP);
	CHECK(m->idmaps.n_uid == 2 && m->idmaps.n_gid == 1);
	CHECK(m->idmaps.uid[0].container_id == 0 &&
	      m->idmaps.uid[0].host_id == 1 && m->idmaps.uid[0].size == 10);
	CHECK(m->idmaps.uid[1].container_id == 10 &&
	      m->idmaps.uid[1].host_id == 100011 && m->idmaps.uid[1].size == 5);
	CHECK_INT(m->idmaps.gid[0].host_id, 200100);
	CHECK(!m->data);
	CHECK_INT(read_more(IDMAPPED("ridmap=uids=0-1-10")), 0);
	CHECK_INT(conf.mounts->extra, MOUNT_IDMAP | MOUNT_RIDMAP);
}

static void faults_of_mounts(void)
{
	static const struct fault bad[] = {
		{ "\"mounts\":{}",
		  "config.json: mounts: expected an array, found an object" },
		{ "\"mounts\":[{\"type\":\"proc\"}]",
		  "config.json: mounts[0].destination: missing" },
		{ "\"mounts\":[{\"destination\":\"/a\"}]",
		  "config.json: mounts[0]: needs a type, or the option \"bind\"" },
		{ "\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\"}]",
		  "config.json: mounts[0].source: missing" },
		{ "\"mounts\":[{\"destination\":\"/a\",\"options\":[\"bind\",1]}]",
		  "config.json: mounts[0].options[1]: expected a string, found 1" },
		{ "\"mounts\":[{\"destination\":\"/a\",\"source\":\"/\","
		  "\"options\":[\"bind\"],\"uidMappings\":[{\"containerID\":0,"
		  "\"hostID\":0,\"size\":0}]}]",
		  "config.json: mounts[0].uidMappings[0].size: expected a number "
		  "from 1 to 4294967295, found 0" },
		{ IDMAPPED("idmap=uids=0-1"),
		  "config.json: mounts[0].options[1]: expected FIRST-FIRST-COUNT, "
		  "as in \"idmap=uids=0-1000-1\"" },
		{ IDMAPPED("idmap=uids=0-1-0"),
		  "config.json: mounts[0].options[1]: expected FIRST-FIRST-COUNT, "
		  "as in \"idmap=uids=0-1000-1\"" },
		{ IDMAPPED("idmap=uids="),
		  "config.json: mounts[0].options[1]: expected FIRST-FIRST-COUNT, "
		  "as in \"idmap=uids=0-1000-1\"" },
		{ IDMAPPED("idmap=uids=0-1-1#"),
		  "config.json: mounts[0].options[1]: expected FIRST-FIRST-COUNT, "
		  "as in \"idmap=uids=0-1000-1\"" },
		{ IDMAPPED("idmap=x"),
		  "config.json: mounts[0].options[1]: expected uids=... or "
		  "gids=..., found \"x\"" },
		{ IDMAPPED("idmap=uids=@0-995-6"),
		  "config.json: mounts[0].options[1]: ids 995 to 1000 are not "
		  "mapped in the container's user namespace" },
	};

	CHECK_FAULTS(bad);
}

/* A child in a uts namespace of its own, so that there is one to join; the
 * pipe's end lets it go. */
static pid_t other_namespace(int *ret_fd)
{
	int there[2], leave[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(there, O_CLOEXEC) < 0 || pipe2(leave, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(leave[1]);
		if (unshare(CLONE_NEWUSER | CLONE_NEWUTS) < 0)
			_exit(1);
		byte = 1;
		(void)!write(there[1], &byte, 1);
		(void)!read(leave[0], &byte, 1);
		_exit(0);
	}
	close(there[1]);
	close(leave[0]);
	(void)!read(there[0], &byte, 1);
	close(there[0]);
	*ret_fd = leave[1];
	return byte ? pid : -1;
}

static void namespaces_are_opened_and_checked(void)
{
	int leave = -1;
	pid_t pid = other_namespace(&leave);
	char *text = arena_printf(
		&arena,
		LINUX("\"namespaces\":[{\"type\":\"pid\"},"
		      "{\"type\":\"uts\",\"path\":\"/proc/%d/ns/uts\"},"
		      "{\"type\":\"mount\",\"path\":\"\"},"
		      "{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}]"),
		(int)pid);

	CHECK(pid > 0);
	CHECK_INT(read_more(text), 0);
	close(leave);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_INT(conf.ns[NS_PID].mode, PART_OWN);
	CHECK_INT(conf.ns[NS_MNT].mode, PART_OWN);
	CHECK_INT(conf.ns[NS_IPC].mode, PART_OFF);
	/* Ours: as if it were not there. */
	CHECK_INT(conf.ns[NS_NET].mode, PART_OFF);
	CHECK_INT(conf.ns[NS_NET].fd, -EBADF);
	CHECK_INT(conf.ns[NS_UTS].mode, PART_JOIN);
	CHECK(conf.ns[NS_UTS].fd >= 0);
	CHECK(fcntl(conf.ns[NS_UTS].fd, F_GETFD) & FD_CLOEXEC);
	oci_config_close(&conf);
	CHECK_INT(conf.ns[NS_UTS].fd, -EBADF);
}

static void faults_of_namespaces(void)
{
#define NS(x) LINUX("\"namespaces\":[" x "]")
	static const struct fault bad[] = {
		{ NS("{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"pidd\"}"),
		  "config.json: linux.namespaces[2].type: unknown namespace \"pidd\"" },
		{ NS("{}"), "config.json: linux.namespaces[0].type: missing" },
		{ NS("{\"type\":\"pid\"},{\"type\":\"pid\"}"),
		  "config.json: linux.namespaces[1]: a second pid namespace" },
		{ NS("{\"type\":\"ipc\",\"path\":\"/proc/self/ns/ipc\"},"
		     "{\"type\":\"ipc\"}"),
		  "config.json: linux.namespaces[1]: a second ipc namespace" },
		{ NS("{\"type\":\"pid\",\"path\":\"ns\"}"),
		  "config.json: linux.namespaces[0].path: \"ns\" is not an absolute "
		  "path" },
		{ NS("{\"type\":\"pid\",\"path\":\"/nowhere\"}"),
		  "config.json: linux.namespaces[0].path: open \"/nowhere\": No such "
		  "file or directory" },
		{ NS("{\"type\":\"pid\",\"path\":\"/dev/null\"}"),
		  "config.json: linux.namespaces[0].path: \"/dev/null\" is not a "
		  "namespace" },
		{ NS("{\"type\":\"pid\",\"path\":\"/proc/self/ns/uts\"}"),
		  "config.json: linux.namespaces[0].path: \"/proc/self/ns/uts\" is a "
		  "namespace of type uts, expected pid" },
		{ LINUX("\"timeOffsets\":{\"realtime\":{}}"),
		  "config.json: linux.timeOffsets.realtime: there is no such clock: "
		  "expected monotonic or boottime" },
		{ LINUX("\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}"),
		  "config.json: linux.timeOffsets.boottime.nanosecs: expected a "
		  "number from 0 to 999999999, found 1000000000" },
	};

	CHECK_FAULTS(bad);
	CHECK_INT(read_more(NS("{\"type\":\"x\"}")), -EINVAL);
	CHECK_STR(err.hint, "there are: user, mount, pid, network, ipc, uts, "
			    "cgroup, time");
}

/* An error behind an opened namespace closes it again. */
static void failing_leaves_no_fd(void)
{
	int before, after, leave = -1;
	pid_t pid = other_namespace(&leave);
	char *text = arena_printf(&arena,
				  NS("{\"type\":\"uts\",\"path\":\"/proc/%d/ns/"
				     "uts\"},{\"type\":\"x\"}"), (int)pid);

	CHECK(pid > 0);
	before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(before);
	CHECK_INT(read_more(text), -EINVAL);
	CHECK(strstr(err.text, "namespaces[1]"));
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	close(leave);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_INT(after, before);
}

static void resources(void)
{
	const struct conf_resources *r = &conf.cgroup.res;

	CHECK_INT(read_more(LINUX(
		"\"cgroupsPath\":\"/a/b\",\"resources\":{"
		"\"memory\":{\"limit\":1048576,\"swap\":-1,\"swappiness\":60,"
		"\"disableOOMKiller\":true,\"checkBeforeUpdate\":true},"
		"\"cpu\":{\"shares\":" U64 ",\"quota\":-1,\"period\":100000,"
		"\"burst\":1,\"cpus\":\"0-1\",\"mems\":\"0\",\"idle\":1},"
		"\"pids\":{\"limit\":-1},"
		"\"blockIO\":{\"weight\":10,\"weightDevice\":[{\"major\":8,"
		"\"minor\":0,\"leafWeight\":5}],\"throttleWriteIOPSDevice\":["
		"{\"major\":8,\"minor\":16,\"rate\":" U64 "}]},"
		"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}],"
		"\"network\":{\"classID\":1048577,\"priorities\":["
		"{\"name\":\"eth0\",\"priority\":5}]},"
		"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}},"
		"\"unified\":{\"memory.high\":\"1\"},"
		"\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\","
		"\"major\":10,\"minor\":-1,\"access\":\"rm\"}]}")), 0);
	CHECK_STR(conf.cgroup.path, "/a/b");
	CHECK(r->mem_limit.given && r->mem_limit.v == 1048576);
	CHECK(r->mem_swap.given && r->mem_swap.v == -1);
	CHECK(!r->mem_reservation.given && r->mem_swappiness.v == 60);
	CHECK(r->mem_disable_oom_killer && r->mem_check_before_update);
	CHECK(r->cpu_shares.v == UINT64_MAX && r->cpu_quota.v == -1);
	CHECK(r->cpu_period.v == 100000 && r->cpu_burst.v == 1);
	CHECK_INT(r->cpu_idle.v, 1);
	CHECK_STR(r->cpus, "0-1");
	CHECK(r->pids_limit.given && r->pids_limit.v == -1);
	CHECK(r->io_weight.v == 10 && r->n_io_weight_devs == 1);
	CHECK(!r->io_weight_devs[0].weight.given);
	CHECK_INT(r->io_weight_devs[0].leaf_weight.v, 5);
	CHECK_INT(r->n_throttle[THROTTLE_WRITE_IOPS], 1);
	CHECK(r->throttle[THROTTLE_WRITE_IOPS][0].rate == UINT64_MAX);
	CHECK_STR(r->hugepages[0].page_size, "2MB");
	CHECK_INT(r->net_class_id.v, 1048577);
	CHECK_STR(r->net_prios[0].name, "eth0");
	CHECK_STR(r->rdma[0].device, "mlx5_1");
	CHECK(r->rdma[0].hca_handles.v == 3 && !r->rdma[0].hca_objects.given);
	CHECK_STR(r->unified[0].key, "memory.high");
	CHECK_INT(r->n_dev_rules, 2);
	CHECK(!r->dev_rules[0].allow && r->dev_rules[0].type == 'a');
	CHECK(r->dev_rules[0].major == -1 && r->dev_rules[0].mknod);
	CHECK(r->dev_rules[1].allow && r->dev_rules[1].major == 10);
	CHECK(r->dev_rules[1].read && !r->dev_rules[1].write);
}

static void faults_of_linux(void)
{
#define RES(x) LINUX("\"resources\":{" x "}")
	static const struct fault bad[] = {
		{ RES("\"memory\":{\"limit\":-2}"),
		  "config.json: linux.resources.memory.limit: expected a number "
		  "from -1 to 9223372036854775807, found -2" },
		{ RES("\"memory\":{\"limit\":9223372036854775808}"),
		  "config.json: linux.resources.memory.limit: expected a number "
		  "from -1 to 9223372036854775807, found 9223372036854775808" },
		{ RES("\"cpu\":{\"shares\":\"1024\"}"),
		  "config.json: linux.resources.cpu.shares: expected a number from "
		  "0 to " U64 ", found a string" },
		{ RES("\"blockIO\":{\"weight\":65536}"),
		  "config.json: linux.resources.blockIO.weight: expected a number "
		  "from 0 to 65535, found 65536" },
		{ RES("\"blockIO\":{\"weightDevice\":[{\"major\":1,\"minor\":2}]}"),
		  "config.json: linux.resources.blockIO.weightDevice[0]: needs "
		  "weight or leafWeight" },
		{ RES("\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":1,\"minor\":2}]}"),
		  "config.json: linux.resources.blockIO.throttleReadBpsDevice[0]."
		  "rate: missing" },
		{ RES("\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]"),
		  "config.json: linux.resources.hugepageLimits[0].pageSize: expected "
		  "a size like \"2MB\", found \"../x\"" },
		{ RES("\"hugepageLimits\":[{\"pageSize\":\"2\",\"limit\":1}]"),
		  "config.json: linux.resources.hugepageLimits[0].pageSize: expected "
		  "a size like \"2MB\", found \"2\"" },
		{ RES("\"unified\":{\"../x.y\":\"1\"}"),
		  "config.json: linux.resources.unified[\"../x.y\"]: not the name of "
		  "a cgroup file, as in \"memory.high\"" },
		{ RES("\"rdma\":{\"x\":{}}"),
		  "config.json: linux.resources.rdma.x: needs hcaHandles or "
		  "hcaObjects" },
		{ RES("\"devices\":[{}]"),
		  "config.json: linux.resources.devices[0].allow: missing" },
		{ RES("\"devices\":[{\"allow\":true,\"type\":\"p\"}]"),
		  "config.json: linux.resources.devices[0].type: unknown type of "
		  "device \"p\"" },
		{ RES("\"devices\":[{\"allow\":true,\"access\":\"rx\"}]"),
		  "config.json: linux.resources.devices[0].access: expected letters "
		  "of \"rwm\", found \"rx\"" },
		{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1}]"),
		  "config.json: linux.devices[0].minor: missing" },
		{ LINUX("\"devices\":[{\"path\":\"x\",\"type\":\"p\"}]"),
		  "config.json: linux.devices[0].path: \"x\" is not an absolute path" },
		{ LINUX("\"devices\":[{\"path\":\"/x\",\"type\":\"cb\"}]"),
		  "config.json: linux.devices[0].type: unknown type of device \"cb\"" },
		{ LINUX("\"rootfsPropagation\":\"ro\""),
		  "config.json: linux.rootfsPropagation: unknown propagation \"ro\"" },
		{ LINUX("\"sysctl\":{\"net.ipv4.ip_forward\":1}"),
		  "config.json: linux.sysctl[\"net.ipv4.ip_forward\"]: expected a "
		  "string, found 1" },
		{ LINUX("\"personality\":{\"domain\":\"BSD\"}"),
		  "config.json: linux.personality.domain: unknown personality \"BSD\"" },
		{ LINUX("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}"),
		  "config.json: linux.personality.flags[0]: the specification knows "
		  "no flags" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"bind\"}"),
		  "config.json: linux.memoryPolicy.mode: unknown memory policy "
		  "\"bind\"" },
		{ "\"hooks\":{\"prestart\":[{\"path\":\"x\"}]}",
		  "config.json: hooks.prestart[0].path: \"x\" is not an absolute path" },
		{ "\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}",
		  "config.json: hooks.poststop[0].timeout: expected a number from 1 "
		  "to 2147483647, found 0" },
		{ "\"annotations\":{\"a\":1}",
		  "config.json: annotations.a: expected a string, found 1" },
		{ "\"annotations\":{\"run.oci.systemd.subgroup\":\"a/../../b\"}",
		  "config.json: annotations[\"run.oci.systemd.subgroup\"]: "
		  "\"a/../../b\" leaves the container's cgroup" },
		{ "\"annotations\":{\"org.hull.rlimits.clamp\":\"maybe\"}",
		  "config.json: annotations[\"org.hull.rlimits.clamp\"]: unknown "
		  "answer \"maybe\"" },
		{ "\"annotations\":{\"run.oci.mount_context_type\":\"x\"}",
		  "config.json: annotations[\"run.oci.mount_context_type\"]: unknown "
		  "kind of mount context \"x\"" },
	};

	CHECK_FAULTS(bad);
}

static void the_rest_of_linux(void)
{
	CHECK_INT(read_more(LINUX(
		MAPS ",\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":7}},"
		"\"devices\":[{\"path\":\"/dev/f\",\"type\":\"u\",\"major\":10,"
		"\"minor\":229,\"fileMode\":8630,\"uid\":1,\"gid\":2},"
		"{\"path\":\"/dev/p\",\"type\":\"p\"}],"
		"\"netDevices\":{\"eth0\":{\"name\":\"c0\"},\"eth1\":{}},"
		"\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},"
		"\"rootfsPropagation\":\"rslave\",\"maskedPaths\":[\"/proc/kcore\"],"
		"\"readonlyPaths\":[\"/proc/sys\",\"/proc/bus\"],\"mountLabel\":\"l\","
		"\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]},"
		"\"intelRdt\":{\"closID\":\"c\",\"l3CacheSchema\":\"L3:0=f\","
		"\"memBwSchema\":\"MB:0=20\",\"schemata\":[\"L3:0=7f0\"],"
		"\"enableMBM\":true},"
		"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1\","
		"\"flags\":[\"MPOL_F_STATIC_NODES\"]}")), 0);
	CHECK(conf.idmaps.n_uid == 1 && conf.idmaps.uid[0].size == 1000);
	CHECK(conf.monotonic.given && conf.monotonic.secs == -5);
	CHECK(conf.monotonic.nanosecs == 7 && !conf.boottime.given);
	CHECK_INT(conf.n_devices, 2);
	CHECK(conf.devices[0].type == 'c' && conf.devices[0].minor == 229);
	CHECK(conf.devices[0].mode == 0666 && conf.devices[0].gid == 2);
	CHECK(conf.devices[1].type == 'p' && conf.devices[1].mode == 0666);
	CHECK_STR(conf.netdevs[0].new_name, "c0");
	CHECK_STR(conf.netdevs[1].name, "eth1");
	CHECK(!conf.netdevs[1].new_name);
	CHECK_STR(conf.sysctls[0].key, "net.ipv4.ip_forward");
	CHECK_INT(conf.root.propagation, MS_SLAVE | MS_REC);
	CHECK_STR(conf.masked_paths.v[0], "/proc/kcore");
	CHECK_INT(conf.readonly_paths.n, 2);
	CHECK_STR(conf.mount_label, "l");
	CHECK(conf.personality.given && conf.personality.persona == 8);
	CHECK_STR(conf.rdt.clos_id, "c");
	CHECK(conf.rdt.enable_monitoring && conf.rdt.schemata.n == 1);
	CHECK(conf.mempolicy.mode == 2 && conf.mempolicy.flags == 1 << 15);
	CHECK(conf.new_keyring);
}

static void hooks_and_annotations(void)
{
	const struct conf_hook *h;

	CHECK_INT(read_more(
		"\"hooks\":{\"createContainer\":[{\"path\":\"/h\",\"args\":[\"h\",\"x\"],"
		"\"env\":[\"A=1\"],\"timeout\":3}]},"
		"\"annotations\":{\"run.oci.keep_original_groups\":\"1\","
		"\"run.oci.systemd.subgroup\":\"sub\",\"run.oci.delegate-cgroup\":\"d\","
		"\"org.hull.rlimits.clamp\":\"true\","
		"\"run.oci.mount_context_type\":\"fscontext\","
		"\"run.oci.seccomp_bpf_data\":\"AAAA\",\"other\":\"\"}"), 0);
	CHECK_INT(conf.hooks[HOOK_CREATE_CONTAINER].n, 1);
	h = conf.hooks[HOOK_CREATE_CONTAINER].v;
	CHECK_STR(h->path, "/h");
	CHECK(h->args.n == 2 && h->env.n == 1 && h->timeout_s == 3);
	CHECK(conf.keep_groups && conf.process.clamp_rlimits);
	CHECK_STR(conf.cgroup.systemd_subgroup, "sub");
	CHECK_STR(conf.cgroup.delegate, "d");
	CHECK_STR(conf.mount_context_type, "fscontext");
	CHECK_STR(conf.seccomp_bpf, "AAAA");
	CHECK_STR(conf_annotation(&conf, "other"), "");
	CHECK_INT(conf.n_annotations, 7);
}

static void parts_alone(void)
{
	static const char process[] = "{\"cwd\":\"/\",\"args\":[\"a\"]}";
	static const char res[] = "{\"memory\":{\"limit\":5}}";
	const struct oci_read o = { .name = "p.json" };
	struct conf_process p;
	struct conf_resources r;

	CHECK_INT(oci_process_read(process, strlen(process), &o, &arena, &p,
				   &err), 0);
	CHECK_STR(p.args.v[0], "a");
	CHECK_INT(oci_process_read(res, strlen(res), &o, &arena, &p, &err),
		  -EINVAL);
	CHECK_STR(err.text, "p.json: cwd: missing");
	CHECK_INT(oci_resources_read(res, strlen(res), &o, &arena, &r, &err),
		  0);
	CHECK_INT(r.mem_limit.v, 5);
}

int main(void)
{
	arena_init(&arena);
	TEST(versions);
	TEST(unknown_properties_are_ignored);
	TEST(the_process);
	TEST(faults_of_the_process);
	TEST(mount_words_make_flags);
	TEST(the_option_table_is_sorted);
	TEST(destinations_are_cleaned);
	TEST(binds_are_made_absolute);
	TEST(idmaps_of_mounts);
	TEST(faults_of_mounts);
	TEST(namespaces_are_opened_and_checked);
	TEST(faults_of_namespaces);
	TEST(failing_leaves_no_fd);
	TEST(resources);
	TEST(faults_of_linux);
	TEST(the_rest_of_linux);
	TEST(hooks_and_annotations);
	TEST(parts_alone);
	arena_done(&arena);
	return tap_end();
}
