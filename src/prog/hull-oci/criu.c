/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/criu.c - criu's command line, built and run.
 *
 * CRIU is driven by its command line, not by its RPC: the options are the same,
 * and the call that failed can be read and repeated by hand (--debug prints
 * it). Mounts whose source is outside of the container are named as external
 * by their destination, so that restore can give the same ones. */
#include "prog/hull-oci/criu.h"

#include "base/err.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BIND_FLAG = 1 << 12 }; /* MS_BIND */

void criu_add(struct criu_args *c, const char *fmt, ...)
{
	char word[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(word, sizeof(word), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(word) ||
	    c->n + 2 > ARRAY_SIZE(c->v) ||
	    !(c->v[c->n] = arena_dup(c->arena, word))) {
		c->is_full = true;
		return;
	}
	c->n++;
}

static void add_flags(struct criu_args *c, const struct criu_opts *o)
{
	const struct {
		bool on;
		const char *option;
	} rows[] = {
		{ o->dedup, "--auto-dedup" },
		{ o->ext_unix, "--ext-unix-sk" },
		{ o->file_locks, "--file-locks" },
		{ o->lazy_pages, "--lazy-pages" },
		{ o->link_remap, "--link-remap" },
		{ o->shell_job, "--shell-job" },
		{ o->tcp_close, "--tcp-close" },
		{ o->tcp_established, "--tcp-established" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].on)
			criu_add(c, "%s", rows[i].option);
}

void criu_add_common(struct criu_args *c, const struct criu_opts *o,
		     const char *log, const char *rootfs,
		     const struct conf *conf, bool is_restore)
{
	const struct conf_strings *masked = &conf->masked_paths;

	criu_add(c, "--images-dir");
	criu_add(c, "%s", o->image_path ? o->image_path : "checkpoint");
	if (o->work_path) {
		criu_add(c, "--work-dir");
		criu_add(c, "%s", o->work_path);
	}
	criu_add(c, "--log-file");
	criu_add(c, "%s", log);
	criu_add(c, "-v4");
	criu_add(c, "--root");
	criu_add(c, "%s", rootfs);
	criu_add(c, "--manage-cgroups=%s", o->manage_cgroups ? o->manage_cgroups : "soft");
	add_flags(c, o);
	/* Interfaces are the engine's business, as for runc. */
	if (conf->ns[NS_NET].mode == PART_OWN || o->empty_ns.n) {
		criu_add(c, "--empty-ns");
		criu_add(c, "net");
	}
	for (size_t i = 0; i < conf->n_mounts; i++) {
		const struct conf_mount *m = &conf->mounts[i];

		if (!(m->flags & BIND_FLAG))
			continue;
		criu_add(c, "--external");
		criu_add(c, "mnt[%s]:%s", m->destination,
			 is_restore && m->source ? m->source : m->destination);
	}
	for (size_t i = 0; i < masked->n; i++) {
		criu_add(c, "--external");
		criu_add(c, "mnt[%s]:%s", masked->v[i],
			 is_restore ? "/dev/null" : masked->v[i]);
	}
}

int criu_check(const struct criu_opts *o, struct err *e)
{
	if (o->parent_path && o->parent_path[0] == '/')
		return err_input(e, "--parent-path %s: expected a path relative to the image", o->parent_path);
	if (o->page_server && !strrchr(o->page_server, ':'))
		return err_input(e, "--page-server: expected ADDRESS:PORT, not \"%s\"", o->page_server);
	if (o->tcp_close && o->tcp_established)
		return err_input(e, "--tcp-close and --tcp-established contradict each other");
	for (size_t i = 0; i < o->empty_ns.n; i++)
		if (strcmp(o->empty_ns.v[i], "network") != 0)
			return err_input(e, "--empty-ns: expected network, not \"%s\"", o->empty_ns.v[i]);
	return 0;
}

int criu_work_dir(const struct criu_opts *o, struct err *e)
{
	if (o->work_path && mkdir(o->work_path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "--work-path %s", o->work_path);
	return 0;
}

/* The last line of criu's log that says Error. */
static void last_error(const char *log_path, char *line, size_t size)
{
	FILE *f = fopen(log_path, "re");
	char text[512];

	line[0] = '\0';
	while (f && fgets(text, sizeof(text), f)) {
		const char *p = strstr(text, "Error ");

		if (p)
			snprintf(line, size, "%.*s", (int)strcspn(p, "\n"), p);
	}
	if (f)
		fclose(f);
}

static void show(const struct app *app, const struct criu_args *c)
{
	char line[2048];
	size_t at = 0;

	for (size_t i = 0; i < c->n && at + 2 < sizeof(line); i++) {
		int n = snprintf(line + at, sizeof(line) - at, "%s%s", i ? " " : "", c->v[i]);

		at += n > 0 ? (size_t)n : 0;
	}
	log_line(&app->log, LOG_LEVEL_DEBUG, line);
}

static int wait_for(pid_t pid, const char *program, const char *log_path,
		    struct err *e)
{
	char line[300];
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for %s", program);
	if (status == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_input(e, "%s: cannot be executed; install the package criu or use --criu", program);
	last_error(log_path, line, sizeof(line));
	err_input(e, "%s failed: %s", program, line[0] ? line : "it says nothing");
	return err_hint(e, -EINVAL, "its log is %s", log_path);
}

int criu_run(struct app *app, struct criu_args *c, const char *log_path,
	     int (*prepare)(void *arg), void *arg, struct err *e)
{
	pid_t pid;

	if (c->is_full)
		return err_input(e, "criu: too many arguments");
	c->v[c->n] = NULL;
	show(app, c);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "start %s", c->v[0]);
	if (pid == 0) {
		/* criu prints to its log; what it says before that is for us. */
		if (prepare && prepare(arg) < 0)
			_exit(126);
		execvp(c->v[0], (char *const *)c->v);
		_exit(127);
	}
	return wait_for(pid, c->v[0], log_path, e);
}
