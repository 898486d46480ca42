/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/control.c - the processes of a container: freeze, signal, count. */
#include "cgroup/cgroup.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "cgroup/file-priv.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int cgroup_put(const struct cgroup_dir *d, const char *file, const char *text,
	       const char *field, struct err *e)
{
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s/%s", d->path, file);
	r = sys_write_file(AT_FDCWD, path, text);
	return r < 0 ? err_set(e, r, "%s: write %s to %s", field, text, path)
		     : 0;
}

ssize_t cgroup_get(const struct cgroup_dir *d, const char *file, char *text,
		   size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", d->path, file);
	return sys_read_file(AT_FDCWD, path, text, size);
}

static void nap(void)
{
	const struct timespec ms = { .tv_nsec = 1000 * 1000 };

	nanosleep(&ms, NULL);
}

/* v1: the state is FREEZING until the last process has stopped, and may stick
 * there when one forks at the wrong moment: writing again helps. */
static int freeze_v1(const struct cgroup_dir *d, bool frozen, struct err *e)
{
	const char *want = frozen ? "FROZEN" : "THAWED";
	char now[32];

	for (int tries = 0; tries < 2000; tries++) {
		int r = cgroup_put(d, "freezer.state", want, "freezer", e);

		if (r < 0)
			return r;
		if (cgroup_get(d, "freezer.state", now, sizeof(now)) > 0 &&
		    strncmp(now, want, 6) == 0)
			return 0;
		nap();
	}
	(void)cgroup_put(d, "freezer.state", "THAWED", "freezer", NULL);
	return err_set(e, -ETIMEDOUT, "freeze %s", d->path);
}

static int freeze_v2(const struct cgroup_dir *d, bool frozen, struct err *e)
{
	const char *want = frozen ? "frozen 1" : "frozen 0";
	int r = cgroup_put(d, "cgroup.freeze", frozen ? "1" : "0", "freezer",
			   e);
	char events[256];

	for (int tries = 0; r == 0 && tries < 2000; tries++) {
		if (cgroup_get(d, "cgroup.events", events, sizeof(events)) >
			    0 &&
		    strstr(events, want))
			return 0;
		nap();
	}
	if (r < 0)
		return r;
	(void)cgroup_put(d, "cgroup.freeze", "0", "freezer", NULL);
	return err_set(e, -ETIMEDOUT, "freeze %s", d->path);
}

int cgroup_freeze(const struct cgroup *g, bool frozen, struct err *e)
{
	const struct cgroup_dir *v1 = cgroup_v1(g, "freezer"),
				*v2 = cgroup_v2(g);

	if (v1)
		return freeze_v1(v1, frozen, e);
	if (v2)
		return freeze_v2(v2, frozen, e);
	err_plain(e, -ENOTSUP, "the container has no cgroup to freeze");
	return err_hint(e, -ENOTSUP, "create it with a cgroup manager");
}

bool cgroup_is_frozen(const struct cgroup *g)
{
	const struct cgroup_dir *v1 = cgroup_v1(g, "freezer"),
				*v2 = cgroup_v2(g);
	char text[32];

	if (v1)
		return cgroup_get(v1, "freezer.state", text, sizeof(text)) >
			       0 &&
		       text[0] == 'F';
	return v2 && cgroup_get(v2, "cgroup.freeze", text, sizeof(text)) > 0 &&
	       text[0] == '1';
}

struct pids {
	struct arena *a;
	pid_t *v;
	size_t n, cap;
};

static int add_pid(struct pids *l, const char *text)
{
	uint64_t pid;

	if (num_u64(text, INT32_MAX, &pid) < 0 || pid == 0)
		return 0; /* 0: a process of another pid namespace */
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		pid_t *v = arena_array(l->a, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (pid_t)pid;
	return 0;
}

static int read_pids(int dir_fd, struct pids *l)
{
	auto_fd int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "re");
	char line[32];
	int r = 0;

	if (!f)
		return -errno;
	fd = -EBADF; /* fclose() has it */
	while (r == 0 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		r = add_pid(l, line);
	}
	fclose(f);
	return r;
}

static int walk(int parent_fd, const char *name, struct pids *l, int depth)
{
	int fd = openat(parent_fd, name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	int r;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	r = read_pids(fd, l);
	if (r == -EOPNOTSUPP || r == -ENODEV) /* a threaded or removed one */
		r = 0;
	while (r == 0 && depth < 64 && (d = readdir(dir)))
		if (d->d_type == DT_DIR && d->d_name[0] != '.')
			r = walk(fd, d->d_name, l, depth + 1);
	closedir(dir);
	return r;
}

int cgroup_pids(const struct cgroup *g, struct arena *a, pid_t **ret_pids,
		size_t *ret_n, struct err *e)
{
	const struct cgroup_dir *d = cgroup_v1(g, "pids");
	struct pids l = { .a = a };
	int r;

	if (!d)
		d = cgroup_v2(g);
	if (!d && g->n_dirs)
		d = &g->dirs[0];
	if (!d)
		return err_set(e, -ENOTSUP, "the container has no cgroup");
	r = walk(AT_FDCWD, d->path, &l, 0);
	if (r < 0)
		return err_set(e, r, "list the processes of %s", d->path);
	*ret_pids = l.v;
	*ret_n = l.n;
	return 0;
}

/* One by one, frozen meanwhile so that none can fork away. A pid of the list
 * cannot be recycled while its process is frozen in the cgroup. */
static int signal_each(const struct cgroup *g, int sig, struct err *e)
{
	bool was_frozen = cgroup_is_frozen(g);
	struct arena a;
	pid_t *pids;
	size_t n;
	int r;

	if (!was_frozen)
		(void)cgroup_freeze(g, true, NULL);
	arena_init(&a);
	r = cgroup_pids(g, &a, &pids, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (kill(pids[i], sig) < 0 && errno != ESRCH)
			r = err_sys(e, "send signal %d to process %d", sig,
				    (int)pids[i]);
	arena_done(&a);
	if (!was_frozen || sig == SIGKILL)
		(void)cgroup_freeze(g, false, NULL);
	return r;
}

int cgroup_kill(const struct cgroup *g, int sig, struct err *e)
{
	const struct cgroup_dir *v2 = cgroup_v2(g);

	if (sig == SIGKILL && v2 &&
	    cgroup_put(v2, "cgroup.kill", "1", "cgroup.kill", NULL) == 0)
		return 0;
	return signal_each(g, sig, e);
}
