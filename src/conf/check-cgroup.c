/* SPDX-License-Identifier: Apache-2.0 */
/* conf/check-cgroup.c - where the cgroup is, and limits that contradict. */
#include "base/err.h"
#include "conf/check-priv.h"
#include "conf/conf.h"

#include <string.h>

static bool climbs(const char *path)
{
	for (const char *p = path; *p; p += strcspn(p, "/")) {
		p += strspn(p, "/");
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
			return true;
	}
	return false;
}

static int check_path(const struct conf_cgroup *g, struct err *e)
{
	if (g->path && climbs(g->path))
		return err_input(e,
				 "linux.cgroupsPath: \"%s\" climbs with "
				 "\"..\"",
				 g->path);
	if (g->path && strchr(g->path, '\n'))
		return err_input(e, "linux.cgroupsPath: has a line break");
	return 0;
}

static int check_memory(const struct conf_resources *r, struct err *e)
{
	bool has_swap = r->mem_swap.given && r->mem_swap.v > 0;
	bool has_limit = r->mem_limit.given && r->mem_limit.v > 0;

	if (has_swap && !has_limit)
		return err_input(e, "linux.resources.memory.swap: is memory "
				    "and swap together: it needs a limit, too");
	if (has_swap && r->mem_swap.v < r->mem_limit.v)
		return err_input(e, "linux.resources.memory.swap: less than "
				    "the limit: it is memory and swap "
				    "together");
	/* (uint64_t)-1 is what some engines write for "leave it". */
	if (r->mem_swappiness.given && r->mem_swappiness.v > 100 &&
	    r->mem_swappiness.v != UINT64_MAX)
		return err_input(e, "linux.resources.memory.swappiness: more "
				    "than 100");
	return 0;
}

static bool is_weight(const struct conf_u64 *w)
{
	return !w->given || w->v == 0 || (w->v >= 10 && w->v <= 1000);
}

static int check_weights(const struct conf_resources *r, struct err *e)
{
	if (!is_weight(&r->io_weight) || !is_weight(&r->io_leaf_weight))
		return err_input(e, "linux.resources.blockIO: a weight is 10 "
				    "to 1000");
	for (size_t i = 0; i < r->n_io_weight_devs; i++)
		if (!is_weight(&r->io_weight_devs[i].weight) ||
		    !is_weight(&r->io_weight_devs[i].leaf_weight))
			return err_input(e,
					 "linux.resources.blockIO."
					 "weightDevice[%zu]: a weight is 10 "
					 "to 1000",
					 i);
	return 0;
}

static int check_cpu(const struct conf_resources *r, struct err *e)
{
	if (r->cpu_idle.given && r->cpu_idle.v != 0 && r->cpu_idle.v != 1)
		return err_input(e, "linux.resources.cpu.idle: is 0 or 1");
	if (r->cpu_burst.given && r->cpu_quota.given && r->cpu_quota.v > 0 &&
	    r->cpu_burst.v > (uint64_t)r->cpu_quota.v)
		return err_input(e, "linux.resources.cpu.burst: more than the "
				    "quota");
	return 0;
}

int check_cgroup(const struct conf *c, struct err *e)
{
	int ret = check_path(&c->cgroup, e);

	if (ret == 0)
		ret = check_memory(&c->cgroup.res, e);
	if (ret == 0)
		ret = check_weights(&c->cgroup.res, e);
	return ret < 0 ? ret : check_cpu(&c->cgroup.res, e);
}
