/* SPDX-License-Identifier: Apache-2.0 */
/* conf/check.c - refuses configurations that make no sense as a whole.
 *
 * Theory of operation
 * -------------------
 * A table of checks, each a pure function that looks at one question across
 * the parts of a configuration. What a single value may be is the reader's
 * business (oci/), what this host can do is the plan's. The first fault found
 * is told, in words that begin with the place in config.json.
 *
 * A namespace counts as the container's own when it is new or joined, as with
 * runc: whoever joins one was given it. */
#include "base/err.h"
#include "base/scope.h"
#include "conf/check-priv.h"
#include "conf/conf.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

enum {
	UTS_NAME_MAX = 64,  /* uapi linux/utsname.h: __NEW_UTS_LEN */
	NETDEVS_MAX = 1024, /* each is compared with the others */
};

static bool has_ns(const struct conf *c, enum ns_kind kind)
{
	return c->ns[kind].mode != PART_OFF;
}

static int check_uts(const struct conf *c, struct err *e)
{
	const struct {
		const char *field, *name;
	} names[] = {
		{ "hostname", c->hostname },
		{ "domainname", c->domainname },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i].name)
			continue;
		if (!has_ns(c, NS_UTS)) {
			err_input(e,
				  "%s: the container has no uts namespace: "
				  "the name would be the host's",
				  names[i].field);
			return err_hint(e, -EINVAL,
					"add {\"type\": \"uts\"} to "
					"linux.namespaces, or leave the name "
					"out");
		}
		if (strlen(names[i].name) > UTS_NAME_MAX)
			return err_input(e, "%s: longer than %d bytes",
					 names[i].field, UTS_NAME_MAX);
	}
	return 0;
}

static int check_mount_ns(const struct conf *c, struct err *e)
{
	if (has_ns(c, NS_MNT))
		return 0;
	if (c->masked_paths.n)
		return err_input(e, "linux.maskedPaths: the container has no "
				    "mount namespace: the host's would be "
				    "masked");
	if (c->readonly_paths.n)
		return err_input(e, "linux.readonlyPaths: the container has no "
				    "mount namespace: the host's would become "
				    "read-only");
	if (c->n_mounts)
		return err_input(e, "mounts: the container has no mount "
				    "namespace: they would be the host's");
	return 0;
}

static int check_paths(const struct conf_strings *paths, const char *field,
		       struct err *e)
{
	for (size_t i = 0; i < paths->n; i++)
		if (paths->v[i][0] != '/')
			return err_input(e,
					 "%s[%zu]: \"%s\" is not an "
					 "absolute path",
					 field, i, paths->v[i]);
	return 0;
}

static int check_masks(const struct conf *c, struct err *e)
{
	int ret = check_paths(&c->masked_paths, "linux.maskedPaths", e);

	return ret < 0 ? ret
		       : check_paths(&c->readonly_paths, "linux.readonlyPaths",
				     e);
}

static int check_root(const struct conf *c, struct err *e)
{
	if (c->root.no_pivot && c->root.propagation & MS_PRIVATE)
		return err_input(e, "linux.rootfsPropagation: \"private\" does "
				    "not keep the container in without "
				    "pivot_root");
	return 0;
}

static int check_time(const struct conf *c, struct err *e)
{
	if (!c->monotonic.given && !c->boottime.given)
		return 0;
	if (c->ns[NS_TIME].mode == PART_OFF)
		return err_input(e, "linux.timeOffsets: the container has no "
				    "time namespace");
	if (c->ns[NS_TIME].mode == PART_JOIN)
		return err_input(e, "linux.timeOffsets: the time namespace is "
				    "joined: its clocks are set already");
	return 0;
}

/* A bind mount shows a file system that is there: options for one that is to
 * be made are a mistake, mostly a misspelt word. */
static int check_mounts(const struct conf *c, struct err *e)
{
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct conf_mount *m = &c->mounts[i];

		if (m->flags & MS_BIND && m->data)
			return err_input(e,
					 "mounts[%zu].options: a bind mount "
					 "takes no \"%s\"",
					 i, m->data);
		if (m->extra & MOUNT_IDMAP && !m->idmaps.n_uid &&
		    !m->idmaps.n_gid && !has_ns(c, NS_USER))
			return err_input(e,
					 "mounts[%zu]: an id-mapped mount "
					 "needs uidMappings and "
					 "gidMappings, or a user namespace",
					 i);
	}
	return 0;
}

static int check_rlimits(const struct conf *c, struct err *e)
{
	const struct conf_process *p = &c->process;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct conf_rlimit *l = &p->rlimits[i];

		if (l->soft > l->hard)
			return err_input(e,
					 "process.rlimits[%zu]: the soft "
					 "limit is above the hard limit",
					 i);
		for (size_t k = 0; k < i; k++)
			if (p->rlimits[k].resource == l->resource)
				return err_input(e,
						 "process.rlimits[%zu].type:"
						 " the same as that of "
						 "rlimits[%zu]",
						 i, k);
	}
	return 0;
}

static int check_caps(const struct conf *c, struct err *e)
{
	const struct conf_caps *caps = &c->process.caps;
	uint64_t more = caps->effective & ~caps->permitted;

	if (!more)
		return 0;
	return err_input(e,
			 "process.capabilities.effective: %s is not in "
			 "\"permitted\"",
			 cap_name(__builtin_ctzll(more)));
}

/* sched_setattr(2). Policies: 1 SCHED_FIFO, 2 SCHED_RR, 6 SCHED_DEADLINE. */
static int check_scheduler(const struct conf *c, struct err *e)
{
	const struct conf_scheduler *s = &c->process.sched;
	bool is_fixed = s->policy == 1 || s->policy == 2;

	if (!s->given)
		return 0;
	if (s->priority && !is_fixed)
		return err_input(e, "process.scheduler.priority: only with "
				    "SCHED_FIFO or SCHED_RR");
	if ((s->runtime_ns || s->deadline_ns || s->period_ns) && s->policy != 6)
		return err_input(e, "process.scheduler: runtime, deadline and "
				    "period only go with SCHED_DEADLINE");
	return 0;
}

/* The names of directories that resctrl itself makes. */
static int check_clos_id(const char *id, struct err *e)
{
	static const char *const taken[] = { ".", "..", "info", "mon_data",
					     "mon_groups" };
	bool bad = strpbrk(id, "/\n") != NULL;

	if (strcmp(id, "/") == 0)
		return 0; /* the default class */
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		bad |= strcmp(id, taken[i]) == 0;
	return bad ? err_input(e,
			       "linux.intelRdt.closID: \"%s\" cannot be the "
			       "name of a class",
			       id)
		   : 0;
}

/* Each is one line of the file "schemata". */
static int check_rdt(const struct conf *c, struct err *e)
{
	const struct conf_intel_rdt *rdt = &c->rdt;

	for (size_t i = 0; i < rdt->schemata.n; i++)
		if (strchr(rdt->schemata.v[i], '\n'))
			return err_input(e,
					 "linux.intelRdt.schemata[%zu]: "
					 "more than one line",
					 i);
	if (rdt->l3_cache_schema && strchr(rdt->l3_cache_schema, '\n'))
		return err_input(e, "linux.intelRdt.l3CacheSchema: more than "
				    "one line");
	if (rdt->mem_bw_schema && strchr(rdt->mem_bw_schema, '\n'))
		return err_input(e, "linux.intelRdt.memBwSchema: more than one "
				    "line");
	return rdt->clos_id ? check_clos_id(rdt->clos_id, e) : 0;
}

/* What the kernel takes as a name (net/core/dev.c, dev_valid_name). The name in
 * the container may have one "%d" in it, for a number that the kernel chooses.
 */
static bool is_netdev_name(const char *name, bool may_be_template)
{
	size_t n = strlen(name);
	const char *mark = may_be_template ? strstr(name, "%d") : NULL;

	if (mark)
		return n < 16 && !memchr(name, '%', (size_t)(mark - name)) &&
		       !strpbrk(mark + 1, "%") &&
		       !strpbrk(name, "/: \t\n\v\f\r");
	return n > 0 && n < 16 && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && !strpbrk(name, "/: \t\n\v\f\r%");
}

static const char *inside_name(const struct conf_netdev *d)
{
	return d->new_name ? d->new_name : d->name;
}

static int check_netdevs(const struct conf *c, struct err *e)
{
	if (c->n_netdevs && !has_ns(c, NS_NET))
		return err_input(e, "linux.netDevices: the container has no "
				    "network namespace to move them to");
	if (c->n_netdevs > NETDEVS_MAX)
		return err_input(e, "linux.netDevices: more than %d",
				 NETDEVS_MAX);
	for (size_t i = 0; i < c->n_netdevs; i++) {
		const struct conf_netdev *d = &c->netdevs[i];

		if (!is_netdev_name(d->name, false))
			return err_input(e,
					 "linux.netDevices: \"%s\" is no "
					 "name of a network device",
					 d->name);
		if (!is_netdev_name(inside_name(d), true))
			return err_input(e,
					 "linux.netDevices.%s.name: \"%s\" "
					 "is no name of a network device",
					 d->name, d->new_name);
		for (size_t k = 0; k < i; k++)
			if (!strchr(inside_name(d), '%') &&
			    strcmp(inside_name(d),
				   inside_name(&c->netdevs[k])) == 0)
				return err_input(e,
						 "linux.netDevices.%s: "
						 "called \"%s\", as %s is",
						 d->name, inside_name(d),
						 c->netdevs[k].name);
	}
	return 0;
}

/* set_mempolicy(2). Modes: 0 default, 2 bind, 4 local, 5 preferred_many. */
static int check_mempolicy(const struct conf *c, struct err *e)
{
	enum { STATIC = 1 << 15, RELATIVE = 1 << 14, BALANCING = 1 << 13 };
	const struct conf_mempolicy *m = &c->mempolicy;
	bool is_nodeless = m->mode == 0 || m->mode == 4;

	if (!m->given)
		return 0;
	if (is_nodeless && m->nodes)
		return err_input(e, "linux.memoryPolicy.nodes: not with "
				    "MPOL_DEFAULT or MPOL_LOCAL");
	if (!is_nodeless && m->mode != 1 && !m->nodes)
		return err_input(e, "linux.memoryPolicy.nodes: missing");
	if (m->flags & STATIC && m->flags & RELATIVE)
		return err_input(e, "linux.memoryPolicy.flags: "
				    "MPOL_F_STATIC_NODES and "
				    "MPOL_F_RELATIVE_NODES exclude each other");
	if (m->flags & BALANCING && m->mode != 2 && m->mode != 5)
		return err_input(e, "linux.memoryPolicy.flags: "
				    "MPOL_F_NUMA_BALANCING only goes with "
				    "MPOL_BIND or MPOL_PREFERRED_MANY");
	return 0;
}

int conf_check(const struct conf *c, struct err *e)
{
	static int (*const checks[])(const struct conf *, struct err *) = {
		check_uts,     check_mount_ns,	check_masks,	 check_root,
		check_ids,     check_time,	check_mounts,	 check_rlimits,
		check_caps,    check_scheduler, check_cgroup,	 check_sysctls,
		check_netdevs, check_rdt,	check_mempolicy,
	};
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(checks) && ret == 0; i++)
		ret = checks[i](c, e);
	return ret;
}
