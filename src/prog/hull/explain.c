/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull/explain.c - every part of a container: off, own or shared, and why.
 *
 * Read from the configuration that the plan is made of, so it says what will be
 * done (or was), not what was meant. */
#include "base/err.h"
#include "bricks/table.h"
#include "filter/compile.h"
#include "filter/policy.h"
#include "filter/profile.h"
#include "oci/config.h"
#include "plan/brick.h"
#include "plan/plan.h"
#include "prog/hull/app.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct view {
	const struct conf *c;
	const struct host *h;
	struct arena *arena;
	FILE *out;
};

/* "part  own  why". */
static void line(const struct view *v, const char *part, const char *state)
{
	fprintf(v->out, "%-14s %-7s ", part, state);
}

static const char *mode_word(enum part_mode m)
{
	return m == PART_OWN ? "own" : m == PART_JOIN ? "shared" : "off";
}

static const struct {
	enum ns_kind kind;
	const char *own, *off;
} namespaces[] = {
	{ NS_USER, "root inside has no rights outside",
	  "root inside is the host's root" },
	{ NS_PID, "sees only its own processes", "sees the host's processes" },
	{ NS_MNT, "its own tree of mounts", "the host's mounts" },
	{ NS_NET, "loopback only, nothing of the host's network",
	  "the host's network and its local services" },
	{ NS_IPC, "its own System V and POSIX queues",
	  "the host's shared memory and queues" },
	{ NS_UTS, "its own host name", "the host's name" },
	{ NS_CGROUP, "sees its own cgroup as the root",
	  "sees where its cgroup is" },
	{ NS_TIME, "its own monotonic and boot clocks",
	  "the host's uptime can be read" },
};

static void show_namespaces(const struct view *v)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]);
	     i++) {
		const struct conf_ns *ns = &v->c->ns[namespaces[i].kind];
		char part[32];

		snprintf(part, sizeof(part), "%s ns",
			 ns_name(namespaces[i].kind));
		line(v, part, mode_word(ns->mode));
		if (ns->mode == PART_JOIN)
			fprintf(v->out, "with %s\n",
				ns->path ? ns->path : "another container");
		else
			fprintf(v->out, "%s\n",
				ns->mode == PART_OWN ? namespaces[i].own
						     : namespaces[i].off);
	}
}

static void show_ids(const struct view *v)
{
	const struct conf_idmaps *m = &v->c->idmaps;

	line(v, "ids", m->n_uid ? "own" : "off");
	if (!m->n_uid) {
		fprintf(v->out, "the host's\n");
		return;
	}
	for (size_t i = 0; i < m->n_uid; i++)
		fprintf(v->out, "%suids %u-%u are the host's %u-%u",
			i ? "; " : "", m->uid[i].container_id,
			m->uid[i].container_id + m->uid[i].size - 1,
			m->uid[i].host_id,
			m->uid[i].host_id + m->uid[i].size - 1);
	fputc('\n', v->out);
}

static void show_root(const struct view *v)
{
	const struct conf_root *r = &v->c->root;

	line(v, "root", "own");
	fprintf(v->out, "%s%s%s\n", r->path ? r->path : "?",
		r->is_overlaid ? ", read-only below an overlay in memory that "
				 "ends with the container"
			       : "",
		r->is_readonly ? ", read-only" : "");
}

static void show_mounts(const struct view *v)
{
	size_t binds = 0;

	for (size_t i = 0; i < v->c->n_mounts; i++)
		binds += (v->c->mounts[i].flags & MS_BIND) != 0;
	line(v, "mounts", "own");
	fprintf(v->out, "%zu, of which %zu show files of the host\n",
		v->c->n_mounts, binds);
	line(v, "paths", v->c->masked_paths.n ? "own" : "off");
	fprintf(v->out,
		"%zu masked, %zu read-only: kernel interfaces that tell of the "
		"host or reach it\n",
		v->c->masked_paths.n, v->c->readonly_paths.n);
}

static void show_cgroup(const struct view *v)
{
	const struct conf_resources *res = &v->c->cgroup.res;
	const char *between = "";

	if (v->c->cgroup.manager == CGROUP_DISABLED ||
	    v->h->cgroup_layout == CGROUP_NONE) {
		line(v, "cgroup", "off");
		fprintf(v->out, "no limits: %s\n",
			v->h->cgroup_layout == CGROUP_NONE
				? "no cgroups are mounted here"
				: "this user may not make cgroups here, or it "
				  "was asked for");
		return;
	}
	line(v, "cgroup", "own");
	if (res->mem_limit.given && res->mem_limit.v >= 0) {
		fprintf(v->out, "memory at most %" PRId64 " MiB",
			res->mem_limit.v >> 20);
		between = ", ";
	}
	if (res->pids_limit.given && res->pids_limit.v >= 0) {
		fprintf(v->out, "%sat most %" PRId64 " processes", between,
			res->pids_limit.v);
		between = ", ";
	}
	fprintf(v->out, "%s\n", *between ? "" : "no limits asked for");
}

static void show_caps(const struct view *v)
{
	uint64_t all = v->c->process.caps.bounding;
	int n = __builtin_popcountll(all);

	line(v, "capabilities", n ? "own" : "own");
	if (!n) {
		fprintf(v->out, "none, and none can be gained\n");
		return;
	}
	fprintf(v->out, "%d:", n);
	for (int cap = 0; cap < 64; cap++)
		if (all & 1ULL << cap && cap_name(cap))
			fprintf(v->out, " %s", cap_name(cap) + 4);
	fputc('\n', v->out);
}

static void show_nnp(const struct view *v)
{
	bool on = v->c->process.no_new_privs;

	line(v, "no_new_privs", on ? "own" : "off");
	fprintf(v->out, "%s\n",
		on ? "setuid programs give nothing"
		   : "setuid programs and file capabilities work");
}

static void show_seccomp(const struct view *v)
{
	const struct filter_policy *p = v->c->seccomp;
	const char *name =
		p == &filter_profile_default  ? "hull's default profile"
		: p == &filter_profile_strict ? "hull's strict profile"
					      : "the configuration's profile";
	struct filter_policy here = p ? *p : (struct filter_policy){ 0 };
	struct sock_fprog f;

	here.archs &= filter_native_archs();
	line(v, "seccomp", p ? "own" : "off");
	if (!p)
		fprintf(v->out,
			"every system call of the kernel can be made\n");
	else if (filter_compile(&here, v->arena, &f, NULL) == 0)
		fprintf(v->out,
			"%s, %u instructions; why each call is refused: "
			"docs/profile.md\n",
			name, f.len);
	else
		fprintf(v->out, "%s\n", name);
}

static void show_landlock(const struct view *v)
{
	const struct conf_landlock *l = &v->c->landlock;

	line(v, "landlock", l->given ? "own" : "off");
	if (l->given)
		fprintf(v->out, "%zu rules for files%s\n", l->n_paths,
			l->scoped ? "; signals and abstract sockets end at the "
				    "container"
				  : "");
	else
		fprintf(v->out, "%s\n",
			v->h->landlock_abi ? "not asked for"
					   : "this kernel has none");
}

static void show_lsm(const struct view *v)
{
	const struct conf_process *p = &v->c->process;
	const char *label = p->apparmor ? p->apparmor : p->selinux;

	line(v, "lsm", label ? "own" : "off");
	if (label)
		fprintf(v->out, "%s %s\n",
			p->apparmor ? "AppArmor profile" : "SELinux label",
			label);
	else
		fprintf(v->out, "%s\n",
			v->h->has_apparmor || v->h->has_selinux
				? "no profile asked for"
				: "no AppArmor or SELinux here");
}

static void show_keyring(const struct view *v)
{
	line(v, "keyring", v->c->new_keyring ? "own" : "off");
	fprintf(v->out, "%s\n",
		v->c->new_keyring ? "the caller's keys cannot be reached"
				  : "the caller's session keyring");
}

static int show_plan(const struct view *v, struct err *e)
{
	struct plan *p;
	int r = plan_make(bricks, v->c, v->h, v->arena, &p, e);

	if (r < 0)
		return r;
	fputc('\n', v->out);
	for (int phase = 0; phase < PHASE_MAX_; phase++) {
		for (size_t i = 0; i < p->n_ops; i++) {
			const struct op *op = &p->ops[i];

			if ((int)op->phase != phase)
				continue;
			fprintf(v->out, "%-7s %-13s ", phase_name(op->phase),
				op->brick->name);
			op->brick->show(op, v->out);
			fputc('\n', v->out);
		}
	}
	return 0;
}

int explain(struct app *app, const struct conf *c, bool plan, FILE *out,
	    struct err *e)
{
	static void (*const parts[])(const struct view *) = {
		show_namespaces, show_ids,  show_root,	  show_mounts,
		show_cgroup,	 show_caps, show_nnp,	  show_seccomp,
		show_landlock,	 show_lsm,  show_keyring,
	};
	const struct view v = { c, &app->host, &app->arena, out };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](&v);
	return plan ? show_plan(&v, e) : 0;
}

static int read_oci(struct app *app, const char *path, struct conf *c,
		    struct err *e)
{

	char *text = arena_alloc(&app->arena, 1 << 20), dir[PATH_MAX];
	FILE *f = fopen(path, "re");
	char *slash;
	size_t n;

	if (!f)
		return err_sys(e, "open %s", path);
	n = text ? fread(text, 1, (1 << 20) - 1, f) : 0;
	fclose(f);
	if (!realpath(path, dir))
		return err_sys(e, "find %s", path);
	slash = strrchr(dir, '/');
	*slash = '\0';
	conf_init(c, &app->arena);
	c->id = "explained";
	c->bundle = arena_dup(&app->arena, *dir ? dir : "/");
	return oci_config_read(
		text, n,
		&(struct oci_read){ .name = path, .bundle = c->bundle }, c, e);
}

int cmd_explain(void *ctx, const void *opts, int argc, char **argv,
		struct err *e)
{
	struct app *app = ctx;
	const struct box_opts *o = opts;
	struct conf c;
	int r = host_probe(&app->host, HOST_CGROUPS | HOST_LSM | HOST_LANDLOCK,
			   &app->arena, e);

	if (r == 0)
		r = o->oci ? read_oci(app, o->oci, &c, e)
			   : box_conf(app, o, argc, argv, &c, e);
	return r < 0 ? r : explain(app, &c, o->plan, stdout, e);
}
