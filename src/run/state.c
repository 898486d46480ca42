/* SPDX-License-Identifier: Apache-2.0 */
/* run/state.c - what is remembered of a container between two commands. */
#include "run/state.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_MAX = 48 * 1024, CONFIG_MAX = 16 * 1024 * 1024 };

const char *status_name(enum status s)
{
	static const char *const names[] = { "creating", "created", "running",
					     "paused", "stopped" };

	return names[s];
}

/* Where a user's containers are: $XDG_RUNTIME_DIR/hull, or a directory in /tmp
 * that must turn out to be this user's alone. */
static int user_root(char *path, size_t n)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (dir && dir[0] == '/')
		return snprintf(path, n, "%s/hull", dir);
	return snprintf(path, n, "/tmp/hull-%u", (unsigned)geteuid());
}

static int check_root(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", path);
	if (st.st_uid != geteuid() && geteuid() != 0) {
		err_set(e, -EPERM, "%s belongs to user %u", path, st.st_uid);
		return err_hint(e, -EPERM,
				"set XDG_RUNTIME_DIR, or give --root a "
				"directory of yours");
	}
	if (st.st_uid == geteuid() && (st.st_mode & 022)) {
		err_set(e, -EPERM, "%s can be written by others", path);
		return err_hint(e, -EPERM, "chmod 0700 %s", path);
	}
	return 0;
}

static int make_all(const char *path, struct err *e)
{
	auto_fd int root_fd =
		openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (root_fd < 0)
		return err_sys(e, "open /");
	/* The caller's own file system: nobody to hide from, but one way to
	 * make directories is enough. */
	fd = sys_mkdirs_in(root_fd, path, 0700);
	if (fd < 0)
		return err_set(e, fd, "make directory %s", path);
	close(fd);
	return 0;
}

int state_root_open(const char *root, bool make, struct err *e)
{
	char cwd[PATH_MAX], path[2 * PATH_MAX];
	auto_fd int fd = -EBADF;
	int n, r;

	if (root && root[0] != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			return err_sys(e, "find the current directory");
		n = snprintf(path, sizeof(path), "%s/%s", cwd, root);
	} else if (root) {
		n = snprintf(path, sizeof(path), "%s", root);
	} else if (geteuid() == 0) {
		n = snprintf(path, sizeof(path), "/run/hull");
	} else {
		n = user_root(path, sizeof(path));
	}
	if (n < 0 || n >= PATH_MAX)
		return err_set(e, -ENAMETOOLONG, "state directory");
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make) {
		r = make_all(path, e);
		if (r < 0)
			return r;
		fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return err_sys(e, "open state directory %s", path);
	if (!root) {
		r = check_root(fd, path, e);
		if (r < 0)
			return r;
	}
	return TAKE_FD(fd);
}

int state_check_id(const char *id, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-.";
	size_t n = strlen(id);

	if (n == 0)
		return err_input(e, "container id is empty");
	if (n > NAME_MAX)
		return err_input(e, "container id is longer than %d bytes",
				 NAME_MAX);
	if (strspn(id, letters) != n || strcmp(id, ".") == 0 ||
	    strcmp(id, "..") == 0)
		return err_input(e,
				 "container id \"%s\": use only letters, "
				 "digits and _ + - .",
				 id);
	return 0;
}

static int lock(int fd, const char *id, struct err *e)
{
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock the state of container %s", id);
	return 0;
}

int state_make(int root_fd, const char *id, struct err *e)
{
	auto_fd int fd = -EBADF;
	int r;

	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno != EEXIST)
			return err_sys(
				e, "make the state directory of container %s",
				id);
		err_plain(e, -EEXIST, "container \"%s\" exists already", id);
		return err_hint(e, -EEXIST, "delete it, or choose another id");
	}
	fd = openat(root_fd, id,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	r = fd < 0 ? err_sys(e, "open the state directory of container %s", id)
		   : lock(fd, id, e);
	if (r < 0)
		(void)unlinkat(root_fd, id, AT_REMOVEDIR);
	return r < 0 ? r : TAKE_FD(fd);
}

int state_open(int root_fd, const char *id, bool do_lock, struct err *e)
{
	auto_fd int fd = -EBADF;
	struct stat st;
	int r;

	fd = openat(root_fd, id,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		/* Engines look for these words. */
		return err_plain(e, -ENOENT, "container \"%s\" does not exist",
				 id);
	if (fd < 0)
		return err_sys(e, "open the state of container %s", id);
	if (do_lock) {
		r = lock(fd, id, e);
		if (r < 0)
			return r;
		/* It may have been deleted while we waited. */
		if (fstat(fd, &st) < 0)
			return err_sys(e, "look at the state of container %s", id);
		if (st.st_nlink == 0)
			return err_plain(e, -ENOENT,
					 "container \"%s\" does not exist", id);
	}
	return TAKE_FD(fd);
}

/* The record while it is written; what does not fit makes it no good. */
struct text {
	size_t n;
	char v[RECORD_MAX];
};

static void put_char(struct text *t, char c)
{
	if (t->n < sizeof(t->v))
		t->v[t->n] = c;
	t->n++;
}

/* Paths may hold newlines: a value's backslashes and newlines are escaped. */
static void put(struct text *t, const char *key, const char *value)
{
	while (*key)
		put_char(t, *key++);
	put_char(t, ' ');
	for (; value && *value; value++) {
		if (*value == '\n' || *value == '\\')
			put_char(t, '\\');
		put_char(t, *value == '\n' ? 'n' : *value);
	}
	put_char(t, '\n');
}

static void put_number(struct text *t, const char *key, unsigned long long n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", n);
	put(t, key, digits);
}

/* Writes a file of the directory so that there is the old or the new one, never
 * half of it. */
static int replace(int dir_fd, const char *name, const char *text, size_t n,
		   struct err *e)
{
	char tmp[64];
	auto_fd int fd = -EBADF;
	int r;

	snprintf(tmp, sizeof(tmp), "%s.new", name);
	fd = openat(dir_fd, tmp,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return err_sys(e, "write state file %s", tmp);
	r = sys_write_all(fd, text, n);
	if (r == 0 && renameat(dir_fd, tmp, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		return err_set(e, r, "write state file %s", name);
	return 0;
}

static const char *const managers[] = { "cgroupfs", "systemd", "disabled" };

/* The first record of a new directory: nobody expects anything in it yet, and
 * an empty one is what a state without a process is. */
static int begin(int dir_fd, const char *text, size_t n, struct err *e)
{
	auto_fd int fd = openat(dir_fd, "record",
				O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : sys_write_all(fd, text, n);

	return r < 0 ? err_set(e, r, "write state file record") : 0;
}

int state_save(int dir_fd, const struct state *s, struct err *e)
{
	struct text t;

	t.n = 0;
	put_number(&t, "pid", (unsigned long long)s->pid);
	put_number(&t, "start_ticks", s->start_ticks);
	put_number(&t, "owner", s->owner);
	put(&t, "created", s->created);
	put(&t, "bundle", s->bundle);
	put(&t, "rootfs", s->rootfs);
	put(&t, "config", s->config);
	put(&t, "cgroup_manager", managers[s->cgroup_manager]);
	put(&t, "cgroup_path", s->cgroup_path);
	put(&t, "cgroup_scope", s->cgroup_scope);
	put(&t, "intel_rdt", s->intel_rdt);
	if (t.n > sizeof(t.v))
		return err_set(e, -EFBIG, "state record");
	return s->pid == 0 ? begin(dir_fd, t.v, t.n, e)
			   : replace(dir_fd, "record", t.v, t.n, e);
}

/* Undoes put()'s escapes, in place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1]) {
			s++;
			*out++ = *s == 'n' ? '\n' : *s;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

static int take_manager(const char *value, enum cgroup_manager *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++) {
		if (strcmp(value, managers[i]) == 0) {
			*m = (enum cgroup_manager)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* One "key value" line; unknown keys are a later version's. */
static int take(struct state *s, const char *key, char *value)
{
	const struct {
		const char *key;
		const char **to;
	} texts[] = {
		{ "created", &s->created },
		{ "bundle", &s->bundle },
		{ "rootfs", &s->rootfs },
		{ "config", &s->config },
		{ "cgroup_path", &s->cgroup_path },
		{ "cgroup_scope", &s->cgroup_scope },
		{ "intel_rdt", &s->intel_rdt },
	};
	uint64_t n;
	int r;

	unescape(value);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(key, texts[i].key) == 0) {
			*texts[i].to = value;
			return 0;
		}
	}
	if (strcmp(key, "cgroup_manager") == 0)
		return take_manager(value, &s->cgroup_manager);
	if (strcmp(key, "start_ticks") == 0)
		return num_u64(value, UINT64_MAX, &s->start_ticks);
	if (strcmp(key, "pid") == 0) {
		r = num_u64(value, INT32_MAX, &n);
		s->pid = r < 0 ? 0 : (pid_t)n;
		return r;
	}
	if (strcmp(key, "owner") == 0)
		return num_u32(value, &s->owner);
	return 0;
}

int state_load(int dir_fd, const char *id, struct arena *a, struct state *s,
	       struct err *e)
{
	char *text = arena_alloc(a, RECORD_MAX), *line, *save = NULL;
	ssize_t n;

	*s = (struct state){ .id = id,
			     .created = "",
			     .bundle = "",
			     .rootfs = "",
			     .config = "",
			     .cgroup_manager = CGROUP_DISABLED,
			     .cgroup_path = "",
			     .cgroup_scope = "",
			     .intel_rdt = "" };
	if (!text)
		return err_set(e, -ENOMEM, "state record");
	n = sys_read_file(dir_fd, "record", text, RECORD_MAX);
	if (n == -ENOENT)
		return 0; /* killed before it could write one */
	if (n < 0)
		return err_set(e, (int)n, "read the record of container %s",
			       id);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (blank)
			*blank = '\0';
		if (!blank || take(s, line, blank + 1) < 0)
			return err_input(
				e, "record of container %s: bad line \"%s\"",
				id, line);
	}
	return 0;
}

int state_save_config(int dir_fd, const char *text, size_t n, struct err *e)
{
	/* Read only after the record says so, which comes later: no rename. */
	auto_fd int fd = openat(
		dir_fd, "config.json",
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : sys_write_all(fd, text, n);

	return r < 0 ? err_set(e, r, "keep a copy of config.json") : 0;
}

int state_load_config(int dir_fd, struct arena *a, const char **ret_text,
		      size_t *ret_n, struct err *e)
{
	auto_fd int fd = openat(dir_fd, "config.json",
				O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the kept config.json");
	if (st.st_size > CONFIG_MAX)
		return err_set(e, -EFBIG, "the kept config.json");
	text = arena_alloc(a, (size_t)st.st_size + 1);
	if (!text)
		return err_set(e, -ENOMEM, "the kept config.json");
	n = read(fd, text, (size_t)st.st_size);
	if (n != st.st_size)
		return err_set(e, n < 0 ? -errno : -EIO,
			       "read the kept config.json");
	*ret_text = text;
	*ret_n = (size_t)n;
	return 0;
}

/* Whoever creates or deletes the container holds the lock. A shared lock does
 * not get into the way of another reader that tries the same. */
static bool is_locked(int dir_fd)
{
	if (flock(dir_fd, LOCK_SH | LOCK_NB) < 0)
		return true;
	(void)flock(dir_fd, LOCK_UN);
	return false;
}

enum status state_status(int dir_fd, const struct state *s)
{
	uint64_t ticks;
	char letter;

	if (s->pid == 0)
		return is_locked(dir_fd) ? STATUS_CREATING : STATUS_STOPPED;
	if (sys_start_ticks(s->pid, &ticks, &letter) < 0 ||
	    ticks != s->start_ticks || letter == 'Z' || letter == 'X')
		return STATUS_STOPPED;
	if (faccessat(dir_fd, "start.sock", F_OK, 0) == 0)
		return STATUS_CREATED;
	return is_locked(dir_fd) ? STATUS_CREATING : STATUS_RUNNING;
}

int state_pidfd(const struct state *s, struct err *e)
{
	auto_fd int fd = -EBADF;
	uint64_t ticks;

	if (s->pid == 0)
		return err_plain(e, -ESRCH,
				 "container \"%s\": container not running",
				 s->id);
	fd = sys_pidfd_open(s->pid);
	/* Compare after the open: the fd holds the process that was compared.
	 */
	if (fd < 0 || sys_start_ticks(s->pid, &ticks, NULL) < 0 ||
	    ticks != s->start_ticks)
		return err_plain(e, -ESRCH,
				 "container \"%s\": container not running",
				 s->id);
	return TAKE_FD(fd);
}

/* What a finished container has, or with `all` whatever one can have. */
static int remove_files(int fd, bool all)
{
	static const char *const files[] = { "record", "config.json",
					     "record.new", "start.new",
					     "start.sock" };

	for (size_t i = 0; i < (all ? ARRAY_SIZE(files) : 2); i++)
		if (unlinkat(fd, files[i], 0) < 0 && errno != ENOENT)
			return -errno;
	return 0;
}

static int remove_once(int root_fd, int fd, const char *id)
{
	int r = remove_files(fd, false);

	if (r == 0 && unlinkat(root_fd, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	if (r != -ENOTEMPTY && r != -EEXIST)
		return r;
	r = remove_files(fd, true);
	return r == 0 && unlinkat(root_fd, id, AT_REMOVEDIR) < 0 ? -errno : r;
}

/* It often is the last thing done, and what stays behind is in the way of the
 * next container of that id: what fails is tried once more. */
int state_remove_fd(int root_fd, int dir_fd, const char *id, struct err *e)
{
	int r = remove_once(root_fd, dir_fd, id);

	if (r < 0)
		r = remove_once(root_fd, dir_fd, id);
	return r < 0 && r != -ENOENT
		       ? err_set(e, r, "remove the state of container %s", id)
		       : 0;
}

int state_remove(int root_fd, const char *id, struct err *e)
{
	auto_fd int fd = openat(root_fd, id,
				O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0
				       : err_sys(e, "open the state of container %s", id);
	return state_remove_fd(root_fd, fd, id, e);
}

int state_lock_again(int dir_fd, struct err *e)
{
	struct stat st;

	while (flock(dir_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock the container's state");
	if (fstat(dir_fd, &st) < 0)
		return err_sys(e, "look at the container's state");
	return st.st_nlink > 0;
}

void state_unlock(int dir_fd)
{
	(void)flock(dir_fd, LOCK_UN);
}

struct names {
	char **v;
	size_t n, cap;
};

static int names_add(struct names *l, const char *name)
{
	char *copy = strdup(name), **v = l->v;

	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		v = reallocarray(l->v, l->cap, sizeof(*v));
		if (v)
			l->v = v;
	}
	if (!copy || !v) {
		free(copy);
		return -ENOMEM;
	}
	l->v[l->n++] = copy;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_read(struct names *l, int root_fd)
{
	int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	    r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return -errno;
	while (r == 0 && (d = readdir(dir)))
		if (d->d_name[0] != '.' && state_check_id(d->d_name, NULL) == 0)
			r = names_add(l, d->d_name);
	closedir(dir);
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare);
	return r;
}

int state_each(int root_fd, int (*fn)(const char *id, void *arg), void *arg,
	       struct err *e)
{
	struct names l = { 0 };
	int r = names_read(&l, root_fd);

	if (r < 0)
		r = err_set(e, r, "list the containers");
	for (size_t i = 0; i < l.n; i++) {
		if (r >= 0)
			r = fn(l.v[i], arg);
		free(l.v[i]);
	}
	free(l.v);
	return r < 0 ? r : 0;
}
