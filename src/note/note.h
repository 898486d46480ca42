/* SPDX-License-Identifier: Apache-2.0 */
/* note/note.h - what a program carries for its filter: an ELF note.
 *
 * Format: docs/scan-note.md. This reader is all that looks at a note before it
 * is trusted, in programs that run as root over files of anybody: it allocates
 * nothing, keeps no state but the bounds, and gives out only what lies inside.
 *
 *  N1  Nothing outside of [bytes, bytes + size) is read.
 *  N2  Every loop takes at least one byte of the input a turn. */
#pragma once

#include "base/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTE_OWNER "hull"
#define NOTE_SECTION ".note.hull"

enum {
	NOTE_TYPE = 1,
	NOTE_FORMAT = 1,
	/* Goes up whenever an older answer was not sound. */
	NOTE_SOUNDNESS = 1,
	NOTE_HEADER = 48,       /* bytes in front of the records */
	NOTE_MAX = 16 << 20,    /* bytes */
	NOTE_CALLS = 1024,      /* numbers are below */
};

enum note_kind {
	NOTE_TOOL = 1, /* text: who made it */
	NOTE_ANSWERS,  /* 4 bytes, enum scan_declared: number, dlopen, dlsym, exec */
	NOTE_PLUGIN,   /* text: declared to be loaded */
	NOTE_PROGRAM,  /* text: declared to be executed */
	NOTE_SYMBOLS,  /* where functions and variables begin and end */
	NOTE_OWN,      /* numbers: calls made from the file's own code */
	NOTE_LOADS,    /* text: it was seen to load this */
	NOTE_EXECUTES, /* text: it was seen to execute this */
	NOTE_OPEN,     /* text: a question that was open */
	NOTE_SET,      /* text, NUL, numbers: a phase's calls, closed over... */
	NOTE_OBJECT,   /* ...these files: 1 byte kind, n, n bytes id, text */
	NOTE_BPF,      /* text, NUL, a phase's filter as struct sock_filter */
};

enum { NOTE_ID_BUILD = 1, NOTE_ID_CODE = 2 }; /* build id; note_digest() */

struct note {
	uint16_t format, soundness;
	const uint8_t *digest; /* SHA256_SIZE bytes */
	const uint8_t *records;
	size_t size; /* of the records; 0: a place for a note, not filled in */
};

struct note_record {
	uint32_t kind;
	const uint8_t *bytes;
	size_t size;
	size_t next; /* where to go on */
};

/* The note inside the bytes of a PT_NOTE segment or a note section: false when
 * there is none. *ret_at, the offset of its content, may be NULL. */
bool note_find(const uint8_t *notes, size_t n, const uint8_t **ret_desc, size_t *ret_size);
/* Reads the header. False when it is none of ours, or of a later format. */
bool note_open(const uint8_t *desc, size_t size, struct note *ret);
/* The next record; *r is zeroed for the first. False at the end. */
bool note_next(const struct note *n, struct note_record *r);
/* The text of a record when it is one: n bytes and no NUL. */
bool note_text(const struct note_record *r, const char **ret_text, size_t *ret_n);
/* "text, NUL, rest": false when there is no NUL. */
bool note_split(const struct note_record *r, const char **ret_text, const uint8_t **ret_rest,
		size_t *ret_n);

/* A number of 7-bit groups, lowest first (LEB128). False when it does not end
 * or has more than 64 bits. */
bool note_number(const uint8_t **at, const uint8_t *end, uint64_t *ret);
/* A set of numbers below NOTE_CALLS as bits. False when damaged. */
bool note_calls(const uint8_t *bytes, size_t n, uint64_t bits[NOTE_CALLS / 64]);

/* What binds a note to its file: the digest of the bytes of all executable
 * segments. Those at the head of the file and of the note itself count as zeros:
 * strip(1) and the writing of the note change them. */
struct note_segment {
	uint64_t address, size; /* size: of the bytes in the file */
	const uint8_t *bytes;
};
struct note_digest {
	struct sha256 sha;
	uint64_t skip_end;               /* address */
	uint64_t note_start, note_end;   /* addresses of the content */
};
void note_digest_add(struct note_digest *d, const struct note_segment *s);
