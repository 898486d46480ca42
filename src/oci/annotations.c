/* SPDX-License-Identifier: Apache-2.0 */
/* oci/annotations.c - annotations, and those that change what is done.
 *
 * All are kept for the state and the hooks. Of crun's run.oci.* the ones for
 * the front (pidfd_receiver) and for hooks (hooks.stdout, hooks.stderr) are
 * looked up where they are used; the rest has members of struct conf. */
#include "oci/config-priv.h"

#include <string.h>

/* crun's switches are on when they are "1". */
static int keep_groups(struct read *r, const struct json_at *at, void *conf)
{
	(void)r;
	((struct conf *)conf)->keep_groups = strcmp(at->v->text, "1") == 0;
	return 0;
}

static int clamp_rlimits(struct read *r, const struct json_at *at, void *conf)
{
	static const struct word words[] = {
		{ "true", 1 },
		{ "1", 1 },
		{ "false", 0 },
		{ "0", 0 },
	};
	uint64_t on = 0;
	int ret = words_read(r, at, "answer", words, ARRAY_SIZE(words), &on);

	((struct conf *)conf)->process.clamp_rlimits = on;
	return ret;
}

static int mount_context(struct read *r, const struct json_at *at, void *type)
{
	static const struct word words[] = {
		{ "context", 0 },
		{ "fscontext", 0 },
		{ "defcontext", 0 },
		{ "rootcontext", 0 },
	};
	uint64_t any;
	int ret = words_read(r, at, "kind of mount context", words,
			     ARRAY_SIZE(words), &any);

	if (ret == 0)
		*(const char **)type = at->v->text;
	return ret;
}

/* own/own.h */
static int own_mode(struct read *r, const struct json_at *at, void *mode)
{
	static const struct word words[] = {
		{ "note", 0 },
		{ "scan", 0 },
		{ "off", 0 },
	};
	uint64_t any;
	int ret = words_read(r, at, "source of the filter", words,
			     ARRAY_SIZE(words), &any);

	if (ret == 0)
		*(const char **)mode = at->v->text;
	return ret;
}

/* A cgroup below the container's own: no way out of it. */
static int sub_cgroup(struct read *r, const struct json_at *at, void *path)
{
	const char *text = at->v->text;

	for (const char *p = text; *p; p += strcspn(p, "/")) {
		p += strspn(p, "/");
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
			return json_fail(at, r->e,
					 "%s leaves the container's cgroup",
					 JSON_QUOTE(text));
	}
	*(const char **)path = *text ? text : NULL;
	return 0;
}

int oci_annotations(struct read *r, const struct json_at *at, void *conf)
{
	static const struct field fields[] = {
		FIELD_FN("run.oci.keep_original_groups", keep_groups),
		FIELD_AT("run.oci.mount_context_type", struct conf,
			 mount_context_type, mount_context),
		FIELD_AT("run.oci.systemd.subgroup", struct conf,
			 cgroup.systemd_subgroup, sub_cgroup),
		FIELD_AT("run.oci.delegate-cgroup", struct conf,
			 cgroup.delegate, sub_cgroup),
		FIELD("run.oci.seccomp_bpf_data", struct conf, seccomp_bpf),
		FIELD_FN("org.hull.rlimits.clamp", clamp_rlimits),
		FIELD_AT("org.hull.seccomp", struct conf, own_mode, own_mode),
	};
	struct conf *c = conf;
	int ret = pairs_read(r, at, &c->annotations, &c->n_annotations);

	for (size_t i = 0; ret == 0 && i < c->n_annotations; i++)
		if (!c->annotations[i].key[0])
			return json_fail(at, r->e, "a key is empty");
	/* All values are strings from here on. */
	return ret < 0 ? ret : FIELDS_READ(r, at, fields, c);
}
