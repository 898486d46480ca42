/* SPDX-License-Identifier: Apache-2.0 */
/* scan/carry.h - what a program carries for later analyses: making its note. */
#pragma once

#include "note/write.h"
#include "scan/family.h"

/* Puts the records of a program's note: declared answers, symbols, what was
 * found. `f` is the analysis of the unstripped file. To be finished with the
 * file's digest (elf_digest(), note_finish()). */
int carry_program(const struct family *f, struct note_writer *w, struct err *e);
/* A shared object by itself: its symbols. */
void carry_object(const struct elf *f, struct note_writer *w);
/* The calls of a phase, those of the programs that it may execute among them. */
void carry_phase(const struct family *f, const struct scan_phase *p,
		 uint64_t bits[NOTE_CALLS / 64]);
/* The calls of the program with start-up, or without, as bits. */
void carry_calls(const struct family *f, bool with_startup, uint64_t bits[NOTE_CALLS / 64]);
