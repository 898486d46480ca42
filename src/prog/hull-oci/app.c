/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/app.c - what the commands of one call share. */
#include "prog/hull-oci/app.h"

#include "base/err.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "oci/config.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 16 << 20 };

int app_probe(struct app *app, unsigned what, struct err *e)
{
	int r;

	if (app->probed && (app->probed & what) == what)
		return 0;
	r = host_probe(&app->host, what, &app->arena, e);
	if (r == 0)
		app->probed = what | 1u << 31; /* ids are always there */
	return r;
}

void app_warn(void *arg, const char *text)
{
	const struct app *app = arg;

	log_line(&app->log, LOG_LEVEL_WARNING, text);
}

int app_cgroup_options(const struct app *app, struct conf_cgroup *cc,
		       struct err *e)
{
	const char *m = app->g.cgroup_manager, *rootless = app->g.rootless;

	if (app->g.systemd_cgroup && m && strcmp(m, "systemd") != 0)
		return err_input(
			e, "--systemd-cgroup contradicts --cgroup-manager %s",
			m);
	if (app->g.systemd_cgroup || (m && strcmp(m, "systemd") == 0))
		cc->manager = CGROUP_SYSTEMD;
	else if (m && strcmp(m, "disabled") == 0)
		cc->manager = CGROUP_DISABLED;
	else
		cc->manager = CGROUP_CGROUPFS;
	if (!rootless || strcmp(rootless, "auto") == 0)
		cc->best_effort = app->host.is_rootless;
	else
		cc->best_effort = strcmp(rootless, "true") == 0;
	return 0;
}

/* The engine's words for a program that could not be executed: "exec PATH" at
 * the origin, or "executable file ... not found in $PATH". */
static bool is_exec_fault(const struct err *e)
{
	const char *p = strstr(e->text, "exec ");

	if (strstr(e->text, "executable file "))
		return true;
	for (; p; p = strstr(p + 1, "exec "))
		if (p == e->text ||
		    (p - e->text >= 2 && memcmp(p - 2, ": ", 2) == 0))
			return true;
	return false;
}

int app_status(const struct err *e, int other)
{
	if (e->is_input || !is_exec_fault(e))
		return other;
	return e->code == -ENOENT ? 127 : 126;
}

static int read_all(struct app *app, int fd, char **ret_text, size_t *ret_n)
{
	size_t size = 64 << 10, n = 0;
	char *text = arena_alloc(&app->arena, size);

	while (text) {
		ssize_t got = read(fd, text + n, size - n - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0) {
			*ret_text = text;
			*ret_n = n;
			return 0;
		}
		n += (size_t)got;
		if (n + 1 == size) {
			char *more = size < FILE_MAX ? arena_alloc(&app->arena,
								   4 * size)
						     : NULL;

			if (!more)
				return -EFBIG;
			text = memcpy(more, text, n);
			size *= 4;
		}
	}
	return -ENOMEM;
}

int app_read_file(struct app *app, const char *what, const char *path,
		  const char **ret_text, size_t *ret_n, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	auto_fd int fd = is_stdin ? -EBADF
				  : openat(AT_FDCWD, path,
					   O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text = NULL;
	int r;

	if (!is_stdin && fd < 0)
		return err_sys(e, "%s %s", what, path);
	r = read_all(app, is_stdin ? STDIN_FILENO : fd, &text, ret_n);
	if (r < 0)
		return err_set(e, r, "%s: read %s", what,
			       is_stdin ? "standard input" : path);
	text[*ret_n] = '\0';
	*ret_text = text;
	return 0;
}

int app_print(const char *text, struct err *e)
{
	int r = sys_write_all(STDOUT_FILENO, text, strlen(text));

	return r < 0 ? err_set(e, r, "write to standard output") : 0;
}

int found_open(struct app *app, const char *id, struct found *ret,
	       struct err *e)
{
	int r = state_check_id(id, e);

	*ret = (struct found){ .root_fd = -EBADF, .dir_fd = -EBADF };
	if (r < 0)
		return r;
	ret->root_fd = state_root_open(app->g.root, false, e);
	if (ret->root_fd == -ENOENT) {
		/* Engines look for these words. */
		err_plain(e, -ENOENT, "container \"%s\" does not exist", id);
		return -ENOENT;
	}
	if (ret->root_fd < 0)
		return ret->root_fd;
	ret->dir_fd = state_open(ret->root_fd, id, false, e);
	if (ret->dir_fd < 0)
		return ret->dir_fd;
	return state_load(ret->dir_fd, id, &app->arena, &ret->state, e);
}

int found_conf(struct app *app, struct found *f, struct err *e)
{
	int r = state_load_config(f->dir_fd, &app->arena, &f->config,
				  &f->config_len, e);

	if (r < 0)
		return r;
	conf_init(&f->conf, &app->arena);
	f->conf.id = f->state.id;
	f->conf.bundle = f->state.bundle;
	/* Warnings were for create to give. */
	return oci_config_read(f->config, f->config_len,
			       &(struct oci_read){ .name = "config.json",
						   .bundle = f->state.bundle },
			       &f->conf, e);
}

int found_cgroup(struct app *app, const struct found *f, struct cgroup *ret,
		 struct err *e)
{
	const struct state *s = &f->state;
	int r = app_probe(app, HOST_CGROUPS, e);

	if (r < 0)
		return r;
	*ret = (struct cgroup){ .manager = CGROUP_DISABLED };
	if (!s->cgroup_path[0] && !s->cgroup_scope[0])
		return 0;
	return cgroup_find(s->cgroup_manager, s->cgroup_path, s->cgroup_scope,
			   &app->host, &app->arena, ret, e);
}

int found_status(struct app *app, const struct found *f,
		 enum status *ret_status, struct err *e)
{
	enum status s = state_status(f->dir_fd, &f->state);
	struct cgroup g;
	int r;

	if (s == STATUS_RUNNING) {
		r = found_cgroup(app, f, &g, e);
		if (r < 0)
			return r;
		if (g.n_dirs > 0 && cgroup_is_frozen(&g))
			s = STATUS_PAUSED;
	}
	*ret_status = s;
	return 0;
}

COMMAND(completion)
{
	(void)app, (void)opts;
	if (argc > 0 && strcmp(argv[0], "bash") != 0)
		return err_input(e, "completion: expected bash, not \"%s\"",
				 argv[0]);
	help_completion(&hull_oci, stdout);
	return fflush(stdout) < 0 ? err_sys(e, "write to standard output") : 0;
}
