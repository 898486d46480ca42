/* SPDX-License-Identifier: Apache-2.0 */
/* oci/devices.c - linux.devices and the rules of resources.devices. */
#include "oci/config-priv.h"

#include <string.h>

/* A kind of device, "c" for one; *kind is a char. */
static int kind_of(struct read *r, const struct json_at *at, const char *kinds,
		   char *kind)
{
	const char *text;
	int ret = json_string(at, &text, r->e);

	if (ret < 0)
		return ret;
	if (at->v->n != 1 || !strchr(kinds, *text))
		return json_fail(at, r->e, "unknown type of device %s",
				 JSON_QUOTE(text));
	*kind = *text;
	return 0;
}

/* 'u' is an unbuffered character device: the same to Linux. */
static int device_type(struct read *r, const struct json_at *at, void *type)
{
	char kind = 0;
	int ret = kind_of(r, at, "cbup", &kind);

	if (ret == 0)
		*(char *)type = kind == 'u' ? 'c' : kind;
	return ret;
}

/* Engines put the type's bits beside the permissions: those are not wanted. */
static int device_mode(struct read *r, const struct json_at *at, void *mode)
{
	uint64_t n;
	int ret = json_uint(at, 0, UINT32_MAX, &n, r->e);

	if (ret == 0)
		*(uint32_t *)mode = (uint32_t)n & 07777;
	return ret;
}

static int device_path(struct read *r, const struct json_at *at, void *path)
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

/* The kernel's dev_t holds 12 bits of major and 20 of minor number. */
enum { MAJOR_MAX = 0xfff, MINOR_MAX = 0xfffff };

static int device(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_AT("path", struct conf_device, path, device_path,
			 .is_required = true),
		FIELD_AT("type", struct conf_device, type, device_type,
			 .is_required = true),
		FIELD("major", struct conf_device, major, .max = MAJOR_MAX),
		FIELD("minor", struct conf_device, minor, .max = MINOR_MAX),
		FIELD_AT("fileMode", struct conf_device, mode, device_mode),
		FIELD("uid", struct conf_device, uid, .max = UINT32_MAX - 1),
		FIELD("gid", struct conf_device, gid, .max = UINT32_MAX - 1),
	};
	struct conf_device *d = into;
	int ret;

	d->mode = 0666;
	ret = FIELDS_READ(r, at, fields, d);
	if (ret < 0 || d->type == 'p')
		return ret;
	if (!json_get(at, "major").v)
		return field_missing(r, at, "major");
	if (!json_get(at, "minor").v)
		return field_missing(r, at, "minor");
	return 0;
}

int oci_devices(struct read *r, const struct json_at *at, void *conf)
{
	struct conf *c = conf;

	return LIST_READ(r, at, device, &c->devices, &c->n_devices);
}

static int rule_type(struct read *r, const struct json_at *at, void *type)
{
	if (at->v->type == JSON_STRING && at->v->n == 0)
		return 0; /* as if it were not there */
	return kind_of(r, at, "abc", type);
}

static int rule_access(struct read *r, const struct json_at *at, void *rule)
{
	struct conf_dev_rule *d = rule;
	const char *text;
	int ret = json_string(at, &text, r->e);

	if (ret < 0 || !*text)
		return ret;
	d->read = d->write = d->mknod = false;
	for (; *text; text++) {
		if (*text == 'r')
			d->read = true;
		else if (*text == 'w')
			d->write = true;
		else if (*text == 'm')
			d->mknod = true;
		else
			return json_fail(at, r->e,
					 "expected letters of \"rwm\", found "
					 "%s",
					 JSON_QUOTE(at->v->text));
	}
	return 0;
}

static int rule(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD("allow", struct conf_dev_rule, allow,
		      .is_required = true),
		FIELD_AT("type", struct conf_dev_rule, type, rule_type),
		FIELD("major", struct conf_dev_rule, major, .min = -1,
		      .max = UINT32_MAX),
		FIELD("minor", struct conf_dev_rule, minor, .min = -1,
		      .max = UINT32_MAX),
		FIELD_FN("access", rule_access),
	};

	*(struct conf_dev_rule *)into = (struct conf_dev_rule){
		.type = 'a',
		.major = -1,
		.minor = -1,
		.read = true,
		.write = true,
		.mknod = true,
	};
	return FIELDS_READ(r, at, fields, into);
}

int oci_device_rules(struct read *r, const struct json_at *at, void *resources)
{
	struct conf_resources *res = resources;

	return LIST_READ(r, at, rule, &res->dev_rules, &res->n_dev_rules);
}
