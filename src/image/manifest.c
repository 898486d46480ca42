/* SPDX-License-Identifier: Apache-2.0 */
/* image/manifest.c - indexes and manifests. */
#include "image/manifest.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "parse/json.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

static const char *const image_types[] = { OCI "manifest.v1+json",
					   DOCKER "distribution.manifest.v2+json" };
static const char *const index_types[] = { OCI "index.v1+json",
					   DOCKER "distribution.manifest.list.v2+json" };
static const char *const config_types[] = { OCI "config.v1+json", DOCKER "container.image.v1+json" };

static bool is_among(const char *s, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, v[i]) == 0)
			return true;
	return false;
}

/* A string that may be missing: *ret stays as it is then. */
static int optional(const struct json_at *up, const char *key, const char **ret, struct err *e)
{
	struct json_at at = json_get(up, key);

	return at.v ? json_string(&at, ret, e) : 0;
}

static int read_platform(const struct json_at *up, struct platform *ret, struct err *e)
{
	struct json_at at = json_get(up, "platform");
	int r = 0;

	if (!at.v)
		return 0;
	r = json_is(&at, JSON_OBJECT, e);
	if (r == 0)
		r = optional(&at, "os", &ret->os, e);
	if (r == 0)
		r = optional(&at, "architecture", &ret->arch, e);
	return r == 0 ? optional(&at, "variant", &ret->variant, e) : r;
}

static int read_desc(const struct json_at *at, struct desc *ret, struct err *e)
{
	struct json_at type = json_get(at, "mediaType"), digest = json_get(at, "digest"),
		       size = json_get(at, "size");
	const char *text;
	int r = json_is(at, JSON_OBJECT, e);

	if (r == 0)
		r = json_needed(&type, "mediaType", e);
	if (r == 0)
		r = json_needed(&digest, "digest", e);
	if (r == 0)
		r = json_needed(&size, "size", e);
	if (r == 0)
		r = json_string(&type, &ret->media_type, e);
	if (r == 0)
		r = json_string(&digest, &text, e);
	if (r == 0 && digest_parse(text, &ret->digest, e) < 0)
		r = json_fail(&digest, e, "%s",
			      "expected sha256: and 64 hexadecimal digits");
	if (r == 0)
		r = json_uint(&size, 0, INT64_MAX, &ret->size, e);
	if (r == 0)
		r = optional(at, "artifactType", &ret->artifact_type, e);
	return r == 0 ? read_platform(at, &ret->platform, e) : r;
}

static int read_parts(const struct json_at *at, struct arena *a, struct manifest *m, struct err *e)
{
	struct desc *v;
	size_t n = 0;
	int r = json_is(at, JSON_ARRAY, e);

	if (r < 0)
		return r;
	if (at->v->n > MANIFEST_LAYERS)
		return json_fail(at, e, "expected at most %d entries, found %u", MANIFEST_LAYERS,
				 at->v->n);
	v = arena_array(a, at->v->n + 1u, sizeof(*v));
	if (!v)
		return err_set(e, -ENOMEM, "manifest");
	for (struct json_at m_at = json_first(at); m_at.v && r == 0; json_next(&m_at))
		r = read_desc(&m_at, &v[n++], e);
	m->parts = v;
	m->n = n;
	return r;
}

/* What the document says it is, what the transport says, and what stands in it
 * have to agree. */
static int find_kind(const struct json_at *root, const char *said, struct manifest *m,
		     struct err *e)
{
	struct json_at version = json_get(root, "schemaVersion"), layers = json_get(root, "layers"),
		       manifests = json_get(root, "manifests");
	const char *inner = NULL;
	uint64_t v;
	int r = json_needed(&version, "schemaVersion", e);

	if (r == 0)
		r = json_uint(&version, 1, 2, &v, e);
	if (r == 0)
		r = optional(root, "mediaType", &inner, e);
	if (r < 0)
		return r;
	if (v == 1)
		return json_fail(&version, e, "Docker's schema 1 is not supported: its images are "
					      "not addressed by their content; push it again with "
					      "a newer tool");
	if (!!layers.v == !!manifests.v)
		return json_fail(root, e, "expected either \"layers\" (an image) or \"manifests\" "
					  "(an index)");
	m->kind = layers.v ? MANIFEST_IMAGE : MANIFEST_INDEX;
	m->media_type = inner ? inner : said;
	for (int i = 0; i < 2; i++) {
		const char *type = i ? inner : said;
		const char *const *others = layers.v ? index_types : image_types;
		bool other = type && is_among(type, others, ARRAY_SIZE(index_types));

		if (other)
			return json_fail(root, e, "this is an %s, but its media type is %s",
					 layers.v ? "image" : "index", JSON_QUOTE(type));
	}
	if (!m->media_type)
		m->media_type = m->kind == MANIFEST_IMAGE ? image_types[0] : index_types[0];
	return 0;
}

int manifest_read(const char *name, const char *text, size_t n, const char *media_type,
		  struct arena *a, struct manifest *ret, struct err *e)
{
	struct manifest m = { 0 };
	struct json_at root, at;
	int r;

	if (n > MANIFEST_SIZE)
		return err_input(e, "%s: %zu bytes; at most %d are read", name, n, MANIFEST_SIZE);
	r = json_load(name, text, n, a, &root, e);
	if (r < 0)
		return r;
	r = json_is(&root, JSON_OBJECT, e);
	/* A transport that knows no better says "JSON" or "bytes". */
	if (media_type && strncmp(media_type, "application/vnd.", 16) != 0)
		media_type = NULL;
	if (r == 0)
		r = find_kind(&root, media_type, &m, e);
	if (r < 0)
		return r;
	r = optional(&root, "artifactType", &m.artifact_type, e);
	at = json_get(&root, "subject");
	if (r == 0 && at.v)
		r = read_desc(&at, &m.subject, e);
	at = json_get(&root, m.kind == MANIFEST_IMAGE ? "layers" : "manifests");
	if (r == 0)
		r = read_parts(&at, a, &m, e);
	at = json_get(&root, "config");
	if (r == 0 && m.kind == MANIFEST_IMAGE) {
		r = json_needed(&at, "config", e);
		if (r == 0)
			r = read_desc(&at, &m.config, e);
	}
	if (r < 0)
		return r;
	m.is_artifact = m.kind == MANIFEST_IMAGE &&
			!is_among(m.config.media_type, config_types, ARRAY_SIZE(config_types));
	*ret = m;
	return 0;
}

static const char *machine_arch(const char *machine)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" }, { "armv7l", "arm" },
		{ "i686", "386" },     { "ppc64le", "ppc64le" }, { "s390x", "s390x" },
		{ "riscv64", "riscv64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(machine, names[i][0]) == 0)
			return names[i][1];
	return machine;
}

int platform_parse(const char *text, struct arena *a, struct platform *ret, struct err *e)
{
	struct utsname u;
	char *copy, *save = NULL, *rest;

	if (!text) {
		if (uname(&u) < 0)
			return err_sys(e, "uname");
		ret->os = "linux";
		ret->variant = NULL;
		ret->arch = arena_dup(a, machine_arch(u.machine));
		return ret->arch ? 0 : err_set(e, -ENOMEM, "platform");
	}
	copy = arena_dup(a, text);
	if (!copy)
		return err_set(e, -ENOMEM, "platform");
	ret->os = strtok_r(copy, "/", &save);
	ret->arch = strtok_r(NULL, "/", &save);
	ret->variant = strtok_r(NULL, "/", &save);
	rest = strtok_r(NULL, "/", &save);
	if (!ret->os || !ret->arch || rest)
		return err_input(e, "platform %.60s: expected OS/ARCHITECTURE or "
				    "OS/ARCHITECTURE/VARIANT, as in linux/arm64", text);
	return 0;
}

/* 0: not for this platform; else the better the higher. */
static int fit(const struct platform *have, const struct platform *want)
{
	if (!have->os || !have->arch || strcmp(have->os, want->os) != 0 ||
	    strcmp(have->arch, want->arch) != 0)
		return 0;
	if (have->variant && want->variant)
		return strcmp(have->variant, want->variant) == 0 ? 3 : 0;
	if (!have->variant && !want->variant)
		return 3;
	/* arm64 has but one variant that anybody builds for. */
	return have->variant ? (strcmp(have->arch, "arm64") == 0 ? 2 : 1) : 2;
}

const struct desc *manifest_choose(const struct manifest *index, const struct platform *p)
{
	const struct desc *best = NULL;
	int best_fit = 0;

	for (size_t i = 0; i < index->n; i++) {
		int f = fit(&index->parts[i].platform, p);

		if (f > best_fit) {
			best_fit = f;
			best = &index->parts[i];
		}
	}
	if (!best && index->n == 1 && !index->parts[0].platform.os)
		best = &index->parts[0];
	return best;
}

int layer_form(const struct desc *layer, enum layer_form *ret, struct err *e)
{
	static const struct {
		const char *type;
		enum layer_form form;
	} forms[] = {
		{ OCI "layer.v1.tar", LAYER_TAR },
		{ OCI "layer.v1.tar+gzip", LAYER_GZIP },
		{ OCI "layer.v1.tar+zstd", LAYER_ZSTD },
		{ DOCKER "image.rootfs.diff.tar", LAYER_TAR },
		{ DOCKER "image.rootfs.diff.tar.gzip", LAYER_GZIP },
		{ DOCKER "image.rootfs.diff.tar.zstd", LAYER_ZSTD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (strcmp(layer->media_type, forms[i].type) == 0) {
			*ret = forms[i].form;
			return 0;
		}
	return err_input(e, "media type %s: no layer that hull can unpack (it reads tar, gzip and zstd)",
			 JSON_QUOTE(layer->media_type));
}
