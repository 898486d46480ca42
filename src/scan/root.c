/* SPDX-License-Identifier: Apache-2.0 */
/* scan/root.c - the root file system that the program will see. */
#include "scan/root.h"

#include "base/err.h"
#include "base/scope.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_TEXT = 256 * 1024, MAX_MATCHES = 4096 };

void root_close(struct root *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->path);
	*r = (struct root){ .fd = -EBADF };
}

int root_open(const char *dir, struct root *ret_root, struct err *e)
{
	auto_free char *path = realpath(dir, NULL);
	auto_fd int fd = -EBADF;

	if (!path)
		return err_sys(e, "open root %s", dir);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open root %s", dir);
	if (strcmp(path, "/") == 0)
		path[0] = '\0';
	*ret_root = (struct root){ .fd = TAKE_FD(fd), .path = TAKE_PTR(path) };
	return 0;
}

static uint64_t nanoseconds(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void note_seen(const struct root *r, const char *path, int fd)
{
	struct stat st;

	if (!r->seen)
		return;
	if (fd < 0)
		fprintf(r->seen, "A %s\n", path);
	else if (fstat(fd, &st) == 0)
		fprintf(r->seen, "F %ju %ju %ju %ju %ju %s\n", (uintmax_t)st.st_ino,
			(uintmax_t)st.st_size, (uintmax_t)nanoseconds(st.st_mtim),
			(uintmax_t)nanoseconds(st.st_ctim), (uintmax_t)st.st_dev, path);
}

/* O_NONBLOCK: a FIFO in the place of a library must not make us wait. */
int root_open_file(const struct root *r, const char *path)
{
	int fd = sys_open_in(r->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, 0);

	note_seen(r, path, fd);
	return fd;
}

const char *root_real_path(const struct root *r, int fd, struct arena *a)
{
	char link[64], path[PATH_MAX];
	size_t front = strlen(r->path);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return NULL;
	path[n] = '\0';
	if (strncmp(path, r->path, front) != 0 || path[front] != '/')
		return NULL;
	return arena_dup(a, path + front);
}

char *root_read_text(const struct root *r, const char *path, struct arena *a)
{
	auto_fd int fd = root_open_file(r, path);
	struct stat st;
	size_t n = 0;
	ssize_t got;
	char *text;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	text = arena_alloc(a, MAX_TEXT + 1);
	while (text && n < MAX_TEXT) {
		got = read(fd, text + n, MAX_TEXT - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return text;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int root_glob(const struct root *r, const char *pattern, struct arena *a,
	      const char ***ret_v, size_t *ret_n)
{
	const char *slash = strrchr(pattern, '/');
	const char *dir = slash ? arena_dup_n(a, pattern, (size_t)(slash - pattern) + 1) : "/";
	const char *last = slash ? slash + 1 : pattern;
	const char **v = arena_array(a, MAX_MATCHES, sizeof(*v));
	auto_fd int fd = -EBADF;
	struct dirent *d;
	size_t n = 0;
	DIR *all;

	if (!v || !dir)
		return -ENOMEM;
	fd = sys_open_in(r->fd, dir, O_RDONLY | O_DIRECTORY, 0, 0);
	note_seen(r, dir, fd);
	all = fd >= 0 ? fdopendir(fd) : NULL;
	if (!all)
		return fd < 0 ? fd : -errno;
	(void)TAKE_FD(fd);
	while ((d = readdir(all)) && n < MAX_MATCHES) {
		if (fnmatch(last, d->d_name, FNM_PERIOD) == 0)
			v[n++] = arena_printf(a, "%s%s", dir, d->d_name);
	}
	closedir(all);
	qsort(v, n, sizeof(*v), by_name);
	*ret_v = v;
	*ret_n = n;
	return 0;
}
