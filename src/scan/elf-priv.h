/* SPDX-License-Identifier: Apache-2.0 */
/* scan/elf-priv.h - what the parts of the ELF reader share. */
#pragma once

#include "scan/elf.h"

/* A piece of the file by offset; NULL when it is not all there. */
const uint8_t *elf_piece(const struct elf *f, uint64_t offset, uint64_t n);
/* A NUL-terminated string inside a string table of n bytes; NULL if not. */
const char *elf_table_string(const uint8_t *table, uint64_t n, uint64_t at);

/* Takes note of a PT_NOTE segment that may hold hull's note. */
void elf_find_carried(struct elf *f, const uint8_t *notes, uint64_t n, uint64_t offset,
		      uint64_t address);
/* Reads the note; its symbols count when the file has no .symtab. */
int elf_read_carried(struct elf *f, struct err *e);

/* The functions of Go's table as symbols, when there is no .symtab. */
int elf_read_go(struct elf *f);

/* The file's own words for "this is damaged". */
int elf_damaged(struct err *e, const char *what);

int elf_read_dynamic(struct elf *f, uint64_t address, uint64_t size, struct err *e);
int elf_read_symtab(struct elf *f, const uint8_t *symbols, uint64_t size,
		    const uint8_t *strings, uint64_t strings_size,
		    struct elf_sym **ret_syms, size_t *ret_n, struct err *e);

/* Where the tables of relocations are; what is not there is empty. */
struct elf_rel_tables {
	struct elf_range rela, jmprel, relr;
};
int elf_read_relocations(struct elf *f, const struct elf_rel_tables *t, struct err *e);
