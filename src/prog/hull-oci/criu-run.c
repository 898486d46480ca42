/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/criu-run.c - criu started, asked, and listened to. */
#include "base/err.h"
#include "base/scope.h"
#include "prog/hull-oci/criu.h"
#include "sys/file.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* rpc.proto: criu_req_type, criu_req, criu_resp, criu_notify. */
enum { TYPE_NOTIFY = 6 };
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3 };
enum { RESP_TYPE = 1, RESP_SUCCESS = 2, RESP_RESTORE = 4, RESP_NOTIFY = 5, RESP_ERRMSG = 9 };

/* An answer, taken apart. */
struct answer {
	uint64_t type;
	bool success;
	pid_t pid;
	char what[64];   /* of a notification */
	char words[256]; /* of an error; "" */
};

static void copy_text(char *to, size_t size, const struct pb_field *f)
{
	size_t n = f->is_num ? 0 : f->n < size ? f->n : size - 1;

	if (n)
		memcpy(to, f->data, n);
	to[n] = '\0';
}

/* { 1: pid } of a restore, { 1: script, 2: pid } of a notification. */
static int take_inner(const struct pb_field *outer, struct answer *a)
{
	struct pb_in in = { outer->data, outer->is_num ? 0 : outer->n };
	struct pb_field f;
	int r;

	while ((r = pb_next(&in, &f)) > 0) {
		if (f.is_num && f.field == (outer->field == RESP_RESTORE ? 1 : 2))
			a->pid = (pid_t)f.num;
		if (!f.is_num && f.field == 1)
			copy_text(a->what, sizeof(a->what), &f);
	}
	return r;
}

static int take_answer(const unsigned char *bytes, size_t n, struct answer *a)
{
	struct pb_in in = { bytes, n };
	struct pb_field f;
	int r;

	*a = (struct answer){ 0 };
	while ((r = pb_next(&in, &f)) > 0) {
		if (f.field == RESP_TYPE)
			a->type = f.num;
		else if (f.field == RESP_SUCCESS)
			a->success = f.num;
		else if (f.field == RESP_ERRMSG)
			copy_text(a->words, sizeof(a->words), &f);
		else if (f.field == RESP_RESTORE || f.field == RESP_NOTIFY)
			r = take_inner(&f, a);
		if (r < 0)
			break;
	}
	return r;
}

/* The last line of criu's log that says Error. */
static void last_error(const char *log_path, char *line, size_t size)
{
	FILE *f = fopen(log_path, "re");
	char text[512];

	while (f && fgets(text, sizeof(text), f)) {
		const char *p = strstr(text, "Error ");

		if (p)
			snprintf(line, size, "%.*s", (int)strcspn(p, "\n"), p);
	}
	if (f)
		fclose(f);
}

static const char *program(const struct criu *c)
{
	return c->app->g.criu ? c->app->g.criu : "criu";
}

/* Why criu failed, from its exit status (-1: unknown), its log or its answer. */
static int failed(const struct criu *c, int status, const struct answer *a, struct err *e)
{
	char line[300] = "";

	if (status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_input(e, "%s: cannot be executed; install the package criu or use --criu", program(c));
	last_error(c->log_path, line, sizeof(line));
	if (!line[0])
		snprintf(line, sizeof(line), "%s", a->words[0] ? a->words : "it says nothing");
	err_input(e, "%s failed: %s", program(c), line);
	return err_hint(e, -EINVAL, "its log is %s", c->log_path);
}

/* The same directory as this process sees it: it may have another mount
 * namespace than its parent, and criu mounts things in them. */
static int reopen_dir(const char *path, int fd, struct err *e)
{
	auto_fd int dir = -EBADF;

	if (fd < 0)
		return 0;
	dir = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 || dup2(dir, fd) < 0 ? err_sys(e, "open %s", path) : 0;
}

/* criu finds our fds by the process that made its socket, /proc/PID/fd/N: that
 * has to be this one. The other end goes to the parent. */
static int make_socket(int parent_fd, int *ret_fd, struct err *e)
{
	int socks[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0)
		return err_sys(e, "make a socket for criu");
	r = sys_send(parent_fd, "", 1, &socks[0], 1);
	close(socks[0]);
	if (r < 0 || fcntl(socks[1], F_SETFD, 0) < 0)
		return err_set(e, r < 0 ? r : -errno, "hand out criu's socket");
	*ret_fd = socks[1];
	return 0;
}

/* The process that becomes criu. What fails before goes to the parent. */
static _Noreturn void become(const struct criu *c, int parent_fd)
{
	struct err e = { 0 };
	char number[16];
	sigset_t none;
	int sock = -EBADF, r = c->prepare ? c->prepare(c->arg, &e) : 0;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (r == 0)
		r = reopen_dir(c->image_path, c->image_fd, &e);
	if (r == 0)
		r = reopen_dir(c->opts->work_path, c->work_fd, &e);
	if (r == 0)
		r = make_socket(parent_fd, &sock, &e);
	if (r < 0) {
		(void)sys_send(parent_fd, &e, sizeof(e), NULL, 0);
		_exit(126);
	}
	snprintf(number, sizeof(number), "%d", sock);
	/* criu prints to its log; what it says before that is for the user. */
	execlp(program(c), program(c), "swrk", number, (char *)NULL);
	_exit(127);
}

/* criu's socket, or what went wrong before there was one. */
static int take_socket(int child_fd, int *ret_fd, struct err *e)
{
	struct err early = { 0 };
	size_t n_fds = 1;
	ssize_t n = sys_recv(child_fd, &early, sizeof(early), ret_fd, &n_fds);

	if (n == 1 && n_fds == 1)
		return 0;
	if (n == sizeof(early) && early.code < 0) {
		*e = early;
		return early.code;
	}
	return err_set(e, n < 0 ? (int)n : -EPIPE, "start criu");
}

static int ask(const struct criu *c, int sock, enum criu_request what, struct err *e)
{
	struct pb_out req = { .arena = c->out.arena };
	int r;

	pb_put_num(&req, REQ_TYPE, what);
	pb_put_msg(&req, REQ_OPTS, &c->out);
	if (req.is_full)
		return err_input(e, "criu: too many or too long options");
	r = sys_send(sock, req.bytes, req.n, NULL, 0);
	return r < 0 ? err_set(e, r, "ask criu") : 0;
}

/* The note is answered, whatever came of it: criu waits. */
static int on_note(struct criu *c, int sock, const struct answer *a, int *fd, struct err *e)
{
	const struct criu_note n = { .what = a->what, .pid = a->pid, .fd = fd };
	struct pb_out req = { .arena = c->out.arena };
	int r = c->note ? c->note(c->arg, &n, e) : 0, sent;

	pb_put_num(&req, REQ_TYPE, TYPE_NOTIFY);
	pb_put_num(&req, REQ_NOTIFY_SUCCESS, r == 0);
	if (req.is_full)
		return err_set(e, -ENOMEM, "answer criu");
	sent = sys_send(sock, req.bytes, req.n, NULL, 0);
	return r == 0 && sent < 0 ? err_set(e, sent, "answer criu") : r;
}

/* One answer: 1 when it is the last. -EPIPE: criu is gone. */
static int hear(struct criu *c, int sock, struct answer *a, struct err *e)
{
	unsigned char bytes[8192];
	auto_fd int fd = -EBADF;
	size_t n_fds = 1;
	ssize_t n = sys_recv(sock, bytes, sizeof(bytes), &fd, &n_fds);

	if (n <= 0)
		return n < 0 && n != -ECONNRESET ? err_set(e, (int)n, "listen to criu") : -EPIPE;
	if (take_answer(bytes, (size_t)n, a) < 0)
		return err_set(e, -EBADMSG, "listen to criu");
	return a->type == TYPE_NOTIFY ? on_note(c, sock, a, &fd, e) : 1;
}

static int converse(struct criu *c, int sock, enum criu_request what, struct answer *a,
		    struct err *e)
{
	int r = ask(c, sock, what, e);

	while (r == 0)
		r = hear(c, sock, a, e);
	return r < 0 ? r : 0;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int judge(const struct criu *c, enum criu_request what, int status, int r,
		 const struct answer *a, struct err *e)
{
	if (r < 0 && r != -EPIPE)
		return r;
	if (r == -EPIPE || !a->success)
		return failed(c, status, a, e);
	/* Behind a pre-dump it waits for the dump, and complains. */
	if (what != CRIU_PRE_DUMP && status != 0)
		return failed(c, status, a, e);
	return 0;
}

static int talk(struct criu *c, enum criu_request what, pid_t pid, int child_fd,
		struct answer *a, struct err *e)
{
	auto_fd int sock = -EBADF;
	int r = take_socket(child_fd, &sock, e);

	if (r == 0 && c->started)
		r = c->started(c->arg, pid, e);
	return r < 0 ? r : converse(c, sock, what, a, e);
}

int criu_run(struct criu *c, enum criu_request what, pid_t *ret_pid, struct err *e)
{
	auto_fd int mine = -EBADF, its = -EBADF;
	struct answer a = { 0 };
	int fds[2], status, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, "make a socket pair");
	mine = fds[0];
	its = fds[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "start %s", program(c));
	if (pid == 0)
		become(c, its);
	close(TAKE_FD(its));
	r = talk(c, what, pid, mine, &a, e);
	status = wait_for(pid);
	r = judge(c, what, status, r, &a, e);
	if (ret_pid)
		*ret_pid = a.pid;
	return r;
}
