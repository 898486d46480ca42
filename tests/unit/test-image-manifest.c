/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes and configurations: what is read, and what is refused with
 * which words. */
#include "image/manifest.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "tap.h"

#define HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define DIGEST "\"digest\":\"sha256:" HEX "\",\"size\":3"
#define OCI "application/vnd.oci.image."
#define CONFIG "\"config\":{\"mediaType\":\"" OCI "config.v1+json\"," DIGEST "}"
#define LAYER "{\"mediaType\":\"" OCI "layer.v1.tar+gzip\"," DIGEST "}"
#define V2 "{\"schemaVersion\":2,"

static struct arena arena;
static struct err e;

static int load(const char *text, const char *type, struct manifest *m)
{
	return manifest_read("manifest", text, strlen(text), type, &arena, m, &e);
}

static void an_image(void)
{
	struct manifest m;
	enum layer_form form;

	CHECK_INT(load(V2 CONFIG ",\"layers\":[" LAYER "," LAYER "]}", "application/json", &m), 0);
	CHECK_INT(m.kind, MANIFEST_IMAGE);
	CHECK_STR(m.media_type, OCI "manifest.v1+json");
	CHECK_INT(m.n, 2);
	CHECK_INT(m.parts[1].size, 3);
	CHECK(!m.is_artifact);
	CHECK_INT(layer_form(&m.parts[0], &form, &e), 0);
	CHECK_INT(form, LAYER_GZIP);
}

static void an_artifact(void)
{
	struct manifest m;

	CHECK_INT(load(V2 "\"artifactType\":\"x/y\",\"config\":{\"mediaType\":"
			  "\"application/vnd.oci.empty.v1+json\"," DIGEST "},\"layers\":[],"
			  "\"subject\":" LAYER "}", NULL, &m), 0);
	CHECK(m.is_artifact);
	CHECK_STR(m.artifact_type, "x/y");
	CHECK(m.subject.media_type);
}

#define ENTRY(platform, size) "{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":\"sha256:" \
	HEX "\",\"size\":" size ",\"platform\":{" platform "}}"
#define ARCH(a) "\"os\":\"linux\",\"architecture\":\"" a "\""

static uint64_t chosen(const char *index, const char *platform)
{
	struct manifest m;
	struct platform p;
	const struct desc *d;

	CHECK_INT(load(index, NULL, &m), 0);
	CHECK_INT(m.kind, MANIFEST_INDEX);
	CHECK_INT(platform_parse(platform, &arena, &p, &e), 0);
	d = manifest_choose(&m, &p);
	return d ? d->size : 0;
}

static void an_index(void)
{
	static const char index[] = V2 "\"manifests\":["
		ENTRY(ARCH("amd64"), "1") "," ENTRY(ARCH("arm") ",\"variant\":\"v6\"", "2") ","
		ENTRY(ARCH("arm") ",\"variant\":\"v7\"", "3") ","
		ENTRY(ARCH("arm64") ",\"variant\":\"v8\"", "4") ","
		ENTRY("\"os\":\"windows\",\"architecture\":\"s390x\"", "5") "]}";

	CHECK_INT(chosen(index, "linux/amd64"), 1);
	CHECK_INT(chosen(index, "linux/arm/v7"), 3);
	CHECK_INT(chosen(index, "linux/arm64"), 4);
	CHECK_INT(chosen(index, "linux/arm/v5"), 0);
	CHECK_INT(chosen(index, "linux/s390x"), 0);
	CHECK_INT(chosen(V2 "\"manifests\":[" LAYER "]}", "linux/s390x"), 3);
}

static void platforms(void)
{
	struct platform p;

	CHECK_INT(platform_parse(NULL, &arena, &p, &e), 0);
	CHECK_STR(p.os, "linux");
	CHECK_INT(platform_parse("linux", &arena, &p, &e), -EINVAL);
	CHECK_INT(platform_parse("linux/arm/v7/x", &arena, &p, &e), -EINVAL);
	CHECK_INT(platform_parse("/", &arena, &p, &e), -EINVAL);
}

static void refused(void)
{
	static const struct {
		const char *text, *type, *words;
	} bad[] = {
		{ "", NULL, "manifest: " },
		{ "<html>", NULL, "line 1" },
		{ "[]", NULL, "expected an object" },
		{ "{}", NULL, "expected \"schemaVersion\", found none" },
		{ "{\"schemaVersion\":1,\"fsLayers\":[]}", NULL, "schema 1 is not supported" },
		{ V2 CONFIG ",\"layers\":[],\"manifests\":[]}", NULL, "expected either" },
		{ V2 CONFIG "}", NULL, "expected either" },
		{ V2 CONFIG ",\"layers\":[]}", OCI "index.v1+json", "this is an image, but" },
		{ V2 "\"mediaType\":\"" OCI "manifest.v1+json\",\"manifests\":[]}", NULL,
		  "this is an index, but" },
		{ V2 "\"layers\":[]}", NULL, "manifest: expected \"config\", found none" },
		{ V2 CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"sha256:../x\",\"size\":1}]}",
		  NULL, "layers[0].digest: expected sha256:" },
		{ V2 CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX "\",\"size\":-1}]}",
		  NULL, "layers[0].size: expected a number from 0" },
	};
	struct manifest m;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_INT(load(bad[i].text, bad[i].type, &m), -EINVAL);
		if (!strstr(e.text, bad[i].words))
			printf("# %s\n", e.text);
		CHECK(strstr(e.text, bad[i].words));
	}
}

static void foreign_layers(void)
{
	static const char *const types[] = {
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		OCI "layer.v1.tar+gzip+encrypted", "text/html", "",
	};
	enum layer_form form;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct desc d = { .media_type = types[i] };

		CHECK_INT(layer_form(&d, &form, &e), -EINVAL);
	}
}

static int config(const char *text, struct image_config *c)
{
	return image_config_read("configuration", text, strlen(text), &arena, c, &e);
}

static void a_config(void)
{
	static const char text[] =
		"{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[\"sha256:" HEX "\"]},\"history\":[{\"created_by\":\"ADD\"},"
		"{\"empty_layer\":true}],\"config\":{\"User\":\"\",\"Env\":[\"A=1\",\"B=2\"],"
		"\"Cmd\":null,\"Entrypoint\":[\"/x\"],\"Labels\":{\"k\":\"v\"},"
		"\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/w\"}}";
	struct image_config c;

	CHECK_INT(config(text, &c), 0);
	CHECK_INT(c.n_diff_ids, 1);
	CHECK_INT(c.n_history, 2);
	CHECK(c.history[1].is_empty && !c.history[0].is_empty);
	CHECK(!c.user);
	CHECK_STR(c.workdir, "/w");
	CHECK_INT(c.env.n, 2);
	CHECK_STR(c.env.v[1], "B=2");
	CHECK(!c.env.v[2]);
	CHECK_INT(c.cmd.n, 0);
	CHECK_STR(c.entrypoint.v[0], "/x");
	CHECK_STR(c.labels.v[1], "v");
	CHECK_STR(c.volumes.v[0], "/data");
}

static void bad_configs(void)
{
	struct image_config c;

	CHECK_INT(config("{}", &c), -EINVAL);
	CHECK(strstr(e.text, "rootfs"));
	CHECK_INT(config("{\"rootfs\":{\"diff_ids\":[\"sha256:1\"]}}", &c), -EINVAL);
	CHECK(strstr(e.text, "rootfs.diff_ids[0]"));
	CHECK_INT(config("{\"rootfs\":{\"diff_ids\":[]},\"config\":{\"Env\":[1]}}", &c), -EINVAL);
	CHECK(strstr(e.text, "config.Env[0]"));
}

/* Valid JSON, but for its size. */
static void too_large(void)
{
	static char text[CONFIG_SIZE + 2];
	struct image_config c;
	struct manifest m;

	memset(text, ' ', CONFIG_SIZE + 1);
	memcpy(text, "{}", 2);
	CHECK_INT(manifest_read("manifest", text, MANIFEST_SIZE + 1, NULL, &arena, &m, &e), -EINVAL);
	CHECK(strstr(e.text, "at most 4194304"));
	CHECK_INT(config(text, &c), -EINVAL);
	CHECK(strstr(e.text, "at most 8388608"));
}

int main(void)
{
	arena_init(&arena);
	TEST(an_image);
	TEST(an_artifact);
	TEST(an_index);
	TEST(platforms);
	TEST(refused);
	TEST(foreign_layers);
	TEST(a_config);
	TEST(bad_configs);
	TEST(too_large);
	arena_done(&arena);
	return tap_end();
}
