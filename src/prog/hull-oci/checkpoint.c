/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/checkpoint.c - checkpoint: a running container to files, by CRIU. */
#include "base/err.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "prog/hull-oci/criu.h"
#include "run/container.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What fds 0-2 were, for restore to give new ones: the file that runc writes,
 * ["/dev/null","pipe:[123]","pipe:[124]"]. */
static int save_descriptors(const char *dir, pid_t pid, struct err *e)
{
	char path[4096], text[3 * 6200], *p = text, *end = text + sizeof(text);
	auto_fd int fd = -EBADF;
	int r;

	for (int i = 0; i < 3; i++) {
		char link[64], name[1024];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, i);
		n = readlink(link, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		p += snprintf(p, (size_t)(end - p), "%s\"", i ? "," : "[");
		for (const unsigned char *c = (unsigned char *)name; *c; c++)
			p += snprintf(p, (size_t)(end - p),
				      *c < 0x20 || *c == '"' || *c == '\\' ? "\\u%04x" : "%c", *c);
		p += snprintf(p, (size_t)(end - p), "\"");
	}
	snprintf(p, (size_t)(end - p), "]");
	snprintf(path, sizeof(path), "%s/descriptors.json", dir);
	fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : sys_write_all(fd, text, strlen(text));
	return r < 0 ? err_set(e, r, "write %s", path) : 0;
}

static void add_freezer(struct criu_args *c, const struct cgroup *g)
{
	for (size_t i = 0; i < g->n_dirs; i++) {
		const struct cgroup_dir *d = &g->dirs[i];

		if (strcmp(d->hierarchy->controllers, "freezer") == 0 || g->is_v2_only) {
			criu_add(c, "--freeze-cgroup");
			criu_add(c, "%s", d->path);
			return;
		}
	}
}

/* A namespace that was joined by its path is the engine's: it is not saved,
 * and restore joins it again. */
static void add_outside_ns(struct criu_args *c, const struct found *f,
			   enum ns_kind kind, const char *name)
{
	char path[64];
	struct stat st;

	if (f->conf.ns[kind].mode != PART_JOIN)
		return;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)f->state.pid, ns_proc_name(kind));
	if (stat(path, &st) < 0)
		return;
	criu_add(c, "--external");
	criu_add(c, "%s[%llu]:%s", ns_proc_name(kind), (unsigned long long)st.st_ino, name);
}

static void add_dump(struct criu_args *c, const struct criu_opts *o,
		     const struct found *f, const struct cgroup *g)
{
	criu_add(c, o->pre_dump ? "pre-dump" : "dump");
	criu_add(c, "--tree");
	criu_add(c, "%d", (int)f->state.pid);
	criu_add_common(c, o, "dump.log", f->state.rootfs, &f->conf, false);
	criu_add(c, "--evasive-devices");
	add_freezer(c, g);
	add_outside_ns(c, f, NS_NET, "extRootNetNS");
	add_outside_ns(c, f, NS_PID, "extRootPidNS");
	if (o->leave_running)
		criu_add(c, "--leave-running");
	if (o->pre_dump)
		criu_add(c, "--track-mem");
	if (o->parent_path) {
		criu_add(c, "--track-mem");
		criu_add(c, "--prev-images-dir");
		criu_add(c, "%s", o->parent_path);
	}
	if (o->page_server) {
		const char *colon = strrchr(o->page_server, ':');

		criu_add(c, "--page-server");
		criu_add(c, "--address");
		criu_add(c, "%.*s", (int)(colon - o->page_server), o->page_server);
		criu_add(c, "--port");
		criu_add(c, "%s", colon + 1);
	}
	if (o->status_fd.given && o->status_fd.v >= 0) {
		criu_add(c, "--status-fd");
		criu_add(c, "%lld", (long long)o->status_fd.v);
	}
}

static int dump(struct app *app, const struct criu_opts *o, struct found *f,
		struct err *e)
{
	struct criu_args c = { .arena = &app->arena };
	const char *dir = o->image_path ? o->image_path : "checkpoint", *log;
	struct cgroup g;
	int r = found_cgroup(app, f, &g, e);

	if (r < 0)
		return r;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "--image-path %s", dir);
	r = criu_work_dir(o, e);
	if (r < 0)
		return r;
	log = arena_printf(&app->arena, "%s/dump.log", o->work_path ? o->work_path : dir);
	if (!log)
		return err_set(e, -ENOMEM, "checkpoint");
	criu_add(&c, "%s", app->g.criu ? app->g.criu : "criu");
	add_dump(&c, o, f, &g);
	r = save_descriptors(dir, f->state.pid, e);
	return r < 0 ? r : criu_run(app, &c, log, NULL, NULL, e);
}

COMMAND(checkpoint)
{
	const struct criu_opts *o = opts;
	struct app *ap = app;
	enum status status;
	struct found f;
	int r = criu_check(o, e);

	(void)argc;
	if (r == 0)
		r = found_open(ap, argv[0], &f, e);
	if (r == 0)
		r = found_status(ap, &f, &status, e);
	if (r == 0)
		r = found_conf(ap, &f, e);
	if (r < 0)
		return r;
	if (status != STATUS_RUNNING && status != STATUS_PAUSED)
		return err_input(e, "container \"%s\" is %s; only a running one can be saved",
				 argv[0], status_name(status));
	r = dump(ap, o, &f, e);
	if (r < 0 || o->leave_running || o->pre_dump)
		return r;
	return container_delete(&f.conf, &ap->host, f.root_fd, &f.state, true,
				app_warn, ap, e);
}
