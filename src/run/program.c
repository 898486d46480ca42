/* SPDX-License-Identifier: Apache-2.0 */
/* run/program.c - the container's program: where it is, with what environment.
 */
#include "run/program.h"

#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char default_path[] =
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static const char *get(const struct conf_strings *env, const char *name)
{
	size_t n = strlen(name);

	/* The last one wins, as it does for most shells. */
	for (size_t i = env->n; i-- > 0;)
		if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=')
			return env->v[i] + n + 1;
	return NULL;
}

/* 0 when the file could be executed. */
static int try(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int search(const char *name, const char *dirs, struct program *ret)
{
	int worst = -ENOENT;

	for (;;) {
		size_t n = strcspn(dirs, ":");
		int len = snprintf(ret->path, sizeof(ret->path), "%.*s%s%s",
				   (int)n, dirs, n ? "/" : "./", name);

		if (len > 0 && (size_t)len < sizeof(ret->path)) {
			int r = try(ret->path);

			if (r == 0)
				return 0;
			if (r == -EACCES)
				worst = r;
		}
		if (!dirs[n])
			return worst;
		dirs += n + 1;
	}
}

static int find_path(const struct conf_process *p, bool checks,
		     struct program *ret, struct err *e)
{
	const char *name = p->args.v[0], *dirs = get(&p->env, "PATH");
	int r;

	if (strchr(name, '/')) {
		if ((size_t)snprintf(ret->path, sizeof(ret->path), "%s",
				     name) >= sizeof(ret->path))
			return err_set(e, -ENAMETOOLONG, "exec \"%s\"", name);
		r = checks ? try(ret->path) : 0;
	} else {
		r = search(name, dirs ? dirs : default_path, ret);
		if (r == -ENOENT)
			/* Engines look for these words to answer with exit
			 * status 127. */
			return err_set(e, r,
				       "exec \"%s\": executable file not found "
				       "in $PATH",
				       name);
	}
	if (r < 0)
		return err_set(e, r, "exec \"%s\"", name);
	return 0;
}

/* The home directory of a line "name:x:uid:gid:gecos:home:shell" when the uid
 * is the one; cuts the line. */
static const char *home_of(char *line, uint32_t uid)
{
	char *v[6];
	uint32_t n;

	for (int i = 0; i < 6; i++) {
		v[i] = line;
		line = strchr(line, ':');
		if (!line)
			return NULL;
		*line++ = '\0';
	}
	return num_u32(v[2], &n) == 0 && n == uid ? v[5] : NULL;
}

/* The image wrote this file: it may be a pipe, a device, or endless, so it is
 * opened without blocking, must be a regular file, and only its first 64 KiB
 * count. */
static void find_home(uint32_t uid, struct program *ret)
{
	char text[65536], *line, *save = NULL;
	const char *home = uid == 0 ? "/root" : "/";
	struct stat st;
	auto_fd int fd = openat(AT_FDCWD, "/etc/passwd",
			      O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		for (line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			const char *found = home_of(line, uid);

			if (found && *found == '/') {
				home = found;
				break;
			}
		}
	}
	snprintf(ret->home, sizeof(ret->home), "HOME=%s", home);
}

static int make_env(const struct conf_process *p, struct program *ret,
		    struct err *e)
{
	size_t n = p->env.n;

	if (n > PROGRAM_ENV_MAX)
		return err_input(e, "process.env: more than %d variables",
				 PROGRAM_ENV_MAX);
	for (size_t i = 0; i < n; i++)
		ret->env[i] = (char *)(uintptr_t)p->env.v[i];
	if (!get(&p->env, "HOME")) {
		find_home(p->uid, ret);
		ret->env[n++] = ret->home;
	}
	ret->env[n] = NULL;
	return 0;
}

int program_find(const struct conf_process *p, bool checks, struct program *ret,
		 struct err *e)
{
	int r;

	if (p->args.n == 0)
		return err_input(e, "process.args: empty");
	r = find_path(p, checks, ret, e);
	return r < 0 ? r : make_env(p, ret, e);
}
