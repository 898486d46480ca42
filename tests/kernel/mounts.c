/* SPDX-License-Identifier: Apache-2.0 */
/* An id-mapped mount shows other owners (mount_setattr), and TIOCGPTPEER opens
 * a terminal's other side without a path (CVE-2025-52565). */
#include "kernel.h"

#include "sys/mount.h"

#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/* fd of a user namespace in which 1000 outside is 5000 inside... and so on:
 * what is stored as 1000 shows as 5000. */
static int mapping_ns(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	char path[64];
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	int fd;

	if (pid == 0)
		for (;;)
			pause();
	snprintf(path, sizeof(path), "/proc/%ld/uid_map", pid);
	(void)put_file(path, "1000 5000 1");
	snprintf(path, sizeof(path), "/proc/%ld/gid_map", pid);
	(void)put_file(path, "1000 5000 1");
	snprintf(path, sizeof(path), "/proc/%ld/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	kill((pid_t)pid, SIGKILL);
	waitpid((pid_t)pid, NULL, 0);
	return fd;
}

static int idmapped(void)
{
	int fd, ns, tree;
	struct stat st;

	if (unshare(CLONE_NEWNS) < 0)
		return SKIP_STATUS;
	fd = sys_fs_mount("tmpfs", NULL, "mode=755", 0);
	if (fd < 0 || mkdirat(fd, "d", 0755) < 0 || fchownat(fd, "d", 1000, 1000, 0) < 0)
		return 1;
	ns = mapping_ns();
	tree = sys_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (ns < 0 || tree < 0)
		return 2;
	if (sys_mount_setattr(tree, 0, MOUNT_ATTR_IDMAP, 0, 0, ns) < 0)
		return 3;
	if (fstatat(tree, "d", &st, 0) < 0)
		return 4;
	return st.st_uid == 5000 && st.st_gid == 5000 ? 0 : 5;
}

static void an_idmapped_mount_shows_other_owners(void)
{
	CHECK_INT(in_child(idmapped), 0);
}

static int peer(void)
{
	int pts, master, slave, lock = 0;

	if (enter_userns() < 0 || unshare(CLONE_NEWNS) < 0)
		return SKIP_STATUS;
	pts = sys_fs_mount("devpts", NULL, "ptmxmode=0666", 0);
	if (pts < 0)
		return 1;
	/* Detached: no path leads to it, yet it works. */
	master = openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &lock) < 0)
		return 2;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return slave >= 0 && isatty(slave) ? 0 : 3;
}

static void a_terminals_peer_needs_no_path(void)
{
	CHECK_INT(in_child(peer), 0);
}

int main(void)
{
	if (geteuid() == 0)
		TEST(an_idmapped_mount_shows_other_owners);
	else
		TEST_SKIP(an_idmapped_mount_shows_other_owners, "not root");
	TEST(a_terminals_peer_needs_no_path);
	return tap_end();
}
