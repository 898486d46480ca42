/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/criu.c - what criu is asked for: the options.
 *
 * Mounts whose source is outside of the container are named as external by
 * their destination, so that restore can give the same ones. Of the masked
 * paths only files are: what masks a directory is a tmpfs that the container
 * has for itself. */
#include "prog/hull-oci/criu.h"

#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "conf/conf.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BIND_FLAG = 1 << 12 }; /* MS_BIND */

static bool is_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	uint32_t port;

	return colon && num_u32(colon + 1, &port) == 0 && port > 0 && port < 65536;
}

static int check(const struct criu_opts *o, struct err *e)
{
	if (o->parent_path && o->parent_path[0] == '/')
		return err_input(e, "--parent-path %s: expected a path relative to the image", o->parent_path);
	if (o->page_server && !is_address(o->page_server))
		return err_input(e, "--page-server: expected ADDRESS:PORT, not \"%s\"", o->page_server);
	if (o->tcp_close && o->tcp_established)
		return err_input(e, "--tcp-close and --tcp-established contradict each other");
	for (size_t i = 0; i < o->empty_ns.n; i++)
		if (strcmp(o->empty_ns.v[i], "network") != 0)
			return err_input(e, "--empty-ns: expected network, not \"%s\"", o->empty_ns.v[i]);
	return 0;
}

static int open_dir(const char *option, const char *path, bool make, struct err *e)
{
	int fd;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "%s %s", option, path);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "%s %s", option, path) : fd;
}

static void add_flags(struct criu *c)
{
	const struct criu_opts *o = c->opts;
	const struct {
		bool on;
		enum criu_option option;
	} rows[] = {
		{ true, CRIU_EVASIVE_DEVICES },
		{ true, CRIU_MANAGE_CGROUPS },
		{ true, CRIU_NOTIFY_SCRIPTS },
		{ true, CRIU_ORPHAN_PTS_MASTER },
		{ o->dedup, CRIU_AUTO_DEDUP },
		{ o->ext_unix, CRIU_EXT_UNIX_SK },
		{ o->file_locks, CRIU_FILE_LOCKS },
		{ o->lazy_pages, CRIU_LAZY_PAGES },
		{ o->leave_running, CRIU_LEAVE_RUNNING },
		{ o->link_remap, CRIU_LINK_REMAP },
		{ o->shell_job, CRIU_SHELL_JOB },
		{ o->tcp_close, CRIU_TCP_CLOSE },
		{ o->tcp_established, CRIU_TCP_ESTABLISHED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].on)
			pb_put_num(&c->out, rows[i].option, true);
}

/* The numbers of criu_cg_mode. */
static int cgroups_mode(const char *word)
{
	static const struct {
		const char *word;
		int mode;
	} rows[] = { { "ignore", 0 }, { "soft", 3 }, { "full", 4 }, { "strict", 5 } };

	for (size_t i = 0; word && i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].mode;
	return 3;
}

/* A file of criu's own options: that of the annotation, where "" means none, or
 * the runtime's. criu does not mind when it is not there. */
static void add_config_file(struct criu *c, const struct conf *conf)
{
	const char *path = conf_annotation(conf, "org.criu.config");

	if (!path)
		path = "/etc/criu/hull-oci.conf";
	if (*path)
		pb_put_str(&c->out, CRIU_CONFIG_FILE, path);
}

int criu_open(struct criu *c, struct app *app, const struct criu_opts *o,
	      const struct conf *conf, const char *log, bool make, struct err *e)
{
	int r = check(o, e);

	*c = (struct criu){ .app = app, .opts = o, .out.arena = &app->arena,
			    .image_fd = -EBADF, .work_fd = -EBADF,
			    .image_path = o->image_path ? o->image_path : "checkpoint" };
	if (r < 0)
		return r;
	c->image_fd = open_dir("--image-path", c->image_path, make, e);
	if (c->image_fd < 0)
		return c->image_fd;
	pb_put_num(&c->out, CRIU_IMAGES_DIR_FD, c->image_fd);
	if (o->work_path) {
		c->work_fd = open_dir("--work-path", o->work_path, true, e);
		if (c->work_fd < 0)
			return c->work_fd;
		pb_put_num(&c->out, CRIU_WORK_DIR_FD, c->work_fd);
	}
	c->log_path = arena_printf(&app->arena, "%s/%s",
				   o->work_path ? o->work_path : c->image_path, log);
	if (!c->log_path)
		return err_set(e, -ENOMEM, "criu");
	pb_put_num(&c->out, CRIU_LOG_LEVEL, 4);
	pb_put_str(&c->out, CRIU_LOG_FILE, log);
	pb_put_num(&c->out, CRIU_MANAGE_CGROUPS_MODE, cgroups_mode(o->manage_cgroups));
	add_flags(c);
	add_config_file(c, conf);
	if (o->empty_ns.n)
		pb_put_num(&c->out, CRIU_EMPTY_NS, CLONE_NEWNET);
	return 0;
}

void criu_add_pair(struct criu *c, enum criu_option o, const char *a, const char *b)
{
	struct pb_out pair = { .arena = c->out.arena };

	pb_put_str(&pair, 1, a);
	pb_put_str(&pair, 2, b);
	pb_put_msg(&c->out, o, &pair);
}

void criu_add_pair_num(struct criu *c, enum criu_option o, const char *a, int64_t b)
{
	struct pb_out pair = { .arena = c->out.arena };

	pb_put_str(&pair, 1, a);
	pb_put_num(&pair, 2, b);
	pb_put_msg(&c->out, o, &pair);
}

static void add_external(struct criu *c, const char *path, const char *is)
{
	pb_put_text(&c->out, CRIU_EXTERNAL, "mnt[%s]:%s", path, is);
}

/* Not a directory, and there? */
static bool is_file_mask(int root_fd, const char *path)
{
	auto_fd int fd = sys_open_in(root_fd, path, O_PATH, 0, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* In a user namespace the nodes of /dev are the host's, bound one by one. */
static void add_devices(struct criu *c, const struct conf *conf)
{
	static const char *const defaults[] = { "/dev/null", "/dev/zero", "/dev/full",
						"/dev/random", "/dev/urandom", "/dev/tty" };

	if (conf->ns[NS_USER].mode == PART_OFF)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		add_external(c, defaults[i], defaults[i]);
	for (size_t i = 0; i < conf->n_devices; i++)
		if (conf->devices[i].type != 'p')
			add_external(c, conf->devices[i].path, conf->devices[i].path);
}

void criu_add_mounts(struct criu *c, const struct conf *conf, int root_fd)
{
	const struct conf_strings *masked = &conf->masked_paths;
	bool is_restore = root_fd < 0;

	for (size_t i = 0; i < conf->n_mounts; i++) {
		const struct conf_mount *m = &conf->mounts[i];

		if (m->flags & BIND_FLAG || !m->type || strcmp(m->type, "bind") == 0)
			add_external(c, m->destination,
				     is_restore && m->source ? m->source : m->destination);
	}
	/* All masks of files are one mount's; a restore gives it once. */
	if (is_restore && masked->n)
		add_external(c, "/dev/null", "/dev/null");
	for (size_t i = 0; i < masked->n && !is_restore; i++)
		if (is_file_mask(root_fd, masked->v[i]))
			add_external(c, masked->v[i], "/dev/null");
	add_devices(c, conf);
}
