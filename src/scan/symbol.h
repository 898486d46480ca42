/* SPDX-License-Identifier: Apache-2.0 */
/* scan/symbol.h - which definition a dynamic symbol is bound to.
 *
 * By ld.so's rules: the first object of the global scope that defines the name
 * in a version that fits. Where the answer depends on the run (plugins, a
 * reference without a version to a name with many, -Bsymbolic), all of the
 * candidates are given: the analysis takes every one as possible. */
#pragma once

#include "scan/closure.h"

struct symbols;

struct definition {
	const struct object *object;
	const struct elf_sym *symbol;
};

struct symbols *symbols_free(struct symbols *s);
/* Indexes the definitions of every object; to be made anew after a plugin has
 * been added. Borrows the closure. */
int symbols_new(const struct closure *c, struct symbols **ret_s, struct err *e);

/* The definitions that `symbol`, as used in `who`, may be bound to; at most
 * `room` are written, the number is returned. `is_copy`: skip `who` itself
 * (the source of a copy relocation). */
size_t symbols_find(const struct symbols *s, const struct object *who,
		    const struct elf_sym *symbol, bool is_copy,
		    struct definition *v, size_t room);
/* Every definition of the name, in any version (dlsym). */
size_t symbols_named(const struct symbols *s, const char *name, struct definition *v,
		     size_t room);
