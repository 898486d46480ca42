/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/mount-copyup.c - a tmpfs that starts with what it covers (tmpcopyup).
 *
 * The image is untrusted: entries are opened relative to the fd of their
 * directory with O_NOFOLLOW, only directories, regular files and symlinks are
 * copied, and depth is bounded. Directory entries are read by getdents64() into
 * the stack, since the child allocates nothing (plan.h, P4). */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/mount-priv.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_DEPTH = 64 };

/* getdents64(2) */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static int copy_dir(int from, int to, int depth);

static int copy_file(int from_dir, int to_dir, const char *name,
		     const struct stat *st)
{
	auto_fd int from = openat(
		from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_fd int to = -EBADF;
	char buf[8192];
	ssize_t n;

	if (from < 0)
		return -errno;
	to = openat(to_dir, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    st->st_mode & 07777);
	if (to < 0)
		return -errno;
	while ((n = read(from, buf, sizeof(buf))) > 0) {
		int r = sys_write_all(to, buf, (size_t)n);

		if (r < 0)
			return r;
	}
	return n < 0 ? -errno : 0;
}

static int copy_link(int from_dir, int to_dir, const char *name)
{
	char text[4096];
	ssize_t n = readlinkat(from_dir, name, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return symlinkat(text, to_dir, name) < 0 ? -errno : 0;
}

static int copy_sub(int from_dir, int to_dir, const char *name,
		    const struct stat *st, int depth)
{
	auto_fd int from =
		openat(from_dir, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int to = -EBADF;

	if (from < 0 || mkdirat(to_dir, name, st->st_mode & 07777) < 0)
		return -errno;
	to = openat(to_dir, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return to < 0 ? -errno : copy_dir(from, to, depth);
}

static int copy_one(int from, int to, const char *name, int depth)
{
	const int keep = AT_SYMLINK_NOFOLLOW;
	struct stat st;
	int r;

	if (fstatat(from, name, &st, keep) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		r = copy_sub(from, to, name, &st, depth);
	else if (S_ISREG(st.st_mode))
		r = copy_file(from, to, name, &st);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name);
	else
		return 0;
	if (r == 0) {
		const struct timespec times[] = { st.st_atim, st.st_mtim };

		/* Ids that are not mapped here cannot be given. */
		(void)fchownat(to, name, st.st_uid, st.st_gid, keep);
		if (!S_ISLNK(st.st_mode))
			(void)fchmodat(to, name, st.st_mode & 07777, 0);
		(void)utimensat(to, name, times, keep);
	}
	return r;
}

static int copy_dir(int from, int to, int depth)
{
	_Alignas(struct entry) char buf[4096];
	long n;

	if (depth > MAX_DEPTH)
		return -ELOOP;
	while ((n = syscall(SYS_getdents64, from, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *d =
				(const struct entry *)(buf + at);
			int r = 0;

			if (strcmp(d->name, ".") != 0 &&
			    strcmp(d->name, "..") != 0)
				r = copy_one(from, to, d->name, depth + 1);
			if (r < 0)
				return r;
			at += d->len;
		}
	}
	return n < 0 ? -errno : 0;
}

int mount_copy_up(int from_fd, int to_fd, struct err *e)
{
	auto_fd int from =
		openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (from < 0)
		return err_sys(e, "tmpcopyup: open the directory");
	r = copy_dir(from, to_fd, 0);
	if (r == 0 && fstat(from, &st) == 0) {
		(void)fchown(to_fd, st.st_uid, st.st_gid);
		(void)fchmod(to_fd, st.st_mode & 07777);
	}
	return r < 0 ? err_set(e, r, "tmpcopyup: copy the directory") : 0;
}
