/* SPDX-License-Identifier: Apache-2.0 */
/* An O_PATH fd of the host's /proc (plan/run.c): "self" in it is whoever looks,
 * in its own pid namespace, too; and openat2() refuses what is mounted over a
 * file of it and magic links (sys/file.c, sys_open_proc). */
#include "kernel.h"

#include "sys/file.h"

#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

static int proc_fd;

static int in_a_new_pid_namespace(void)
{
	struct clone_args args = { .flags = CLONE_NEWPID | CLONE_NEWNS,
				   .exit_signal = SIGCHLD };
	int status;
	long pid;

	if (enter_userns() < 0)
		return SKIP_STATUS;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		char name[64] = "";
		int fd;

		prctl(PR_SET_NAME, "it-is-me");
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* as the runtime's child */
		fd = sys_open_proc(proc_fd, "self/comm", O_RDONLY);
		_exit(getpid() == 1 && fd >= 0 && read(fd, name, 60) > 0 &&
				      strcmp(name, "it-is-me\n") == 0
			      ? 0
			      : 1);
	}
	waitpid((pid_t)pid, &status, 0);
	return WEXITSTATUS(status);
}

static void self_is_who_looks(void)
{
	CHECK_INT(in_child(in_a_new_pid_namespace), 0);
}

static int mounted_over(void)
{
	if (enter_userns() < 0 || unshare(CLONE_NEWNS) < 0)
		return SKIP_STATUS;
	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount("/proc/self/sched", "/proc/self/attr/exec", NULL, MS_BIND, NULL) < 0 &&
	    mount("/proc/self/sched", "/proc/self/comm", NULL, MS_BIND, NULL) < 0)
		return 1;
	if (sys_open_proc(proc_fd, "self/attr/exec", O_WRONLY) != -EXDEV &&
	    sys_open_proc(proc_fd, "self/comm", O_WRONLY) != -EXDEV)
		return 2;
	return sys_open_proc(proc_fd, "self/stat", O_RDONLY) >= 0 ? 0 : 3;
}

/* CVE-2025-52881 */
static void a_mount_over_a_file_is_refused(void)
{
	CHECK_INT(in_child(mounted_over), 0);
}

static void magic_links_and_ways_out_are_refused(void)
{
	CHECK_INT(sys_open_proc(proc_fd, "self/exe", O_RDONLY), -ELOOP);
	CHECK_INT(sys_open_proc(proc_fd, "self/root/etc/passwd", O_RDONLY), -ELOOP);
	CHECK_INT(sys_open_proc(proc_fd, "../etc/passwd", O_RDONLY), -EXDEV);
}

int main(void)
{
	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	TEST(self_is_who_looks);
	TEST(a_mount_over_a_file_is_refused);
	TEST(magic_links_and_ways_out_are_refused);
	return tap_end();
}
