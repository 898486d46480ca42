/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/limit.c - config.json's linux.resources into files of the cgroups.
 *
 * Each limit is written where its controller is: a v1 hierarchy when one has
 * it, else the v2 one with the value converted. A limit whose controller is
 * nowhere is an error that says so; best_effort leaves it out. */
#include "cgroup/cgroup.h"

#include "base/err.h"
#include "cgroup/file-priv.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is under way, so that each limit is one line below. */
struct limits {
	const struct cgroup *g;
	const struct conf_resources *res;
	bool is_update, best_effort;
	struct err *e;
};

static int missing(const struct limits *l, const char *controller,
		   const char *field)
{
	if (l->best_effort)
		return 0;
	if (l->g->is_partial) {
		err_plain(l->e, -EPERM,
			  "linux.resources.%s: this user may not make a cgroup with the controller %s",
			  field, controller);
		return err_hint(l->e, -EPERM,
				"leave the limit out, run it as root, or have the controller delegated to the user");
	}
	err_plain(
		l->e, -ENOTSUP,
		"linux.resources.%s: no cgroup hierarchy has the controller %s",
		field, controller);
	return err_hint(
		l->e, -ENOTSUP,
		"leave the limit out, or boot with the controller enabled");
}

static int put(const struct limits *l, const struct cgroup_dir *d,
	       const char *file, const char *text, const char *field)
{
	char full[128];
	int r;

	snprintf(full, sizeof(full), "linux.resources.%s", field);
	r = cgroup_put(d, file, text, full, l->e);
	return r < 0 && l->best_effort ? 0 : r;
}

/* The v2 directory if a file of the controller is there. */
static const struct cgroup_dir *v2_with(const struct limits *l,
					const char *file)
{
	const struct cgroup_dir *d = cgroup_v2(l->g);
	char byte[4096];
	ssize_t n = d ? cgroup_get(d, file, byte, sizeof(byte)) : -ENOENT;

	return n >= 0 || n == -EFBIG || n == -EINVAL || n == -EACCES ? d : NULL;
}

/* One number: v1_file on v1, v2_file (NULL: v2 has no such thing) on v2. */
static int put_both(const struct limits *l, const char *controller,
		    const char *v1_file, const char *v1_text,
		    const char *v2_file, const char *v2_text, const char *field)
{
	const struct cgroup_dir *d = cgroup_v1(l->g, controller);

	if (d)
		return put(l, d, v1_file, v1_text, field);
	if (!v2_file)
		return missing(l, controller, field);
	d = v2_with(l, v2_file);
	return d ? put(l, d, v2_file, v2_text, field)
		 : missing(l, controller, field);
}

static const char *print(char *text, size_t n, int64_t v)
{
	snprintf(text, n, "%" PRId64, v);
	return text;
}

/* -1 is "no limit", which v2 calls max. */
static const char *print_max(char *text, size_t n, int64_t v)
{
	if (v < 0)
		snprintf(text, n, "max");
	else
		snprintf(text, n, "%" PRId64, v);
	return text;
}

static int simple(const struct limits *l, const char *controller,
		  const char *v1_file, const char *v2_file, int64_t v,
		  const char *field)
{
	char one[32], two[32];

	return put_both(l, controller, v1_file, print(one, sizeof(one), v),
			v2_file, print_max(two, sizeof(two), v), field);
}

/* v1's memsw is memory and swap together, v2 counts swap alone. */
static int memory_swap_v2(const struct limits *l, const struct cgroup_dir *d)
{
	const struct conf_resources *r = l->res;
	char text[32];
	int64_t v = r->mem_swap.v;

	if (v >= 0) {
		if (!r->mem_limit.given || r->mem_limit.v < 0)
			return err_input(
				l->e,
				"linux.resources.memory.swap: needs "
				"memory.limit, since it is the sum of both");
		v -= r->mem_limit.v;
	}
	return put(l, d, "memory.swap.max", print_max(text, sizeof(text), v),
		   "memory.swap");
}

/* On v1 memory must stay at or below memsw at every moment: when both change,
 * the one that makes room goes first. */
static int memory_pair_v1(const struct limits *l, const struct cgroup_dir *d)
{
	const struct conf_resources *r = l->res;
	char limit[32], swap[32];
	int ret;

	print(limit, sizeof(limit), r->mem_limit.v);
	print(swap, sizeof(swap), r->mem_swap.v);
	if (r->mem_limit.given) {
		/* A failure may only mean that the other has to go first. */
		ret = cgroup_put(d, "memory.limit_in_bytes", limit,
				 "linux.resources.memory.limit",
				 r->mem_swap.given ? NULL : l->e);
		if (ret < 0 && !r->mem_swap.given)
			return l->best_effort ? 0 : ret;
		if (ret < 0) {
			ret = put(l, d, "memory.memsw.limit_in_bytes", swap,
				  "memory.swap");
			return ret < 0 ? ret
				       : put(l, d, "memory.limit_in_bytes",
					     limit, "memory.limit");
		}
	}
	return r->mem_swap.given ? put(l, d, "memory.memsw.limit_in_bytes",
				       swap, "memory.swap")
				 : 0;
}

static int check_usage(const struct limits *l, const struct cgroup_dir *d,
		       const char *file)
{
	char text[32];
	int64_t used = 0;

	if (!l->is_update || !l->res->mem_check_before_update ||
	    cgroup_get(d, file, text, sizeof(text)) <= 0)
		return 0;
	if (sscanf(text, "%" SCNd64, &used) == 1 && l->res->mem_limit.v >= 0 &&
	    used > l->res->mem_limit.v)
		return err_input(l->e,
				 "linux.resources.memory.limit: %" PRId64
				 " is below the %" PRId64
				 " bytes in use (checkBeforeUpdate)",
				 l->res->mem_limit.v, used);
	return 0;
}

static int memory(const struct limits *l)
{
	const struct conf_resources *res = l->res;
	const struct cgroup_dir *v1 = cgroup_v1(l->g, "memory"), *v2;
	char text[32];
	int r = 0;

	if (!res->mem_limit.given && !res->mem_swap.given)
		return 0;
	if (v1) {
		r = check_usage(l, v1, "memory.usage_in_bytes");
		return r < 0 ? r : memory_pair_v1(l, v1);
	}
	v2 = v2_with(l, "memory.max");
	if (!v2)
		return missing(l, "memory", "memory.limit");
	r = check_usage(l, v2, "memory.current");
	if (r == 0 && res->mem_swap.given)
		r = memory_swap_v2(l, v2);
	if (r == 0 && res->mem_limit.given)
		r = put(l, v2, "memory.max",
			print_max(text, sizeof(text), res->mem_limit.v),
			"memory.limit");
	return r;
}

static int memory_rest(const struct limits *l)
{
	const struct conf_resources *res = l->res;
	int r = 0;

	if (res->mem_reservation.given)
		r = simple(l, "memory", "memory.soft_limit_in_bytes",
			   "memory.low", res->mem_reservation.v,
			   "memory.reservation");
	if (r == 0 && res->mem_kernel_tcp.given)
		r = simple(l, "memory", "memory.kmem.tcp.limit_in_bytes", NULL,
			   res->mem_kernel_tcp.v, "memory.kernelTCP");
	if (r == 0 && res->mem_swappiness.given && cgroup_v1(l->g, "memory"))
		r = simple(l, "memory", "memory.swappiness", NULL,
			   (int64_t)res->mem_swappiness.v, "memory.swappiness");
	if (r == 0 && res->mem_disable_oom_killer && cgroup_v1(l->g, "memory"))
		r = simple(l, "memory", "memory.oom_control", NULL, 1,
			   "memory.disableOOMKiller");
	return r;
}

/* Shares 2..262144 to weight 1..10000: the curve through (2, 1), (1024, 100)
 * and (262144, 10000) that the container tools agreed on in 2025 (runc 1.4,
 * crun 1.24); the straight line before it gave the default of 1024 a weight
 * of 39. */
int64_t cgroup_cpu_weight(uint64_t shares)
{
	double l;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2((double)shares);
	return (int64_t)ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34) -
			     1e-9);
}

static int cpu_quota(const struct limits *l)
{
	const struct conf_resources *res = l->res;
	const struct cgroup_dir *v1 = cgroup_v1(l->g, "cpu"), *v2;
	char text[64], quota[24] = "max";
	int r = 0;

	if (!res->cpu_quota.given && !res->cpu_period.given)
		return 0;
	if (v1) {
		if (res->cpu_period.given)
			r = put(l, v1, "cpu.cfs_period_us",
				print(text, sizeof(text),
				      (int64_t)res->cpu_period.v),
				"cpu.period");
		if (r == 0 && res->cpu_quota.given)
			r = put(l, v1, "cpu.cfs_quota_us",
				print(text, sizeof(text),
				      res->cpu_quota.v > 0 ? res->cpu_quota.v
							   : -1),
				"cpu.quota");
		return r;
	}
	v2 = v2_with(l, "cpu.max");
	if (!v2)
		return missing(l, "cpu", "cpu.quota");
	if (res->cpu_quota.given && res->cpu_quota.v > 0)
		snprintf(quota, sizeof(quota), "%" PRId64, res->cpu_quota.v);
	snprintf(text, sizeof(text), "%s %" PRIu64, quota,
		 res->cpu_period.given ? res->cpu_period.v : 100000);
	return put(l, v2, "cpu.max", text, "cpu.quota");
}

static int cpu(const struct limits *l)
{
	const struct conf_resources *res = l->res;
	char one[32], two[32];
	int r = 0;

	if (res->cpu_shares.given && res->cpu_shares.v)
		r = put_both(
			l, "cpu", "cpu.shares",
			print(one, sizeof(one), (int64_t)res->cpu_shares.v),
			"cpu.weight",
			print(two, sizeof(two),
			      cgroup_cpu_weight(res->cpu_shares.v)),
			"cpu.shares");
	if (r == 0)
		r = cpu_quota(l);
	if (r == 0 && res->cpu_burst.given)
		r = simple(l, "cpu", "cpu.cfs_burst_us", "cpu.max.burst",
			   (int64_t)res->cpu_burst.v, "cpu.burst");
	if (r == 0 && res->cpu_rt_period.given && res->cpu_rt_period.v)
		r = simple(l, "cpu", "cpu.rt_period_us", NULL,
			   (int64_t)res->cpu_rt_period.v, "cpu.realtimePeriod");
	if (r == 0 && res->cpu_rt_runtime.given && res->cpu_rt_runtime.v)
		r = simple(l, "cpu", "cpu.rt_runtime_us", NULL,
			   res->cpu_rt_runtime.v, "cpu.realtimeRuntime");
	if (r == 0 && res->cpu_idle.given)
		r = simple(l, "cpu", "cpu.idle", "cpu.idle", res->cpu_idle.v,
			   "cpu.idle");
	if (r == 0 && res->cpus && *res->cpus)
		r = put_both(l, "cpuset", "cpuset.cpus", res->cpus,
			     "cpuset.cpus", res->cpus, "cpu.cpus");
	if (r == 0 && res->mems && *res->mems)
		r = put_both(l, "cpuset", "cpuset.mems", res->mems,
			     "cpuset.mems", res->mems, "cpu.mems");
	return r;
}

/* blkio weight 10..1000 to io.weight 1..10000, linear (runc, crun, systemd). */
int64_t cgroup_io_weight(uint64_t weight)
{
	return weight < 10 ? (int64_t)weight
			   : 1 + ((int64_t)weight - 10) * 9999 / 990;
}

static int io_throttle(const struct limits *l, enum throttle_kind k)
{
	static const struct {
		const char *v1, *v2, *field;
	} names[] = {
		[THROTTLE_READ_BPS] = { "blkio.throttle.read_bps_device",
					"rbps",
					"blockIO.throttleReadBpsDevice" },
		[THROTTLE_WRITE_BPS] = { "blkio.throttle.write_bps_device",
					 "wbps",
					 "blockIO.throttleWriteBpsDevice" },
		[THROTTLE_READ_IOPS] = { "blkio.throttle.read_iops_device",
					 "riops",
					 "blockIO.throttleReadIOPSDevice" },
		[THROTTLE_WRITE_IOPS] = { "blkio.throttle.write_iops_device",
					  "wiops",
					  "blockIO.throttleWriteIOPSDevice" },
	};
	char one[64], two[64];
	int r = 0;

	for (size_t i = 0; i < l->res->n_throttle[k] && r == 0; i++) {
		const struct conf_throttle_dev *d = &l->res->throttle[k][i];

		snprintf(one, sizeof(one), "%u:%u %" PRIu64, d->major, d->minor,
			 d->rate);
		if (d->rate)
			snprintf(two, sizeof(two), "%u:%u %s=%" PRIu64,
				 d->major, d->minor, names[k].v2, d->rate);
		else
			snprintf(two, sizeof(two), "%u:%u %s=max", d->major,
				 d->minor, names[k].v2);
		r = put_both(l, "blkio", names[k].v1, one, "io.max", two,
			     names[k].field);
	}
	return r;
}

/* The weights moved with the I/O scheduler: try bfq's names where the plain
 * ones are not there. */
static int put_weight(const struct limits *l, uint64_t weight)
{
	const struct cgroup_dir *v1 = cgroup_v1(l->g, "blkio"), *v2;
	char text[32];

	print(text, sizeof(text), (int64_t)weight);
	if (v1) {
		if (cgroup_put(v1, "blkio.weight", text, "", NULL) == 0)
			return 0;
		return put(l, v1, "blkio.bfq.weight", text, "blockIO.weight");
	}
	v2 = v2_with(l, "io.bfq.weight");
	if (v2)
		return put(l, v2, "io.bfq.weight", text, "blockIO.weight");
	v2 = v2_with(l, "io.weight");
	if (!v2)
		return missing(l, "io", "blockIO.weight");
	return put(l, v2, "io.weight",
		   print(text, sizeof(text), cgroup_io_weight(weight)),
		   "blockIO.weight");
}

static int io(const struct limits *l)
{
	const struct conf_resources *res = l->res;
	char one[64], two[64];
	int r = 0;

	if (res->io_weight.given && res->io_weight.v)
		r = put_weight(l, res->io_weight.v);
	if (r == 0 && res->io_leaf_weight.given && res->io_leaf_weight.v)
		r = simple(l, "blkio", "blkio.leaf_weight", NULL,
			   (int64_t)res->io_leaf_weight.v,
			   "blockIO.leafWeight");
	for (size_t i = 0; i < res->n_io_weight_devs && r == 0; i++) {
		const struct conf_weight_dev *d = &res->io_weight_devs[i];

		if (!d->weight.given)
			continue;
		snprintf(one, sizeof(one), "%u:%u %" PRIu64, d->major, d->minor,
			 d->weight.v);
		snprintf(two, sizeof(two), "%u:%u %" PRId64, d->major, d->minor,
			 cgroup_io_weight(d->weight.v));
		r = put_both(l, "blkio", "blkio.weight_device", one,
			     "io.weight", two, "blockIO.weightDevice");
	}
	for (int k = 0; k < THROTTLE_MAX_ && r == 0; k++)
		r = io_throttle(l, (enum throttle_kind)k);
	return r;
}

static int hugetlb(const struct limits *l)
{
	char v1[96], v2[96], text[32], rsvd[96];
	int r = 0;

	for (size_t i = 0; i < l->res->n_hugepages && r == 0; i++) {
		const struct conf_hugepage *h = &l->res->hugepages[i];

		if (strchr(h->page_size, '/'))
			return err_input(l->e,
					 "linux.resources.hugepageLimits[%zu]."
					 "pageSize: \"%s\"",
					 i, h->page_size);
		snprintf(v1, sizeof(v1), "hugetlb.%s.limit_in_bytes",
			 h->page_size);
		snprintf(v2, sizeof(v2), "hugetlb.%s.max", h->page_size);
		snprintf(text, sizeof(text), "%" PRIu64, h->limit);
		r = put_both(l, "hugetlb", v1, text, v2, text,
			     "hugepageLimits");
		/* Reservations count, too, where the kernel can (5.7). */
		snprintf(rsvd, sizeof(rsvd),
			 cgroup_v1(l->g, "hugetlb")
				 ? "hugetlb.%s.rsvd.limit_in_bytes"
				 : "hugetlb.%s.rsvd.max",
			 h->page_size);
		if (r == 0) {
			const struct cgroup_dir *d = cgroup_v1(l->g, "hugetlb");

			d = d ? d : cgroup_v2(l->g);
			if (d)
				(void)cgroup_put(d, rsvd, text, "", NULL);
		}
	}
	return r;
}

static int network(const struct limits *l)
{
	const struct conf_resources *res = l->res;
	char text[128];
	int r = 0;

	if (res->net_class_id.given)
		r = simple(l, "net_cls", "net_cls.classid", NULL,
			   (int64_t)res->net_class_id.v, "network.classID");
	for (size_t i = 0; i < res->n_net_prios && r == 0; i++) {
		snprintf(text, sizeof(text), "%s %u", res->net_prios[i].name,
			 res->net_prios[i].priority);
		r = put_both(l, "net_prio", "net_prio.ifpriomap", text, NULL,
			     NULL, "network.priorities");
	}
	return r;
}

static int rdma(const struct limits *l)
{
	int r = 0;

	for (size_t i = 0; i < l->res->n_rdma && r == 0; i++) {
		const struct conf_rdma *d = &l->res->rdma[i];
		char text[192];
		int n = snprintf(text, sizeof(text), "%s", d->device);

		if (d->hca_handles.given)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
				      " hca_handle=%" PRIu64, d->hca_handles.v);
		if (d->hca_objects.given)
			snprintf(text + n, sizeof(text) - (size_t)n,
				 " hca_object=%" PRIu64, d->hca_objects.v);
		r = put_both(l, "rdma", "rdma.max", text, "rdma.max", text,
			     "rdma");
	}
	return r;
}

/* A raw file may be written over several lines (io.max), one write() each. */
static int unified(const struct limits *l)
{
	for (size_t i = 0; i < l->res->n_unified; i++) {
		const struct conf_pair *u = &l->res->unified[i];
		const struct cgroup_dir *d = cgroup_v2(l->g);
		const char *p = u->value;
		char line[4096], field[96];

		snprintf(field, sizeof(field), "unified.%.64s", u->key);
		if (strchr(u->key, '/') || u->key[0] == '.' ||
		    !strchr(u->key, '.'))
			return err_input(l->e,
					 "linux.resources.unified: \"%s\" is "
					 "not a file of a cgroup",
					 u->key);
		if (!d)
			return missing(l, "of cgroup v2", field);
		while (*p) {
			size_t n = strcspn(p, "\n");
			int r;

			snprintf(line, sizeof(line), "%.*s",
				 (int)(n < sizeof(line) ? n : sizeof(line) - 1),
				 p);
			r = n ? put(l, d, u->key, line, field) : 0;
			if (r < 0)
				return r;
			p += n + (p[n] == '\n');
		}
	}
	return 0;
}

static int pids(const struct limits *l)
{
	const struct cgroup_dir *d;
	char text[32];
	int64_t v = l->res->pids_limit.v;

	if (!l->res->pids_limit.given)
		return 0;
	/* runtime-spec 1.3: 0 is a limit of its own, below 0 is none. */
	print_max(text, sizeof(text), v);
	d = cgroup_v1(l->g, "pids");
	if (!d)
		d = v2_with(l, "pids.max");
	return d ? put(l, d, "pids.max", text, "pids.limit")
		 : missing(l, "pids", "pids.limit");
}

int cgroup_limit(const struct cgroup *g, const struct conf_resources *res,
		 bool is_update, bool best_effort, struct err *e)
{
	static int (*const parts[])(const struct limits *) = {
		memory,	 memory_rest, cpu,  pids,    io,
		hugetlb, network,     rdma, unified,
	};
	struct limits l = { g, res, is_update, best_effort, e };
	int r = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && r == 0; i++)
		r = parts[i](&l);
	return r;
}
