/* SPDX-License-Identifier: Apache-2.0 */
/* scan/elf-dyn.c - the dynamic segment: libraries, symbols, versions.
 *
 * Theory of operation
 * -------------------
 * ld.so goes by the dynamic segment alone, so we do, too. It does not say how
 * many symbols there are: DT_HASH does (its number of chains), DT_GNU_HASH does
 * by way of its last chain, if it has one: a program that exports nothing has
 * an empty table, and then only the relocations show which symbols there are.
 * The largest of these answers counts, cut to what the file holds.
 *
 * Versions: DT_VERSYM has one word a symbol; DT_VERDEF names the versions that
 * this object defines, DT_VERNEED those it wants of others. Index 0 is local,
 * 1 is global without a version; bit 15 hides a definition from whoever does
 * not ask for its version. */
#include "scan/elf-priv.h"

#include "base/err.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#ifndef DT_RELRSZ
#define DT_RELRSZ 35
#define DT_RELR   36
#endif
#ifndef DF_1_PIE
#define DF_1_PIE 0x08000000
#endif

enum { MAX_VERSIONS = 32768 };

/* The tags that we use, as they stand. */
struct tags {
	uint64_t strtab, strsz, symtab, hash, gnu_hash;
	uint64_t versym, verdef, verdefnum, verneed, verneednum;
	uint64_t rela, relasz, jmprel, pltrelsz, relr, relrsz;
	uint64_t init, fini, arrays[3], array_sizes[3];
	uint64_t soname, rpath, runpath, flags, flags_1;
	bool has_soname, has_rpath, has_runpath, is_symbolic, is_now;
};

#define FIELD(tag, member) { tag, offsetof(struct tags, member) }

static const struct {
	int64_t tag;
	size_t offset;
} tag_fields[] = {
	FIELD(DT_STRTAB, strtab), FIELD(DT_STRSZ, strsz),
	FIELD(DT_SYMTAB, symtab), FIELD(DT_HASH, hash),
	FIELD(DT_GNU_HASH, gnu_hash), FIELD(DT_VERSYM, versym),
	FIELD(DT_VERDEF, verdef), FIELD(DT_VERDEFNUM, verdefnum),
	FIELD(DT_VERNEED, verneed), FIELD(DT_VERNEEDNUM, verneednum),
	FIELD(DT_RELA, rela), FIELD(DT_RELASZ, relasz),
	FIELD(DT_JMPREL, jmprel), FIELD(DT_PLTRELSZ, pltrelsz),
	FIELD(DT_RELR, relr), FIELD(DT_RELRSZ, relrsz),
	FIELD(DT_INIT, init), FIELD(DT_FINI, fini),
	FIELD(DT_PREINIT_ARRAY, arrays[0]),
	FIELD(DT_PREINIT_ARRAYSZ, array_sizes[0]),
	FIELD(DT_INIT_ARRAY, arrays[1]), FIELD(DT_INIT_ARRAYSZ, array_sizes[1]),
	FIELD(DT_FINI_ARRAY, arrays[2]), FIELD(DT_FINI_ARRAYSZ, array_sizes[2]),
	FIELD(DT_FLAGS, flags), FIELD(DT_FLAGS_1, flags_1),
};

static void set_tag(struct tags *t, int64_t tag, uint64_t value)
{
	for (size_t i = 0; i < sizeof(tag_fields) / sizeof(tag_fields[0]); i++) {
		if (tag_fields[i].tag == tag)
			memcpy((char *)t + tag_fields[i].offset, &value,
			       sizeof(value));
	}
	if (tag == DT_SONAME) {
		t->soname = value;
		t->has_soname = true;
	} else if (tag == DT_RPATH) {
		t->rpath = value;
		t->has_rpath = true;
	} else if (tag == DT_RUNPATH) {
		t->runpath = value;
		t->has_runpath = true;
	} else if (tag == DT_SYMBOLIC) {
		t->is_symbolic = true;
	} else if (tag == DT_BIND_NOW) {
		t->is_now = true;
	}
}

static const char *dyn_string(const struct elf *f, const struct tags *t, uint64_t at)
{
	const uint8_t *table = elf_at(f, t->strtab, t->strsz);

	return table ? elf_table_string(table, t->strsz, at) : NULL;
}

static int read_needed(struct elf *f, const struct tags *t, const uint8_t *p,
		       size_t n, struct err *e)
{
	f->dyn.needed = arena_array(&f->arena, n + 1, sizeof(char *));
	if (!f->dyn.needed)
		return err_set(e, -ENOMEM, "read dynamic segment");
	for (size_t i = 0; i < n; i++) {
		const char *name;

		if (elf_u64(p + i * 16) == DT_NULL)
			break;
		if (elf_u64(p + i * 16) != DT_NEEDED)
			continue;
		name = dyn_string(f, t, elf_u64(p + i * 16 + 8));
		if (!name)
			return elf_damaged(e, "a needed library has no name");
		f->dyn.needed[f->dyn.n_needed++] = name;
	}
	return 0;
}

static uint64_t count_by_gnu_hash(const struct elf *f, uint64_t at)
{
	const uint8_t *p = elf_at(f, at, 16);
	uint64_t buckets, first, bloom, chains, max = 0;

	if (!p)
		return 0;
	buckets = elf_u32(p);
	first = elf_u32(p + 4);
	bloom = elf_u32(p + 8);
	p = elf_at(f, at + 16 + bloom * 8, buckets * 4);
	if (!p)
		return 0;
	for (uint64_t i = 0; i < buckets; i++) {
		if (elf_u32(p + i * 4) > max)
			max = elf_u32(p + i * 4);
	}
	if (max < first)
		return first;
	chains = at + 16 + bloom * 8 + buckets * 4;
	for (; (p = elf_at(f, chains + (max - first) * 4, 4)); max++) {
		if (elf_u32(p) & 1)
			return max + 1;
	}
	return 0;
}

static uint64_t count_by_relocations(const struct elf *f, uint64_t at, uint64_t size)
{
	const uint8_t *p = at ? elf_at(f, at, size) : NULL;
	uint64_t n = 0;

	for (uint64_t i = 0; p && i + sizeof(Elf64_Rela) <= size; i += sizeof(Elf64_Rela)) {
		uint64_t symbol = elf_u32(p + i + 12);

		if (symbol + 1 > n)
			n = symbol + 1;
	}
	return n;
}

static uint64_t count_symbols(const struct elf *f, const struct tags *t)
{
	const struct elf_seg *s = elf_seg_of(f, t->symtab);
	const uint8_t *p = t->hash ? elf_at(f, t->hash, 8) : NULL;
	uint64_t n = p ? elf_u32(p + 4) : 0, other;

	if (!s || t->symtab >= s->file_end)
		return 0;
	other = t->gnu_hash ? count_by_gnu_hash(f, t->gnu_hash) : 0;
	if (other > n)
		n = other;
	for (int i = 0; i < 2; i++) {
		other = i ? count_by_relocations(f, t->jmprel, t->pltrelsz)
			  : count_by_relocations(f, t->rela, t->relasz);
		if (other > n)
			n = other;
	}
	other = (s->file_end - t->symtab) / sizeof(Elf64_Sym);
	return n < other ? n : other;
}

/* aarch64's marks of where code and data begin: no symbols of the program's. */
static bool is_mapping(const struct elf *f, const char *name)
{
	return f->machine == EM_AARCH64 && name[0] == '$' && (name[1] == 'x' || name[1] == 'd') &&
	       (name[2] == '\0' || name[2] == '.');
}

int elf_read_symtab(struct elf *f, const uint8_t *symbols, uint64_t size,
		    const uint8_t *strings, uint64_t strings_size,
		    struct elf_sym **ret_syms, size_t *ret_n, struct err *e)
{
	size_t n = size / sizeof(Elf64_Sym);
	struct elf_sym *v = arena_array(&f->arena, n + 1, sizeof(*v));
	Elf64_Sym s;

	if (!v)
		return err_set(e, -ENOMEM, "read %zu symbols", n);
	for (size_t i = 0; i < n; i++) {
		const char *name;

		memcpy(&s, symbols + i * sizeof(s), sizeof(s));
		name = elf_table_string(strings, strings_size, s.st_name);
		v[i] = (struct elf_sym){
			.name = name ? name : "",
			.value = s.st_value,
			.size = s.st_size,
			.type = ELF64_ST_TYPE(s.st_info),
			.bind = ELF64_ST_BIND(s.st_info),
			.visibility = ELF64_ST_VISIBILITY(s.st_other),
			.section = s.st_shndx,
		};
		if (is_mapping(f, v[i].name))
			v[i] = (struct elf_sym){ .name = "" };
	}
	*ret_syms = v;
	*ret_n = n;
	return 0;
}

/* names[i] = the name of version i, from the definitions. */
static void read_verdef(const struct elf *f, const struct tags *t, const char **names)
{
	uint64_t at = t->verdef;

	for (uint64_t i = 0; i < t->verdefnum && i < MAX_VERSIONS; i++) {
		const uint8_t *p = elf_at(f, at, sizeof(Elf64_Verdef)), *aux;
		uint16_t index;

		if (!p)
			return;
		index = elf_u16(p + 4) & 0x7fff;
		aux = elf_at(f, at + elf_u32(p + 12), sizeof(Elf64_Verdaux));
		if (aux && index > 1)
			names[index] = dyn_string(f, t, elf_u32(aux));
		if (!elf_u32(p + 16))
			return;
		at += elf_u32(p + 16);
	}
}

static void read_vernaux(const struct elf *f, const struct tags *t, uint64_t at,
			 unsigned n, const char **names)
{
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *p = elf_at(f, at, sizeof(Elf64_Vernaux));
		uint16_t index;

		if (!p)
			return;
		index = elf_u16(p + 6) & 0x7fff;
		if (index > 1)
			names[index] = dyn_string(f, t, elf_u32(p + 8));
		if (!elf_u32(p + 12))
			return;
		at += elf_u32(p + 12);
	}
}

static void read_verneed(const struct elf *f, const struct tags *t, const char **names)
{
	uint64_t at = t->verneed;

	for (uint64_t i = 0; i < t->verneednum && i < MAX_VERSIONS; i++) {
		const uint8_t *p = elf_at(f, at, sizeof(Elf64_Verneed));

		if (!p)
			return;
		read_vernaux(f, t, at + elf_u32(p + 8), elf_u16(p + 2), names);
		if (!elf_u32(p + 12))
			return;
		at += elf_u32(p + 12);
	}
}

static int read_versions(struct elf *f, const struct tags *t, struct err *e)
{
	const uint8_t *words = t->versym ? elf_at(f, t->versym, f->n_dynsyms * 2) : NULL;
	const char **names;

	if (!words)
		return 0;
	names = arena_array(&f->arena, MAX_VERSIONS, sizeof(*names));
	if (!names)
		return err_set(e, -ENOMEM, "read symbol versions");
	read_verdef(f, t, names);
	read_verneed(f, t, names);
	for (size_t i = 0; i < f->n_dynsyms; i++) {
		uint16_t w = elf_u16(words + i * 2);

		f->dynsyms[i].version = names[w & 0x7fff];
		f->dynsyms[i].is_hidden_version = w >> 15;
	}
	return 0;
}

static int read_dynsyms(struct elf *f, const struct tags *t, struct err *e)
{
	uint64_t n = count_symbols(f, t);
	const uint8_t *symbols = n ? elf_at(f, t->symtab, n * sizeof(Elf64_Sym)) : NULL;
	const uint8_t *strings = elf_at(f, t->strtab, t->strsz);
	int r;

	if (!symbols || !strings)
		return 0;
	r = elf_read_symtab(f, symbols, n * sizeof(Elf64_Sym), strings, t->strsz,
			    &f->dynsyms, &f->n_dynsyms, e);
	return r < 0 ? r : read_versions(f, t, e);
}

static int keep(struct elf *f, const struct tags *t, struct err *e)
{
	struct elf_dyn *d = &f->dyn;

	d->soname = t->has_soname ? dyn_string(f, t, t->soname) : NULL;
	d->rpath = t->has_rpath ? dyn_string(f, t, t->rpath) : NULL;
	d->runpath = t->has_runpath ? dyn_string(f, t, t->runpath) : NULL;
	if ((t->has_rpath && !d->rpath) || (t->has_runpath && !d->runpath))
		return elf_damaged(e, "a library search path has no end");
	d->init = t->init;
	d->fini = t->fini;
	for (int i = 0; i < 3; i++) {
		uint64_t size = t->array_sizes[i] & ~(uint64_t)7;

		if (!t->arrays[i] || !size)
			continue;
		if (!elf_at(f, t->arrays[i], size))
			return elf_damaged(e, "an init or fini array is not in the file");
		d->arrays[i] = (struct elf_range){ t->arrays[i], t->arrays[i] + size };
	}
	d->is_symbolic = t->is_symbolic || t->flags & DF_SYMBOLIC;
	d->is_pie = t->flags_1 & DF_1_PIE;
	d->is_now = t->is_now || t->flags & DF_BIND_NOW || t->flags_1 & DF_1_NOW;
	return 0;
}

int elf_read_dynamic(struct elf *f, uint64_t address, uint64_t size, struct err *e)
{
	const uint8_t *p = elf_at(f, address, size);
	size_t n = size / sizeof(Elf64_Dyn);
	struct tags t = { 0 };
	int r;

	/* A separate debug file has the header but not the bytes. */
	if (!p)
		return 0;
	f->has_dynamic = true;
	for (size_t i = 0; i < n && elf_u64(p + i * 16) != DT_NULL; i++)
		set_tag(&t, (int64_t)elf_u64(p + i * 16), elf_u64(p + i * 16 + 8));
	r = read_needed(f, &t, p, n, e);
	if (r == 0)
		r = keep(f, &t, e);
	if (r == 0)
		r = read_dynsyms(f, &t, e);
	if (r < 0)
		return r;
	return elf_read_relocations(f, &(struct elf_rel_tables){
		.rela = { t.rela, t.rela + t.relasz },
		.jmprel = { t.jmprel, t.jmprel + t.pltrelsz },
		.relr = { t.relr, t.relr + t.relrsz },
	}, e);
}
