/* SPDX-License-Identifier: Apache-2.0 */
/* scan/closure.h - a program and every shared object that is loaded with it.
 *
 * The files are found as ld.so finds them (ld.so(8); glibc and musl): names
 * with a slash as they stand, RPATH of the object and of those that asked for
 * it, RUNPATH, the folders of ld.so.conf, the default folders; $ORIGIN and $LIB
 * are filled in. LD_LIBRARY_PATH and LD_PRELOAD are the environment of one run
 * and count only as options. Objects stand in the order of the global scope:
 * breadth first, so that the first definition of a symbol is the one in force.
 * Plugins (what dlopen loads) stand behind the program's own objects. */
#pragma once

#include "scan/elf.h"
#include "scan/root.h"

struct err;

struct object {
	struct elf *elf;
	size_t index;           /* in the closure */
	const char *path;       /* below the root, as ld.so would name it */
	const char *name;       /* its last component, for people */
	const struct object *loader; /* who asked for it first; NULL: nobody */
	const char *wanted;     /* the name it was asked for by */
	uint64_t device, inode;
	bool is_plugin; /* loaded by dlopen: not in the global scope */
	bool is_opened; /* dlopen names it itself, not something that needs it */
	bool is_interp;
	bool is_extended; /* its folders have been looked at (scan/extension.c) */
};

struct closure {
	struct arena arena;
	struct root root;
	struct object **v; /* v[0] is the program */
	size_t n, room;
	struct object *interp; /* NULL: a static program */
	const char **dirs;     /* ld.so.conf and the defaults */
	size_t n_dirs;
	const char **extra_dirs; /* LD_LIBRARY_PATH, borrowed */
	size_t n_extra_dirs;
};

struct closure *closure_free(struct closure *c);
/* Loads the program at `path`, seen from the root `root` ("/" for this
 * machine's), and what it needs. A library that is not found is an error. */
int closure_load(const char *root, void *seen, const char *path, const char **extra_dirs,
		 size_t n_extra_dirs, struct closure **ret_c, struct err *e);
/* Adds what dlopen(name) from `who` would load; *ret_object may have been there
 * before. -ENOENT, with words, when there is no such file. */
int closure_add_plugin(struct closure *c, const struct object *who, const char *name,
		       struct object **ret_object, struct err *e);
