/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/mount-idmap.c - the user namespace that an id-mapped mount needs.
 *
 * The kernel takes a mount's mapping as a user namespace that has it. Only when
 * the mount shall have the very mapping of a joined user namespace is there one
 * already; else a child is made in a fresh one, waits while its maps are
 * written and its namespace is opened, and ends when our end of a pipe closes:
 * also when we are killed.
 *
 * A list of ids that a mount does not give is the container's own, and without
 * a user namespace every id stays what it is. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/mount-priv.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_LINES = 340, LINE_SIZE = 34 };

static const struct conf_idmap every_id = { 0, 0, UINT32_MAX };

static int write_map(pid_t pid, const char *name, const struct conf_idmap *map,
		     size_t n, struct err *e)
{
	char path[64], text[MAX_LINES * LINE_SIZE];
	size_t len = 0;
	int ret;

	if (n == 0) {
		map = &every_id;
		n = 1;
	}
	if (n > MAX_LINES)
		return err_input(e, "%s: more than %d entries", name,
				 MAX_LINES);
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%u %u %u\n", map[i].container_id,
					map[i].host_id, map[i].size);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	ret = sys_write_file(AT_FDCWD, path, text);
	return ret < 0 ? err_set(e, ret, "write %s of the mount's mapping",
				 name)
		       : 0;
}

static int open_ns(pid_t pid, const struct conf_idmaps *maps, struct err *e)
{
	char path[64];
	int ret = write_map(pid, "uid_map", maps->uid, maps->n_uid, e), fd;

	if (ret == 0)
		ret = write_map(pid, "gid_map", maps->gid, maps->n_gid, e);
	if (ret < 0)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open the mount's user namespace") : fd;
}

static int make_ns(const struct conf_idmaps *maps, struct err *e)
{
	const struct sys_clone in_userns = { .flags = CLONE_NEWUSER };
	auto_fd int pidfd = -EBADF, wait_end = -EBADF, our_end = -EBADF;
	int ends[2], ret;
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	wait_end = ends[0];
	our_end = ends[1];
	pid = sys_clone3(&in_userns, &pidfd);
	if (pid == 0) {
		close(our_end);
		_exit(read(wait_end, &byte, 1) != 0);
	}
	if (pid < 0)
		return err_set(e, pid, "make a user namespace for the mount");
	ret = open_ns(pid, maps, e);
	close(TAKE_FD(our_end));
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return ret;
}

int mount_idmap_ns(const struct conf *c, const struct conf_mount *m,
		   struct err *e)
{
	struct conf_idmaps maps = m->idmaps;
	int fd;

	if (!maps.n_uid && !maps.n_gid && c->ns[NS_USER].mode == PART_JOIN) {
		fd = fcntl(c->ns[NS_USER].fd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? err_sys(e, "keep the user namespace") : fd;
	}
	if (!maps.n_uid) {
		maps.uid = c->idmaps.uid;
		maps.n_uid = c->idmaps.n_uid;
	}
	if (!maps.n_gid) {
		maps.gid = c->idmaps.gid;
		maps.n_gid = c->idmaps.n_gid;
	}
	return make_ns(&maps, e);
}
