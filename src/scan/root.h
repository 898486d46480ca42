/* SPDX-License-Identifier: Apache-2.0 */
/* scan/root.h - the root file system that the program will see.
 *
 * Every path is resolved by the kernel with that root as "/" (openat2), so a
 * symlink in an image leads nowhere else. For the machine itself the root is
 * "/", and then nothing is special about it. */
#pragma once

#include "base/arena.h"

struct err;

struct root {
	int fd;
	char *path; /* absolute, without symlinks; "" for "/" itself */
	/* Where to write what was looked at, a line each:
	 *   F INODE SIZE MTIME CTIME DEVICE PATH   a file or directory, in ns
	 *   A PATH                                 nothing was there
	 * The analysis depends on nothing else of the root. NULL: nowhere. */
	void *seen; /* FILE *, borrowed */
};

void root_close(struct root *r);
int root_open(const char *dir, struct root *ret_root, struct err *e);

/* Opens a file for reading; -errno, without words, when it is not there. */
int root_open_file(const struct root *r, const char *path);
/* Where an open file really is, seen from the root; in the arena. NULL when
 * that is not below the root. */
const char *root_real_path(const struct root *r, int fd, struct arena *a);
/* A text file of moderate size, NUL-terminated, in the arena; NULL: none. */
char *root_read_text(const struct root *r, const char *path, struct arena *a);
/* The paths that match a pattern with wildcards in its last component, sorted;
 * in the arena. */
int root_glob(const struct root *r, const char *pattern, struct arena *a,
	      const char ***ret_v, size_t *ret_n);
