/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-cc/stub.c - an object file that is nothing but room for a note.
 *
 * Linked in, it becomes a note section in a PT_NOTE segment, part of what is
 * loaded: strip(1) and objcopy(1) leave it alone, and it can be found without
 * section headers. The note is written into the room afterwards, so the layout
 * of the file does not change. */
#include "prog/hull-cc/cc.h"

#include "base/err.h"
#include "base/scope.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#if defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_X86_64
#endif

enum { S_NULL, S_NOTE, S_STACK, S_NAMES, SECTIONS };

/* Name, content and type; all of 4 bytes' alignment. */
struct note_head {
	Elf64_Nhdr n;
	char owner[8];
	uint8_t desc[NOTE_HEADER];
};

static const char names[] = "\0" NOTE_SECTION "\0.note.GNU-stack\0.shstrtab";

static int fill(int fd, size_t room, struct err *e)
{
	struct note_head head = { .n = { sizeof(NOTE_OWNER), (Elf64_Word)room, NOTE_TYPE },
				  .owner = NOTE_OWNER };
	struct note_writer empty = { 0 };
	const uint8_t digest[SHA256_SIZE] = { 0 };
	const uint64_t note_at = sizeof(Elf64_Ehdr);
	const uint64_t note_n = offsetof(struct note_head, desc) + room;
	const uint64_t names_at = note_at + note_n;
	const uint64_t table_at = (names_at + sizeof(names) + 7) & ~7ULL;
	const Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_REL, .e_machine = MACHINE, .e_version = EV_CURRENT,
		.e_shoff = table_at,
		.e_ehsize = sizeof(h), .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SECTIONS,
		.e_shstrndx = S_NAMES,
	};
	const Elf64_Shdr t[SECTIONS] = {
		[S_NOTE] = { .sh_name = 1, .sh_type = SHT_NOTE, .sh_flags = SHF_ALLOC,
			     .sh_offset = note_at, .sh_size = note_n, .sh_addralign = 4 },
		[S_STACK] = { .sh_name = 1 + sizeof(NOTE_SECTION), .sh_type = SHT_PROGBITS,
			      .sh_offset = names_at, .sh_addralign = 1 },
		[S_NAMES] = { .sh_name = 1 + sizeof(NOTE_SECTION) + sizeof(".note.GNU-stack"),
			      .sh_type = SHT_STRTAB, .sh_offset = names_at,
			      .sh_size = sizeof(names), .sh_addralign = 1 },
	};
	bool ok = note_finish(&empty, digest) == 0;

	if (ok)
		memcpy(head.desc, empty.bytes, NOTE_HEADER);
	note_done(&empty);
	ok = ok && pwrite(fd, &h, sizeof(h), 0) == sizeof(h) &&
	     pwrite(fd, &head, sizeof(head), (off_t)note_at) == sizeof(head) &&
	     pwrite(fd, names, sizeof(names), (off_t)names_at) == sizeof(names) &&
	     pwrite(fd, t, sizeof(t), (off_t)table_at) == sizeof(t);
	return ok ? 0 : err_sys(e, "write a temporary file");
}

int stub_write(struct arena *a, size_t room, const char **ret_path, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	char *path = arena_printf(a, "%s/hull-cc-XXXXXX.o", dir && *dir ? dir : "/tmp");
	auto_fd int fd = path ? mkostemps(path, 2, O_CLOEXEC) : -1;
	int r;

	if (fd < 0)
		return err_sys(e, "make a temporary file");
	r = fill(fd, room, e);
	if (r < 0)
		unlink(path);
	else
		*ret_path = path;
	return r;
}
