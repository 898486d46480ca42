/* SPDX-License-Identifier: Apache-2.0 */
/* image/config.c - an image's configuration: what runs, and what its layers are. */
#include "image/manifest.h"

#include "base/arena.h"
#include "base/err.h"
#include "parse/json.h"

#include <errno.h>
#include <string.h>

static int optional(const struct json_at *up, const char *key, const char **ret, struct err *e)
{
	struct json_at at = json_get(up, key);
	int r = at.v ? json_string(&at, ret, e) : 0;

	if (r == 0 && *ret && !**ret)
		*ret = NULL; /* Docker writes "" for what was not said */
	return r;
}

static int texts_of(const struct json_at *up, const char *key, struct arena *a, struct texts *ret,
		    struct err *e)
{
	struct json_at at = json_get(up, key);
	const char **v;
	int r = at.v ? json_is(&at, JSON_ARRAY, e) : 0;

	if (r < 0 || !at.v)
		return r;
	v = arena_array(a, at.v->n + 1u, sizeof(*v));
	if (!v)
		return err_set(e, -ENOMEM, "configuration");
	for (struct json_at m = json_first(&at); m.v && r == 0; json_next(&m))
		r = json_string(&m, &v[ret->n++], e);
	ret->v = v;
	return r;
}

/* {"/data": {}} and {"name": "value"}. */
static int names_of(const struct json_at *up, const char *key, bool has_values, struct arena *a,
		    struct texts *ret, struct err *e)
{
	struct json_at at = json_get(up, key);
	const char **v;
	int r = at.v ? json_is(&at, JSON_OBJECT, e) : 0;

	if (r < 0 || !at.v)
		return r;
	v = arena_array(a, 2 * (size_t)at.v->n + 1, sizeof(*v));
	if (!v)
		return err_set(e, -ENOMEM, "configuration");
	for (struct json_at m = json_first(&at); m.v && r == 0; json_next(&m)) {
		v[ret->n++] = m.v->key;
		if (has_values)
			r = json_string(&m, &v[ret->n++], e);
	}
	ret->v = v;
	return r;
}

static int read_diff_ids(const struct json_at *root, struct arena *a, struct image_config *c,
			 struct err *e)
{
	struct json_at fs = json_get(root, "rootfs"), ids = json_get(&fs, "diff_ids");
	struct digest *v;
	size_t n = 0;
	int r = json_needed(&fs, "rootfs", e);

	if (r == 0)
		r = json_is(&fs, JSON_OBJECT, e);
	if (r == 0)
		r = json_needed(&ids, "diff_ids", e);
	if (r == 0)
		r = json_is(&ids, JSON_ARRAY, e);
	if (r < 0)
		return r;
	if (ids.v->n > MANIFEST_LAYERS)
		return json_fail(&ids, e, "expected at most %d layers, found %u", MANIFEST_LAYERS,
				 ids.v->n);
	v = arena_array(a, ids.v->n + 1u, sizeof(*v));
	if (!v)
		return err_set(e, -ENOMEM, "configuration");
	for (struct json_at m = json_first(&ids); m.v && r == 0; json_next(&m)) {
		const char *text = NULL;

		r = json_string(&m, &text, e);
		if (r == 0 && digest_parse(text, &v[n++], e) < 0)
			r = json_fail(&m, e, "expected sha256: and 64 hexadecimal digits");
	}
	c->diff_ids = v;
	c->n_diff_ids = n;
	return r;
}

static int read_step(const struct json_at *at, struct history *h, struct err *e)
{
	struct json_at empty = json_get(at, "empty_layer");
	int r = json_is(at, JSON_OBJECT, e);

	if (r == 0)
		r = optional(at, "created", &h->created, e);
	if (r == 0)
		r = optional(at, "created_by", &h->created_by, e);
	if (r == 0)
		r = optional(at, "comment", &h->comment, e);
	return r == 0 && empty.v ? json_bool(&empty, &h->is_empty, e) : r;
}

static int read_history(const struct json_at *root, struct arena *a, struct image_config *c,
			struct err *e)
{
	struct json_at at = json_get(root, "history");
	struct history *v;
	int r = at.v ? json_is(&at, JSON_ARRAY, e) : 0;

	if (r < 0 || !at.v)
		return r;
	v = arena_array(a, at.v->n + 1u, sizeof(*v));
	if (!v)
		return err_set(e, -ENOMEM, "configuration");
	c->history = v;
	for (struct json_at m = json_first(&at); m.v && r == 0; json_next(&m))
		r = read_step(&m, &v[c->n_history++], e);
	return r;
}

static int read_defaults(const struct json_at *at, struct arena *a, struct image_config *c,
			 struct err *e)
{
	int r = json_is(at, JSON_OBJECT, e);

	if (r == 0)
		r = optional(at, "User", &c->user, e);
	if (r == 0)
		r = optional(at, "WorkingDir", &c->workdir, e);
	if (r == 0)
		r = optional(at, "StopSignal", &c->stop_signal, e);
	if (r == 0)
		r = texts_of(at, "Env", a, &c->env, e);
	if (r == 0)
		r = texts_of(at, "Entrypoint", a, &c->entrypoint, e);
	if (r == 0)
		r = texts_of(at, "Cmd", a, &c->cmd, e);
	if (r == 0)
		r = texts_of(at, "Shell", a, &c->shell, e);
	if (r == 0)
		r = names_of(at, "Volumes", false, a, &c->volumes, e);
	if (r == 0)
		r = names_of(at, "ExposedPorts", false, a, &c->ports, e);
	return r == 0 ? names_of(at, "Labels", true, a, &c->labels, e) : r;
}

int image_config_read(const char *name, const char *text, size_t n, struct arena *a,
		      struct image_config *ret, struct err *e)
{
	struct image_config c = { 0 };
	struct json_at root, defaults;
	int r;

	if (n > CONFIG_SIZE)
		return err_input(e, "%s: %zu bytes; at most %d are read", name, n, CONFIG_SIZE);
	r = json_load(name, text, n, a, &root, e);
	if (r < 0)
		return r;
	r = json_is(&root, JSON_OBJECT, e);
	if (r < 0)
		return r;
	r = optional(&root, "os", &c.platform.os, e);
	if (r == 0)
		r = optional(&root, "architecture", &c.platform.arch, e);
	if (r == 0)
		r = optional(&root, "variant", &c.platform.variant, e);
	if (r == 0)
		r = optional(&root, "created", &c.created, e);
	if (r == 0)
		r = optional(&root, "author", &c.author, e);
	if (r == 0)
		r = read_diff_ids(&root, a, &c, e);
	if (r == 0)
		r = read_history(&root, a, &c, e);
	defaults = json_get(&root, "config");
	if (r == 0 && defaults.v)
		r = read_defaults(&defaults, a, &c, e);
	if (r == 0)
		*ret = c;
	return r;
}
