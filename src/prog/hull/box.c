/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull/box.c - a container on the host's own root file system.
 *
 * Nothing to download: the host's programs run in it, but every part is the
 * container's own. The root is the host's, read-only below an overlay in
 * memory, so what is written is gone at the end. File systems mounted elsewhere
 * (/home, /usr) are not part of an overlay; those that hold programs are bound
 * read-only. Root inside is a user without rights outside. */
#include "base/err.h"
#include "filter/profile.h"
#include "own/own.h"
#include "prog/hull/app.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DEFAULT_PIDS = 512,
	ROOT_IDS = 0x70000000,
	ROOT_ID_COUNT = 65536,
	MAX_MOUNTS = 64
};
static const int64_t default_memory = 1LL << 30;

/* Kernel interfaces that tell of the host or reach it (Docker's and podman's
 * lists). */
static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
	"/sys/fs/selinux",
	NULL,
};
static const char *const readonly[] = {
	"/proc/bus",	       "/proc/fs", "/proc/irq", "/proc/sys",
	"/proc/sysrq-trigger", NULL,
};

static struct conf_strings strings(const char *const *v)
{
	struct conf_strings s = { v, 0 };

	while (v[s.n])
		s.n++;
	return s;
}

static int set_ids(struct app *app, struct conf *c, struct err *e)
{
	struct conf_idmap *m = arena_array(&app->arena, 2, sizeof(*m));

	if (!m)
		return err_set(e, -ENOMEM, "ids");
	if (app->host.euid == 0 && !app->host.in_userns) {
		m[0] = m[1] = (struct conf_idmap){ 0, ROOT_IDS, ROOT_ID_COUNT };
	} else {
		m[0] = (struct conf_idmap){ 0, app->host.euid, 1 };
		m[1] = (struct conf_idmap){ 0, app->host.egid, 1 };
	}
	c->idmaps = (struct conf_idmaps){ &m[0], &m[1], 1, 1 };
	return 0;
}

static void set_namespaces(struct conf *c, const struct box_opts *o)
{
	for (int k = 0; k < NS_MAX_; k++)
		c->ns[k].mode = PART_OWN;
	c->ns[NS_TIME].mode = PART_OFF;
	if (o->net && strcmp(o->net, "host") == 0)
		c->ns[NS_NET].mode = PART_OFF;
	c->hostname = o->hostname ? o->hostname : "hull";
}

static void add(struct conf_mount *v, size_t *n, const struct conf_mount *m)
{
	if (*n < MAX_MOUNTS)
		v[(*n)++] = *m;
}

/* --bind SRC:DST[:ro] */
static int add_bind(struct app *app, const char *text, struct conf_mount *v,
		    size_t *n, struct err *e)
{
	char *src = arena_dup(&app->arena, text),
	     *dst = src ? strchr(src, ':') : NULL, *opt;
	struct conf_mount m = {
		.type = "bind", .flags = MS_BIND | MS_REC | MS_NOSUID | MS_NODEV
	};

	if (!src)
		return err_set(e, -ENOMEM, "--bind");
	if (dst)
		*dst++ = '\0';
	opt = dst ? strchr(dst, ':') : NULL;
	if (opt)
		*opt++ = '\0';
	if (!dst || src[0] != '/' || dst[0] != '/' ||
	    (opt && strcmp(opt, "ro") != 0))
		return err_input(e,
				 "--bind %s: expected /SOURCE:/DESTINATION or "
				 "/SOURCE:/DESTINATION:ro",
				 text);
	if (opt)
		m.rec_set = MOUNT_ATTR_RDONLY;
	m.source = src;
	m.destination = dst;
	add(v, n, &m);
	return 0;
}

/* Other file systems of the host that the overlay leaves out. */
static void add_host_mounts(struct app *app, struct conf_mount *v, size_t *n)
{
	static const char *const dirs[] = { "/usr",  "/bin", "/lib", "/lib64",
					    "/sbin", "/opt", "/etc", "/nix",
					    "/gnu",  "/home" };
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		char *save = NULL, *word = strtok_r(line, " ", &save);

		for (int i = 0; word && i < 4; i++)
			word = strtok_r(NULL, " ", &save);
		for (size_t i = 0; word && i < sizeof(dirs) / sizeof(dirs[0]);
		     i++) {
			struct conf_mount m = { .type = "bind",
						.flags = MS_BIND | MS_REC,
						.rec_set = MOUNT_ATTR_RDONLY |
							   MOUNT_ATTR_NOSUID,
						.extra = MOUNT_OPTIONAL };

			if (strcmp(word, dirs[i]) != 0)
				continue;
			m.source = m.destination = arena_dup(&app->arena, word);
			if (m.source)
				add(v, n, &m);
		}
	}
	if (f)
		fclose(f);
}

static int set_mounts(struct app *app, const struct box_opts *o, struct conf *c,
		      struct err *e)
{
	const uint64_t safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	struct conf_mount *v = arena_array(&app->arena, MAX_MOUNTS, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_set(e, -ENOMEM, "mounts");
	add_host_mounts(app, v, &n);
	add(v, &n,
	    &(struct conf_mount){ "/proc", "proc", "proc", NULL,
				  .flags = safe });
	add(v, &n,
	    &(struct conf_mount){ "/dev", "tmpfs", "tmpfs", "mode=755,size=64k",
				  .flags = MS_NOSUID | MS_STRICTATIME });
	add(v, &n,
	    &(struct conf_mount){ "/dev/pts", "devpts", "devpts",
				  "newinstance,ptmxmode=0666,mode=0620",
				  .flags = MS_NOSUID | MS_NOEXEC });
	add(v, &n,
	    &(struct conf_mount){ "/dev/shm", "shm", "tmpfs",
				  "mode=1777,size=64m", .flags = safe });
	add(v, &n,
	    &(struct conf_mount){ "/dev/mqueue", "mqueue", "mqueue", NULL,
				  .flags = safe });
	add(v, &n,
	    &(struct conf_mount){ "/sys", "sysfs", "sysfs", NULL,
				  .flags = safe | MS_RDONLY });
	add(v, &n,
	    &(struct conf_mount){ "/sys/fs/cgroup", "cgroup", "cgroup", NULL,
				  .flags = safe | MS_RDONLY });
	add(v, &n,
	    &(struct conf_mount){ "/run", "tmpfs", "tmpfs", "mode=755,size=16m",
				  .flags = safe });
	add(v, &n,
	    &(struct conf_mount){ "/tmp", "tmpfs", "tmpfs",
				  "mode=1777,size=50%",
				  .flags = MS_NOSUID | MS_NODEV });
	for (size_t i = 0; i < o->binds.n; i++) {
		int r = add_bind(app, o->binds.v[i], v, &n, e);

		if (r < 0)
			return r;
	}
	c->mounts = v;
	c->n_mounts = n;
	c->masked_paths = strings(masked);
	c->readonly_paths = strings(readonly);
	return 0;
}

/* Everything is allowed that the file system allows, but device nodes; signals
 * and abstract sockets end at the container's border. The bits are those of
 * linux/landlock.h. */
static int set_landlock(struct app *app, struct conf *c, struct err *e)
{
	enum {
		MAKE_CHAR = 1 << 6,
		MAKE_BLOCK = 1 << 11,
		IOCTL_DEV = 1 << 15,
		ALL_FS = (1 << 16) - 1,
		SCOPE_ALL = 3
	};
	struct conf_landlock_path *p = arena_array(&app->arena, 2, sizeof(*p));

	if (!p)
		return err_set(e, -ENOMEM, "landlock");
	p[0] = (struct conf_landlock_path){
		"/", ALL_FS & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV)
	};
	p[1] = (struct conf_landlock_path){ "/dev", ALL_FS & ~(MAKE_CHAR |
							       MAKE_BLOCK) };
	c->landlock =
		(struct conf_landlock){ .given = app->host.landlock_abi > 0,
					.handled_fs = ALL_FS,
					.scoped = SCOPE_ALL,
					.paths = p,
					.n_paths = 2,
					.best_effort = true };
	return 0;
}

static int set_env(struct app *app, const struct box_opts *o,
		   struct conf_process *p, struct err *e)
{
	static const char *const passed[] = { "TERM", "LANG", "LC_ALL", "TZ",
					      "COLORTERM" };
	const char **v = arena_array(&app->arena, 16 + o->env.n, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_set(e, -ENOMEM, "environment");
	v[n++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/"
		 "sbin:/bin";
	v[n++] = "HOME=/root";
	v[n++] = "container=hull";
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		if (getenv(passed[i]))
			v[n++] = arena_printf(&app->arena, "%s=%s", passed[i],
					      getenv(passed[i]));
	for (size_t i = 0; i < o->env.n; i++) {
		if (!strchr(o->env.v[i], '='))
			return err_input(e, "--env %s: expected NAME=VALUE",
					 o->env.v[i]);
		v[n++] = o->env.v[i];
	}
	v[n] = NULL;
	p->env = (struct conf_strings){ v, n };
	return 0;
}

static int set_process(struct app *app, const struct box_opts *o, int argc,
		       char **argv, struct conf *c, struct err *e)
{
	struct conf_process *p = &c->process;
	const char **args =
		arena_array(&app->arena, (size_t)argc + 2, sizeof(*args));

	if (!args)
		return err_set(e, -ENOMEM, "arguments");
	for (int i = 0; i < argc; i++)
		args[i] = argv[i];
	if (argc == 0)
		args[argc++] = "/bin/sh";
	p->args = (struct conf_strings){ args, (size_t)argc };
	p->terminal = isatty(0) && isatty(1);
	p->cwd = o->workdir ? o->workdir : "/";
	if (p->cwd[0] != '/')
		return err_input(e, "--workdir %s: expected an absolute path",
				 p->cwd);
	p->caps.given = true; /* and all sets empty */
	p->no_new_privs = true;
	c->has_process = true;
	return set_env(app, o, p, e);
}

/* An ordinary user may make cgroups only where some were delegated to it. */
static bool may_make_cgroups(const struct host *h)
{
	for (size_t i = 0; i < h->n_cgroups; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s%s", h->cgroups[i].mount,
			 h->cgroup_layout == CGROUP_V2 ? h->cgroups[i].own
						       : "");
		if (access(path, W_OK) < 0)
			return false;
	}
	return h->n_cgroups > 0;
}

static int set_limits(struct app *app, const struct box_opts *o, struct conf *c,
		      struct err *e)
{
	struct conf_resources *res = &c->cgroup.res;

	res->mem_limit =
		(struct conf_i64){ true, o->memory.given ? o->memory.v
							 : default_memory };
	res->pids_limit =
		(struct conf_i64){ true,
				   o->pids.given ? o->pids.v : DEFAULT_PIDS };
	c->cgroup.default_limits = !o->memory.given && !o->pids.given;
	if (may_make_cgroups(&app->host))
		return 0;
	if (o->memory.given || o->pids.given) {
		err_plain(e, -EPERM,
			  "--memory, --pids: this user may not make cgroups "
			  "here");
		return err_hint(e, -EPERM,
				"run it as root, or have cgroup v2 delegated "
				"to the user");
	}
	if (app->warn && !o->quiet)
		app->warn(app, "no limits of memory and processes: this user may not make cgroups here");
	*res = (struct conf_resources){ 0 };
	c->cgroup.manager = CGROUP_DISABLED;
	return 0;
}

/* "scan" and "off" say something about the program's own filter as well. */
static int set_own(struct app *app, const struct box_opts *o, struct conf *c, struct err *e)
{
	struct own_request q = { .mode = OWN_NOTE, .root = "/", .may_cache = true,
				 .warn = app->warn };

	if (o->seccomp && strcmp(o->seccomp, "scan") == 0)
		q.mode = OWN_SCAN;
	if (o->seccomp && strcmp(o->seccomp, "off") == 0)
		q.mode = OWN_OFF;
	return own_filter(&q, c, e);
}

static int set_seccomp(const struct box_opts *o, struct conf *c, struct err *e)
{
	c->seccomp = &filter_profile_default;
	if (!o->seccomp || strcmp(o->seccomp, "default") == 0 ||
	    strcmp(o->seccomp, "scan") == 0)
		return 0;
	if (strcmp(o->seccomp, "strict") == 0)
		c->seccomp = &filter_profile_strict;
	else if (strcmp(o->seccomp, "off") == 0)
		c->seccomp = NULL;
	else
		return err_input(
			e, "--seccomp %s: expected default, strict, scan or off",
			o->seccomp);
	return 0;
}

int box_conf(struct app *app, const struct box_opts *o, int argc, char **argv,
	     struct conf *c, struct err *e)
{
	int r;

	conf_init(c, &app->arena);
	c->id = arena_printf(&app->arena, "run-%d", (int)getpid());
	c->bundle = "/";
	c->oci_version = "1.3.0";
	c->root = (struct conf_root){ .path = "/",
				      .is_overlaid = true,
				      .overlay_size = "50%" };
	c->new_keyring = true;
	if (!c->id)
		return err_set(e, -ENOMEM, "start");
	if (o->net && strcmp(o->net, "none") != 0 &&
	    strcmp(o->net, "host") != 0)
		return err_input(e, "--net %s: expected none or host", o->net);
	set_namespaces(c, o);
	r = set_ids(app, c, e);
	if (r == 0)
		r = set_mounts(app, o, c, e);
	if (r == 0)
		r = set_landlock(app, c, e);
	if (r == 0)
		r = set_process(app, o, argc, argv, c, e);
	if (r == 0)
		r = set_limits(app, o, c, e);
	if (r == 0)
		r = set_seccomp(o, c, e);
	return r == 0 ? set_own(app, o, c, e) : r;
}
