/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/ps.c - the processes of a container.
 *
 * The cgroup says which. As a list it is host pids in JSON; as a table it is
 * what ps(1) prints of the host's processes, less the lines of others. */
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "prog/hull-oci/app.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct pids {
	pid_t *v;
	size_t n;
};

static int find_pids(struct app *app, const struct found *f, struct pids *ret,
		     struct err *e)
{
	struct cgroup g;
	int r = found_cgroup(app, f, &g, e);

	if (r < 0)
		return r;
	if (g.n_dirs > 0)
		return cgroup_pids(&g, &app->arena, &ret->v, &ret->n, e);
	/* Without cgroups only the init is known. */
	ret->v = arena_array(&app->arena, 1, sizeof(*ret->v));
	if (!ret->v)
		return err_set(e, -ENOMEM, "ps");
	ret->v[0] = f->state.pid;
	ret->n = state_status(f->dir_fd, &f->state) != STATUS_STOPPED;
	return 0;
}

static int print_json(const struct pids *p, struct err *e)
{
	putchar('[');
	for (size_t i = 0; i < p->n; i++)
		printf("%s%d", i ? "," : "", (int)p->v[i]);
	printf("]\n");
	return fflush(stdout) < 0 ? err_sys(e, "write to standard output") : 0;
}

static bool has_pid(const struct pids *p, uint64_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if ((uint64_t)p->v[i] == pid)
			return true;
	return false;
}

/* The n-th word of a line, from 0, with its length; NULL when it is shorter. */
static const char *word(const char *line, int n, size_t *ret_len)
{
	for (;; n--) {
		line += strspn(line, " ");
		*ret_len = strcspn(line, " \n");
		if (*ret_len == 0)
			return NULL;
		if (n == 0)
			return line;
		line += *ret_len;
	}
}

static int pid_column(const char *header)
{
	const char *w;
	size_t len;

	for (int i = 0; (w = word(header, i, &len)); i++)
		if (len == 3 && memcmp(w, "PID", 3) == 0)
			return i;
	return -1;
}

static int print_lines(FILE *in, const struct pids *p, struct err *e)
{
	char *line = NULL;
	size_t size = 0, len;
	int column = -1;
	bool has_header = false;

	while (getline(&line, &size, in) > 0) {
		char number[24];
		const char *w;
		uint64_t pid;

		if (!has_header) {
			has_header = true;
			column = pid_column(line);
			fputs(line, stdout);
			continue;
		}
		w = column < 0 ? NULL : word(line, column, &len);
		if (!w || len >= sizeof(number))
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)len, w);
		if (num_u64(number, UINT32_MAX, &pid) == 0 && has_pid(p, pid))
			fputs(line, stdout);
	}
	free(line);
	if (has_header && column < 0)
		return err_input(e, "ps: the output has no column PID");
	return fflush(stdout) < 0 ? err_sys(e, "write to standard output") : 0;
}

static int print_table(const struct pids *p, int argc, char **argv,
		       struct arena *a, struct err *e)
{
	char **ps = arena_array(a, (size_t)argc + 3, sizeof(*ps)), whole[] = "-ef", name[] = "ps";
	int fds[2], r, status;
	posix_spawn_file_actions_t act;
	pid_t pid;
	FILE *in;

	if (!ps || pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, ps ? -errno : -ENOMEM, "ps");
	ps[0] = name;
	ps[1] = whole;
	for (int i = 0; i < argc; i++)
		ps[1 + i] = argv[i];
	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_adddup2(&act, fds[1], STDOUT_FILENO);
	r = posix_spawnp(&pid, "ps", &act, NULL, ps, environ);
	posix_spawn_file_actions_destroy(&act);
	close(fds[1]);
	in = r == 0 ? fdopen(fds[0], "r") : NULL;
	if (!in) {
		close(fds[0]);
		return err_set(e, r ? -r : -errno, "run ps");
	}
	r = print_lines(in, p, e);
	fclose(in);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for ps");
	if (r == 0 && status != 0)
		return err_input(e, "ps failed; its options were passed on as they are");
	return r;
}

COMMAND(ps)
{
	const struct list_opts *o = opts;
	struct app *ap = app;
	struct pids p = { 0 };
	struct found f;
	int r = found_open(ap, argv[0], &f, e);

	if (r == 0)
		r = find_pids(ap, &f, &p, e);
	if (r < 0)
		return r;
	if (o->format && strcmp(o->format, "json") == 0)
		return print_json(&p, e);
	return print_table(&p, argc - 1, argv + 1, &ap->arena, e);
}
