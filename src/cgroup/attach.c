/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/attach.c - processes into a container's cgroups, or into some below them.
 *
 * What is asked for (`exec --cgroup`) is always below the container's own cgroup:
 * a path with ".." is refused, and cgroup file systems have no symlinks. In a
 * hierarchy for which nothing was asked, or which has no such cgroup, the process
 * enters the container's own: never the caller's. */
#include "cgroup/cgroup.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Is the word among the n bytes of a list with commas? */
static bool has_word(const char *list, const char *word, size_t n)
{
	while (*list) {
		size_t len = strcspn(list, ",");

		if (len == n && strncmp(list, word, n) == 0)
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

static bool shares_word(const char *a, const char *b)
{
	while (*a) {
		size_t len = strcspn(a, ",");

		if (len > 0 && has_word(b, a, len))
			return true;
		a += len + (a[len] == ',');
	}
	return false;
}

static bool is_same(const struct cgroup_sub *a, const struct cgroup_sub *b)
{
	if (!a->controllers || !b->controllers)
		return !a->controllers && !b->controllers;
	return shares_word(a->controllers, b->controllers);
}

int cgroup_subs_read(const char *const *texts, size_t n, struct arena *a,
		     struct cgroup_subs *ret, struct err *e)
{
	struct cgroup_sub *v = arena_array(a, n + 1, sizeof(*v));

	if (!v)
		return err_set(e, -ENOMEM, "--cgroup");
	for (size_t i = 0; i < n; i++) {
		const char *colon = strchr(texts[i], ':');

		v[i].path = colon ? colon + 1 : texts[i];
		if (colon)
			v[i].controllers = arena_dup_n(a, texts[i], (size_t)(colon - texts[i]));
		if (colon && !v[i].controllers)
			return err_set(e, -ENOMEM, "--cgroup");
		if (!*v[i].path || (colon && !*v[i].controllers))
			return err_input(e, "--cgroup %s: expected PATH or CONTROLLER,...:PATH", texts[i]);
		if (!cgroup_path_is_clean(v[i].path))
			return err_input(e, "--cgroup %s: a component . or .. is not allowed", texts[i]);
		for (size_t k = 0; k < i; k++)
			if (is_same(&v[k], &v[i]))
				return err_input(e, "--cgroup %s: --cgroup %s speaks of the same hierarchy",
						 texts[i], texts[k]);
	}
	*ret = (struct cgroup_subs){ v, n };
	return 0;
}

/* Each controller that was named must have a hierarchy to be found in. */
static int check_names(const struct cgroup *g, const struct cgroup_subs *subs, struct err *e)
{
	for (size_t i = 0; i < subs->n; i++)
		for (const char *p = subs->v[i].controllers; p && *p;) {
			size_t len = strcspn(p, ","), k = 0;

			while (k < g->n_dirs &&
			       !has_word(g->dirs[k].hierarchy->controllers, p, len))
				k++;
			if (k == g->n_dirs) {
				err_input(e, "--cgroup %s:%s: the container has no v1 hierarchy of \"%.*s\"",
					  subs->v[i].controllers, subs->v[i].path, (int)len, p);
				return err_hint(e, -EINVAL, "on cgroup v2 give the path alone");
			}
			p += len + (p[len] == ',');
		}
	return 0;
}

static const struct cgroup_sub *sub_of(const struct cgroup_subs *subs, const struct cgroup_dir *d)
{
	const struct cgroup_sub *plain = NULL;

	for (size_t i = 0; i < subs->n; i++) {
		if (!subs->v[i].controllers)
			plain = &subs->v[i];
		else if (shares_word(subs->v[i].controllers, d->hierarchy->controllers))
			return &subs->v[i];
	}
	return plain;
}

static int open_one(const struct cgroup_dir *d, const struct cgroup_sub *sub, bool *ret_found,
		    struct err *e)
{
	int flags = d->hierarchy->is_v2 ? O_PATH | O_DIRECTORY : O_WRONLY;
	const char *file = d->hierarchy->is_v2 ? "" : "/tasks";
	char path[PATH_MAX];
	int fd = -1, n;

	if (sub) {
		n = snprintf(path, sizeof(path), "%s/%s%s", d->path, sub->path, file);
		if (n < 0 || (size_t)n >= sizeof(path))
			return err_set(e, -ENAMETOOLONG, "--cgroup %.60s...", sub->path);
		fd = open(path, flags | O_CLOEXEC);
		if (fd < 0 && (errno != ENOENT || sub->controllers))
			return err_sys(e, "open %s", path);
		*ret_found |= fd >= 0;
	}
	if (fd < 0) {
		snprintf(path, sizeof(path), "%s%s", d->path, file);
		fd = open(path, flags | O_CLOEXEC);
	}
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

int cgroup_open_attach(const struct cgroup *g, const struct cgroup_subs *subs, int *fds,
		       size_t max, size_t *ret_n, int *ret_dir_fd, struct err *e)
{
	static const struct cgroup_subs none = { NULL, 0 };
	bool found = false;
	size_t n = 0;
	int r = subs ? check_names(g, subs, e) : 0;

	if (!subs)
		subs = &none;
	*ret_dir_fd = -EBADF;
	for (size_t i = 0; i < g->n_dirs && r == 0; i++) {
		int fd = open_one(&g->dirs[i], sub_of(subs, &g->dirs[i]), &found, e);

		if (fd < 0) {
			r = fd;
		} else if (g->dirs[i].hierarchy->is_v2) {
			*ret_dir_fd = fd;
		} else if (n == max) {
			close(fd);
			r = err_set(e, -E2BIG, "cgroup hierarchies");
		} else {
			fds[n++] = fd;
		}
	}
	if (r == 0 && subs->n > 0 && !found)
		r = err_plain(e, -ENOENT, "--cgroup %s: the container has no such cgroup in any hierarchy",
			      subs->v[0].path);
	if (r < 0) {
		while (n > 0)
			close(fds[--n]);
		if (*ret_dir_fd >= 0)
			close(TAKE_FD(*ret_dir_fd));
		return r;
	}
	*ret_n = n;
	return 0;
}

int cgroup_attach(const struct cgroup *g, const char *sub, pid_t pid,
		  struct err *e)
{
	char path[PATH_MAX], text[16];

	if (sub && !cgroup_path_is_clean(sub))
		return err_input(e, "cgroup \"%s\" has a component . or ..",
				 sub);
	snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < g->n_dirs; i++) {
		int r;

		snprintf(path, sizeof(path), "%s%s%s/cgroup.procs",
			 g->dirs[i].path, sub ? "/" : "", sub ? sub : "");
		r = sys_write_file(AT_FDCWD, path, text);
		if (r < 0)
			return err_set(e, r, "put process %d into %s", (int)pid,
				       path);
	}
	return 0;
}
