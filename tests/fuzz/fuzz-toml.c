/* SPDX-License-Identifier: Apache-2.0 */
/* Settings from anywhere: an error with words, or strings that end. */
#include "base/arena.h"
#include "base/err.h"
#include "parse/toml.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	struct arena a;
	struct toml t;

	arena_init(&a);
	if (toml_read("x", (const char *)data, size, &a, &t, &e) < 0) {
		assert(e.text[0]);
	} else {
		for (size_t i = 0; i < t.n; i++) {
			assert(strlen(t.v[i].key) <= size && t.v[i].n_table <= TOML_PARTS);
			for (size_t k = 0; k < t.v[i].n; k++)
				assert(strlen(t.v[i].v[k]) <= size);
			assert(t.v[i].type != TOML_STRING || t.v[i].n == 1);
		}
	}
	arena_done(&a);
	return 0;
}
