/* SPDX-License-Identifier: Apache-2.0 */
/* image/manifest.h - indexes, manifests and configurations of images, read.
 *
 * OCI image specification 1.1 and Docker's schema 2 of the same (the two differ
 * in media types only). All of it is a stranger's: json.h checks the syntax,
 * this file what each member may be. A text that could be read as two kinds of
 * document is refused (CVE-2021-41190). */
#pragma once

#include "image/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

enum {
	MANIFEST_SIZE = 4 << 20, /* bytes of a manifest or index at most */
	CONFIG_SIZE = 8 << 20, /* of a configuration */
	MANIFEST_LAYERS = 1000,
};

struct platform {
	const char *os, *arch, *variant; /* NULL: not said */
};

/* A descriptor: what a document says of another part. */
struct desc {
	const char *media_type; /* never NULL */
	struct digest digest;
	uint64_t size;
	struct platform platform;   /* in an index */
	const char *artifact_type;  /* or NULL */
};

enum manifest_kind { MANIFEST_IMAGE, MANIFEST_INDEX };

struct manifest {
	enum manifest_kind kind;
	const char *media_type;
	struct desc config;        /* MANIFEST_IMAGE */
	const struct desc *parts;  /* layers, or the manifests of an index */
	size_t n;
	struct desc subject;       /* media_type NULL: none */
	const char *artifact_type; /* or NULL */
	bool is_artifact; /* its configuration is none of an image */
};

/* `name` is for messages; `media_type` what the transport said, or NULL. */
int manifest_read(const char *name, const char *text, size_t n, const char *media_type,
		  struct arena *a, struct manifest *ret, struct err *e);

/* "linux/arm64/v8"; NULL is this machine's. */
int platform_parse(const char *text, struct arena *a, struct platform *ret, struct err *e);
/* The entry of an index for a platform: the same variant, or one without, or
 * (arm64) any; NULL: none. An index without platforms and with one entry gives it. */
const struct desc *manifest_choose(const struct manifest *index, const struct platform *p);

enum layer_form { LAYER_TAR, LAYER_GZIP, LAYER_ZSTD };
/* How a layer is packed; -EINVAL for media types that are no layers of ours
 * (foreign layers, encrypted ones, other artifacts). */
int layer_form(const struct desc *layer, enum layer_form *ret, struct err *e);

struct history {
	const char *created, *created_by, *comment; /* or NULL */
	bool is_empty; /* made no layer */
};

struct texts {
	const char *const *v; /* ends in NULL */
	size_t n;
};

struct image_config {
	struct platform platform;
	const char *created, *author; /* or NULL */
	const struct digest *diff_ids;
	size_t n_diff_ids;
	const struct history *history;
	size_t n_history;
	const char *user, *workdir, *stop_signal; /* NULL: not said */
	struct texts env, entrypoint, cmd, volumes, ports, shell;
	struct texts labels; /* name, value, name, value */
};
int image_config_read(const char *name, const char *text, size_t n, struct arena *a,
		      struct image_config *ret, struct err *e);
