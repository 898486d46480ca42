/* SPDX-License-Identifier: Apache-2.0 */
/* scan/elf.h - one ELF file, read into memory and checked.
 *
 * 64-bit little-endian ELF for x86-64 and aarch64: executables, shared objects,
 * separate debug files. Section headers are used when they are there and never
 * needed: programs may be stripped of them. Whatever the file says is checked
 * against what the file has, so the rest of scan/ works on sane tables:
 *  E1  segments are sorted, do not overlap, and span less than 4 GiB;
 *  E2  elf_at() never gives out a byte that the file does not hold;
 *  E3  every name is a NUL-terminated string inside the file;
 *  E4  tables are no longer than the file could hold, so memory is bounded by
 *      a small multiple of the file's size.
 *
 * Format: the System V gABI (chapters 4 and 5), its x86-64 and AArch64
 * supplements, the GNU extensions (hash, versions, RELR). */
#pragma once

#include "base/arena.h"
#include "note/note.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct elf_seg {
	uint64_t start, end; /* addresses; end includes what is only memory */
	uint64_t file_end;   /* where the bytes of the file end */
	const uint8_t *bytes;
	bool is_exec, is_write;
};

struct elf_sect {
	const char *name;
	uint64_t start, end;
	uint32_t type;
	bool is_alloc, is_exec, is_write, has_bytes;
};

struct elf_sym {
	const char *name;
	const char *version; /* NULL: none, or the base version */
	uint64_t value, size;
	uint8_t type, bind, visibility; /* STT_, STB_, STV_ */
	uint16_t section;               /* SHN_UNDEF, SHN_ABS, ... */
	bool is_hidden_version;         /* found only when asked for by version */
};

enum elf_rel_kind {
	ELF_REL_RELATIVE,  /* addend is an address of this object */
	ELF_REL_SYMBOL,    /* word with the address of symbol + addend */
	ELF_REL_SLOT,      /* GOT entry: GLOB_DAT or JUMP_SLOT */
	ELF_REL_IRELATIVE, /* addend is the address of a resolver */
	ELF_REL_COPY,
	ELF_REL_OTHER,     /* TLS and the like: no address of code */
};

struct elf_rel {
	uint64_t where, addend;
	uint32_t symbol; /* index into dynsym */
	enum elf_rel_kind kind;
};

struct elf_range {
	uint64_t start, end;
};

struct elf_dyn {
	const char **needed;
	size_t n_needed;
	const char *soname, *rpath, *runpath;
	uint64_t init, fini; /* 0: none */
	struct elf_range arrays[3]; /* preinit, init, fini; empty: none */
	bool is_symbolic, is_pie, is_now;
};

/* The note that hull-cc has put in (note/note.h). */
struct elf_carried {
	const uint8_t *desc; /* NULL: there is no place for one */
	size_t size;
	uint64_t offset, address; /* of the content; address 0: not loaded */
	bool is_good;             /* filled in, and made for this code */
	bool is_stale;            /* made for other code, or unreadable */
	struct note note;
};

/* Which file it was that was read, for the quick look of scan/store.c: on one
 * kernel, between two boots, no other file and no other content has all of these
 * alike. Times in nanoseconds. */
struct elf_identity {
	uint64_t mount, device, inode, size, mtime, ctime; /* mount: never used again */
	bool is_known; /* false: the kernel does not tell mounts apart, it changed
			* while it was read, or is too young to tell by times */
};

struct elf {
	struct arena arena;
	struct elf_identity identity;
	uint8_t *filled; /* one bit a page of `bytes`: it has been read; NULL: all */
	uint8_t *bytes; /* a private copy, sparse: only what is looked at */
	size_t size;
	uint16_t type, machine; /* ET_, EM_ */
	uint64_t entry;         /* 0: none */
	uint64_t base, end;     /* lowest and highest address of all segments */
	const char *interp;     /* NULL: none */

	struct elf_seg *segs;
	size_t n_segs;
	struct elf_sect *sects; /* by address, then size; the allocated ones */
	size_t n_sects;

	bool has_dynamic;
	struct elf_dyn dyn;
	struct elf_sym *dynsyms; /* [0] is the null symbol */
	size_t n_dynsyms;
	struct elf_sym *syms; /* .symtab */
	size_t n_syms;
	struct elf_rel *rels; /* by address */
	size_t n_rels;

	struct elf_range eh_frame_hdr, eh_frame; /* empty: none */
	const uint8_t *build_id;
	size_t build_id_size;
	struct elf_carried carried;
};

struct elf *elf_free(struct elf *f); /* NULL is fine; returns NULL */
/* Reads the whole of what matters from fd (borrowed). -ENOEXEC: no ELF file;
 * -ENOTSUP: an ELF file of a kind we do not read; -EBADMSG: damaged. */
int elf_read(int fd, struct elf **ret_f, struct err *e);
/* The same from bytes in memory, which are copied. */
int elf_parse(const void *bytes, size_t size, struct elf **ret_f, struct err *e);

/* The SHA-256 of all bytes that have been read, which the rest is made from. */
void elf_hash_read(const struct elf *f, uint8_t digest[32]);

/* `n` bytes at an address, or NULL when the file does not hold all of them. */
const uint8_t *elf_at(const struct elf *f, uint64_t address, uint64_t n);
/* The relocation that fills the word at an address by name, or with what a
 * resolver says: an index; n_rels: there is none. */
size_t elf_slot_rel(const struct elf *f, uint64_t address);
/* The string at an address, or NULL when it has no end inside its segment. */
const char *elf_string(const struct elf *f, uint64_t address);
const struct elf_seg *elf_seg_of(const struct elf *f, uint64_t address);
bool elf_is_code(const struct elf *f, uint64_t address);
/* The allocated section that holds the address, or NULL. */
const struct elf_sect *elf_sect_of(const struct elf *f, uint64_t address);
const struct elf_sect *elf_sect_named(const struct elf *f, const char *name);

/* The digest that binds a note to the file (note/note.h). */
void elf_digest(const struct elf *f, uint8_t digest[SHA256_SIZE]);

/* The first relocation at or behind an address: an index into rels. */
size_t elf_rel_from(const struct elf *f, uint64_t address);

/* Little-endian words at p, which need not be aligned. */
uint16_t elf_u16(const uint8_t *p);
uint32_t elf_u32(const uint8_t *p);
uint64_t elf_u64(const uint8_t *p);
