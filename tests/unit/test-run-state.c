/* SPDX-License-Identifier: Apache-2.0 */
#include "run/state.h"

#include "base/arena.h"
#include "base/err.h"
#include "sys/proc.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[] = "/tmp/hull-state-XXXXXX";

static int open_root(void)
{
	struct err e = { 0 };
	int fd = state_root_open(root, true, &e);

	CHECK(fd >= 0);
	return fd;
}

static void a_record_comes_back_as_it_went(void)
{
	struct state s = { .id = "a", .pid = getpid(), .owner = 12,
			   .created = "2026-01-01T00:00:00Z",
			   .bundle = "/with\nnewline and \\ blank",
			   .rootfs = "/r", .config = "config.json",
			   .cgroup_manager = CGROUP_SYSTEMD, .cgroup_path = "/x/y",
			   .cgroup_scope = "a.scope", .intel_rdt = "" };
	int root_fd = open_root(), dir_fd = state_make(root_fd, "a", NULL);
	struct state back;
	struct arena a;

	arena_init(&a);
	CHECK(dir_fd >= 0);
	CHECK_INT(sys_start_ticks(s.pid, &s.start_ticks, NULL), 0);
	CHECK_INT(state_save(dir_fd, &s, NULL), 0);
	CHECK_INT(state_load(dir_fd, "a", &a, &back, NULL), 0);
	CHECK_INT(back.pid, s.pid);
	CHECK(back.start_ticks == s.start_ticks);
	CHECK_INT(back.owner, 12);
	CHECK_STR(back.bundle, s.bundle);
	CHECK_STR(back.cgroup_path, "/x/y");
	CHECK_INT(back.cgroup_manager, CGROUP_SYSTEMD);
	CHECK_STR(back.intel_rdt, "");
	arena_done(&a);
	close(dir_fd);
	CHECK_INT(state_remove(root_fd, "a", NULL), 0);
	CHECK_INT(state_open(root_fd, "a", false, NULL), -ENOENT);
	close(root_fd);
}

static void an_id_is_taken_once(void)
{
	int root_fd = open_root(), dir_fd = state_make(root_fd, "b", NULL);

	CHECK(dir_fd >= 0);
	CHECK_INT(state_make(root_fd, "b", NULL), -EEXIST);
	close(dir_fd);
	CHECK_INT(state_remove(root_fd, "b", NULL), 0);
	close(root_fd);
}

static void ids_cannot_be_paths(void)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../x", "a b",
					   "a\nb", "\xff" };
	char much[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(state_check_id(bad[i], NULL), -EINVAL);
	memset(much, 'a', sizeof(much));
	much[sizeof(much) - 1] = '\0';
	CHECK_INT(state_check_id(much, NULL), -EINVAL);
	CHECK_INT(state_check_id("web-1_2.x+y", NULL), 0);
}

/* A pid that belongs to another process by now is not the container's. */
static void a_recycled_pid_is_stopped(void)
{
	struct state s = { .id = "c", .pid = getpid() };
	int root_fd = open_root(), dir_fd = state_make(root_fd, "c", NULL);
	int reader = openat(root_fd, "c", O_RDONLY | O_CLOEXEC);

	CHECK_INT(sys_start_ticks(s.pid, &s.start_ticks, NULL), 0);
	CHECK_INT(state_status(reader, &s), STATUS_CREATING); /* still locked */
	close(dir_fd);
	CHECK_INT(state_status(reader, &s), STATUS_RUNNING);
	s.start_ticks++;
	CHECK_INT(state_status(reader, &s), STATUS_STOPPED);
	CHECK_INT(state_pidfd(&s, NULL), -ESRCH);
	close(reader);
	CHECK_INT(state_remove(root_fd, "c", NULL), 0);
	close(root_fd);
}

static void a_killed_create_is_stopped(void)
{
	struct state s = { .id = "d" };
	int root_fd = open_root(), dir_fd = state_make(root_fd, "d", NULL);
	int reader = openat(root_fd, "d", O_RDONLY | O_CLOEXEC);

	CHECK_INT(state_status(reader, &s), STATUS_CREATING);
	close(dir_fd);
	CHECK_INT(state_status(reader, &s), STATUS_STOPPED);
	close(reader);
	CHECK_INT(state_remove(root_fd, "d", NULL), 0);
	close(root_fd);
}

static void a_broken_record_is_refused(void)
{
	static const char *const bad[] = { "pid x\n", "pid -1\n", "pid\n",
					   "cgroup_manager what\n",
					   "start_ticks 1 2\n" };
	int root_fd = open_root(), dir_fd = state_make(root_fd, "e", NULL);
	struct arena a;
	struct state s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = openat(dir_fd, "record", O_WRONLY | O_CREAT | O_TRUNC, 0600);

		CHECK(write(fd, bad[i], strlen(bad[i])) > 0);
		close(fd);
		arena_init(&a);
		CHECK_INT(state_load(dir_fd, "e", &a, &s, NULL), -EINVAL);
		arena_done(&a);
	}
	close(dir_fd);
	CHECK_INT(state_remove(root_fd, "e", NULL), 0);
	close(root_fd);
}

/* The default root must not be another user's trap in /tmp. */
static void a_root_that_others_can_write_is_refused(void)
{
	char dir[] = "/tmp/hull-state-XXXXXX", path[64];
	int status;
	pid_t pid;

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/hull", dir);
	CHECK_INT(mkdir(path, 0700), 0);
	CHECK_INT(chmod(path, 0777), 0);
	CHECK_INT(chmod(dir, 0777), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		/* As root the default is /run/hull: be somebody else. */
		if (getuid() == 0 && (chown(path, 4242, 4242) || setuid(4242)))
			_exit(9);
		setenv("XDG_RUNTIME_DIR", dir, 1);
		_exit(state_root_open(NULL, true, NULL) == -EPERM ? 0 : 1);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	rmdir(path);
	rmdir(dir);
	CHECK_INT(status, 0);
}

int main(void)
{
	CHECK(mkdtemp(root));
	TEST(a_record_comes_back_as_it_went);
	TEST(an_id_is_taken_once);
	TEST(ids_cannot_be_paths);
	TEST(a_recycled_pid_is_stopped);
	TEST(a_killed_create_is_stopped);
	TEST(a_broken_record_is_refused);
	TEST(a_root_that_others_can_write_is_refused);
	rmdir(root);
	return tap_end();
}
