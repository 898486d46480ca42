/* SPDX-License-Identifier: Apache-2.0 */
/* oci/config.c - config.json of the OCI runtime specification to struct conf.
 *
 * Theory of operation
 * -------------------
 * parse/json.c makes a tree of values; tables (oci/field.h) carry them to the
 * members of struct conf, one file a part. Strings are borrowed from the tree,
 * which lives in the same arena. Only namespaces to be joined need the kernel.
 * Runs in the front, before anything has been made. */
#include "oci/config.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "filter/policy.h"
#include "oci/config-priv.h"
#include "oci/version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* One number of a version and the dot behind it. */
static bool version_number(const char **p, char end, uint64_t *ret)
{
	char digits[12];
	size_t n = strspn(*p, "0123456789");

	if (n == 0 || n >= sizeof(digits) || (end && (*p)[n] != end))
		return false;
	memcpy(digits, *p, n);
	digits[n] = '\0';
	*p += n + (end != '\0');
	return num_u64(digits, UINT32_MAX, ret) == 0;
}

/* SemVer 2.0.0: three numbers, then "-pre" or "+build". */
static bool is_semver(const char *p, uint64_t v[3])
{
	return version_number(&p, '.', &v[0]) &&
	       version_number(&p, '.', &v[1]) &&
	       version_number(&p, '\0', &v[2]) &&
	       (!*p || ((*p == '-' || *p == '+') && p[1]));
}

static int oci_version(struct read *r, const struct json_at *at, void *into)
{
	const char *text;
	uint64_t v[3];
	int ret = json_string(at, &text, r->e);

	if (ret < 0)
		return ret;
	if (!is_semver(text, v))
		return json_fail(at, r->e,
				 "expected a version like \"1.3.0\", "
				 "found %s",
				 JSON_QUOTE(text));
	if (v[0] != OCI_VERSION_MAJOR)
		return json_fail(at, r->e,
				 "version %s is not supported: this is a "
				 "runtime for %d.x",
				 JSON_QUOTE(text), OCI_VERSION_MAJOR);
	/* Engines name the newest version they know, whatever they use of it;
	 * runc and crun take any. */
	if (v[1] > OCI_VERSION_MINOR)
		read_warn(r, at,
			  "version %s is newer than %s: what it adds is not "
			  "known here",
			  JSON_QUOTE(text), OCI_VERSION_MAX);
	*(const char **)into = text;
	return 0;
}

static int root(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD("path", struct conf_root, path, .is_required = true),
		FIELD("readonly", struct conf_root, is_readonly),
	};

	return FIELDS_READ(r, at, fields, into);
}

static int process(struct read *r, const struct json_at *at, void *conf)
{
	struct conf *c = conf;

	c->has_process = true;
	return oci_process(r, at, &c->process);
}

static int read_all(struct read *r, const struct json_at *at)
{
	static const struct field fields[] = {
		FIELD_AT("ociVersion", struct conf, oci_version, oci_version,
			 .is_required = true),
		FIELD_AT("root", struct conf, root, root, .is_required = true),
		FIELD_FN("process", process),
		FIELD("hostname", struct conf, hostname),
		FIELD("domainname", struct conf, domainname),
		FIELD_FN("mounts", oci_mounts),
		FIELD_FN("hooks", oci_hooks),
		FIELD_FN("annotations", oci_annotations),
		FIELD_FN("linux", oci_linux),
	};
	struct json_at mounts = json_get(at, "mounts");
	int ret = FIELDS_READ(r, at, fields, r->conf);

	return ret < 0 ? ret : oci_mounts_finish(r, &mounts);
}

static struct read read_start(const struct oci_read *o, struct arena *a,
			      struct err *e)
{
	return (struct read){
		.arena = a,
		.bundle = o->bundle,
		.open_ns = o->open_ns,
		.warn = o->warn,
		.warn_arg = o->warn_arg,
		.e = e,
	};
}

int oci_config_read(const char *text, size_t n, const struct oci_read *o,
		    struct conf *c, struct err *e)
{
	struct read r = read_start(o, c->arena, e);
	struct json_at at;
	int ret = json_load(o->name, text, n, c->arena, &at, e);

	if (ret < 0)
		return ret;
	r.conf = c;
	c->bundle = o->bundle;
	c->new_keyring = true;
	ret = read_all(&r, &at);
	if (ret < 0)
		oci_config_close(c);
	return ret;
}

void oci_config_close(struct conf *c)
{
	for (int k = 0; k < NS_MAX_; k++) {
		if (c->ns[k].fd >= 0)
			close(c->ns[k].fd);
		c->ns[k].fd = -EBADF;
	}
}

int oci_process_read(const char *text, size_t n, const struct oci_read *o,
		     struct arena *a, struct conf_process *p, struct err *e)
{
	struct read r = read_start(o, a, e);
	struct json_at at;
	int ret = json_load(o->name, text, n, a, &at, e);

	if (ret < 0)
		return ret;
	*p = (struct conf_process){ 0 };
	return oci_process(&r, &at, p);
}

int oci_resources_read(const char *text, size_t n, const struct oci_read *o,
		       struct arena *a, struct conf_resources *res,
		       struct err *e)
{
	struct read r = read_start(o, a, e);
	struct json_at at;
	int ret = json_load(o->name, text, n, a, &at, e);

	if (ret < 0)
		return ret;
	*res = (struct conf_resources){ 0 };
	return oci_resources(&r, &at, res);
}

int oci_seccomp_read(const char *text, size_t n, const struct oci_read *o,
		     struct arena *a, struct filter_policy *p, struct err *e)
{
	struct read r = read_start(o, a, e);
	const struct filter_policy *policy = NULL;
	struct json_at at;
	struct conf c;
	int ret = json_load(o->name, text, n, a, &at, e);

	if (ret < 0)
		return ret;
	conf_init(&c, a);
	r.conf = &c;
	ret = oci_seccomp(&r, &at, &policy);
	if (ret == 0)
		*p = *policy;
	return ret;
}

/* The mounts go through a configuration that has nothing else. */
int oci_mounts_read(const char *text, size_t n, const struct oci_read *o,
		    struct arena *a, const struct conf_mount **ret_mounts,
		    size_t *ret_n, struct err *e)
{
	struct read r = read_start(o, a, e);
	struct json_at root, list;
	struct conf c;
	int ret = json_load(o->name, text, n, a, &root, e);

	if (ret < 0)
		return ret;
	conf_init(&c, a);
	r.conf = &c;
	list = root.v->type == JSON_OBJECT ? json_get(&root, "mounts") : root;
	if (!list.v)
		return field_missing(&r, &root, "mounts");
	ret = oci_mounts(&r, &list, &c);
	if (ret == 0)
		ret = oci_mounts_finish(&r, &list);
	if (ret < 0)
		return ret;
	*ret_mounts = c.mounts;
	*ret_n = c.n_mounts;
	return 0;
}
