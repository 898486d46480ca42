/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/checkpoint.c - checkpoint: a running container to files, by CRIU. */
#include "base/err.h"
#include "base/num.h"
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
static int save_descriptors(int dir_fd, pid_t pid, struct err *e)
{
	char text[3 * 6200], *p = text, *end = text + sizeof(text);
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
	fd = openat(dir_fd, "descriptors.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : sys_write_all(fd, text, strlen(text));
	return r < 0 ? err_set(e, r, "write descriptors.json of the image") : 0;
}

static void add_freezer(struct criu *c, const struct cgroup *g)
{
	for (size_t i = 0; i < g->n_dirs; i++) {
		const struct cgroup_dir *d = &g->dirs[i];

		if (strcmp(d->hierarchy->controllers, "freezer") == 0 || g->is_v2_only) {
			pb_put_str(&c->out, CRIU_FREEZE_CGROUP, d->path);
			return;
		}
	}
}

/* A namespace that was joined by its path is the engine's: it is not saved,
 * and restore joins it again. */
static void add_outside_ns(struct criu *c, const struct found *f,
			   enum ns_kind kind, const char *name)
{
	char path[64];
	struct stat st;

	if (f->conf.ns[kind].mode != PART_JOIN)
		return;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)f->state.pid, ns_proc_name(kind));
	if (stat(path, &st) == 0)
		pb_put_text(&c->out, CRIU_EXTERNAL, "%s[%llu]:%s", ns_proc_name(kind),
			    (unsigned long long)st.st_ino, name);
}

static void add_page_server(struct criu *c)
{
	const char *colon = strrchr(c->opts->page_server, ':');
	const char *address = arena_dup_n(c->out.arena, c->opts->page_server,
					  (size_t)(colon - c->opts->page_server));
	uint32_t port = 0;

	(void)num_u32(colon + 1, &port); /* criu_open() has looked at it */
	criu_add_pair_num(c, CRIU_PAGE_SERVER, address, port);
}

static int open_root(pid_t pid, struct err *e)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open the container's root") : fd;
}

static int add_dump(struct criu *c, const struct found *f, const struct cgroup *g,
		    struct err *e)
{
	const struct criu_opts *o = c->opts;
	auto_fd int root_fd = open_root(f->state.pid, e);

	if (root_fd < 0)
		return root_fd;
	pb_put_num(&c->out, CRIU_PID, f->state.pid);
	pb_put_str(&c->out, CRIU_ROOT, f->state.rootfs);
	add_freezer(c, g);
	add_outside_ns(c, f, NS_NET, "extRootNetNS");
	add_outside_ns(c, f, NS_PID, "extRootPidNS");
	if (!o->pre_dump)
		criu_add_mounts(c, &f->conf, root_fd);
	if (o->pre_dump || o->parent_path)
		pb_put_num(&c->out, CRIU_TRACK_MEM, true);
	pb_put_str(&c->out, CRIU_PARENT_IMG, o->parent_path);
	if (o->page_server)
		add_page_server(c);
	return 0;
}

/* --status-fd: whoever waits there may start to restore. */
static int on_note(void *arg, const struct criu_note *n, struct err *e)
{
	const struct criu_opts *o = arg;

	if (strcmp(n->what, "status-ready") != 0 || !o->status_fd.given || o->status_fd.v < 0)
		return 0;
	if (sys_write_all((int)o->status_fd.v, "", 1) < 0)
		return err_input(e, "--status-fd %lld: nothing can be written to it",
				 (long long)o->status_fd.v);
	close((int)o->status_fd.v);
	return 0;
}

/* What --parent-path names must be there: criu would save all the memory, and
 * only its log would say so. */
static int check_parent(const struct criu *c, struct err *e)
{
	struct stat st;

	if (c->opts->parent_path && fstatat(c->image_fd, c->opts->parent_path, &st, 0) < 0)
		return err_sys(e, "--parent-path %s (below --image-path %s)",
			       c->opts->parent_path, c->image_path);
	return 0;
}

static int dump(struct app *app, const struct criu_opts *o, struct found *f,
		struct err *e)
{
	struct cgroup g;
	struct criu c;
	int r = found_cgroup(app, f, &g, e);

	if (r == 0)
		r = criu_open(&c, app, o, &f->conf, "dump.log", true, e);
	if (r == 0)
		r = check_parent(&c, e);
	if (r == 0)
		r = add_dump(&c, f, &g, e);
	if (r == 0 && !o->pre_dump)
		r = save_descriptors(c.image_fd, f->state.pid, e);
	if (r < 0)
		return r;
	c.note = on_note;
	c.arg = (void *)(uintptr_t)o;
	return criu_run(&c, o->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, NULL, e);
}

COMMAND(checkpoint)
{
	const struct criu_opts *o = opts;
	struct app *ap = app;
	enum status status;
	struct found f;
	int r = found_open(ap, argv[0], &f, e);

	(void)argc;
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
