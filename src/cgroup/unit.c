/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/unit.c - requests to systemd, by way of the helper.
 *
 * The helper stands beside our own executable or in the directory that the
 * build was configured with; nothing of the caller's environment has a say in
 * that, and one that anybody may write to is not executed. It gets our two
 * pipes as fds 0 and 1, an environment of at most two variables (where the
 * user's bus is), and dies with us: a request that nobody waits for would make
 * a scope that nobody knows. */
#include "cgroup/unit-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char helper[] = "hull-systemd";

enum {
	ANSWER_MAX = 8192,
	PATIENCE_MS = 90 * 1000, /* the helper itself gives up before */
};

/* --- the requests --- */

static void open_request(struct request *q, const struct cgroup *g,
			 const char *verb)
{
	request_add(q, "bus %s\nverb %s\nunit", g->is_user ? "user" : "system",
		    verb);
	request_word(q, g->scope);
	request_add(q, "\n");
}

static int finish(struct request *q, const char **ret_text, struct err *e)
{
	if (q->is_short || !q->text)
		return err_set(e, -ENOMEM, "ask systemd");
	*ret_text = q->text;
	return 0;
}

/* The slice as systemd wants it: a name, not a path. */
static void add_slice(struct request *q, const struct cgroup *g)
{
	size_t end = unit_dir_len(g) - strlen(g->scope) - 1;
	const char *p = g->path + end;
	char slice[NAME_MAX + 1] = "-.slice";

	while (p > g->path && p[-1] != '/')
		p--;
	if (end > 6 && strncmp(g->path + end - 6, ".slice", 6) == 0)
		snprintf(slice, sizeof(slice), "%.*s",
			 (int)(g->path + end - p), p);
	request_add(q, "property Slice s");
	request_word(q, slice);
	request_add(q, "\n");
}

int unit_request(const struct cgroup *g, const struct conf *c, struct arena *a,
		 const char **ret_text, struct err *e)
{
	struct request q = { .a = a };
	int r;

	open_request(&q, g, "start");
	request_add(&q, "property Description s");
	request_word(&q, arena_printf(a, "hull container %s", c->id));
	request_add(&q, "\n");
	add_slice(&q, g);
	request_add(&q,
		    "property Delegate b 1\n"
		    "property DefaultDependencies b 0\n"
		    "property CPUAccounting b 1\n"
		    "property %s b 1\n"
		    "property MemoryAccounting b 1\n"
		    "property TasksAccounting b 1\n",
		    g->is_v2_only ? "IOAccounting" : "BlockIOAccounting");
	if (!g->is_user)
		unit_devices(&q, c->cgroup.res.dev_rules,
			     c->cgroup.res.n_dev_rules);
	r = unit_properties(&q, g, &c->cgroup.res, e);
	for (size_t i = 0; i < c->n_annotations && r == 0; i++)
		r = unit_annotation(&q, &c->annotations[i], e);
	return r < 0 ? r : finish(&q, ret_text, e);
}

/* --- the helper --- */

static int try_helper(const char *dir, int len)
{
	auto_fd int fd = -EBADF;
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%.*s/%s", len, dir, helper) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_mode & S_IWOTH)
		return -EPERM;
	return TAKE_FD(fd);
}

static int open_helper(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd = -ENOENT;

	if (n > 0 && self[0] == '/') {
		self[n] = '\0';
		fd = try_helper(self, (int)(strrchr(self, '/') - self));
	}
	if (fd == -ENOENT)
		fd = try_helper(HULL_LIBEXEC, (int)strlen(HULL_LIBEXEC));
	return fd;
}

bool unit_is_available(void)
{
	auto_fd int fd = open_helper();

	return fd >= 0;
}

static int need_helper(struct err *e)
{
	int fd = open_helper();

	if (fd >= 0)
		return fd;
	err_set(e, fd, "systemd cgroup manager: open %s (beside hull-oci or in "
		       HULL_LIBEXEC ")",
		helper);
	return err_hint(e, fd, "install it, or use --cgroup-manager cgroupfs");
}

/* What the helper needs to find the user's bus. */
struct place {
	char runtime[PATH_MAX], bus[PATH_MAX];
	char *env[3];
};

static void find_place(struct place *p)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"),
		   *bus = getenv("DBUS_SESSION_BUS_ADDRESS");
	size_t n = 0;

	if (runtime)
		snprintf(p->runtime, sizeof(p->runtime), "XDG_RUNTIME_DIR=%s",
			 runtime);
	else
		snprintf(p->runtime, sizeof(p->runtime),
			 "XDG_RUNTIME_DIR=/run/user/%u", (unsigned)geteuid());
	p->env[n++] = p->runtime;
	if (bus && (size_t)snprintf(p->bus, sizeof(p->bus),
				    "DBUS_SESSION_BUS_ADDRESS=%s",
				    bus) < sizeof(p->bus))
		p->env[n++] = p->bus;
	p->env[n] = NULL;
}

/* In the helper's process: never returns. */
static _Noreturn void become(int exec_fd, int in, int out, struct place *p)
{
	char *argv[] = { (char *)(uintptr_t)helper, NULL };
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)setpgid(0, 0); /* the terminal's signals are for us to answer */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* The pipes' fds may be 0 or 1 themselves, when we were started
	 * without: up, then down. */
	in = fcntl(in, F_DUPFD_CLOEXEC, 3);
	out = fcntl(out, F_DUPFD_CLOEXEC, 3);
	exec_fd = fcntl(exec_fd, F_DUPFD_CLOEXEC, 3);
	if (in < 0 || out < 0 || exec_fd < 0 || dup2(in, 0) < 0 ||
	    dup2(out, 1) < 0)
		_exit(127);
	(void)sys_cloexec_range(3, ~0U);
	(void)fexecve(exec_fd, argv, p->env);
	_exit(127);
}

/* The answer's line in `text`; the helper has closed the pipe behind it. */
static int read_answer(int fd, char *text, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	while (n + 1 < size) {
		int ready = poll(&p, 1, PATIENCE_MS);
		ssize_t got;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return ready < 0 ? -errno : -ETIMEDOUT;
		got = read(fd, text + n, size - n - 1);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* A process that does not read (127, killed) is told by its answer, so that
 * SIGPIPE must not end us. */
static int send_request(int fd, const char *text)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	int r;

	sigaction(SIGPIPE, &ignore, &old);
	r = sys_write_all(fd, text, strlen(text));
	sigaction(SIGPIPE, &old, NULL);
	return r;
}

static int converse(const char *text, int to, int from, char *answer,
		    size_t size)
{
	int r = send_request(to, text);

	close(to);
	if (r == 0 || r == -EPIPE)
		r = read_answer(from, answer, size);
	return r;
}

static int run_helper(const char *text, char *answer, size_t size,
		      struct err *e)
{
	const struct sys_clone plain = { .flags = CLONE_CLEAR_SIGHAND };
	auto_fd int exec_fd = need_helper(e), pidfd = -EBADF, from = -EBADF,
		    out = -EBADF, in = -EBADF;
	struct place place;
	int up[2], down[2], r;
	pid_t pid;

	if (exec_fd < 0)
		return exec_fd;
	find_place(&place);
	if (pipe2(down, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	in = down[0];
	out = down[1];
	if (pipe2(up, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	from = up[0];
	pid = sys_clone3(&plain, &pidfd);
	if (pid == 0)
		become(exec_fd, in, up[1], &place);
	close(up[1]);
	if (pid < 0)
		return err_set(e, pid, "start %s", helper);
	close(TAKE_FD(in));
	r = converse(text, TAKE_FD(out), from, answer, size);
	if (r < 0)
		(void)sys_pidfd_signal(pidfd, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r < 0 ? err_set(e, r, "talk to %s", helper) : 0;
}

/* "ok PATH" or "error CODE TEXT". */
static int judge(char *answer, const char **ret_path, struct err *e)
{
	char *code = answer + 6, *why;
	int64_t n;

	if (strncmp(answer, "ok ", 3) == 0) {
		*ret_path = answer + 3;
		return 0;
	}
	why = strncmp(answer, "error ", 6) == 0 ? strchr(code, ' ') : NULL;
	if (!why)
		return err_plain(e, -EIO, "%s ended without an answer", helper);
	*why++ = '\0';
	if (num_i64(code, &n) < 0 || n >= 0 || n < -4095)
		n = -EIO;
	return err_plain(e, (int)n, "%s", why);
}

/* *ret_path, borrowed from `answer`, may be NULL when nobody asks. */
static int ask(const char *text, char *answer, const char **ret_path,
	       struct err *e)
{
	const char *path = NULL;
	int r = run_helper(text, answer, ANSWER_MAX, e);

	if (r == 0)
		r = judge(answer, &path, e);
	if (r == 0 && ret_path)
		*ret_path = path;
	return r;
}

/* --- the verbs --- */

/* systemd has the last word about where its units are. */
static int move(struct cgroup *g, const char *path, struct arena *a,
		struct err *e)
{
	size_t n = unit_dir_len(g);

	if (path[0] != '/' || strlen(path) < 2)
		return err_input(e, "systemd says that the cgroup of %s is "
				    "\"%s\"",
				 g->scope, path);
	if (strlen(path) == n && strncmp(path, g->path, n) == 0)
		return 0;
	g->path = arena_printf(a, "%s%s", path, g->path + n);
	for (size_t i = 0; i < g->n_dirs && g->path; i++) {
		g->dirs[i].path = arena_printf(
			a, "%s%s", g->dirs[i].hierarchy->mount, g->path);
		if (!g->dirs[i].path)
			return err_set(e, -ENOMEM, "cgroup");
	}
	return g->path ? 0 : err_set(e, -ENOMEM, "cgroup");
}

int unit_start(struct cgroup *g, const char *request, pid_t pid,
	       struct arena *a, struct err *e)
{
	char answer[ANSWER_MAX];
	const char *path = "", *text = arena_printf(a, "%spid %d\n", request, pid);
	int r = text ? ask(text, answer, &path, e)
		     : err_set(e, -ENOMEM, "ask systemd");

	if (r < 0)
		return err_ctx(e, r, "systemd: start %s", g->scope);
	r = move(g, path, a, e);
	if (r < 0)
		(void)unit_stop(g, NULL);
	return r;
}

/* A request whose answer says nothing but "ok". */
static int ask_short(struct request *q, const struct cgroup *g,
		     const char *doing, struct err *e)
{
	char answer[ANSWER_MAX];
	const char *text = NULL;
	int r = finish(q, &text, e);

	if (r == 0)
		r = ask(text, answer, NULL, e);
	return r < 0 ? err_ctx(e, r, "systemd: %s %s", doing, g->scope) : 0;
}

int unit_update(const struct cgroup *g, const struct conf_resources *res,
		struct err *e)
{
	struct request q;
	struct arena a;
	size_t empty;
	int r;

	arena_init(&a);
	q = (struct request){ .a = &a };
	open_request(&q, g, "set");
	empty = q.len;
	r = unit_properties(&q, g, res, e);
	if (r == 0 && q.len > empty)
		r = ask_short(&q, g, "change", e);
	arena_done(&a);
	return r;
}

int unit_attach(const struct cgroup *g, const char *sub, pid_t pid,
		struct err *e)
{
	const char *own = g->path + unit_dir_len(g);
	char path[PATH_MAX];
	struct request q;
	struct arena a;
	int r;

	snprintf(path, sizeof(path), "%s%s%s", own, sub ? "/" : "",
		 sub ? sub : "");
	arena_init(&a);
	q = (struct request){ .a = &a };
	open_request(&q, g, "attach");
	request_add(&q, "pid %d\nsub", (int)pid);
	request_word(&q, path);
	request_add(&q, "\n");
	r = ask_short(&q, g, "put a process into", e);
	arena_done(&a);
	return r;
}

int unit_stop(const struct cgroup *g, struct err *e)
{
	struct request q;
	struct arena a;
	int r;

	arena_init(&a);
	q = (struct request){ .a = &a };
	open_request(&q, g, "stop");
	r = ask_short(&q, g, "stop", e);
	arena_done(&a);
	return r;
}
