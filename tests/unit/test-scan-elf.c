/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/scope.h"
#include "scan/eh_frame.h"
#include "scan/elf.h"
#include "tap.h"

#include <elf.h>
#include <fcntl.h>
#include <gnu/lib-names.h>
#include <link.h>
#include <stdlib.h>

DEFINE_SCOPE(elf, struct elf, elf_free)
#define auto_elf __attribute__((cleanup(scope_elf)))

/* Where ld.so put the C library, and its file. */
struct libc {
	uint64_t base;
	char path[4096];
};

static int find_libc(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct libc *l = arg;

	(void)size;
	if (!strstr(info->dlpi_name, LIBC_SO))
		return 0;
	l->base = info->dlpi_addr;
	snprintf(l->path, sizeof(l->path), "%s", info->dlpi_name);
	return 1;
}

static struct elf *open_libc(uint64_t *ret_base)
{
	struct elf *f = NULL;
	struct libc l = { 0 };
	auto_fd int fd = -EBADF;

	dl_iterate_phdr(find_libc, &l);
	fd = open(l.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || elf_read(fd, &f, NULL) < 0)
		return NULL;
	*ret_base = l.base;
	return f;
}

static const struct elf_sym *find(const struct elf *f, const char *name)
{
	for (size_t i = 0; i < f->n_dynsyms; i++) {
		if (strcmp(f->dynsyms[i].name, name) == 0 && f->dynsyms[i].value)
			return &f->dynsyms[i];
	}
	return NULL;
}

static void symbols_are_where_ld_so_finds_them(void)
{
	uint64_t base = 0;
	auto_elf struct elf *f = open_libc(&base);
	const struct elf_sym *s;

	CHECK(f);
	CHECK_STR(f->dyn.soname, LIBC_SO);
	CHECK(f->n_dynsyms > 2000);
	s = find(f, "getppid");
	CHECK(s);
	CHECK(s->value + base == (uint64_t)(uintptr_t)getppid);
	CHECK_STR(s->version, "GLIBC_2.2.5");
	CHECK(elf_is_code(f, s->value));
	CHECK(!elf_is_code(f, f->dyn.arrays[1].start));
}

static void bytes_are_those_in_memory(void)
{
	uint64_t base = 0;
	auto_elf struct elf *f = open_libc(&base);
	const struct elf_sym *s = f ? find(f, "getppid") : NULL;
	const struct elf_seg *seg;

	CHECK(s);
	CHECK(memcmp(elf_at(f, s->value, 16), (void *)(uintptr_t)getppid, 16) == 0);
	seg = elf_seg_of(f, s->value);
	CHECK(seg && seg->is_exec);
	CHECK(elf_at(f, seg->file_end - 1, 1));
	CHECK(!elf_at(f, seg->file_end - 1, 2));
	CHECK(!elf_at(f, s->value, UINT64_MAX));
	CHECK(!elf_at(f, f->end, 1));
}

static void relative_relocations_name_pointers(void)
{
	uint64_t base = 0;
	auto_elf struct elf *f = open_libc(&base);
	size_t relative = 0;

	CHECK(f);
	for (size_t i = 0; i < f->n_rels; i++) {
		const struct elf_rel *r = &f->rels[i];
		uint64_t word;

		CHECK(i == 0 || r[-1].where <= r->where);
		if (r->kind != ELF_REL_RELATIVE || elf_seg_of(f, r->where)->is_exec)
			continue;
		/* .data.rel.ro may not change after start-up. */
		if (!elf_sect_of(f, r->where) ||
		    strcmp(elf_sect_of(f, r->where)->name, ".data.rel.ro") != 0)
			continue;
		memcpy(&word, (void *)(uintptr_t)(base + r->where), 8);
		CHECK(word == base + r->addend);
		relative++;
	}
	CHECK(relative > 500);
}

static void unwind_ranges_hold_functions(void)
{
	uint64_t base = 0;
	auto_elf struct elf *f = open_libc(&base);
	auto_free struct eh_range *v = NULL;
	const struct elf_sym *s;
	size_t n = 0, hits = 0;

	CHECK(f);
	CHECK_INT(eh_frame_read(f, &v, &n, NULL), 0);
	CHECK(n > 2000);
	s = find(f, "getppid");
	for (size_t i = 0; i < n; i++) {
		CHECK(v[i].start < v[i].end);
		CHECK(i == 0 || v[i - 1].end <= v[i].start);
		hits += v[i].start == s->value && v[i].end == s->value + s->size;
	}
	CHECK_INT(hits, 1);
}

/* Without .eh_frame's section header the same ranges are found. */
static void unwind_ranges_without_sections(void)
{
	uint64_t base = 0;
	auto_elf struct elf *f = open_libc(&base);
	auto_free struct eh_range *v = NULL, *w = NULL;
	size_t n = 0, m = 0;

	CHECK(f);
	CHECK_INT(eh_frame_read(f, &v, &n, NULL), 0);
	f->eh_frame = (struct elf_range){ 0 };
	CHECK_INT(eh_frame_read(f, &w, &m, NULL), 0);
	CHECK_INT(m, n);
	for (size_t i = 0; i < n; i++)
		CHECK(v[i].start == w[i].start && v[i].end == w[i].end &&
		      v[i].has_landing_pads == w[i].has_landing_pads);
}

static char *slurp(const char *path, size_t *ret_n)
{
	FILE *in = fopen(path, "re");
	char *p = malloc(32 << 20);

	*ret_n = in && p ? fread(p, 1, 32 << 20, in) : 0;
	if (in)
		fclose(in);
	return p;
}

static void look_at_all(const struct elf *f)
{
	auto_free struct eh_range *v = NULL;
	size_t n;

	for (size_t i = 0; i < f->n_dynsyms; i++)
		(void)elf_is_code(f, f->dynsyms[i].value + strlen(f->dynsyms[i].name));
	for (size_t i = 0; i < f->n_rels; i++)
		(void)elf_at(f, f->rels[i].where, 8);
	for (size_t i = 0; i < f->n_sects; i++)
		(void)elf_at(f, f->sects[i].start, strlen(f->sects[i].name));
	(void)eh_frame_read(f, &v, &n, NULL);
}

/* Every byte of the first 4 KiB (headers, dynamic symbols) turned over, and the
 * file cut short: none may crash (the build with sanitizers looks). */
static void damaged_files_are_refused_or_read(void)
{
	size_t n = 0, read = 0, refused = 0;
	auto_free char *p = slurp("/bin/true", &n);
	struct err e = { 0 };

	CHECK(n > 4096);
	for (size_t i = 0; i < 2 * 4096; i++) {
		size_t at = i / 2, cut = i % 2 ? n : n * at / 4096;
		char was = p[at];
		auto_elf struct elf *f = NULL;

		p[at] = (char)(i % 2 ? ~was : was);
		if (elf_parse(p, cut, &f, &e) < 0) {
			CHECK(e.text[0]);
			refused++;
		} else {
			look_at_all(f);
			read++;
		}
		p[at] = was;
	}
	CHECK(read > 100);
	CHECK(refused > 1000);
}

static void other_files_are_told_apart(void)
{
	static const char script[] = "#!/bin/sh\n";
	auto_elf struct elf *f = NULL;
	unsigned char head[64] = { 0x7f, 'E', 'L', 'F', 1, 1, 1 };
	struct err e = { 0 };

	CHECK_INT(elf_parse(script, sizeof(script), &f, &e), -ENOEXEC);
	CHECK_INT(elf_parse("", 0, &f, &e), -ENOEXEC);
	CHECK_INT(elf_parse(head, sizeof(head), &f, &e), -ENOTSUP);
	CHECK(strstr(e.text, "another machine"));
}

int main(void)
{
	TEST(symbols_are_where_ld_so_finds_them);
	TEST(bytes_are_those_in_memory);
	TEST(relative_relocations_name_pointers);
	TEST(unwind_ranges_hold_functions);
	TEST(unwind_ranges_without_sections);
	TEST(damaged_files_are_refused_or_read);
	TEST(other_files_are_told_apart);
	return tap_end();
}
