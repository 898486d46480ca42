/* SPDX-License-Identifier: Apache-2.0 */
/* oci/linux.c - the linux object: what belongs to no larger part. */
#include "oci/config-priv.h"

#include "base/arena.h"

#include <string.h>
#include <sys/personality.h>

static int sysctls(struct read *r, const struct json_at *at, void *conf)
{
	struct conf *c = conf;

	return pairs_read(r, at, &c->sysctls, &c->n_sysctls);
}

static int personality_domain(struct read *r, const struct json_at *at,
			      void *persona)
{
	static const struct word words[] = {
		{ "LINUX", PER_LINUX },
		{ "LINUX32", PER_LINUX32 },
	};

	return words_read(r, at, "personality", words, ARRAY_SIZE(words),
			  persona);
}

/* config-linux.md: "Currently no flag values are supported." */
static int personality_flags(struct read *r, const struct json_at *at,
			     void *persona)
{
	struct json_at first = json_first(at);
	int ret = json_is(at, JSON_ARRAY, r->e);

	(void)persona;
	if (ret == 0 && first.v)
		return json_fail(&first, r->e,
				 "the specification knows no flags");
	return ret;
}

static int personality_(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_AT("domain", struct conf_personality, persona,
			 personality_domain, .is_required = true),
		FIELD_FN("flags", personality_flags),
	};

	((struct conf_personality *)into)->given = true;
	return FIELDS_READ(r, at, fields, into);
}

struct rdt_flags {
	bool monitoring, cmt, mbm;
};

/* enableCMT and enableMBM of versions before 1.3 asked for the same. */
static int rdt_monitoring(struct read *r, const struct json_at *at, bool *ret)
{
	static const struct field fields[] = {
		FIELD("enableMonitoring", struct rdt_flags, monitoring),
		FIELD("enableCMT", struct rdt_flags, cmt),
		FIELD("enableMBM", struct rdt_flags, mbm),
	};
	struct rdt_flags flags = { 0 };
	int code = FIELDS_READ(r, at, fields, &flags);

	*ret = flags.monitoring || flags.cmt || flags.mbm;
	return code;
}

static int intel_rdt(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD("closID", struct conf_intel_rdt, clos_id),
		FIELD("schemata", struct conf_intel_rdt, schemata),
		FIELD("l3CacheSchema", struct conf_intel_rdt, l3_cache_schema),
		FIELD("memBwSchema", struct conf_intel_rdt, mem_bw_schema),
	};
	struct conf_intel_rdt *rdt = into;
	int ret = FIELDS_READ(r, at, fields, rdt);

	rdt->given = true;
	return ret < 0 ? ret : rdt_monitoring(r, at, &rdt->enable_monitoring);
}

const struct word oci_mempolicy_modes[] = {
	{ "MPOL_DEFAULT", 0 },
	{ "MPOL_PREFERRED", 1 },
	{ "MPOL_BIND", 2 },
	{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },
	{ "MPOL_PREFERRED_MANY", 5 },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },
};
const size_t n_oci_mempolicy_modes = ARRAY_SIZE(oci_mempolicy_modes);

const struct word oci_mempolicy_flags[] = {
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
};
const size_t n_oci_mempolicy_flags = ARRAY_SIZE(oci_mempolicy_flags);

static int mempolicy_mode(struct read *r, const struct json_at *at, void *mode)
{
	uint64_t n = 0;
	int ret = words_read(r, at, "memory policy", oci_mempolicy_modes,
			     n_oci_mempolicy_modes, &n);

	if (ret == 0)
		*(int *)mode = (int)n;
	return ret;
}

static int mempolicy_flags(struct read *r, const struct json_at *at,
			   void *flags)
{
	uint64_t n = 0;
	int ret = words_or(r, at, "memory policy flag", oci_mempolicy_flags,
			   n_oci_mempolicy_flags, &n);

	if (ret == 0)
		*(uint32_t *)flags = (uint32_t)n;
	return ret;
}

static int mempolicy(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_AT("mode", struct conf_mempolicy, mode, mempolicy_mode,
			 .is_required = true),
		FIELD("nodes", struct conf_mempolicy, nodes),
		FIELD_AT("flags", struct conf_mempolicy, flags,
			 mempolicy_flags),
	};

	((struct conf_mempolicy *)into)->given = true;
	return FIELDS_READ(r, at, fields, into);
}

static int net_devices(struct read *r, const struct json_at *at, void *conf)
{
	static const struct field fields[] = {
		FIELD("name", struct conf_netdev, new_name),
	};
	struct conf *c = conf;
	struct conf_netdev *list;
	int ret = json_is(at, JSON_OBJECT, r->e);

	if (ret < 0 || at->v->n == 0)
		return ret;
	list = arena_array(r->arena, at->v->n, sizeof(*list));
	if (!list)
		return read_no_memory(r);
	for (struct json_at m = json_first(at); m.v; json_next(&m)) {
		list[m.i].name = m.v->key;
		ret = FIELDS_READ(r, &m, fields, &list[m.i]);
		if (ret < 0)
			return ret;
	}
	c->netdevs = list;
	c->n_netdevs = at->v->n;
	return 0;
}

int oci_linux(struct read *r, const struct json_at *at, void *conf)
{
	static const struct field fields[] = {
		FIELD_FN("namespaces", oci_namespaces),
		FIELD_AT("uidMappings", struct conf, idmaps, oci_uid_mappings),
		FIELD_AT("gidMappings", struct conf, idmaps, oci_gid_mappings),
		FIELD_FN("timeOffsets", oci_time_offsets),
		FIELD_FN("devices", oci_devices),
		FIELD_FN("netDevices", net_devices),
		FIELD("cgroupsPath", struct conf, cgroup.path),
		FIELD_AT("resources", struct conf, cgroup.res, oci_resources),
		FIELD_FN("sysctl", sysctls),
		FIELD_AT("rootfsPropagation", struct conf, root.propagation,
			 oci_propagation),
		FIELD("maskedPaths", struct conf, masked_paths),
		FIELD("readonlyPaths", struct conf, readonly_paths),
		FIELD("mountLabel", struct conf, mount_label),
		FIELD_AT("personality", struct conf, personality, personality_),
		FIELD_AT("intelRdt", struct conf, rdt, intel_rdt),
		FIELD_AT("seccomp", struct conf, seccomp, oci_seccomp),
		FIELD_AT("memoryPolicy", struct conf, mempolicy, mempolicy),
	};

	return FIELDS_READ(r, at, fields, conf);
}
