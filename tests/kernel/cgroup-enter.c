/* SPDX-License-Identifier: Apache-2.0 */
/* "0" in a v1 `tasks` file moves the writer (run.attach_fds), and
 * CLONE_INTO_CGROUP makes a child in a v2 cgroup. */
#include "kernel.h"

#include "sys/proc.h"

#include <linux/sched.h>
#include <sys/stat.h>

static char dir[256];

static int is_in(const char *what)
{
	char text[4096] = "";
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return strstr(text, what) != NULL;
}

static int make(const char *hierarchy)
{
	snprintf(dir, sizeof(dir), "%s/hull-kernel-%d", hierarchy, (int)getpid());
	return mkdir(dir, 0755);
}

static int move_myself(void)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/tasks", dir);
	if (put_file(path, "0") < 0)
		return 1;
	return is_in(strrchr(dir, '/')) ? 0 : 2;
}

static void zero_in_tasks_is_the_writer(void)
{
	int r = in_child(move_myself);

	rmdir(dir);
	CHECK_INT(r, 0);
}

static void a_child_is_born_in_a_cgroup(void)
{
	struct sys_clone c = { .flags = CLONE_INTO_CGROUP };
	int pidfd = -1, status = -1;
	pid_t pid;

	c.cgroup_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid = sys_clone3(&c, &pidfd);
	if (pid == 0)
		_exit(is_in(strrchr(dir, '/')) ? 0 : 1);
	waitpid(pid, &status, 0);
	rmdir(dir);
	CHECK(pid > 0);
	CHECK_INT(status, 0);
}

int main(void)
{
	static const char *const v2[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	int done = 0;

	if (make("/sys/fs/cgroup/pids") == 0)
		TEST(zero_in_tasks_is_the_writer);
	else
		TEST_SKIP(zero_in_tasks_is_the_writer, "no writable v1 hierarchy");
	for (int i = 0; i < 2 && !done; i++) {
		char path[300];

		snprintf(path, sizeof(path), "%s/cgroup.controllers", v2[i]);
		done = access(path, F_OK) == 0 && make(v2[i]) == 0;
	}
	if (done)
		TEST(a_child_is_born_in_a_cgroup);
	else
		TEST_SKIP(a_child_is_born_in_a_cgroup, "no writable v2 hierarchy");
	return tap_end();
}
