/* SPDX-License-Identifier: Apache-2.0 */
/* A summary from anywhere, with the right check sum and with its own: what comes
 * out must be as sane as what code_read() makes. */
#include "scan/summary.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BASE = 0x1000, SPAN = 0x10000 };

static void check_code(const struct code *c)
{
	for (size_t i = 0; i < c->n_funcs; i++) {
		assert(c->funcs[i].start < c->funcs[i].end && c->funcs[i].end <= SPAN);
		assert(i == 0 || c->funcs[i - 1].end <= c->funcs[i].start);
		assert(c->funcs[i].first_fact <= c->funcs[i + 1].first_fact);
		assert(code_func(c, BASE + c->funcs[i].start) == (ptrdiff_t)i);
		for (uint32_t k = c->funcs[i].first_fact; k < c->funcs[i + 1].first_fact; k++) {
			assert(c->facts[k].at >= c->funcs[i].start);
			assert(c->facts[k].at < c->funcs[i].end);
		}
	}
	assert(c->funcs[c->n_funcs].first_fact == c->n_facts);
	for (size_t i = 0; i < c->n_facts; i++) {
		const struct fact *t = &c->facts[i];

		assert(t->kind <= FACT_SYSCALL32 && t->length <= 15);
		assert(i == 0 || c->facts[i - 1].at <= t->at);
		assert(t->kind > FACT_LABEL || t->kind == FACT_CALL_ANY ||
		       t->kind == FACT_JUMP_ANY || t->to < SPAN);
	}
}

static void check_edges(const struct code *c)
{
	for (size_t i = 0; i < c->n_funcs; i++) {
		const struct func *f = &c->funcs[i];
		uint32_t x = f->first_edge;

		for (uint32_t k = f->first_fact; k < f[1].first_fact; k++) {
			if (fact_leads(&c->facts[k], f))
				assert(c->edges[x++].fact == k);
		}
		assert(x == f[1].first_edge);
		for (x = f->first_edge; x < f[1].first_edge; x++) {
			assert(c->edges[x].func == NO_INDEX || c->edges[x].func < c->n_funcs);
			assert(c->edges[x].rel == NO_INDEX); /* there are none */
		}
	}
}

static void look(const uint8_t *data, size_t size)
{
	struct elf_seg seg = { .start = BASE, .end = BASE + SPAN, .file_end = BASE + SPAN,
			       .is_exec = true };
	const struct elf f = { .base = BASE, .end = BASE + SPAN, .segs = &seg, .n_segs = 1 };
	struct code c;
	size_t n;
	uint8_t *again = malloc(size + 1);
	int r;

	assert(again);
	if (size)
		memcpy(again, data, size);
	r = summary_take(again, size, &f, &c);

	if (r < 0) {
		assert(r == -EBADMSG || r == -ENOMEM);
		return;
	}
	check_code(&c);
	check_edges(&c);
	again = summary_write(&c, &n);
	assert(again && n == size);
	free(again);
	code_done(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *sealed = malloc(size + 1);

	look(data, size);
	if (!sealed)
		return 0;
	if (size)
		memcpy(sealed, data, size);
	summary_seal(sealed, size);
	look(sealed, size);
	free(sealed);
	return 0;
}
