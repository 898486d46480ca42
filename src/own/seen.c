/* SPDX-License-Identifier: Apache-2.0 */
/* own/seen.c - the files that an analysis looked at.
 *
 * A line of hull-scan --seen-fd is one of
 *   F INODE SIZE MTIME CTIME DEVICE PATH   a file, or a directory that was listed
 *   A PATH                                 nothing was there
 * with times in nanoseconds. A file whose content has changed has another
 * change time, which cannot be set; one in its place has another inode. */
#include "own/own-priv.h"

#include "base/scope.h"
#include "sys/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Copies the next line; NULL at the end or when it is too long to be one. */
static const char *next_line(const char **at, const char *end, char *line,
			     size_t size)
{
	const char *nl = *at < end ? memchr(*at, '\n', (size_t)(end - *at))
				   : NULL;

	if (!nl || (size_t)(nl - *at) >= size)
		return NULL;
	memcpy(line, *at, (size_t)(nl - *at));
	line[nl - *at] = '\0';
	*at = nl + 1;
	return line;
}

static const char *path_of(const char *line)
{
	int words = *line == 'F' ? 6 : 1;

	for (int i = 0; i < words && line; i++) {
		line = strchr(line, ' ');
		line += line != NULL;
	}
	return line;
}

static uint64_t nanoseconds(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static bool is_same(const char *line, int root_fd)
{
	const char *path = path_of(line);
	char now[PATH_MAX + 128];
	auto_fd int fd = -EBADF;
	struct stat st;

	if (!path)
		return false;
	fd = sys_open_in(root_fd, path, O_PATH, 0, 0);
	if (fd < 0)
		return *line == 'A';
	if (*line != 'F' || fstat(fd, &st) < 0)
		return false;
	snprintf(now, sizeof(now),
		 "F %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		 " %s",
		 (uint64_t)st.st_ino, (uint64_t)st.st_size,
		 nanoseconds(st.st_mtim), nanoseconds(st.st_ctim),
		 (uint64_t)st.st_dev, path);
	return strcmp(now, line) == 0;
}

bool seen_holds(const char *seen, size_t n, int root_fd)
{
	const char *end = seen + n;
	char line[PATH_MAX + 128];

	while (seen < end) {
		if (!next_line(&seen, end, line, sizeof(line)) ||
		    !is_same(line, root_fd))
			return false;
	}
	return n > 0;
}

bool seen_below(const char *seen, size_t n, const char *dir)
{
	const char *end = seen + n, *path;
	char line[PATH_MAX + 128];
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	while (next_line(&seen, end, line, sizeof(line))) {
		path = path_of(line);
		if (!path || (strncmp(path, dir, len) == 0 &&
			      (path[len] == '/' || !path[len])))
			return true;
	}
	return false;
}
