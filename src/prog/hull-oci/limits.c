/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/limits.c - pause, resume, update: a live container's cgroups. */
#include "base/err.h"
#include "bricks/rdt.h"
#include "cgroup/cgroup.h"
#include "cgroup/unit.h"
#include "oci/config.h"
#include "prog/hull-oci/app.h"

#include <errno.h>
#include <string.h>

static int set_frozen(struct app *app, const char *id, bool frozen,
		      struct err *e)
{
	enum status status, want = frozen ? STATUS_RUNNING : STATUS_PAUSED;
	struct cgroup g;
	struct found f;
	int r = found_open(app, id, &f, e);

	if (r == 0)
		r = found_status(app, &f, &status, e);
	if (r == 0)
		r = found_cgroup(app, &f, &g, e);
	if (r < 0)
		return r;
	/* runc pauses a created container, too. */
	if (status != want && !(frozen && status == STATUS_CREATED))
		return err_input(e, "container \"%s\" is %s: container not %s", id,
				 status_name(status), status_name(want));
	if (g.n_dirs == 0)
		return err_input(e, "container \"%s\" has no cgroup to %s", id,
				 frozen ? "freeze" : "thaw");
	return cgroup_freeze(&g, frozen, e);
}

COMMAND(pause)
{
	(void)opts, (void)argc;
	return set_frozen(app, argv[0], true, e);
}

COMMAND(resume)
{
	(void)opts, (void)argc;
	return set_frozen(app, argv[0], false, e);
}

static void set_i64(const struct option_num *n, struct conf_i64 *ret)
{
	if (n->given)
		*ret = (struct conf_i64){ true, n->v };
}

static int set_u64(const char *option, const struct option_num *n,
		   struct conf_u64 *ret, struct err *e)
{
	if (!n->given)
		return 0;
	if (n->v < 0)
		return err_input(e, "--%s: %lld is below 0", option, (long long)n->v);
	*ret = (struct conf_u64){ true, (uint64_t)n->v };
	return 0;
}

static int by_options(const struct update_opts *o, struct conf_resources *res,
		      struct err *e)
{
	const struct {
		const char *option;
		const struct option_num *from;
		struct conf_u64 *to;
	} rows[] = {
		{ "blkio-weight", &o->blkio_weight, &res->io_weight },
		{ "cpu-burst", &o->cpu_burst, &res->cpu_burst },
		{ "cpu-period", &o->cpu_period, &res->cpu_period },
		{ "cpu-rt-period", &o->cpu_rt_period, &res->cpu_rt_period },
		{ "cpu-share", &o->cpu_share, &res->cpu_shares },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = set_u64(rows[i].option, rows[i].from, rows[i].to, e);

		if (r < 0)
			return r;
	}
	set_i64(&o->cpu_idle, &res->cpu_idle);
	set_i64(&o->cpu_quota, &res->cpu_quota);
	set_i64(&o->cpu_rt_runtime, &res->cpu_rt_runtime);
	set_i64(&o->memory, &res->mem_limit);
	set_i64(&o->memory_reservation, &res->mem_reservation);
	set_i64(&o->memory_swap, &res->mem_swap);
	set_i64(&o->pids_limit, &res->pids_limit);
	res->cpus = o->cpus;
	res->mems = o->mems;
	return 0;
}

static int by_file(struct app *app, const char *path, struct conf_resources *res,
		   struct err *e)
{
	const char *text;
	size_t n;
	int r = app_read_file(app, "--resources", path, &text, &n, e);

	if (r == 0)
		r = oci_resources_read(text, n,
				       &(struct oci_read){ .name = "resources" },
				       &app->arena, res, e);
	return r;
}

static int change_rdt(struct app *app, const struct update_opts *o, struct found *f,
		      struct err *e)
{
	const struct conf_intel_rdt change = { .given = true,
					       .l3_cache_schema = o->l3_schema,
					       .mem_bw_schema = o->bw_schema };
	int r;

	if (!o->l3_schema && !o->bw_schema)
		return 0;
	r = found_conf(app, f, e);
	return r < 0 ? r : rdt_update(&f->conf, &change, e);
}

COMMAND(update)
{
	const struct update_opts *o = opts;
	struct conf_resources res = { 0 };
	struct conf_cgroup cc = { 0 };
	struct app *ap = app;
	struct cgroup g;
	struct found f;
	int r = found_open(ap, argv[0], &f, e);

	(void)argc;
	if (r == 0)
		r = o->resources ? by_file(ap, o->resources, &res, e) :
				   by_options(o, &res, e);
	if (r == 0)
		r = found_cgroup(ap, &f, &g, e);
	if (r == 0)
		r = app_cgroup_options(ap, &cc, e);
	if (r < 0)
		return r;
	if (state_status(f.dir_fd, &f.state) == STATUS_STOPPED)
		return err_plain(e, -ESRCH, "container \"%s\": container not running", argv[0]);
	r = change_rdt(ap, o, &f, e);
	if (r < 0)
		return r;
	if (g.n_dirs == 0)
		return err_input(e, "container \"%s\" has no cgroup", argv[0]);
	/* Memory without a limit has no limit with swap, either. */
	if (res.mem_limit.given && res.mem_limit.v == -1 && !res.mem_swap.given)
		res.mem_swap = (struct conf_i64){ true, -1 };
	if (g.manager == CGROUP_SYSTEMD)
		r = unit_update(&g, &res, e);
	return r < 0 ? r : cgroup_limit(&g, &res, true, false, e);
}
