/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/cgroup.c - where a container's cgroups are; making, entering,
 * removing.
 *
 * The same path is used below the root of every hierarchy, so one string in the
 * container's record is enough to find all of them again, whoever asks. A
 * relative cgroupsPath, or none, is below "/" on v1 and below the caller's own
 * cgroup on v2, where an unprivileged caller has no rights elsewhere (the
 * specification leaves that to the runtime). */
#include "cgroup/cgroup.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "cgroup/file-priv.h"
#include "cgroup/unit-priv.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool cgroup_path_is_clean(const char *path)
{
	while (*path) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if ((n == 1 && path[0] == '.') ||
		    (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += n;
	}
	return true;
}

static int fill(const char *path, const struct host *h, struct arena *a,
		struct cgroup *g, struct err *e)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (!cgroup_path_is_clean(path))
		return err_input(
			e, "linux.cgroupsPath: \"%s\" has a component . or ..",
			path);
	if (len <= 1)
		return err_input(e,
				 "linux.cgroupsPath: \"%s\" is the root of the "
				 "hierarchy",
				 path);
	g->path = arena_dup_n(a, path, len);
	g->is_v2_only = h->cgroup_layout == CGROUP_V2;
	for (size_t i = 0; i < h->n_cgroups && g->path; i++) {
		struct cgroup_dir *d = &g->dirs[g->n_dirs];

		if (g->n_dirs == CGROUP_MAX)
			break;
		d->hierarchy = &h->cgroups[i];
		d->path = arena_join(a, h->cgroups[i].mount, g->path, len);
		if (!d->path)
			return err_set(e, -ENOMEM, "cgroup");
		g->n_dirs++;
	}
	return g->path ? 0 : err_set(e, -ENOMEM, "cgroup");
}

/* Where relative paths start. */
static const char *base(const struct host *h)
{
	if (h->cgroup_layout == CGROUP_V2 &&
	    strcmp(h->cgroups[0].own, "/") != 0)
		return h->cgroups[0].own;
	return "";
}

int cgroup_plan(const struct conf_cgroup *cc, const char *id,
		const struct host *h, struct arena *a, struct cgroup *ret,
		struct err *e)
{
	const char *path = cc->path && *cc->path ? cc->path : id;

	*ret = (struct cgroup){ .manager = cc->manager,
				.path = "",
				.scope = "" };
	if (cc->manager == CGROUP_DISABLED)
		return 0;
	if (cc->manager == CGROUP_SYSTEMD) {
		int r = unit_names(cc, id, h, a, &ret->scope, &path, e);

		ret->is_user = h->is_rootless;
		return r < 0 ? r : fill(path, h, a, ret, e);
	}
	if (h->cgroup_layout == CGROUP_NONE) {
		ret->manager = CGROUP_DISABLED;
		return 0;
	}
	if (path[0] != '/')
		path = arena_printf(a, "%s/%s", base(h), path);
	return path ? fill(path, h, a, ret, e) : err_set(e, -ENOMEM, "cgroup");
}

static void drop(struct cgroup *g, size_t i)
{
	g->is_partial = true;
	g->n_dirs--;
	memmove(&g->dirs[i], &g->dirs[i + 1],
		(g->n_dirs - i) * sizeof(g->dirs[0]));
}

int cgroup_find(enum cgroup_manager manager, const char *path,
		const char *scope, const struct host *h, struct arena *a,
		struct cgroup *ret, struct err *e)
{
	int r;

	*ret = (struct cgroup){ .manager = manager,
				.path = path,
				.scope = scope,
				.is_user = h->is_rootless };
	if (manager == CGROUP_DISABLED || !*path)
		return 0;
	r = fill(path, h, a, ret, e);
	/* An ordinary user's container is in those hierarchies that the user
	 * may write to (cgroup_make() with best_effort). */
	for (size_t i = ret->n_dirs; r == 0 && h->is_rootless && i-- > 0;)
		if (access(ret->dirs[i].path, F_OK) < 0)
			drop(ret, i);
	return r;
}

bool cgroup_has(const struct cgroup_dir *d, const char *controller)
{
	const char *list = d->hierarchy->controllers;
	size_t n = strlen(controller);

	for (;;) {
		size_t word = strcspn(list, ",");

		if (word == n && strncmp(list, controller, n) == 0)
			return true;
		if (!list[word])
			return false;
		list += word + 1;
	}
}

const struct cgroup_dir *cgroup_v1(const struct cgroup *g,
				   const char *controller)
{
	for (size_t i = 0; i < g->n_dirs; i++)
		if (!g->dirs[i].hierarchy->is_v2 &&
		    cgroup_has(&g->dirs[i], controller))
			return &g->dirs[i];
	return NULL;
}

const struct cgroup_dir *cgroup_v2(const struct cgroup *g)
{
	for (size_t i = 0; i < g->n_dirs; i++)
		if (g->dirs[i].hierarchy->is_v2)
			return &g->dirs[i];
	return NULL;
}

/* A new v1 cpuset is empty, and nobody can enter it before it has processors
 * and memory nodes: take the parent's, from the top down. */
static int fill_cpuset(const char *dir, struct err *e)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char path[PATH_MAX], text[4096];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *slash = strrchr(dir, '/');
		ssize_t n;
		int r;

		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - dir), dir,
			 files[i]);
		n = sys_read_line(AT_FDCWD, path, text, sizeof(text));
		if (n < 0)
			return err_set(e, (int)n, "read %s", path);
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		r = sys_write_file(AT_FDCWD, path, text);
		if (r < 0)
			return err_set(e, r, "write %s", path);
	}
	return 0;
}

/* Lets the children of a v2 cgroup use all the controllers it has itself. */
static void pass_controllers(const char *dir)
{
	char path[PATH_MAX], text[512], one[64], *word, *save = NULL;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);
	if (sys_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	for (word = strtok_r(text, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save)) {
		/* One by one: some cannot be had (cpu with realtime processes),
		 * and a limit that needs it will say so. */
		snprintf(one, sizeof(one), "+%s", word);
		(void)sys_write_file(AT_FDCWD, path, one);
	}
}

/* mkdir -p below the mount point; `dir` is cut and mended on the way. */
static int make_dirs(const struct cgroup_dir *d, char *dir, struct err *e)
{
	char *end = dir + strlen(dir), *p = dir + strlen(d->hierarchy->mount);
	int r;

	for (p = strchr(p + 1, '/');; p = strchr(p + 1, '/')) {
		if (p)
			*p = '\0';
		if (d->hierarchy->is_v2) {
			char *slash = strrchr(dir, '/');

			*slash = '\0';
			pass_controllers(dir);
			*slash = '/';
		}
		if (mkdir(dir, 0755) == 0) {
			r = cgroup_has(d, "cpuset") ? fill_cpuset(dir, e) : 0;
			if (r < 0) {
				(void)rmdir(dir);
				return r;
			}
		} else if (errno != EEXIST || !p) {
			return err_sys(e, "make cgroup %s", dir);
		}
		if (!p || p == end)
			return 0;
		*p = '/';
	}
}

static int refuse_busy(const char *dir, struct err *e)
{
	char path[PATH_MAX], text[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	n = sys_read_file(AT_FDCWD, path, text, sizeof(text));
	if (n == 0)
		return 0;
	if (n < 0 && n != -EFBIG)
		return err_set(e, (int)n, "read %s", path);
	err_plain(e, -EBUSY,
		  "linux.cgroupsPath: cgroup %s already has processes", dir);
	return err_hint(e, -EBUSY,
			"choose another cgroupsPath, or end what runs there");
}

static int make_one(const struct cgroup_dir *d, bool may_be_there,
		    struct err *e)
{
	char dir[PATH_MAX];
	size_t n = strlen(d->path);
	int r;

	if (mkdir(d->path, 0755) == 0) {
		/* The usual case: the parent is there. */
		if (d->hierarchy->is_v2 || !cgroup_has(d, "cpuset"))
			return 0;
		r = fill_cpuset(d->path, e);
		if (r < 0)
			(void)rmdir(d->path);
		return r;
	}
	if (errno == EEXIST)
		return may_be_there ? 0 : refuse_busy(d->path, e);
	if (errno != ENOENT)
		return err_sys(e, "make cgroup %s", d->path);
	if (n >= sizeof(dir))
		return err_set(e, -ENAMETOOLONG, "make cgroup %s", d->path);
	memcpy(dir, d->path, n + 1);
	return make_dirs(d, dir, e);
}

/* May the caller not do it, whoever is root of the host? */
static bool is_forbidden(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

int cgroup_make(struct cgroup *g, bool best_effort, struct err *e)
{
	for (size_t i = 0; i < g->n_dirs;) {
		const struct cgroup_dir *d = &g->dirs[i];
		char *slash = strrchr(d->path, '/');
		int r = make_one(d, g->manager == CGROUP_SYSTEMD, e);

		if (best_effort && is_forbidden(r)) {
			drop(g, i);
			continue;
		}
		if (r < 0) {
			while (i-- > 0)
				(void)rmdir(g->dirs[i].path);
			return r;
		}
		if (g->is_v2_only && g->manager == CGROUP_CGROUPFS) {
			char parent[PATH_MAX];

			snprintf(parent, sizeof(parent), "%.*s",
				 (int)(slash - d->path), d->path);
			pass_controllers(parent);
		}
		i++;
	}
	return 0;
}

/* Removes what the container has made below, deepest first. */
static void remove_below(int parent_fd, const char *name, int depth)
{
	int fd = openat(parent_fd, name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (depth < 64 && (d = readdir(dir))) {
		if (d->d_type != DT_DIR || d->d_name[0] == '.')
			continue;
		remove_below(dirfd(dir), d->d_name, depth + 1);
		(void)unlinkat(dirfd(dir), d->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

/* Controllers that systemd leaves alone are passed down to its unit by us. */
static void pass_strangers(const struct cgroup_dir *d, struct arena *a)
{
	static const char *const names[] = { "+hugetlb", "+rdma", "+misc" };
	char *dir = arena_dup(a, d->path);
	size_t root = strlen(d->hierarchy->mount);

	for (char *p = dir ? dir + root : NULL; p; p = strchr(p + 1, '/')) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%.*s/cgroup.subtree_control",
			 (int)(p - dir), dir);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			(void)sys_write_file(AT_FDCWD, path, names[i]);
	}
}

/* Into the subgroup, and its controllers with it: a cgroup with processes of
 * its own cannot give them to others, so the process moves first. */
static int enter_subgroup(const struct cgroup *g, const struct cgroup_dir *d,
			  pid_t pid, struct err *e)
{
	char path[PATH_MAX], text[16];
	size_t n = strlen(d->hierarchy->mount) + unit_dir_len(g);
	int r;

	snprintf(text, sizeof(text), "%d", (int)pid);
	r = cgroup_put(d, "cgroup.procs", text, "run.oci.systemd.subgroup", e);
	snprintf(path, sizeof(path), "%s", d->path);
	while (r == 0 && path[n] == '/') {
		path[n] = '\0';
		pass_controllers(path);
		path[n] = '/';
		n += 1 + strcspn(path + n + 1, "/");
	}
	return r;
}

int cgroup_adopt(struct cgroup *g, const struct conf_resources *res,
		 bool best_effort, pid_t pid, struct arena *a, struct err *e)
{
	bool has_sub = g->path[unit_dir_len(g)] != '\0';
	const struct cgroup_dir *v2;
	int r = cgroup_make(g, best_effort, e);

	v2 = cgroup_v2(g);
	if (r == 0 && v2 && has_sub)
		r = enter_subgroup(g, v2, pid, e);
	if (r == 0 && v2 && g->is_v2_only &&
	    (res->n_hugepages || res->n_rdma || res->n_unified))
		pass_strangers(v2, a);
	return r;
}

/* A cgroup stays busy for a moment after its last process has ended. */
static int remove_one(const char *path, struct err *e)
{
	struct timespec pause = { .tv_nsec = 200 * 1000 };

	for (int tries = 0; tries < 21; tries++) {
		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY && errno != ENOTEMPTY && tries > 0)
			break;
		if (tries == 1)
			remove_below(AT_FDCWD, path, 0);
		nanosleep(&pause, NULL);
		pause.tv_nsec += pause.tv_nsec / 2; /* 2 s in all */
	}
	return err_sys(e, "remove cgroup %s", path);
}

/* With a subgroup, the scope's own directory: systemd does not remove it from
 * hierarchies that it does not use. */
static void remove_up(const struct cgroup *g, const struct cgroup_dir *d)
{
	size_t n = strlen(d->hierarchy->mount) + unit_dir_len(g);
	char path[PATH_MAX], *slash;

	snprintf(path, sizeof(path), "%s", d->path);
	while ((slash = strrchr(path, '/')) && (size_t)(slash - path) >= n) {
		*slash = '\0';
		(void)rmdir(path);
	}
}

bool cgroup_remove_idle(const struct cgroup *g)
{
	bool all = true;

	for (size_t i = 0; i < g->n_dirs; i++)
		all &= rmdir(g->dirs[i].path) == 0 || errno == ENOENT;
	return all;
}

int cgroup_remove(const struct cgroup *g, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < g->n_dirs; i++) {
		int one = remove_one(g->dirs[i].path, r ? NULL : e);

		if (one < 0 && r == 0)
			r = one;
		if (one == 0 && g->manager == CGROUP_SYSTEMD)
			remove_up(g, &g->dirs[i]);
	}
	return r;
}
