/* SPDX-License-Identifier: Apache-2.0 */
/* oci/hooks.c - the hooks object: six lists of programs. */
#include "oci/config-priv.h"

static int hook_path(struct read *r, const struct json_at *at, void *path)
{
	const char *text;
	int ret = json_string(at, &text, r->e);

	if (ret < 0)
		return ret;
	if (*text != '/')
		return json_fail(at, r->e, "%s is not an absolute path",
				 JSON_QUOTE(text));
	*(const char **)path = text;
	return 0;
}

static int hook(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_AT("path", struct conf_hook, path, hook_path,
			 .is_required = true),
		FIELD("args", struct conf_hook, args),
		FIELD("env", struct conf_hook, env),
		FIELD("timeout", struct conf_hook, timeout_s, .min = 1,
		      .max = INT32_MAX),
	};

	return FIELDS_READ(r, at, fields, into);
}

static int hooks(struct read *r, const struct json_at *at, void *into)
{
	struct conf_hooks *h = into;

	return LIST_READ(r, at, hook, &h->v, &h->n);
}

int oci_hooks(struct read *r, const struct json_at *at, void *conf)
{
#define HOOKS(name, kind) FIELD_AT(name, struct conf, hooks[kind], hooks)
	static const struct field fields[] = {
		HOOKS("prestart", HOOK_PRESTART),
		HOOKS("createRuntime", HOOK_CREATE_RUNTIME),
		HOOKS("createContainer", HOOK_CREATE_CONTAINER),
		HOOKS("startContainer", HOOK_START_CONTAINER),
		HOOKS("poststart", HOOK_POSTSTART),
		HOOKS("poststop", HOOK_POSTSTOP),
	};
#undef HOOKS

	return FIELDS_READ(r, at, fields, conf);
}
