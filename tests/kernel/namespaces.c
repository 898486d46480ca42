/* SPDX-License-Identifier: Apache-2.0 */
/* setns() by pidfd enters several namespaces at once (all or none); an own time
 * namespace takes offsets until somebody is in it, and the one who made it may
 * enter it itself (bricks/time.c); CLONE_PARENT makes a sibling out of a process
 * in between that has entered a pid namespace (run/spawn.c). */
#include "kernel.h"

#include "sys/proc.h"

#include <linux/sched.h>
#include <signal.h>
#include <time.h>

static int utsname_of(char *name)
{
	return gethostname(name, 64);
}

static int several(void)
{
	struct clone_args args = { .flags = CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWNS |
					    CLONE_NEWIPC,
				   .exit_signal = SIGCHLD };
	int p[2], pidfd, r;
	char name[65] = "";
	long pid;

	if (enter_userns() < 0 || pipe2(p, O_CLOEXEC) < 0)
		return SKIP_STATUS;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		(void)!sethostname("over-there", 10);
		(void)!write(p[1], "x", 1);
		pause();
	}
	(void)!read(p[0], name, 1);
	pidfd = sys_pidfd_open((pid_t)pid);
	r = sys_setns(pidfd, CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC);
	if (r == 0)
		r = utsname_of(name) < 0 || strcmp(name, "over-there") != 0;
	kill((pid_t)pid, SIGKILL);
	return r < 0 ? -r : r;
}

static void a_pidfd_enters_several_at_once(void)
{
	CHECK_INT(in_child(several), 0);
}

static int own_time(void)
{
	struct timespec before, after;
	int fd;

	if (enter_userns() < 0 || unshare(0x80 /* CLONE_NEWTIME */) < 0)
		return SKIP_STATUS;
	clock_gettime(CLOCK_BOOTTIME, &before);
	if (put_file("/proc/self/timens_offsets", "boottime 1000000 0\n") < 0)
		return 1;
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (sys_setns(fd, 0x80) < 0)
		return 2;
	if (syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &after) < 0)
		return 3;
	if (after.tv_sec - before.tv_sec < 1000000)
		return 4;
	return put_file("/proc/self/timens_offsets", "boottime 5 0\n") == -EACCES ? 0 : 5;
}

static void an_own_time_namespace_is_entered_by_its_maker(void)
{
	CHECK_INT(in_child(own_time), 0);
}

static int sibling(void)
{
	struct clone_args child = { .flags = CLONE_PARENT };
	struct clone_args init = { .flags = CLONE_NEWPID, .exit_signal = SIGCHLD };
	long box, stage;
	int status, pidfd;
	pid_t got;

	if (enter_userns() < 0)
		return SKIP_STATUS;
	box = syscall(SYS_clone3, &init, sizeof(init));
	if (box == 0)
		for (;;)
			pause();
	stage = fork();
	if (stage == 0) {
		long pid;

		pidfd = sys_pidfd_open((pid_t)box);
		if (sys_setns(pidfd, CLONE_NEWPID) < 0)
			_exit(1);
		pid = syscall(SYS_clone3, &child, sizeof(child));
		if (pid == 0)
			_exit(getpid() == 2 ? 42 : 43);
		_exit(pid > 2 ? 0 : 2); /* the pid as we see it */
	}
	if (waitpid((pid_t)stage, &status, 0) < 0 || status != 0)
		return 1;
	got = waitpid(-1, &status, __WALL); /* the sibling: ours to wait for */
	kill((pid_t)box, SIGKILL);
	return got > 0 && got != box && WEXITSTATUS(status) == 42 ? 0 : 2;
}

static void a_process_in_between_makes_a_sibling(void)
{
	CHECK_INT(in_child(sibling), 0);
}

int main(void)
{
	TEST(a_pidfd_enters_several_at_once);
	TEST(an_own_time_namespace_is_entered_by_its_maker);
	TEST(a_process_in_between_makes_a_sibling);
	return tap_end();
}
