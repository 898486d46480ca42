/* SPDX-License-Identifier: Apache-2.0 */
/* cgroupsPath and the value of an annotation, as they come from config.json:
 * what gets through is one request of well-made lines. */
#include "cgroup/unit-priv.h"

#include "base/arena.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool good)
{
	if (!good)
		abort();
}

/* Letters that the helper splits at are in no word. */
static void check(const char *text)
{
	size_t lines = 0;

	for (const char *p = text; *p; p += strcspn(p, "\n") + 1, lines++) {
		must(strchr(p, '\n'));
		must(strncmp(p, "bus ", 4) == 0 || strncmp(p, "verb ", 5) == 0 ||
		     strncmp(p, "unit ", 5) == 0 ||
		     strncmp(p, "property ", 9) == 0 ||
		     strncmp(p, "optional ", 9) == 0);
		for (const char *c = p; *c != '\n'; c++)
			must(*c >= ' ' && *c < 127);
	}
	must(lines >= 12);
}

/* The first line is the path, the second the property, the rest its value. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct host_cgroup v2 = { "/cg", "", "/", true };
	const struct host h = { .cgroup_layout = CGROUP_V2,
				.cgroups = &v2,
				.n_cgroups = 1 };
	struct conf_pair pair;
	const char *request;
	struct cgroup g;
	struct arena a;
	struct conf c = { .id = "id", .annotations = &pair, .n_annotations = 1 };
	char *text, *name, *value, *exact = NULL;

	arena_init(&a);
	text = arena_dup_n(&a, (const char *)bytes, n);
	name = strchr(text, '\n');
	value = name ? strchr(name + 1, '\n') : NULL;
	if (value) {
		*name++ = '\0';
		*value++ = '\0';
		c.cgroup.manager = CGROUP_SYSTEMD;
		c.cgroup.path = text;
		pair.key = arena_printf(&a, "org.systemd.property.%s", name);
		/* In memory of its own, so that a byte behind it is seen. */
		pair.value = exact = strdup(value);
		if (cgroup_plan(&c.cgroup, c.id, &h, &a, &g, NULL) == 0 &&
		    unit_request(&g, &c, &a, &request, NULL) == 0)
			check(request);
	}
	arena_done(&a);
	free(exact);
	return 0;
}
