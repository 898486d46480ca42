/* SPDX-License-Identifier: Apache-2.0 */
/* oci/resources.c - linux.resources: what the cgroups limit. */
#include "oci/config-priv.h"

#include "base/arena.h"

#include <string.h>

#define RES struct conf_resources

static int memory(struct read *r, const struct json_at *at, void *res)
{
	/* -1: no limit */
	static const struct field fields[] = {
		FIELD("limit", RES, mem_limit, .min = -1, .max = INT64_MAX),
		FIELD("reservation", RES, mem_reservation, .min = -1,
		      .max = INT64_MAX),
		FIELD("swap", RES, mem_swap, .min = -1, .max = INT64_MAX),
		FIELD("kernel", RES, mem_kernel, .min = -1, .max = INT64_MAX),
		FIELD("kernelTCP", RES, mem_kernel_tcp, .min = -1,
		      .max = INT64_MAX),
		FIELD("swappiness", RES, mem_swappiness),
		FIELD("disableOOMKiller", RES, mem_disable_oom_killer),
		FIELD("useHierarchy", RES, mem_use_hierarchy),
		FIELD("checkBeforeUpdate", RES, mem_check_before_update),
	};

	return FIELDS_READ(r, at, fields, res);
}

static int cpu(struct read *r, const struct json_at *at, void *res)
{
	static const struct field fields[] = {
		FIELD("shares", RES, cpu_shares),
		FIELD("quota", RES, cpu_quota),
		FIELD("burst", RES, cpu_burst),
		FIELD("period", RES, cpu_period),
		FIELD("realtimeRuntime", RES, cpu_rt_runtime),
		FIELD("realtimePeriod", RES, cpu_rt_period),
		FIELD("cpus", RES, cpus),
		FIELD("mems", RES, mems),
		FIELD("idle", RES, cpu_idle),
	};

	return FIELDS_READ(r, at, fields, res);
}

static int pids(struct read *r, const struct json_at *at, void *res)
{
	static const struct field fields[] = {
		FIELD("limit", RES, pids_limit),
	};

	return FIELDS_READ(r, at, fields, res);
}

static int weight_device(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD("major", struct conf_weight_dev, major,
		      .is_required = true),
		FIELD("minor", struct conf_weight_dev, minor,
		      .is_required = true),
		FIELD("weight", struct conf_weight_dev, weight,
		      .max = UINT16_MAX),
		FIELD("leafWeight", struct conf_weight_dev, leaf_weight,
		      .max = UINT16_MAX),
	};
	const struct conf_weight_dev *d = into;
	int ret = FIELDS_READ(r, at, fields, into);

	if (ret == 0 && !d->weight.given && !d->leaf_weight.given)
		return json_fail(at, r->e, "needs weight or leafWeight");
	return ret;
}

static int weight_devices(struct read *r, const struct json_at *at, void *res)
{
	RES *s = res;

	return LIST_READ(r, at, weight_device, &s->io_weight_devs,
			 &s->n_io_weight_devs);
}

static int throttle_device(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD("major", struct conf_throttle_dev, major,
		      .is_required = true),
		FIELD("minor", struct conf_throttle_dev, minor,
		      .is_required = true),
		FIELD("rate", struct conf_throttle_dev, rate,
		      .is_required = true),
	};

	return FIELDS_READ(r, at, fields, into);
}

/* One function a list: the list and its count are two members. */
#define THROTTLE(name, kind)                                                   \
	static int name(struct read *r, const struct json_at *at, void *res)   \
	{                                                                      \
		return LIST_READ(r, at, throttle_device,                       \
				 &((RES *)res)->throttle[kind],                \
				 &((RES *)res)->n_throttle[kind]);             \
	}
THROTTLE(read_bps, THROTTLE_READ_BPS)
THROTTLE(write_bps, THROTTLE_WRITE_BPS)
THROTTLE(read_iops, THROTTLE_READ_IOPS)
THROTTLE(write_iops, THROTTLE_WRITE_IOPS)
#undef THROTTLE

static int block_io(struct read *r, const struct json_at *at, void *res)
{
	static const struct field fields[] = {
		FIELD("weight", RES, io_weight, .max = UINT16_MAX),
		FIELD("leafWeight", RES, io_leaf_weight, .max = UINT16_MAX),
		FIELD_FN("weightDevice", weight_devices),
		FIELD_FN("throttleReadBpsDevice", read_bps),
		FIELD_FN("throttleWriteBpsDevice", write_bps),
		FIELD_FN("throttleReadIOPSDevice", read_iops),
		FIELD_FN("throttleWriteIOPSDevice", write_iops),
	};

	return FIELDS_READ(r, at, fields, res);
}

/* "64KB", "2MB", "1GB": it becomes part of a file's name. */
static int page_size(struct read *r, const struct json_at *at, void *into)
{
	const char *text, *p;
	int ret = json_string(at, &text, r->e);

	if (ret < 0)
		return ret;
	p = text + strspn(text, "0123456789");
	if (p == text || *text == '0' || !strchr("KMG", *p) || !*p ||
	    strcmp(p + 1, "B") != 0)
		return json_fail(at, r->e,
				 "expected a size like \"2MB\", found %s",
				 JSON_QUOTE(text));
	*(const char **)into = text;
	return 0;
}

static int hugepage(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_AT("pageSize", struct conf_hugepage, page_size, page_size,
			 .is_required = true),
		FIELD("limit", struct conf_hugepage, limit,
		      .is_required = true),
	};

	return FIELDS_READ(r, at, fields, into);
}

static int hugepages(struct read *r, const struct json_at *at, void *res)
{
	RES *s = res;

	return LIST_READ(r, at, hugepage, &s->hugepages, &s->n_hugepages);
}

static int net_prio(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD("name", struct conf_net_prio, name, .is_required = true),
		FIELD("priority", struct conf_net_prio, priority,
		      .is_required = true),
	};

	return FIELDS_READ(r, at, fields, into);
}

static int net_prios(struct read *r, const struct json_at *at, void *res)
{
	RES *s = res;

	return LIST_READ(r, at, net_prio, &s->net_prios, &s->n_net_prios);
}

static int network(struct read *r, const struct json_at *at, void *res)
{
	static const struct field fields[] = {
		FIELD("classID", RES, net_class_id, .max = UINT32_MAX),
		FIELD_FN("priorities", net_prios),
	};

	return FIELDS_READ(r, at, fields, res);
}

static int rdma(struct read *r, const struct json_at *at, void *res)
{
	static const struct field fields[] = {
		FIELD("hcaHandles", struct conf_rdma, hca_handles,
		      .max = UINT32_MAX),
		FIELD("hcaObjects", struct conf_rdma, hca_objects,
		      .max = UINT32_MAX),
	};
	struct conf_rdma *list;
	RES *s = res;
	int ret = json_is(at, JSON_OBJECT, r->e);

	if (ret < 0 || at->v->n == 0)
		return ret;
	list = arena_array(r->arena, at->v->n, sizeof(*list));
	if (!list)
		return read_no_memory(r);
	for (struct json_at m = json_first(at); m.v; json_next(&m)) {
		list[m.i].device = m.v->key;
		ret = FIELDS_READ(r, &m, fields, &list[m.i]);
		if (ret < 0)
			return ret;
		if (!list[m.i].hca_handles.given &&
		    !list[m.i].hca_objects.given)
			return json_fail(&m, r->e,
					 "needs hcaHandles or hcaObjects");
	}
	s->rdma = list;
	s->n_rdma = at->v->n;
	return 0;
}

/* Keys are names of files: nothing that leaves the directory. */
static int unified(struct read *r, const struct json_at *at, void *res)
{
	RES *s = res;
	int ret = pairs_read(r, at, &s->unified, &s->n_unified);

	for (struct json_at m = json_first(at); m.v && ret == 0; json_next(&m))
		if (strchr(m.v->key, '/') || !strchr(m.v->key, '.') ||
		    *m.v->key == '.')
			ret = json_fail(&m, r->e,
					"not the name of a cgroup file, as in "
					"\"memory.high\"");
	return ret;
}

int oci_resources(struct read *r, const struct json_at *at, void *resources)
{
	static const struct field fields[] = {
		FIELD_FN("devices", oci_device_rules),
		FIELD_FN("memory", memory),
		FIELD_FN("cpu", cpu),
		FIELD_FN("pids", pids),
		FIELD_FN("blockIO", block_io),
		FIELD_FN("hugepageLimits", hugepages),
		FIELD_FN("network", network),
		FIELD_FN("rdma", rdma),
		FIELD_FN("unified", unified),
	};

	return FIELDS_READ(r, at, fields, resources);
}
