/* SPDX-License-Identifier: Apache-2.0 */
/* An ELF file from anywhere: read, and its functions, code and data analysed.
 * Memory must stay a small multiple of the file's size; every table that comes
 * out must be sane. */
#include "base/err.h"
#include "scan/code.h"
#include "scan/data.h"
#include "scan/eh_frame.h"
#include "scan/elf.h"

#include <assert.h>
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_code(const struct elf *f)
{
	struct code c;

	if (code_read(f, NULL, 0, &c, NULL) < 0)
		return;
	for (size_t i = 0; i < c.n_funcs; i++) {
		assert(c.funcs[i].start < c.funcs[i].end);
		assert(i == 0 || c.funcs[i - 1].end <= c.funcs[i].start);
		assert(c.funcs[i].first_fact <= c.funcs[i + 1].first_fact);
		assert(code_func(&c, c.base + c.funcs[i].start) == (ptrdiff_t)i);
	}
	for (size_t i = 1; i < c.n_facts; i++)
		assert(c.facts[i - 1].at <= c.facts[i].at);
	code_done(&c);
}

static void check_data(const struct elf *f)
{
	struct data d;

	if (data_read(f, f, &d, NULL) < 0)
		return;
	for (uint32_t i = 0; i < d.n_regions; i++)
		assert(d.first[i] <= d.first[i + 1]);
	assert(d.first[d.n_regions] == d.n_pointers);
	for (size_t i = 0; i < d.n_extents; i++) {
		assert(d.extents[i].start < d.extents[i].end);
		assert(i == 0 || d.extents[i - 1].end <= d.extents[i].start);
	}
	data_done(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf *f = NULL;
	struct err e = { 0 };

	if (elf_parse(data, size, &f, &e) < 0) {
		assert(e.text[0] && !f);
		return 0;
	}
	for (size_t i = 0; i < f->n_dynsyms; i++)
		assert(strlen(f->dynsyms[i].name) < size);
	for (size_t i = 0; i < f->dyn.n_needed; i++)
		assert(strlen(f->dyn.needed[i]) < size);
	check_code(f);
	check_data(f);
	elf_free(f);
	return 0;
}
