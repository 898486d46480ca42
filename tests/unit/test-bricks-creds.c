/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is after the bricks `user` and `capabilities` and an
 * execve(): its own status, as the kernel tells it. */
#include "bricks/table.h"

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CAP(c) (1ULL << CAP_##c)

struct seen {
	unsigned uid, euid, fsuid, gid, umask, keep;
	char groups[128];
	uint64_t inh, prm, eff, bnd, amb;
};

/* In the new program: says what it is. */
static int tell(void)
{
	static const char *const names[] = { "CapInh:", "CapPrm:", "CapEff:",
					     "CapBnd:", "CapAmb:" };
	char line[512];
	struct seen s = { 0 };
	uint64_t *const sets[] = { &s.inh, &s.prm, &s.eff, &s.bnd, &s.amb };
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "Uid: %u %u %*u %u", &s.uid, &s.euid, &s.fsuid);
		(void)sscanf(line, "Gid: %u", &s.gid);
		(void)sscanf(line, "Umask: %o", &s.umask);
		if (strncmp(line, "Groups:\t", 8) == 0)
			snprintf(s.groups, sizeof(s.groups), "%.100s", line + 8);
		for (int i = 0; i < 5; i++)
			if (strncmp(line, names[i], 7) == 0)
				*sets[i] = strtoull(line + 8, NULL, 16);
	}
	s.keep = (unsigned)prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0);
	return write(1, &s, sizeof(s)) == sizeof(s) ? 0 : 1;
}

static const struct brick *const table[] = { &brick_creds, &brick_caps, NULL };

/* In the child: what run/ does between LOCK and the program. */
static _Noreturn void become(struct conf *c, int out_fd)
{
	char *argv[] = { (char *)(uintptr_t) "self", (char *)(uintptr_t) "tell", NULL };
	struct err e = { 0 };
	struct plan *p;
	struct host h;
	struct run r;

	run_init(&r, c);
	if (host_probe(&h, 0, c->arena, &e) < 0 ||
	    plan_make(table, c, &h, c->arena, &p, &e) < 0 ||
	    plan_apply(p, PHASE_LOCK, &r, &e) < 0) {
		printf("# %s (%d)\n", e.text, e.code);
		fflush(stdout);
		_exit(1);
	}
	/* What SEAL needs is there until the very end. */
	if (!(r.seal_caps & CAP(SYS_ADMIN)))
		_exit(2);
	if (dup2(out_fd, 1) < 0)
		_exit(3);
	execv("/proc/self/exe", argv);
	_exit(4);
}

static int enter_userns(void)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int fd;

	if (unshare(CLONE_NEWUSER) < 0)
		return -1;
	fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	(void)!write(fd, "deny", 4);
	close(fd);
	snprintf(map, sizeof(map), "0 %u 1", uid);
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	(void)!write(fd, map, strlen(map));
	close(fd);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	fd = open("/proc/self/gid_map", O_WRONLY | O_CLOEXEC);
	(void)!write(fd, map, strlen(map));
	close(fd);
	return 0;
}

static struct seen see(struct conf *c)
{
	struct seen s = { .uid = 12345 };
	int p[2], status = 0;
	pid_t pid;

	CHECK_INT(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() != 0 && enter_userns() < 0)
			_exit(5);
		become(c, p[1]);
	}
	close(p[1]);
	CHECK_INT(read(p[0], &s, sizeof(s)), sizeof(s));
	close(p[0]);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	return s;
}

static const uint64_t some = CAP(CHOWN) | CAP(KILL) | CAP(SETUID) | CAP(NET_RAW);

static struct conf conf_of(struct arena *a, uint32_t uid)
{
	struct conf c;

	arena_init(a);
	conf_init(&c, a);
	c.has_process = true;
	c.process.uid = c.process.gid = uid;
	c.process.caps = (struct conf_caps){ .given = true, .bounding = some,
					     .effective = some, .permitted = some };
	return c;
}

static void root_gets_exactly_its_sets(void)
{
	struct arena a;
	struct conf c = conf_of(&a, 0);
	struct seen s = see(&c);

	CHECK_INT(s.uid, 0);
	CHECK_INT(s.prm, some);
	CHECK_INT(s.eff, some);
	CHECK_INT(s.bnd, some);
	CHECK_INT(s.inh, 0);
	CHECK_INT(s.amb, 0);
	CHECK_INT(s.keep, 0);
	arena_done(&a);
}

static void root_with_ambient_gets_exactly_its_sets(void)
{
	struct arena a;
	struct conf c = conf_of(&a, 0);
	struct seen s;

	c.process.caps.inheritable = c.process.caps.ambient = CAP(KILL);
	s = see(&c);
	CHECK_INT(s.prm, some);
	CHECK_INT(s.eff, some);
	CHECK_INT(s.bnd, some);
	CHECK_INT(s.inh, CAP(KILL));
	CHECK_INT(s.amb, CAP(KILL));
	arena_done(&a);
}

/* No process.capabilities at all: nothing. */
static void root_without_capabilities_has_none(void)
{
	struct arena a;
	struct conf c = conf_of(&a, 0);
	struct seen s;

	c.process.caps = (struct conf_caps){ 0 };
	s = see(&c);
	CHECK_INT(s.prm | s.eff | s.bnd | s.inh | s.amb, 0);
	arena_done(&a);
}

/* The bounding set stays (a program with file capabilities may use it); the
 * process itself has nothing, CAP_SYS_ADMIN of SEAL least of all. */
static void a_user_has_nothing_without_ambient(void)
{
	struct arena a;
	struct conf c = conf_of(&a, 1000);
	struct seen s = see(&c);

	CHECK_INT(s.uid, 1000);
	CHECK_INT(s.euid, 1000);
	CHECK_INT(s.fsuid, 1000);
	CHECK_INT(s.gid, 1000);
	CHECK_INT(s.prm | s.eff | s.inh | s.amb, 0);
	CHECK_INT(s.bnd, some);
	CHECK_INT(s.keep, 0);
	arena_done(&a);
}

static void a_user_has_what_is_ambient(void)
{
	struct arena a;
	struct conf c = conf_of(&a, 1000);
	struct seen s;

	c.process.caps.inheritable = CAP(KILL) | CAP(NET_RAW);
	c.process.caps.ambient = CAP(NET_RAW);
	s = see(&c);
	CHECK_INT(s.prm, CAP(NET_RAW));
	CHECK_INT(s.eff, CAP(NET_RAW));
	CHECK_INT(s.inh, CAP(KILL) | CAP(NET_RAW));
	CHECK_INT(s.amb, CAP(NET_RAW));
	CHECK_INT(s.bnd, some);
	arena_done(&a);
}

/* An image's setuid-root program would otherwise get SYS_ADMIN back. */
static void sys_admin_is_out_of_the_bounding_set(void)
{
	struct arena a;
	struct conf c = conf_of(&a, 1000);

	c.process.caps.ambient = CAP(SYS_ADMIN); /* not inheritable: refused */
	CHECK_INT(see(&c).bnd & CAP(SYS_ADMIN), 0);
	CHECK_INT(see(&c).amb, 0);
	/* Not permitted: that SEAL still has it must not count. */
	c.process.caps.inheritable = CAP(SYS_ADMIN);
	c.process.caps.bounding |= CAP(SYS_ADMIN);
	CHECK_INT(see(&c).amb, 0);
	CHECK_INT(see(&c).prm, 0);
	arena_done(&a);
}

static void groups_and_umask(void)
{
	static const gid_t groups[] = { 20, 5, 1000000 };
	struct arena a;
	struct conf c = conf_of(&a, 1000);
	struct seen s;

	s = see(&c);
	CHECK_STR(s.groups, " \n");
	CHECK_INT(s.umask, 022);
	c.process.groups = groups;
	c.process.n_groups = 3;
	c.process.has_umask = true;
	c.process.umask = 077;
	s = see(&c);
	CHECK_STR(s.groups, "5 20 1000000 \n");
	CHECK_INT(s.umask, 077);
	arena_done(&a);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "tell") == 0)
		return tell();
	TEST(root_gets_exactly_its_sets);
	TEST(root_with_ambient_gets_exactly_its_sets);
	TEST(root_without_capabilities_has_none);
	if (geteuid() == 0) { /* others have one id only */
		TEST(a_user_has_nothing_without_ambient);
		TEST(a_user_has_what_is_ambient);
		TEST(sys_admin_is_out_of_the_bounding_set);
		TEST(groups_and_umask);
	}
	return tap_end();
}
