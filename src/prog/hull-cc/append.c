/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-cc/append.c - a note behind the end of a finished file.
 *
 * Go's linker takes no object files of others when it links by itself. But it
 * always writes a program header that Linux does not look at (PT_PAX_FLAGS):
 * that one becomes the PT_NOTE, and a section header is added so that strip(1)
 * takes the note along. New at the end of the file, in this order: the note,
 * the names of the sections with one more, the section headers with one more. */
#include "prog/hull-cc/cc.h"

#include "base/err.h"
#include "base/scope.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define PT_PAX_FLAGS 0x65041580U

struct append {
	int fd;
	uint64_t end;
	Elf64_Ehdr h;
	uint64_t phdr_at; /* of the header to be taken; 0: none */
};

static bool get(int fd, void *p, size_t n, uint64_t at)
{
	return pread(fd, p, n, (off_t)at) == (ssize_t)n;
}

/* Four-byte alignment for whatever follows. */
static bool put(struct append *a, const void *p, size_t n, uint64_t *ret_at)
{
	a->end = (a->end + 7) & ~7ULL;
	*ret_at = a->end;
	a->end += n;
	return pwrite(a->fd, p, n, (off_t)*ret_at) == (ssize_t)n;
}

static void find_header(struct append *a)
{
	for (unsigned i = 0; i < a->h.e_phnum; i++) {
		uint64_t at = a->h.e_phoff + (uint64_t)i * sizeof(Elf64_Phdr);
		Elf64_Phdr p;

		if (get(a->fd, &p, sizeof(p), at) && p.p_type == PT_PAX_FLAGS)
			a->phdr_at = at;
	}
}

static bool add_section(struct append *a, struct arena *mem, uint64_t note_at, size_t note_n)
{
	size_t n = a->h.e_shnum;
	Elf64_Shdr *t = arena_array(mem, n + 1, sizeof(*t));
	uint64_t names_n, at;
	char *names;

	if (!t || !n || a->h.e_shstrndx >= n || !get(a->fd, t, n * sizeof(*t), a->h.e_shoff))
		return false;
	names_n = t[a->h.e_shstrndx].sh_size;
	names = names_n < (1 << 20) ? arena_alloc(mem, names_n + sizeof(NOTE_SECTION)) : NULL;
	if (!names || !get(a->fd, names, names_n, t[a->h.e_shstrndx].sh_offset))
		return false;
	memcpy(names + names_n, NOTE_SECTION, sizeof(NOTE_SECTION));
	t[n] = (Elf64_Shdr){ .sh_name = (Elf64_Word)names_n, .sh_type = SHT_NOTE,
			     .sh_offset = note_at, .sh_size = note_n, .sh_addralign = 4 };
	t[a->h.e_shstrndx].sh_size = names_n + sizeof(NOTE_SECTION);
	if (!put(a, names, names_n + sizeof(NOTE_SECTION), &t[a->h.e_shstrndx].sh_offset) ||
	    !put(a, t, (n + 1) * sizeof(*t), &at))
		return false;
	a->h.e_shoff = at;
	a->h.e_shnum++;
	return true;
}

int append_note(int fd, const uint8_t *desc, size_t n, struct err *e)
{
	struct append a = { .fd = fd };
	size_t note_n = sizeof(Elf64_Nhdr) + 8 + ((n + 3) & ~(size_t)3);
	Elf64_Nhdr head = { sizeof(NOTE_OWNER), (Elf64_Word)n, NOTE_TYPE };
	uint64_t note_at;
	struct arena mem;
	struct stat st;
	uint8_t *note;
	bool ok;

	arena_init(&mem);
	note = arena_alloc(&mem, note_n);
	ok = note && fstat(fd, &st) == 0 && get(fd, &a.h, sizeof(a.h), 0);
	if (ok) {
		memset(note, 0, note_n);
		memcpy(note, &head, sizeof(head));
		memcpy(note + sizeof(head), NOTE_OWNER, sizeof(NOTE_OWNER));
		memcpy(note + sizeof(head) + 8, desc, n);
		a.end = (uint64_t)st.st_size;
		find_header(&a);
	}
	if (ok && !a.phdr_at) {
		arena_done(&mem);
		return err_set(e, -ENOSPC, "no program header to spare for a note");
	}
	ok = ok && put(&a, note, note_n, &note_at);
	if (ok) {
		const Elf64_Phdr p = { .p_type = PT_NOTE, .p_flags = PF_R, .p_offset = note_at,
				       .p_filesz = note_n, .p_align = 4 };

		(void)add_section(&a, &mem, note_at, note_n);
		ok = pwrite(fd, &p, sizeof(p), (off_t)a.phdr_at) == sizeof(p) &&
		     pwrite(fd, &a.h, sizeof(a.h), 0) == sizeof(a.h);
	}
	arena_done(&mem);
	return ok ? 0 : err_sys(e, "append the note");
}
