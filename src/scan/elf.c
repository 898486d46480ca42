/* SPDX-License-Identifier: Apache-2.0 */
/* scan/elf.c - one ELF file, read into memory and checked: headers, segments,
 * sections.
 *
 * Theory of operation
 * -------------------
 * The file may be hostile and may change under us, so it is not mapped: a
 * mapping of a file that shrinks is a SIGBUS, and one that is written to makes
 * every check a guess. Instead there is a private copy in anonymous memory of
 * the file's size, into which only the parts that are looked at are read
 * (headers, the loaded segments, the symbol table): debug information of any
 * size costs nothing.
 *
 * Order of reading: ELF header, program headers (what the kernel and ld.so go
 * by), section headers when they make sense, then the dynamic segment
 * (elf-dyn.c) and its relocations (elf-rel.c). A file whose section headers
 * are nonsense is read as one that has none; a file whose program headers are
 * nonsense is refused, as the kernel would. */
#include "scan/elf-priv.h"

#include "base/err.h"
#include "base/scope.h"
#include "base/sha256.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U /* Linux 6.8 */
#endif

enum { MAX_SEGMENTS = 512, MAX_SECTIONS = 65536, ELF_PAGE = 4096 };

#define MAX_SPAN ((uint64_t)1 << 32)

DEFINE_SCOPE(elf, struct elf, elf_free)
#define auto_elf __attribute__((cleanup(scope_elf)))

uint16_t elf_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t elf_u32(const uint8_t *p)
{
	return elf_u16(p) | (uint32_t)elf_u16(p + 2) << 16;
}

uint64_t elf_u64(const uint8_t *p)
{
	return elf_u32(p) | (uint64_t)elf_u32(p + 4) << 32;
}

int elf_damaged(struct err *e, const char *what)
{
	err_input(e, "the ELF file is damaged: %s", what);
	return -EBADMSG;
}

const uint8_t *elf_piece(const struct elf *f, uint64_t offset, uint64_t n)
{
	if (offset > f->size || n > f->size - offset)
		return NULL;
	return f->bytes + offset;
}

const char *elf_table_string(const uint8_t *table, uint64_t n, uint64_t at)
{
	if (at >= n || !memchr(table + at, '\0', n - at))
		return NULL;
	return (const char *)table + at;
}

const struct elf_seg *elf_seg_of(const struct elf *f, uint64_t address)
{
	for (size_t i = 0; i < f->n_segs; i++) {
		if (address >= f->segs[i].start && address < f->segs[i].end)
			return &f->segs[i];
	}
	return NULL;
}

const uint8_t *elf_at(const struct elf *f, uint64_t address, uint64_t n)
{
	const struct elf_seg *s = elf_seg_of(f, address);

	if (!s || address > s->file_end || n > s->file_end - address)
		return NULL;
	return s->bytes + (address - s->start);
}

const char *elf_string(const struct elf *f, uint64_t address)
{
	const struct elf_seg *s = elf_seg_of(f, address);
	const uint8_t *p;

	if (!s || address >= s->file_end)
		return NULL;
	p = s->bytes + (address - s->start);
	return memchr(p, '\0', s->file_end - address) ? (const char *)p : NULL;
}

bool elf_is_code(const struct elf *f, uint64_t address)
{
	const struct elf_seg *s = elf_seg_of(f, address);
	const struct elf_sect *t;

	if (!s || !s->is_exec || address >= s->file_end)
		return false;
	if (!f->n_sects)
		return true;
	t = elf_sect_of(f, address);
	return t && t->is_exec;
}

const struct elf_sect *elf_sect_of(const struct elf *f, uint64_t address)
{
	size_t low = 0, high = f->n_sects;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->sects[mid].start <= address)
			low = mid + 1;
		else
			high = mid;
	}
	/* Of those that begin at the same address only one is not empty. */
	while (low-- > 0) {
		if (f->sects[low].start < f->sects[low].end)
			return address < f->sects[low].end ? &f->sects[low]
							   : NULL;
	}
	return NULL;
}

const struct elf_sect *elf_sect_named(const struct elf *f, const char *name)
{
	for (size_t i = 0; i < f->n_sects; i++) {
		if (strcmp(f->sects[i].name, name) == 0)
			return &f->sects[i];
	}
	return NULL;
}

/* What it is for, when it is not for us. */
static const char *kind_of(const Elf64_Ehdr *h)
{
	if (h->e_ident[EI_CLASS] == ELFCLASS32 && h->e_machine == EM_X86_64)
		return "an x32 ELF file";
	if (h->e_ident[EI_CLASS] == ELFCLASS32 && h->e_ident[EI_DATA] == ELFDATA2LSB)
		return h->e_machine == EM_386 ? "a 32-bit ELF file for x86"
		     : h->e_machine == EM_ARM ? "a 32-bit ELF file for Arm"
					      : "a 32-bit ELF file for another machine";
	return "an ELF file for another machine";
}

static int read_header(struct elf *f, Elf64_Ehdr *h, struct err *e)
{
	if (f->size < sizeof(*h) || memcmp(f->bytes, ELFMAG, SELFMAG) != 0) {
		err_input(e, "not an ELF file");
		return -ENOEXEC;
	}
	memcpy(h, f->bytes, sizeof(*h));
	f->type = h->e_type;
	f->machine = h->e_machine;
	f->entry = h->e_entry;
	if (h->e_ident[EI_CLASS] != ELFCLASS64 ||
	    h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    (h->e_machine != EM_X86_64 && h->e_machine != EM_AARCH64)) {
		err_input(e, "%s (only 64-bit x86-64 and aarch64 are analysed)", kind_of(h));
		return -ENOTSUP;
	}
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN) {
		err_input(e, "neither a program nor a shared object");
		return -ENOTSUP;
	}
	return 0;
}

static int read_load(struct elf *f, const Elf64_Phdr *p, struct err *e)
{
	struct elf_seg *s = &f->segs[f->n_segs];
	uint64_t end;

	if (p->p_memsz == 0)
		return 0;
	if (p->p_filesz > p->p_memsz ||
	    __builtin_add_overflow(p->p_vaddr, p->p_memsz, &end) ||
	    (p->p_filesz && !elf_piece(f, p->p_offset, p->p_filesz)))
		return elf_damaged(e, "a segment reaches beyond the file");
	if (f->n_segs && p->p_vaddr < s[-1].end)
		return elf_damaged(e, "segments overlap or are not in order");
	*s = (struct elf_seg){
		.start = p->p_vaddr,
		.end = end,
		.file_end = p->p_vaddr + p->p_filesz,
		.bytes = f->bytes + (p->p_filesz ? p->p_offset : 0),
		.is_exec = p->p_flags & PF_X,
		.is_write = p->p_flags & PF_W,
	};
	f->n_segs++;
	f->base = f->segs[0].start;
	f->end = end;
	if (f->end - f->base >= MAX_SPAN)
		return elf_damaged(e, "segments span 4 GiB or more");
	return 0;
}

static void read_notes(struct elf *f, const uint8_t *p, uint64_t n)
{
	while (n >= sizeof(Elf64_Nhdr)) {
		uint64_t name = elf_u32(p), desc = elf_u32(p + 4);
		uint64_t at = 12 + ((name + 3) & ~(uint64_t)3);
		uint64_t next = at + ((desc + 3) & ~(uint64_t)3);

		if (at > n || desc > n - at)
			return;
		if (elf_u32(p + 8) == NT_GNU_BUILD_ID && name == 4 &&
		    memcmp(p + 12, "GNU", 4) == 0) {
			f->build_id = p + at;
			f->build_id_size = desc;
			return;
		}
		if (next > n)
			return;
		p += next;
		n -= next;
	}
}

/* Everything but PT_LOAD and PT_DYNAMIC, which come before and after. */
static int read_other_segment(struct elf *f, const Elf64_Phdr *p, struct err *e)
{
	const uint8_t *bytes = elf_piece(f, p->p_offset, p->p_filesz);

	switch (p->p_type) {
	case PT_INTERP:
		/* It is empty in a separate debug file. */
		f->interp = bytes ? elf_table_string(bytes, p->p_filesz, 0) : NULL;
		if (!f->interp && p->p_filesz)
			return elf_damaged(e, "the interpreter's name has no end");
		break;
	case PT_NOTE:
		if (bytes && !f->build_id)
			read_notes(f, bytes, p->p_filesz);
		if (bytes)
			elf_find_carried(f, bytes, p->p_filesz, p->p_offset, p->p_vaddr);
		break;
	case PT_GNU_EH_FRAME:
		if (elf_at(f, p->p_vaddr, p->p_filesz))
			f->eh_frame_hdr = (struct elf_range){
				p->p_vaddr, p->p_vaddr + p->p_filesz
			};
		break;
	default:
		break;
	}
	return 0;
}

static int read_segments(struct elf *f, const Elf64_Ehdr *h, struct err *e)
{
	const uint8_t *table = elf_piece(f, h->e_phoff,
					 (uint64_t)h->e_phnum * sizeof(Elf64_Phdr));
	Elf64_Phdr p, dynamic = { 0 };
	int r;

	if (!table || h->e_phentsize != sizeof(Elf64_Phdr) ||
	    h->e_phnum > MAX_SEGMENTS)
		return elf_damaged(e, "no sensible program headers");
	f->segs = arena_array(&f->arena, (size_t)h->e_phnum + 1, sizeof(*f->segs));
	if (!f->segs)
		return err_set(e, -ENOMEM, "read segments");
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < h->e_phnum; i++) {
			memcpy(&p, table + i * sizeof(p), sizeof(p));
			if (p.p_type == PT_DYNAMIC)
				dynamic = p;
			else if (pass == 0 && p.p_type == PT_LOAD)
				r = read_load(f, &p, e);
			else if (pass == 1 && p.p_type != PT_LOAD)
				r = read_other_segment(f, &p, e);
			else
				continue;
			if (p.p_type != PT_DYNAMIC && r < 0)
				return r;
		}
	}
	if (!dynamic.p_memsz)
		return 0;
	return elf_read_dynamic(f, dynamic.p_vaddr, dynamic.p_filesz, e);
}

static int by_address(const void *a, const void *b)
{
	const struct elf_sect *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

static int read_symtab(struct elf *f, const Elf64_Shdr *s, const Elf64_Shdr *strings,
		       struct err *e)
{
	const uint8_t *p = elf_piece(f, s->sh_offset, s->sh_size);
	const uint8_t *t = elf_piece(f, strings->sh_offset, strings->sh_size);

	if (!p || !t || strings->sh_type != SHT_STRTAB || f->syms)
		return 0;
	return elf_read_symtab(f, p, s->sh_size, t, strings->sh_size, &f->syms,
			       &f->n_syms, e);
}

/* Keeps the section when it lies inside one segment. */
static void add_section(struct elf *f, const Elf64_Shdr *s, const char *name)
{
	uint64_t end;
	const struct elf_seg *seg = elf_seg_of(f, s->sh_addr);

	if (!(s->sh_flags & SHF_ALLOC) || s->sh_flags & SHF_TLS || !name || !seg ||
	    __builtin_add_overflow(s->sh_addr, s->sh_size, &end) || end > seg->end)
		return;
	f->sects[f->n_sects++] = (struct elf_sect){
		.name = name,
		.start = s->sh_addr,
		.end = end,
		.type = s->sh_type,
		.is_alloc = true,
		.is_exec = s->sh_flags & SHF_EXECINSTR,
		.is_write = s->sh_flags & SHF_WRITE,
		.has_bytes = s->sh_type != SHT_NOBITS,
	};
	if (strcmp(name, ".eh_frame") == 0 && elf_at(f, s->sh_addr, s->sh_size))
		f->eh_frame = (struct elf_range){ s->sh_addr, end };
}

/* Sections that overlap say nothing reliable: then there are none. So it is
 * when an executable segment has bytes but no section of code in it: a header
 * table made to hide code. */
static void check_sections(struct elf *f)
{
	uint64_t covered = 0, exec = 0;

	if (f->n_sects)
		qsort(f->sects, f->n_sects, sizeof(*f->sects), by_address);
	for (size_t i = 0; i < f->n_sects; i++) {
		const struct elf_sect *s = &f->sects[i];

		if (i && s->start < s[-1].end && s->end > s->start)
			f->n_sects = 0;
		if (s->is_exec)
			covered += s->end - s->start;
	}
	for (size_t i = 0; i < f->n_segs; i++) {
		if (f->segs[i].is_exec)
			exec += f->segs[i].file_end - f->segs[i].start;
	}
	if (exec && !covered)
		f->n_sects = 0;
}

static int read_sections(struct elf *f, const Elf64_Ehdr *h, struct err *e)
{
	const uint8_t *table, *names;
	Elf64_Shdr s, link;
	size_t n = h->e_shnum;
	uint64_t names_size;
	int r;

	table = elf_piece(f, h->e_shoff, (uint64_t)n * sizeof(s));
	if (!n || !table || h->e_shentsize != sizeof(s) || h->e_shstrndx >= n)
		return 0;
	memcpy(&s, table + (size_t)h->e_shstrndx * sizeof(s), sizeof(s));
	names_size = s.sh_size;
	names = elf_piece(f, s.sh_offset, names_size);
	f->sects = arena_array(&f->arena, n, sizeof(*f->sects));
	if (!f->sects)
		return err_set(e, -ENOMEM, "read sections");
	if (!names)
		return 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(&s, table + i * sizeof(s), sizeof(s));
		add_section(f, &s, elf_table_string(names, names_size, s.sh_name));
		if (s.sh_type != SHT_SYMTAB || s.sh_link >= n)
			continue;
		memcpy(&link, table + (size_t)s.sh_link * sizeof(s), sizeof(s));
		r = read_symtab(f, &s, &link, e);
		if (r < 0)
			return r;
	}
	check_sections(f);
	return 0;
}

static int parse(struct elf *f, struct err *e)
{
	Elf64_Ehdr h;
	int r = read_header(f, &h, e);

	if (r < 0)
		return r;
	r = read_segments(f, &h, e);
	if (r == 0)
		r = read_sections(f, &h, e);
	if (r == 0)
		r = elf_read_carried(f, e);
	if (r == 0 && elf_read_go(f) < 0)
		r = err_set(e, -ENOMEM, "read .gopclntab");
	return r;
}

static bool is_filled(const struct elf *f, uint64_t page)
{
	return !f->filled || f->filled[page / 8] >> page % 8 & 1;
}

void elf_hash_read(const struct elf *f, uint8_t digest[32])
{
	uint64_t n = (f->size + ELF_PAGE - 1) / ELF_PAGE, from, to;
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, &f->size, sizeof(f->size));
	for (from = 0; from < n; from = to) {
		uint64_t size;

		for (to = from; to < n && is_filled(f, to); to++)
			;
		if (to == from) {
			to++;
			continue;
		}
		/* Where and how much, so that no two files look alike. */
		size = (to * ELF_PAGE < f->size ? to * ELF_PAGE : f->size) - from * ELF_PAGE;
		sha256_add(&s, &from, sizeof(from));
		sha256_add(&s, &size, sizeof(size));
		sha256_add(&s, f->bytes + from * ELF_PAGE, size);
	}
	sha256_end(&s, digest);
}

static int elf_new(size_t size, struct elf **ret_f, struct err *e)
{
	auto_elf struct elf *f = calloc(1, sizeof(*f));

	if (!f)
		return err_set(e, -ENOMEM, "read ELF file");
	arena_init(&f->arena);
	f->size = size;
	f->bytes = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->bytes == MAP_FAILED) {
		f->bytes = NULL;
		return err_sys(e, "read ELF file of %zu bytes", size);
	}
	*ret_f = TAKE_PTR(f);
	return 0;
}

struct elf *elf_free(struct elf *f)
{
	if (f) {
		if (f->bytes)
			munmap(f->bytes, f->size ? f->size : 1);
		arena_done(&f->arena);
		free(f);
	}
	return NULL;
}

int elf_parse(const void *bytes, size_t size, struct elf **ret_f, struct err *e)
{
	auto_elf struct elf *f = NULL;
	int r = elf_new(size, &f, e);

	if (r < 0)
		return r;
	if (size)
		memcpy(f->bytes, bytes, size);
	r = parse(f, e);
	if (r < 0)
		return r;
	*ret_f = TAKE_PTR(f);
	return 0;
}

/* Fills a part of the copy, by whole pages, each once; what is not in the file
 * (any more) stays zero, and the checks that follow look at the copy alone. */
static int fill(struct elf *f, int fd, uint64_t offset, uint64_t n, struct err *e)
{
	uint64_t page, stop;

	if (offset >= f->size)
		return 0;
	if (n > f->size - offset)
		n = f->size - offset;
	stop = (offset + n + ELF_PAGE - 1) / ELF_PAGE;
	for (page = offset / ELF_PAGE; page < stop; page++) {
		uint64_t last = page, at = page * ELF_PAGE;

		if (is_filled(f, page))
			continue;
		for (; last < stop && !is_filled(f, last); last++)
			f->filled[last / 8] |= (uint8_t)(1U << last % 8);
		/* All of its pages at once, where the kernel can (5.14). */
		if (last - page > 16)
			(void)madvise(f->bytes + at, (last - page) * ELF_PAGE, MADV_POPULATE_WRITE);
		while (at < f->size && at < last * ELF_PAGE) {
			uint64_t end = last * ELF_PAGE < f->size ? last * ELF_PAGE : f->size;
			ssize_t got = pread(fd, f->bytes + at, end - at, (off_t)at);

			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0)
				return err_sys(e, "read ELF file");
			if (got == 0)
				return 0;
			at += (uint64_t)got;
		}
		page = last - 1;
	}
	return 0;
}

static int fill_segments(struct elf *f, int fd, struct err *e)
{
	Elf64_Ehdr h;
	Elf64_Phdr p;
	int r = read_header(f, &h, e);

	if (r < 0)
		return r;
	r = fill(f, fd, h.e_phoff, (uint64_t)h.e_phnum * sizeof(p), e);
	for (size_t i = 0; r == 0 && i < h.e_phnum; i++) {
		const uint8_t *at = elf_piece(f, h.e_phoff + i * sizeof(p), sizeof(p));

		if (!at)
			break;
		memcpy(&p, at, sizeof(p));
		if (p.p_type == PT_LOAD || p.p_type == PT_INTERP ||
		    p.p_type == PT_NOTE)
			r = fill(f, fd, p.p_offset, p.p_filesz, e);
	}
	return r;
}

/* Section headers, their names, .symtab and its names. */
static int fill_sections(struct elf *f, int fd, struct err *e)
{
	Elf64_Ehdr h;
	Elf64_Shdr s;
	int r;

	memcpy(&h, f->bytes, sizeof(h));
	r = fill(f, fd, h.e_shoff, (uint64_t)h.e_shnum * sizeof(s), e);
	for (size_t i = 0; r == 0 && i < h.e_shnum; i++) {
		const uint8_t *at = elf_piece(f, h.e_shoff + i * sizeof(s), sizeof(s));

		if (!at)
			break;
		memcpy(&s, at, sizeof(s));
		if (s.sh_type == SHT_SYMTAB || s.sh_type == SHT_STRTAB)
			r = fill(f, fd, s.sh_offset, s.sh_size, e);
	}
	return r;
}

/* Content that was written less than this before cannot be told from older by the
 * clock of the file system. */
#define TOO_YOUNG ((uint64_t)2 * 1000000000U)

static uint64_t nanoseconds(int64_t s, uint32_t ns)
{
	return (uint64_t)s * 1000000000U + ns;
}

static struct elf_identity identity_of(int fd)
{
	struct elf_identity v;
	struct timespec now;
	struct statx st;

	memset(&v, 0, sizeof(v)); /* it is compared and hashed as bytes */
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID_UNIQUE, &st) < 0 ||
	    clock_gettime(CLOCK_REALTIME, &now) < 0 || !(st.stx_mask & STATX_MNT_ID_UNIQUE))
		return v;
	v.mount = st.stx_mnt_id;
	v.device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
	v.inode = st.stx_ino;
	v.size = st.stx_size;
	v.mtime = nanoseconds(st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec);
	v.ctime = nanoseconds(st.stx_ctime.tv_sec, st.stx_ctime.tv_nsec);
	v.is_known = v.ctime + TOO_YOUNG < nanoseconds(now.tv_sec, (uint32_t)now.tv_nsec);
	return v;
}

int elf_read(int fd, struct elf **ret_f, struct err *e)
{
	auto_elf struct elf *f = NULL;
	struct elf_identity after;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat ELF file");
	if (!S_ISREG(st.st_mode))
		return err_set(e, S_ISDIR(st.st_mode) ? -EISDIR : -EACCES,
			       "not a regular file");
	r = elf_new((size_t)st.st_size, &f, e);
	if (r < 0)
		return r;
	f->identity = identity_of(fd);
	f->filled = arena_alloc(&f->arena, f->size / ELF_PAGE / 8 + 1);
	if (!f->filled)
		return err_set(e, -ENOMEM, "read ELF file");
	r = fill(f, fd, 0, sizeof(Elf64_Ehdr), e);
	if (r == 0)
		r = fill_segments(f, fd, e);
	if (r == 0)
		r = fill_sections(f, fd, e);
	if (r == 0) {
		after = identity_of(fd);
		f->identity.is_known &= memcmp(&f->identity, &after, sizeof(after)) == 0;
		r = parse(f, e);
	}
	if (r < 0)
		return r;
	*ret_f = TAKE_PTR(f);
	return 0;
}
