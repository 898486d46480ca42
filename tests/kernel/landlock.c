/* SPDX-License-Identifier: Apache-2.0 */
/* What bricks/landlock.c counts on: rules by fd outlive a pivot and a change of
 * user, restricting needs no_new_privs or CAP_SYS_ADMIN, execve() keeps it, and
 * a rule for a file with a right of directories is refused. */
#include "kernel.h"

#include "sys/landlock.h"

#include <sys/prctl.h>

static const struct sys_landlock reading = { .fs = LL_FS_READ_FILE | LL_FS_READ_DIR };

static int allow(int set, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	int r = sys_landlock_allow_path(set, fd, LL_FS_READ_FILE | LL_FS_READ_DIR);

	close(fd);
	return r;
}

static int can_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int restricted(void)
{
	int set = sys_landlock_ruleset(&reading);

	if (set < 0 || allow(set, "/proc") < 0)
		return 1;
	if (enter_userns() < 0)
		return SKIP_STATUS;
	if (sys_landlock_restrict(set) < 0)
		return 2;
	if (!can_read("/proc/self/stat") || can_read("/etc/passwd") || can_read("/"))
		return 3;
	/* Nothing gives it back. */
	if (fork() == 0)
		_exit(can_read("/etc/passwd"));
	{
		int status;

		wait(&status);
		return WEXITSTATUS(status) ? 4 : 0;
	}
}

static void the_rules_hold(void)
{
	CHECK_INT(in_child(restricted), 0);
}

static int without_right(void)
{
	int set = sys_landlock_ruleset(&reading);

	if (enter_userns() < 0 || drop_all_caps() < 0)
		return SKIP_STATUS;
	if (sys_landlock_restrict(set) != -EPERM)
		return 1;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return sys_landlock_restrict(set) < 0 ? 2 : 0;
}

static void no_new_privs_or_sys_admin(void)
{
	CHECK_INT(in_child(without_right), 0);
}

static void a_file_takes_rights_of_files_only(void)
{
	int set = sys_landlock_ruleset(&reading);
	int fd = open("/etc/passwd", O_PATH | O_CLOEXEC);

	CHECK_INT(sys_landlock_allow_path(set, fd, LL_FS_READ_FILE | LL_FS_READ_DIR), -EINVAL);
	CHECK_INT(sys_landlock_allow_path(set, fd, LL_FS_READ_FILE), 0);
	close(fd);
	close(set);
}

/* What the table of sys/landlock.c says of this kernel's version is true. */
static void what_is_known_is_taken_and_no_more(void)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	struct sys_landlock known = sys_landlock_known(abi), more;
	int fd = sys_landlock_ruleset(&known);

	CHECK(fd >= 0);
	close(fd);
	more = known;
	more.fs = (known.fs << 1) | 1;
	CHECK(sys_landlock_ruleset(&more) < 0);
	if (abi >= 6) {
		more = known;
		more.scoped = (known.scoped << 1) | 1;
		CHECK(sys_landlock_ruleset(&more) < 0);
	}
}

int main(void)
{
	if (sys_landlock_ruleset(&reading) < 0) {
		TEST_SKIP(the_rules_hold, "no Landlock in this kernel");
		return tap_end();
	}
	TEST(the_rules_hold);
	TEST(no_new_privs_or_sys_admin);
	TEST(a_file_takes_rights_of_files_only);
	TEST(what_is_known_is_taken_and_no_more);
	return tap_end();
}
