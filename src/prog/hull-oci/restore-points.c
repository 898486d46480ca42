/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/restore-points.c - mount points that a restore needs.
 *
 * Somebody else filled the root and the volumes: every path is resolved inside
 * of the one it is in (sys/file.h). */
#include "prog/hull-oci/restore-points.h"

#include "base/err.h"
#include "base/scope.h"
#include "conf/conf.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_type(const struct conf_mount *m, const char *type)
{
	return m->type && strcmp(m->type, type) == 0;
}

static bool is_bind(const struct conf_mount *m)
{
	return m->flags & 1 << 12 || !m->type || is_type(m, "bind");
}

/* What `path` is called below the mount m; NULL when it is not. */
static const char *below(const struct conf_mount *m, const char *path)
{
	size_t n = strlen(m->destination);

	while (n > 1 && m->destination[n - 1] == '/')
		n--;
	return strncmp(path, m->destination, n) == 0 && path[n] == '/' && path[n + 1] ?
		       path + n : NULL;
}

static int make_file(int root_fd, const char *path)
{
	const char *name;
	auto_fd int parent = sys_parent_in(root_fd, path, 0755, true, &name), fd = -EBADF;

	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 && errno != EEXIST ? -errno : 0;
}

static int make_point(const char *root, const char *path, bool is_file, struct err *e)
{
	auto_fd int root_fd = openat(AT_FDCWD, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int there = -EBADF;
	int r;

	if (root_fd < 0)
		return err_sys(e, "open %s", root);
	there = sys_open_in(root_fd, path, O_PATH, 0, 0);
	if (there >= 0)
		return 0;
	if (is_file) {
		r = make_file(root_fd, path);
	} else {
		there = sys_mkdirs_in(root_fd, path, 0755);
		r = there < 0 ? there : 0;
	}
	return r < 0 ? err_set(e, r, "make the mount point %s in %s", path, root) : 0;
}

static int make_one(const struct conf *c, size_t i, const char *rootfs, struct err *e)
{
	const struct conf_mount *m = &c->mounts[i];
	const char *root = rootfs, *path = m->destination;
	struct stat st;

	if (is_type(m, "cgroup") || is_type(m, "cgroup2"))
		return 0; /* comes with sysfs, or with the tmpfs around it */
	/* The last mount above it holds it. */
	for (size_t k = i; k-- > 0;) {
		const char *rest = below(&c->mounts[k], m->destination);

		if (!rest)
			continue;
		if (!is_bind(&c->mounts[k]) || !c->mounts[k].source)
			return 0;
		root = c->mounts[k].source;
		path = rest;
		break;
	}
	return make_point(root, path,
			  is_bind(m) && m->source && stat(m->source, &st) == 0 &&
				  !S_ISDIR(st.st_mode), e);
}

int restore_points(const struct conf *c, const char *rootfs, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < c->n_mounts && r == 0; i++)
		r = make_one(c, i, rootfs, e);
	return r;
}
