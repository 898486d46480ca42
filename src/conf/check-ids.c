/* SPDX-License-Identifier: Apache-2.0 */
/* conf/check-ids.c - id maps, and that the process's ids are in them.
 *
 * The kernel takes or refuses a map as a whole with EINVAL; here the entry is
 * named. Rules: user_namespaces(7), "Defining user and group ID mappings". */
#include "base/err.h"
#include "conf/check-priv.h"
#include "conf/conf.h"

#include <errno.h>

enum { MAP_MAX = 340 }; /* lines the kernel takes */

static bool overlap(uint32_t a, uint32_t b, uint32_t n_a, uint32_t n_b)
{
	return a < (uint64_t)b + n_b && b < (uint64_t)a + n_a;
}

static int check_map(const struct conf_idmap *map, size_t n, const char *field,
		     struct err *e)
{
	if (n > MAP_MAX)
		return err_input(e, "%s: more than %d entries", field, MAP_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct conf_idmap *m = &map[i];

		/* The id 4294967295 is none. */
		if ((uint64_t)m->container_id + m->size > UINT32_MAX ||
		    (uint64_t)m->host_id + m->size > UINT32_MAX)
			return err_input(e,
					 "%s[%zu]: goes past the last id, "
					 "4294967294",
					 field, i);
		for (size_t k = 0; k < i; k++)
			if (overlap(m->container_id, map[k].container_id,
				    m->size, map[k].size) ||
			    overlap(m->host_id, map[k].host_id, m->size,
				    map[k].size))
				return err_input(e,
						 "%s[%zu]: overlaps with "
						 "%s[%zu]",
						 field, i, field, k);
	}
	return 0;
}

static bool is_mapped(const struct conf_idmap *map, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= map[i].container_id &&
		    id - map[i].container_id < map[i].size)
			return true;
	return false;
}

static int not_mapped(struct err *e, const char *field, uint32_t id,
		      const char *maps)
{
	return err_input(e, "%s: %u is not in linux.%s", field, id, maps);
}

/* Root is needed to set the container up; the others for execve() to work. */
static int check_process(const struct conf *c, struct err *e)
{
	const struct conf_idmaps *m = &c->idmaps;
	const struct conf_process *p = &c->process;

	if (!is_mapped(m->uid, m->n_uid, 0))
		return err_input(e, "linux.uidMappings: 0, the container's "
				    "root, is not in it");
	if (!is_mapped(m->gid, m->n_gid, 0))
		return err_input(e, "linux.gidMappings: 0, the container's "
				    "root, is not in it");
	if (!is_mapped(m->uid, m->n_uid, p->uid))
		return not_mapped(e, "process.user.uid", p->uid, "uidMappings");
	if (!is_mapped(m->gid, m->n_gid, p->gid))
		return not_mapped(e, "process.user.gid", p->gid, "gidMappings");
	return 0;
}

int check_ids(const struct conf *c, struct err *e)
{
	const struct conf_idmaps *m = &c->idmaps;
	int ret;

	if (c->ns[NS_USER].mode == PART_OFF) {
		if (!m->n_uid && !m->n_gid)
			return 0;
		err_input(e, "linux.%s: the container has no user namespace",
			  m->n_uid ? "uidMappings" : "gidMappings");
		return err_hint(e, -EINVAL,
				"add {\"type\": \"user\"} to "
				"linux.namespaces");
	}
	ret = check_map(m->uid, m->n_uid, "linux.uidMappings", e);
	if (ret == 0)
		ret = check_map(m->gid, m->n_gid, "linux.gidMappings", e);
	/* Engines pass a joined namespace's maps along or do not. */
	if (ret < 0 || c->ns[NS_USER].mode == PART_JOIN)
		return ret;
	if (!m->n_uid || !m->n_gid)
		return err_input(e,
				 "linux.%s: missing, but the container has "
				 "a user namespace of its own",
				 m->n_uid ? "gidMappings" : "uidMappings");
	return check_process(c, e);
}
