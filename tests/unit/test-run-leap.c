/* SPDX-License-Identifier: Apache-2.0 */
#include "run/leap.h"

#include "base/err.h"
#include "run/sync.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Leaps in a child. Its standard output and the report, if any, come back. */
static int try_leap(const char *path, const char *arg, const struct sock_fprog *filter,
		    char *out, size_t size, struct leap_report *report)
{
	char *argv[] = { (char *)(uintptr_t)"prog", (char *)(uintptr_t)"-c",
			 (char *)(uintptr_t)arg, NULL };
	char *envp[] = { (char *)(uintptr_t)"GREETING=hello", NULL };
	struct leap_args args = { .path = path, .argv = argv, .envp = envp,
				  .filter = filter };
	int sync[2], pipe_fds[2], status;
	ssize_t n, have = 0;
	pid_t pid;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) == 0);
	CHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct err e = { 0 };

		dup2(pipe_fds[1], 1);
		close(sync[0]);
		args.report_fd = sync[1];
		if (filter)
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		leap(&args, &e);
		_exit(99);
	}
	close(sync[1]);
	close(pipe_fds[1]);
	while ((n = read(pipe_fds[0], out + have, size - 1 - (size_t)have)) > 0)
		have += n;
	out[have] = '\0';
	memset(report, 0, sizeof(*report));
	CHECK(read(sync[0], report, sizeof(*report)) >= 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	close(sync[0]);
	close(pipe_fds[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void the_program_runs_with_its_arguments(void)
{
	struct leap_report report;
	char out[256];

	CHECK_INT(try_leap("/bin/sh", "echo $0 $GREETING; exit 7", NULL, out,
			   sizeof(out), &report),
		  7);
	CHECK_STR(out, "prog hello\n");
	CHECK_INT(report.type, 0);
}

static void a_missing_program_is_reported(void)
{
	struct leap_report report;
	struct err e = { 0 };
	char out[16], line[256];

	CHECK_INT(try_leap("/no/such", "", NULL, out, sizeof(out), &report), 1);
	CHECK_INT(report.type, SYNC_LEAP);
	CHECK_INT(report.step, LEAP_EXEC);
	CHECK_INT(report.code, -ENOENT);
	leap_explain(&report, "/no/such", &e);
	err_line(&e, line, sizeof(line));
	CHECK_STR(line, "exec \"/no/such\": No such file or directory");
}

/* CVE-2019-5736: "#!/proc/self/exe" must not bring the runtime back. With a
 * plain execve() this program would run once more and print TAP. */
static void proc_self_exe_is_not_the_runtime(void)
{
	char path[] = "/tmp/hull-leap-XXXXXX", out[4096];
	struct leap_report report;
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	CHECK(write(fd, "#!/proc/self/exe\n", 17) == 17);
	fchmod(fd, 0755);
	close(fd);
	CHECK_INT(try_leap(path, "", NULL, out, sizeof(out), &report), 1);
	unlink(path);
	CHECK_STR(out, "");
	CHECK_INT(report.step, LEAP_EXEC);
	CHECK_INT(report.code, -ENOEXEC);
}

static void proc_self_exe_itself_cannot_be_run(void)
{
	struct leap_report report;
	char out[4096];

	CHECK_INT(try_leap("/proc/self/exe", "", NULL, out, sizeof(out), &report), 1);
	CHECK_STR(out, "");
	CHECK_INT(report.code, -ENOEXEC);
}

/* A filter that kills at anything but execve() and what reports its failure:
 * the leap needs nothing else once it is in force. */
static void the_filter_comes_last(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_execve, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_write, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };
	struct leap_report report;
	char out[64];

	CHECK_INT(try_leap("/no/such", "", &filter, out, sizeof(out), &report), 1);
	CHECK_INT(report.step, LEAP_EXEC);
	/* And it is in force: a shell cannot live under it. */
	CHECK_INT(try_leap("/bin/sh", "exit 0", &filter, out, sizeof(out), &report),
		  128 + 31);
}

static void a_bad_filter_is_reported(void)
{
	struct sock_filter code[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0) };
	struct sock_fprog filter = { 1, code };
	struct leap_report report;
	char out[64];

	CHECK_INT(try_leap("/bin/sh", "", &filter, out, sizeof(out), &report), 1);
	CHECK_INT(report.step, LEAP_SECCOMP);
	CHECK_INT(report.code, -EINVAL);
}

int main(void)
{
	TEST(the_program_runs_with_its_arguments);
	TEST(a_missing_program_is_reported);
	TEST(proc_self_exe_is_not_the_runtime);
	TEST(proc_self_exe_itself_cannot_be_run);
	TEST(the_filter_comes_last);
	TEST(a_bad_filter_is_reported);
	return tap_end();
}
