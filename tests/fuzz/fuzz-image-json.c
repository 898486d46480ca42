/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes and configurations of images, as a registry may send them.
 * The first byte says which; what is read is walked, so that a pointer or a
 * count that is wrong shows. */
#include "base/arena.h"
#include "base/err.h"
#include "image/manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static size_t walk(const struct texts *t)
{
	size_t sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += strlen(t->v[i]);
	return sum + (t->v && t->v[t->n] != NULL);
}

static void manifest(const char *text, size_t n, struct arena *a)
{
	struct platform p;
	struct manifest m;
	enum layer_form form;
	struct err e;

	if (manifest_read("manifest", text, n, NULL, a, &m, &e) < 0)
		return;
	if (platform_parse("linux/arm/v7", a, &p, &e) == 0 && m.kind == MANIFEST_INDEX)
		manifest_choose(&m, &p);
	for (size_t i = 0; i < m.n; i++)
		layer_form(&m.parts[i], &form, &e);
}

static void config(const char *text, size_t n, struct arena *a)
{
	struct image_config c;
	struct err e;

	if (image_config_read("configuration", text, n, a, &c, &e) < 0)
		return;
	if (walk(&c.env) + walk(&c.cmd) + walk(&c.entrypoint) + walk(&c.labels) + walk(&c.ports) +
		    walk(&c.volumes) + walk(&c.shell) > n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena a;

	if (n == 0)
		return 0;
	arena_init(&a);
	(bytes[0] & 1 ? config : manifest)((const char *)bytes + 1, n - 1, &a);
	arena_done(&a);
	return 0;
}
