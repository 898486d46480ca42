/* SPDX-License-Identifier: Apache-2.0 */
/* run/program.h - the container's program: where it is, with what environment.
 *
 * Called in the child, in the new root, as the container's user. */
#pragma once

#include "conf/conf.h"

#include <limits.h>

struct err;

enum { PROGRAM_ENV_MAX = 4096 };

struct program {
	char path[PATH_MAX];             /* what execve() gets */
	char home[PATH_MAX + 8];         /* "HOME=/root" when it was missing */
	char *env[PROGRAM_ENV_MAX + 2]; /* NULL-terminated */
};

/* Looks args[0] up in the process's own PATH, as execvp() would, and adds HOME
 * from the root file system's /etc/passwd when the environment has none. With
 * `checks` a path is looked at, too, though execve() comes later. */
int program_find(const struct conf_process *p, bool checks, struct program *ret,
		 struct err *e);
