/* SPDX-License-Identifier: Apache-2.0 */
/* note/write.h - making a note's content (docs/scan-note.md). */
#pragma once

#include "note/note.h"

struct note_writer {
	uint8_t *bytes; /* from malloc */
	size_t n, room;
	size_t record;  /* where the open record begins; 0: none is open */
	bool is_lost;   /* out of memory or too long: note_end() says so */
};

void note_done(struct note_writer *w);
/* Records: begin, put, put, end. */
void note_begin(struct note_writer *w, enum note_kind kind);
void note_put(struct note_writer *w, const void *bytes, size_t n);
void note_put_number(struct note_writer *w, uint64_t n);
void note_put_calls(struct note_writer *w, const uint64_t bits[NOTE_CALLS / 64]);
void note_end(struct note_writer *w);
/* A whole record. */
void note_put_text(struct note_writer *w, enum note_kind kind, const char *text);
/* Fills in the header. 0, or -ENOMEM. */
int note_finish(struct note_writer *w, const uint8_t digest[SHA256_SIZE]);
