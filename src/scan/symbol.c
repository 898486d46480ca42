/* SPDX-License-Identifier: Apache-2.0 */
/* scan/symbol.c - which definition a dynamic symbol is bound to.
 *
 * Theory of operation
 * -------------------
 * One hash table of chains over the definitions of all objects, filled from the
 * last object to the first, so that a chain runs in the order of the scope. A
 * lookup takes the first object with a definition that fits, and from it every
 * one that fits.
 *
 * When a version fits (glibc, elf/dl-lookup.c, check_match): a reference with a
 * version wants that version; a definition without one fits if it is not
 * hidden; an object without any versions fits always. A reference without a
 * version fits any. A definition whose section is SHN_UNDEF (the PLT entry that
 * stands for a function in a program that is not position-independent) leads to
 * the function itself, so it is passed over. */
#include "scan/symbol.h"

#include "base/err.h"
#include "base/scope.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct definition def;
	uint32_t hash, next; /* next: index + 1; 0 ends the chain */
};

struct symbols {
	struct entry *entries;
	uint32_t *heads; /* index + 1 */
	size_t n, mask;
};

DEFINE_SCOPE(symbols, struct symbols, symbols_free)
#define auto_symbols __attribute__((cleanup(scope_symbols)))

struct symbols *symbols_free(struct symbols *s)
{
	if (s) {
		free(s->entries);
		free(s->heads);
		free(s);
	}
	return NULL;
}

static uint32_t hash(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

static bool is_definition(const struct elf_sym *s)
{
	return s->section != SHN_UNDEF && s->bind != STB_LOCAL && *s->name &&
	       (s->value != 0 || s->section == SHN_ABS || s->type == STT_TLS);
}

static void index_object(struct symbols *s, const struct object *o)
{
	/* Backwards here, too: chains are filled from the front. */
	for (size_t i = o->elf->n_dynsyms; i-- > 1;) {
		const struct elf_sym *sym = &o->elf->dynsyms[i];
		struct entry *en = &s->entries[s->n];
		uint32_t *head;

		if (!is_definition(sym))
			continue;
		*en = (struct entry){ .def = { o, sym }, .hash = hash(sym->name) };
		head = &s->heads[en->hash & s->mask];
		en->next = *head;
		*head = (uint32_t)++s->n;
	}
}

int symbols_new(const struct closure *c, struct symbols **ret_s, struct err *e)
{
	auto_symbols struct symbols *s = calloc(1, sizeof(*s));
	size_t all = 1, room = 1024;

	for (size_t i = 0; i < c->n; i++)
		all += c->v[i]->elf->n_dynsyms;
	while (room < all)
		room *= 2;
	if (s) {
		s->entries = calloc(all, sizeof(*s->entries));
		s->heads = calloc(room, sizeof(*s->heads));
		s->mask = room - 1;
	}
	if (!s || !s->entries || !s->heads || all > UINT32_MAX)
		return err_set(e, -ENOMEM, "index %zu symbols", all);
	for (size_t i = c->n; i-- > 0;)
		index_object(s, c->v[i]);
	*ret_s = TAKE_PTR(s);
	return 0;
}

static bool fits(const struct elf_sym *want, const struct elf_sym *def)
{
	if (!want->version)
		return true;
	if (def->version)
		return strcmp(want->version, def->version) == 0;
	return !def->is_hidden_version;
}

size_t symbols_find(const struct symbols *s, const struct object *who,
		    const struct elf_sym *symbol, bool is_copy,
		    struct definition *v, size_t room)
{
	const struct object *first = NULL;
	uint32_t h = hash(symbol->name);
	size_t n = 0;

	for (uint32_t i = s->heads[h & s->mask]; i; i = s->entries[i - 1].next) {
		const struct entry *en = &s->entries[i - 1];
		const struct object *o = en->def.object;
		bool is_own = o == who && (who->elf->dyn.is_symbolic || who->is_plugin);

		if (en->hash != h || strcmp(en->def.symbol->name, symbol->name) != 0 ||
		    !fits(symbol, en->def.symbol) || (is_copy && o == who))
			continue;
		/* The first of the global scope; of the plugins all, since we do
		 * not know who loads whom. A plugin may be loaded with
		 * RTLD_DEEPBIND, and then its own definition goes first. */
		if (first && o != first && !is_own && !(o->is_plugin && first->is_plugin))
			continue;
		if (!first)
			first = o;
		if (n < room)
			v[n++] = en->def;
	}
	return n;
}

size_t symbols_named(const struct symbols *s, const char *name, struct definition *v,
		     size_t room)
{
	uint32_t h = hash(name);
	size_t n = 0;

	for (uint32_t i = s->heads[h & s->mask]; i; i = s->entries[i - 1].next) {
		const struct entry *en = &s->entries[i - 1];

		if (en->hash == h && strcmp(en->def.symbol->name, name) == 0 && n < room)
			v[n++] = en->def;
	}
	return n;
}
