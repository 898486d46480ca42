/* SPDX-License-Identifier: Apache-2.0 */
/* scan/elf-rel.c - relocations: RELA, JMPREL, RELR, as one sorted table.
 *
 * What matters to the analysis is which words of the loaded program hold the
 * address of what. So the many types of the two machines become the few kinds
 * of enum elf_rel_kind. RELR (the compact form of relative relocations: an
 * address, then bitmaps of the 63 words behind it) is unpacked; its addends are
 * the words in the file themselves.
 *
 * A static program that is not position-independent has no dynamic segment,
 * yet it has relocations: the IRELATIVE ones that its start-up code applies,
 * in a section .rela.plt that only the section headers or the symbol
 * __rela_iplt_start show. Their words are in .got, and their resolvers are
 * found as any other code whose address stands in data (scan/data.c). */
#include "scan/elf-priv.h"

#include "base/err.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

static const struct {
	uint16_t machine;
	uint32_t type;
	enum elf_rel_kind kind;
} kinds[] = {
	{ EM_X86_64, R_X86_64_RELATIVE, ELF_REL_RELATIVE },
	{ EM_X86_64, R_X86_64_RELATIVE64, ELF_REL_RELATIVE },
	{ EM_X86_64, R_X86_64_64, ELF_REL_SYMBOL },
	{ EM_X86_64, R_X86_64_32, ELF_REL_SYMBOL },
	{ EM_X86_64, R_X86_64_32S, ELF_REL_SYMBOL },
	{ EM_X86_64, R_X86_64_PC32, ELF_REL_SYMBOL },
	{ EM_X86_64, R_X86_64_GLOB_DAT, ELF_REL_SLOT },
	{ EM_X86_64, R_X86_64_JUMP_SLOT, ELF_REL_SLOT },
	{ EM_X86_64, R_X86_64_IRELATIVE, ELF_REL_IRELATIVE },
	{ EM_X86_64, R_X86_64_COPY, ELF_REL_COPY },
	{ EM_AARCH64, R_AARCH64_RELATIVE, ELF_REL_RELATIVE },
	{ EM_AARCH64, R_AARCH64_ABS64, ELF_REL_SYMBOL },
	{ EM_AARCH64, R_AARCH64_GLOB_DAT, ELF_REL_SLOT },
	{ EM_AARCH64, R_AARCH64_JUMP_SLOT, ELF_REL_SLOT },
	{ EM_AARCH64, R_AARCH64_IRELATIVE, ELF_REL_IRELATIVE },
	{ EM_AARCH64, R_AARCH64_COPY, ELF_REL_COPY },
};

static enum elf_rel_kind kind_of(uint16_t machine, uint32_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].machine == machine && kinds[i].type == type)
			return kinds[i].kind;
	}
	return ELF_REL_OTHER;
}

static void add_rela(struct elf *f, const uint8_t *p, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++, p += sizeof(Elf64_Rela)) {
		uint64_t info = elf_u64(p + 8);
		uint32_t symbol = (uint32_t)(info >> 32);

		f->rels[f->n_rels++] = (struct elf_rel){
			.where = elf_u64(p),
			.addend = elf_u64(p + 16),
			.symbol = symbol < f->n_dynsyms ? symbol : 0,
			.kind = kind_of(f->machine, (uint32_t)info),
		};
	}
}

static void add_relative(struct elf *f, uint64_t where)
{
	const uint8_t *p = elf_at(f, where, 8);

	if (p)
		f->rels[f->n_rels++] = (struct elf_rel){
			.where = where,
			.addend = elf_u64(p),
			.kind = ELF_REL_RELATIVE,
		};
}

static void add_relr(struct elf *f, const uint8_t *p, uint64_t n)
{
	uint64_t where = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t word = elf_u64(p + i * 8);

		if (!(word & 1)) {
			add_relative(f, word);
			where = word + 8;
			continue;
		}
		for (uint64_t bit = 1; bit < 64; bit++) {
			if (word >> bit & 1)
				add_relative(f, where + (bit - 1) * 8);
		}
		where += 63 * 8;
	}
}

static uint64_t count_relr(const uint8_t *p, uint64_t n)
{
	uint64_t all = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t word = elf_u64(p + i * 8);

		all += word & 1 ? (uint64_t)__builtin_popcountll(word) - 1 : 1;
	}
	return all;
}

static int by_where(const void *a, const void *b)
{
	const struct elf_rel *x = a, *y = b;

	return (x->where > y->where) - (x->where < y->where);
}

/* The table's bytes; NULL and n = 0 when it is empty. */
static int table(const struct elf *f, struct elf_range r, uint64_t size,
		 const uint8_t **ret_p, uint64_t *ret_n, struct err *e)
{
	if (r.start == 0 || r.end <= r.start)
		return 0;
	*ret_p = elf_at(f, r.start, r.end - r.start);
	*ret_n = (r.end - r.start) / size;
	if (!*ret_p)
		return elf_damaged(e, "a table of relocations is not in the file");
	return 0;
}

int elf_read_relocations(struct elf *f, const struct elf_rel_tables *t, struct err *e)
{
	const uint8_t *rela = NULL, *plt = NULL, *relr = NULL;
	uint64_t n_rela = 0, n_plt = 0, n_relr = 0, all;
	int r = table(f, t->rela, sizeof(Elf64_Rela), &rela, &n_rela, e);

	if (r == 0)
		r = table(f, t->jmprel, sizeof(Elf64_Rela), &plt, &n_plt, e);
	if (r == 0)
		r = table(f, t->relr, 8, &relr, &n_relr, e);
	if (r < 0)
		return r;
	/* Each has a word of the file to change (E4: RELR is a compression). */
	all = n_rela + n_plt + count_relr(relr, n_relr);
	if (all > f->size / 8)
		return elf_damaged(e, "more relocations than words");
	f->rels = arena_array(&f->arena, all + 1, sizeof(*f->rels));
	if (!f->rels)
		return err_set(e, -ENOMEM, "read relocations");
	add_rela(f, rela, n_rela);
	add_rela(f, plt, n_plt);
	add_relr(f, relr, n_relr);
	qsort(f->rels, f->n_rels, sizeof(*f->rels), by_where);
	return 0;
}

size_t elf_rel_from(const struct elf *f, uint64_t address)
{
	size_t low = 0, high = f->n_rels;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->rels[mid].where < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t elf_slot_rel(const struct elf *f, uint64_t address)
{
	for (size_t i = elf_rel_from(f, address); i < f->n_rels; i++) {
		const struct elf_rel *r = &f->rels[i];

		if (r->where != address)
			break;
		if (r->kind == ELF_REL_SLOT || r->kind == ELF_REL_IRELATIVE)
			return i;
	}
	return f->n_rels;
}
