/* SPDX-License-Identifier: Apache-2.0 */
/* scan/elf-go.c - the functions that Go's own table names.
 *
 * A Go program carries .gopclntab, for its stack traces, stripped or not: where
 * each function begins and its name. When there is no .symtab these are the
 * symbols. Read are the tables of Go 1.18, 1.20 and later (function entries are
 * 32-bit distances from the start of the text) and of 1.16 (addresses). The text
 * start in the header is 0 in files of Go 1.22 with an internal change and then
 * that of .text.
 *
 * Source of the format: the Go sources, runtime/symtab.go (pcHeader, functab,
 * _func). The table comes from outside: every place is checked, and a table that
 * makes no sense has no symbols. */
#include "scan/elf-priv.h"

#include "base/arena.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { GO_1_16 = 0xfffffffa, GO_1_18 = 0xfffffff0, GO_1_20 = 0xfffffff1 };

struct table {
	const uint8_t *p;
	uint64_t size, n, text, names, functions;
	bool has_addresses; /* entries of 8 and 8 bytes, not 4 and 4 */
};

static bool read_header(const struct elf *f, const struct elf_sect *s, struct table *t)
{
	const struct elf_sect *text = elf_sect_named(f, ".text");
	uint32_t magic;
	int k = 3;

	t->size = s->end - s->start;
	t->p = elf_at(f, s->start, t->size);
	if (!t->p || t->size < 8 + 8 * 8 || t->p[7] != 8 || !text)
		return false;
	magic = elf_u32(t->p);
	if (magic != GO_1_16 && magic != GO_1_18 && magic != GO_1_20)
		return false;
	t->has_addresses = magic == GO_1_16;
	t->n = elf_u64(t->p + 8);
	if (!t->has_addresses)
		t->text = elf_u64(t->p + 8 * k++);
	if (!t->text)
		t->text = text->start;
	t->names = elf_u64(t->p + 8 * k);
	t->functions = elf_u64(t->p + 8 * (k + 4));
	return t->names < t->size && t->functions < t->size &&
	       t->n < (t->size - t->functions) / (t->has_addresses ? 16 : 8);
}

static uint64_t entry(const struct table *t, uint64_t i)
{
	const uint8_t *p = t->p + t->functions;

	return t->has_addresses ? elf_u64(p + 16 * i) : t->text + elf_u32(p + 8 * i);
}

static const char *name(const struct table *t, uint64_t i)
{
	const uint8_t *p = t->p + t->functions;
	uint64_t at = t->has_addresses ? elf_u64(p + 16 * i + 8) : elf_u32(p + 8 * i + 4);
	const char *found;

	at += t->has_addresses ? 8 : 4; /* behind its entry stands its name */
	if (at > t->size - t->functions - 4)
		return "";
	found = elf_table_string(t->p + t->names, t->size - t->names, elf_u32(p + at));
	return found ? found : "";
}

int elf_read_go(struct elf *f)
{
	const struct elf_sect *s = elf_sect_named(f, ".gopclntab");
	struct table t = { 0 };
	struct elf_sym *v;

	if (!s || !s->has_bytes || f->n_syms || !read_header(f, s, &t))
		return 0;
	v = arena_array(&f->arena, t.n + 1, sizeof(*v));
	if (!v)
		return -1;
	for (uint64_t i = 0; i < t.n; i++) {
		uint64_t start = entry(&t, i), end = entry(&t, i + 1);

		if (end < start)
			return 0; /* no such table */
		v[i] = (struct elf_sym){ .name = name(&t, i), .value = start, .size = end - start,
					 .section = SHN_ABS, .type = STT_FUNC, .bind = STB_LOCAL };
	}
	f->syms = v;
	f->n_syms = t.n;
	return 0;
}
