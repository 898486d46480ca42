/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-cc/main.c - a compiler that leaves its notes in what it links.
 *
 * Theory of operation
 * -------------------
 * The command line goes to the real compiler. When it links a program or a
 * shared object, an object file with room for a note goes with it; then the
 * result is analysed, unstripped as it is, and the note is filled in. When the
 * room was too small the link is made again with enough of it.
 *
 *  H1  A build that works without us works with us: a link that fails with our
 *      object is made again without; the analysis runs in a process of its own,
 *      and whatever happens there is a warning (HULL_CC_STRICT=1: an error).
 *  H2  What the compiler prints is printed once. */
#include "base/err.h"
#include "base/scope.h"
#include "prog/hull-cc/cc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { ROOM = 8192, STEP = 4096 };

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 127;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void become(char *const *argv)
{
	execvp(argv[0], argv);
	fprintf(stderr, "hull-cc: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* With standard error as `fd`; -1: ours. */
static int run(char *const *argv, int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fd >= 0)
			dup2(fd, STDERR_FILENO);
		become(argv);
	}
	return pid < 0 ? 127 : wait_for(pid);
}

/* Links with room for a note. */
static int link_with(struct cc *c, size_t room, int messages)
{
	const char *stub = NULL;
	int status;

	if (stub_write(&c->arena, room, &stub, NULL) < 0)
		return 127;
	c->argv[c->argc] = arena_printf(&c->arena, "-Wl,%s", stub);
	c->argv[c->argc + 1] = NULL;
	status = c->argv[c->argc] ? run(c->argv, messages) : 127;
	c->argv[c->argc] = NULL;
	unlink(stub);
	return status;
}

/* H1: in a child. What it needs comes over the pipe. */
static int embed_apart(struct cc *c, size_t *ret_need)
{
	struct err e = { 0 };
	char line[ERR_TEXT + 128];
	int fds[2], status;
	pid_t pid;

	*ret_need = 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return EXIT_FAILURE;
	pid = fork();
	if (pid == 0) {
		size_t need = 0;
		int r = embed(c, &need, &e);

		if (r < 0 && r != -EAGAIN && (!c->is_quiet || c->is_strict)) {
			err_line(&e, line, sizeof(line));
			fprintf(stderr, "hull-cc: not analysed: %s\n", line);
		}
		if (write(fds[1], &need, sizeof(need)) != sizeof(need))
			r = -EIO;
		_exit(r < 0 ? EXIT_FAILURE : 0);
	}
	close(fds[1]);
	if (pid < 0 || read(fds[0], ret_need, sizeof(*ret_need)) != sizeof(*ret_need))
		*ret_need = 0;
	close(fds[0]);
	status = pid < 0 ? EXIT_FAILURE : wait_for(pid);
	if (status > EXIT_FAILURE)
		fprintf(stderr, "hull-cc: %s: the analysis failed (%d): there is no note in it\n",
			c->output, status);
	return status;
}

static int finish(const struct cc *c, int status)
{
	if (!status || !c->is_strict)
		return 0;
	/* make(1) would take it for done. */
	unlink(c->output);
	return EXIT_FAILURE;
}

static void show(int messages)
{
	struct stat st;
	off_t at = 0;

	if (fstat(messages, &st) == 0 && st.st_size > 0 &&
	    sendfile(STDERR_FILENO, messages, &at, (size_t)st.st_size) < 0) {
		char buf[4096];
		ssize_t n;

		for (at = 0; (n = pread(messages, buf, sizeof(buf), at)) > 0; at += n) {
			if (write(STDERR_FILENO, buf, (size_t)n) != n)
				return;
		}
	}
}

static int link_and_embed(struct cc *c)
{
	FILE *messages = tmpfile();
	int fd = messages ? fileno(messages) : -1, status;
	size_t need;

	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || link_with(c, ROOM, fd) != 0) {
		/* The user's own error, or one that we have made: H1. */
		if (messages)
			fclose(messages);
		return run(c->argv, -1);
	}
	show(fd);
	status = embed_apart(c, &need);
	if (need) {
		/* The same as before, so its messages are, too (H2). */
		if (ftruncate(fd, 0) == 0 &&
		    link_with(c, (need + 64 + STEP - 1) / STEP * STEP, fd) == 0) {
			c->is_quiet = true;
			status = embed_apart(c, &need);
		} else if (run(c->argv, fd) != 0) {
			status = EXIT_FAILURE;
		}
	}
	fclose(messages);
	return finish(c, status);
}

static int go_link(struct cc *c)
{
	size_t need;
	int status = run(c->argv, -1);

	return status ? status : finish(c, embed_apart(c, &need));
}

int main(int argc, char **argv)
{
	struct cc c = { 0 };
	struct err e = { 0 };
	char line[ERR_TEXT + 128];
	int status;

	arena_init(&c.arena);
	if (cc_read(&c, argc, argv, &e) < 0) {
		err_line(&e, line, sizeof(line));
		fprintf(stderr, "hull-cc: %s\n", line);
		return EXIT_FAILURE;
	}
	if (c.kind == CC_PASS)
		become(c.argv);
	status = c.is_go ? go_link(&c) : link_and_embed(&c);
	arena_done(&c.arena);
	return status;
}
