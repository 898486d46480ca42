/* SPDX-License-Identifier: Apache-2.0 */
/* oci/mounts.c - the mounts array.
 *
 * A mount is a bind when an option or its type says so; then its source is
 * made absolute (relative ones start at the bundle) and its type becomes
 * "bind". Words that are no options of ours are joined into the data for the
 * file system, in order.
 *
 * "idmap=uids=0-1-10#10-11-5;gids=0-100-10" (crun, podman): triples of first
 * id in the file system, first id it shows as, count. A triple that begins
 * with '@' shows as ids inside the container's user namespace, so it is
 * carried through linux.uidMappings or gidMappings when those have been read:
 * nothing relative is left in struct conf. */
#include "oci/config-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "oci/mount-options.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>

static int propagation_word(struct read *r, const struct json_at *at,
			    const char *text, uint64_t *ret)
{
	const struct mount_option *o = mount_option_find(text);

	if (!o || o->effect != MOUNT_PROPAGATION)
		return json_fail(at, r->e, "unknown propagation %s",
				 JSON_QUOTE(text));
	*ret = o->bits;
	return 0;
}

int oci_propagation(struct read *r, const struct json_at *at, void *flags)
{
	const char *text;
	int ret = json_string(at, &text, r->e);

	if (ret < 0 || !*text)
		return ret;
	return propagation_word(r, at, text, flags);
}

/* Is it "idmap=..." or "ridmap=..."? Then *ret is what stands behind. */
static bool is_idmap(const char *word, const char **ret)
{
	const char *p = *word == 'r' ? word + 1 : word;

	if (strncmp(p, "idmap=", 6) != 0)
		return false;
	*ret = p + 6;
	return true;
}

/* What a word asks of us is done; true when it is for the file system. */
static bool is_data(const char *word, struct conf_mount *m)
{
	const struct mount_option *o = mount_option_find(word);
	const char *maps;

	if (o) {
		mount_option_apply(o, m);
		return false;
	}
	if (is_idmap(word, &maps)) {
		m->extra |= MOUNT_IDMAP | (*word == 'r' ? MOUNT_RIDMAP : 0);
		return false; /* oci_mounts_finish() reads the triples */
	}
	return *word != '\0';
}

/* Twice over the words: first for the length of the data, then for it. */
static int options(struct read *r, const struct json_at *at, void *mount)
{
	struct conf_mount *m = mount;
	const char *word;
	size_t n = 0;
	char *data;
	int ret = json_is(at, JSON_ARRAY, r->e);

	for (struct json_at o = json_first(at); o.v && ret == 0;
	     json_next(&o)) {
		ret = json_string(&o, &word, r->e);
		if (ret == 0 && is_data(word, m))
			n += o.v->n + 1;
	}
	if (ret < 0 || n == 0)
		return ret;
	data = arena_alloc(r->arena, n);
	if (!data)
		return read_no_memory(r);
	m->data = data;
	for (struct json_at o = json_first(at); o.v; json_next(&o)) {
		if (!is_data(o.v->text, m))
			continue;
		if (data > m->data)
			*data++ = ',';
		memcpy(data, o.v->text, o.v->n);
		data += o.v->n;
	}
	return 0;
}

static int bind_source(struct read *r, const struct json_at *at,
		       struct conf_mount *m)
{
	if (!m->source)
		return field_missing(r, at, "source");
	if (*m->source == '/' || !r->bundle)
		return 0;
	m->source = arena_printf(r->arena, "%s/%s", r->bundle, m->source);
	return m->source ? 0 : read_no_memory(r);
}

/* "a/./b//../c" to "/a/c", in place of `path`, which has room for the slash. No
 * symlink is looked at: whoever decides by the words of a destination (nothing
 * may go below /proc) shall see the same path as the kernel. */
static void clean(const char *text, char *path)
{
	char *to = path;

	while (*text) {
		size_t n = strcspn(text, "/");

		if (n == 2 && memcmp(text, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (n > 0 && !(n == 1 && *text == '.')) {
			*to++ = '/';
			memcpy(to, text, n);
			to += n;
		}
		text += n + (text[n] == '/');
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

static int destination(struct read *r, const struct json_at *at, void *into)
{
	const char *text;
	char *path;
	int ret = json_string(at, &text, r->e);

	if (ret < 0)
		return ret;
	if (!*text)
		return json_fail(at, r->e, "must not be empty");
	if (*text != '/')
		read_warn(r, at, "%s is not absolute: taken as below /",
			  JSON_QUOTE(text));
	path = arena_alloc(r->arena, strlen(text) + 2);
	if (!path)
		return read_no_memory(r);
	clean(text, path);
	*(const char **)into = path;
	return 0;
}

static int mount(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_AT("destination", struct conf_mount, destination,
			 destination, .is_required = true),
		FIELD("source", struct conf_mount, source),
		FIELD("type", struct conf_mount, type),
		FIELD_FN("options", options),
		FIELD_AT("uidMappings", struct conf_mount, idmaps,
			 oci_uid_mappings),
		FIELD_AT("gidMappings", struct conf_mount, idmaps,
			 oci_gid_mappings),
	};
	struct conf_mount *m = into;
	int ret = FIELDS_READ(r, at, fields, m);

	if (ret < 0)
		return ret;
	if (m->type && strcmp(m->type, "bind") == 0)
		m->flags |= MS_BIND;
	if (m->idmaps.n_uid || m->idmaps.n_gid)
		m->extra |= MOUNT_IDMAP;
	if (m->flags & MS_BIND) {
		m->type = "bind";
		return bind_source(r, at, m);
	}
	if (!m->type)
		return json_fail(at, r->e,
				 "needs a type, or the option \"bind\"");
	return 0;
}

int oci_mounts(struct read *r, const struct json_at *at, void *conf)
{
	struct conf *c = conf;

	return LIST_READ(r, at, mount, &c->mounts, &c->n_mounts);
}

/* "0-1-10" of n bytes; the numbers go to *map. */
static bool triple(const char *text, size_t n, struct conf_idmap *map)
{
	uint32_t *numbers[] = { &map->container_id, &map->host_id, &map->size };
	char buf[40], *p = buf, *dash;

	if (n >= sizeof(buf))
		return false;
	memcpy(buf, text, n);
	buf[n] = '\0';
	for (int i = 0; i < 3; i++) {
		dash = strchr(p, '-');
		if (!dash != (i == 2))
			return false;
		if (dash)
			*dash = '\0';
		if (num_u32(p, numbers[i]) < 0)
			return false;
		if (dash)
			p = dash + 1;
	}
	return map->size > 0;
}

/* Carries host ids that were meant inside the container through its maps. */
static bool through(const struct conf_idmap *maps, size_t n,
		    struct conf_idmap *map)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t skip = map->host_id - maps[i].container_id;

		if (map->host_id < maps[i].container_id ||
		    skip >= maps[i].size || map->size > maps[i].size - skip)
			continue;
		map->host_id = maps[i].host_id + skip;
		return true;
	}
	return false;
}

/* The triples of one list, "0-1-10#10-11-5", up to ';' or the end. */
static int triples(struct read *r, const struct json_at *at, const char *list,
		   size_t n, const struct conf_idmap *own, size_t n_own,
		   const struct conf_idmap **ret_maps, size_t *ret_n)
{
	struct conf_idmap *maps;
	size_t count = 1, used = 0;

	for (size_t i = 0; i < n; i++)
		count += list[i] == '#';
	maps = arena_array(r->arena, count, sizeof(*maps));
	if (!maps)
		return read_no_memory(r);
	for (const char *p = list, *end = list + n; p <= end;) {
		const char *stop = memchr(p, '#', (size_t)(end - p));
		bool relative = p < end && *p == '@';

		if (!stop)
			stop = end;
		p += relative;
		if (!triple(p, (size_t)(stop - p), &maps[used]))
			return json_fail(at, r->e,
					 "expected FIRST-FIRST-COUNT, as in "
					 "\"idmap=uids=0-1000-1\"");
		if (relative && !through(own, n_own, &maps[used]))
			return json_fail(at, r->e,
					 "ids %u to %u are not mapped in the "
					 "container's user namespace",
					 maps[used].host_id,
					 maps[used].host_id +
						 (maps[used].size - 1));
		used++;
		p = stop + 1;
	}
	*ret_maps = maps;
	*ret_n = used;
	return 0;
}

/* The lists of an option, "uids=...;gids=...". */
static int idmap_option(struct read *r, const struct json_at *at,
			const char *lists, struct conf_idmaps *m)
{
	const struct conf_idmaps *own = &r->conf->idmaps;
	int ret = 0;

	while (*lists && ret == 0) {
		size_t n = strcspn(lists, ";");

		if (strncmp(lists, "uids=", 5) == 0)
			ret = triples(r, at, lists + 5, n - 5, own->uid,
				      own->n_uid, &m->uid, &m->n_uid);
		else if (strncmp(lists, "gids=", 5) == 0)
			ret = triples(r, at, lists + 5, n - 5, own->gid,
				      own->n_gid, &m->gid, &m->n_gid);
		else
			ret = json_fail(
				at, r->e,
				"expected uids=... or gids=..., found %s",
				JSON_QUOTE(lists));
		lists += n + (lists[n] == ';');
	}
	return ret;
}

int oci_mounts_finish(struct read *r, const struct json_at *mounts)
{
	const char *lists;
	int ret = 0;

	for (struct json_at m = json_first(mounts); m.v; json_next(&m)) {
		/* The list is the reader's own: it made it a moment ago. */
		struct conf_mount *cm =
			(struct conf_mount *)&r->conf->mounts[m.i];
		struct json_at list = json_get(&m, "options");

		for (struct json_at o = json_first(&list); o.v && ret == 0;
		     json_next(&o))
			if (is_idmap(o.v->text, &lists))
				ret = idmap_option(r, &o, lists, &cm->idmaps);
		if (ret < 0)
			return ret;
	}
	return 0;
}
