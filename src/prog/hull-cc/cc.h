/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-cc/cc.h - what the parts of the compiler wrapper share. */
#pragma once

#include "base/arena.h"
#include "note/write.h"
#include "scan/scan.h"

struct err;

enum cc_kind {
	CC_PASS,    /* no link: nothing for us to do */
	CC_PROGRAM, /* makes a program */
	CC_SHARED,  /* makes a shared object */
};

/* A command line, ours taken out of it. */
struct cc {
	struct arena arena;
	char **argv; /* of the real tool; ends in NULL */
	size_t argc;
	enum cc_kind kind;
	bool is_go;         /* go build -toolexec: the real tool is argv[0] */
	bool is_strict;     /* an open question is an error */
	bool is_quiet;
	const char *output;
	const char **library_dirs; /* -L */
	size_t n_library_dirs;
	struct scan_options answers;
};

/* command.c: reads the command line and the environment. */
int cc_read(struct cc *c, int argc, char **argv, struct err *e);

/* stub.c: an object file with room for a note, in a temporary file. */
int stub_write(struct arena *a, size_t room, const char **ret_path, struct err *e);
/* append.c: puts a note behind the end of a finished file that has none. */
int append_note(int fd, const uint8_t *desc, size_t n, struct err *e);
/* embed.c: analyses the file and puts the note in. *ret_need: the bytes that
 * were needed when there was no room for them, else 0. */
int embed(struct cc *c, size_t *ret_need, struct err *e);
